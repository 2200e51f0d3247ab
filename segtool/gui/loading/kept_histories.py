"""What can be undone in images that are not in memory any more."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from segtool.core.edits import History
from segtool.gui.status_trail import StatusTrail
from segtool.project.document import Document, FilePrint

LIMIT = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Kept:
    """``size`` in bytes; ``mask_file`` is what the history leads to."""

    mask_file: FilePrint
    history: History
    trail: StatusTrail
    size: int


class KeptHistories:
    """Keeps histories for as long as the mask file is what they lead to, the newest up to a number of bytes.

    Parameters
    ----------
    limit : int
        Bytes over all images; beyond them, those that were put here first are forgotten.
    """

    def __init__(self, *, limit: int = LIMIT) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return self._size

    def keep(self, document: Document, trail: StatusTrail) -> None:
        """Keep the history of a saved image that is let go of."""
        if document.read_only_reason:
            # It has none of its own; what was kept before may fit once the mask can be edited again.
            return
        self._forget(document.entry.key)
        history = document.history
        if document.mask_file is None or not (history.can_undo or history.can_redo):
            return
        kept = _Kept(document.mask_file, history, trail, history.size)
        self._kept[document.entry.key] = kept
        self._size += kept.size
        while self._size > self._limit:
            self._forget(next(iter(self._kept)))

    def give_back(self, document: Document) -> StatusTrail | None:
        """Put the history back into an image that was loaded again, and return its trail; None if there is none.

        A history that does not lead to the mask that was read is forgotten. A read-only image gets none: what is shown
        of its mask may be blank, or of another size.
        """
        if document.read_only_reason:
            return None
        kept = self._kept.get(document.entry.key)
        self._forget(document.entry.key)
        if kept is None or kept.mask_file != document.mask_file:
            return None
        document.history = kept.history
        return kept.trail

    def clear(self) -> None:
        """Forget everything: another folder is open."""
        self._kept.clear()
        self._size = 0

    def _forget(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= kept.size
