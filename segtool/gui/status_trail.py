"""What undo and redo do to what is recorded about an image."""

from __future__ import annotations

from dataclasses import dataclass, field

from segtool.project.status import Status


@dataclass(frozen=True, slots=True)
class MaskRecord:
    """What is recorded about a mask: its status, and the model that has predicted it last ("" if none has)."""

    status: Status
    predicted_by: str


@dataclass(slots=True)
class StatusTrail:
    """What was recorded before and after each edit of one mask, in step with its `History`.

    The history may forget its oldest edits; what is kept here for those is never reached again.
    """

    _done: list[tuple[MaskRecord, MaskRecord]] = field(default_factory=list)
    _undone: list[tuple[MaskRecord, MaskRecord]] = field(default_factory=list)

    def push(self, *, before: MaskRecord, after: MaskRecord) -> None:
        """Note an edit that has just been made."""
        self._undone.clear()
        self._done.append((before, after))

    def undo(self) -> MaskRecord:
        """Step back over an edit: return what was recorded before it."""
        step = self._done.pop()
        self._undone.append(step)
        return step[0]

    def redo(self) -> MaskRecord:
        """Step forward over an edit: return what was recorded after it."""
        step = self._undone.pop()
        self._done.append(step)
        return step[1]
