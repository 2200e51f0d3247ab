"""The open folder and those of its images that are in memory."""

from __future__ import annotations

from collections.abc import Iterator

from segtool.core.errors import SegToolError
from segtool.gui.jobs.claims import MaskClaims
from segtool.gui.status_trail import StatusTrail
from segtool.project.document import Document, open_document
from segtool.project.project import Project

MAX_CLEAN = 4


class Documents:
    """Keeps the shown image, every image with unsaved changes, and a few more that were shown last.

    Attributes
    ----------
    project : Project or None
        The open folder.
    current : Document or None
        The shown image.
    claims : MaskClaims
        Which masks are in memory, for the jobs; another one for each folder that is opened.
    reasons : dict of str to str
        By key, why an image could not be opened or segmented.
    is_in_stroke : bool
        Whether a stroke is under way on the shown image: its mask is between two states.
    """

    def __init__(self) -> None:
        self.reset(None)

    def reset(self, project: Project | None) -> None:
        """Start anew with another folder; what is in memory is dropped."""
        self.project = project
        self.current: Document | None = None
        self.claims = MaskClaims()
        self.reasons: dict[str, str] = {}
        self.is_in_stroke = False
        # In the order in which they were shown, the newest last.
        self._kept: dict[str, Document] = {}
        self._trails: dict[str, StatusTrail] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._kept.values()))

    def get(self, key: str) -> Document | None:
        """Return an image if it is in memory."""
        return self._kept.get(key)

    def trail(self, document: Document) -> StatusTrail:
        """Return the trail of statuses of an image in memory."""
        return self._trails[document.entry.key]

    def load(self, key: str) -> Document:
        """Return an image, from memory if what is there is still what is on disk.

        Raises
        ------
        ProjectError
            If there is no such image.
        ImageError
            If it cannot be read.
        """
        assert self.project is not None
        entry = self.project.entry(key)
        kept = self._kept.get(key)
        if kept is not None and not _is_outdated(kept, self.project.writable_reason):
            return kept
        # Claimed before it is read: a job that is just writing the mask is waited for.
        self.claims.claim(key)
        try:
            document = open_document(entry, self.project.classes, writable_reason=self.project.writable_reason)
        except SegToolError:
            if kept is None:
                self.claims.release(key)
            raise
        if document.read_only_reason:
            self.claims.release(key)
        self._kept[key] = document
        self._trails[key] = StatusTrail()
        return document

    def show(self, document: Document) -> None:
        """Make an image the shown one and let go of those that were shown longest ago and are saved."""
        key = document.entry.key
        self.current = document
        self._kept[key] = self._kept.pop(key)
        clean = [item for item in self if item is not document and not item.is_dirty]
        for item in clean[: max(0, len(clean) - MAX_CLEAN)]:
            self.forget(item)

    def forget(self, document: Document) -> None:
        """Let go of an image that has no unsaved changes."""
        assert not document.is_dirty
        key = document.entry.key
        del self._kept[key], self._trails[key]
        self.claims.release(key)


def _is_outdated(document: Document, writable_reason: str) -> bool:
    """Tell whether an image should be read again: what kept it from being edited may be gone, or its mask is new."""
    if document.is_dirty:
        return False
    return document.read_only_reason not in ("", writable_reason) or document.mask_changed_on_disk()
