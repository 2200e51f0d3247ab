"""What undo and redo do to the status of an image."""

from __future__ import annotations

from dataclasses import dataclass, field

from segtool.project.status import Status


@dataclass(slots=True)
class StatusTrail:
    """The status before and after each edit of one mask, in step with its `History`.

    The history may forget its oldest edits; what is kept here for those is never reached again.
    """

    _done: list[tuple[Status, Status]] = field(default_factory=list)
    _undone: list[tuple[Status, Status]] = field(default_factory=list)

    def push(self, *, before: Status, after: Status) -> None:
        """Note an edit that has just been made."""
        self._undone.clear()
        self._done.append((before, after))

    def undo(self) -> Status:
        """Step back over an edit: return the status that the image had before it."""
        step = self._done.pop()
        self._undone.append(step)
        return step[0]

    def redo(self) -> Status:
        """Step forward over an edit: return the status that the image had after it."""
        step = self._undone.pop()
        self._done.append(step)
        return step[1]
