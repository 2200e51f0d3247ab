"""The open folder and those of its images that are in memory."""

from __future__ import annotations

from collections.abc import Iterator

from segtool.core.errors import SegToolError
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.jobs.claims import MaskClaims
from segtool.gui.loading import memory
from segtool.gui.loading.kept_histories import KeptHistories
from segtool.gui.loading.load_job import Loaded, LoadRequest, make_pyramid
from segtool.gui.status_trail import StatusTrail
from segtool.project.document import Document, open_document
from segtool.project.project import Project

MAX_CLEAN = 4


class Documents:
    """Keeps the shown image, every image with unsaved changes, and a few more that were shown last.

    What could be undone in an image that is let go of comes back with it, as long as its mask file is the same.

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
    damage_accepted : set of str
        Keys of the images that are cut short and whose masks a person wants to edit all the same.
    is_in_stroke : bool
        Whether a stroke is under way on the shown image: its mask is between two states.
    """

    def __init__(self) -> None:
        self._histories = KeptHistories()
        self.reset(None)

    def reset(self, project: Project | None) -> None:
        """Start anew with another folder; what is in memory is dropped."""
        self.project = project
        self.current: Document | None = None
        self.claims = MaskClaims() if project is None else MaskClaims(project.confirm_lock)
        self.reasons: dict[str, str] = {}
        self.damage_accepted: set[str] = set()
        self.is_in_stroke = False
        # In the order in which they were shown, the newest last.
        self._kept: dict[str, Document] = {}
        self._trails: dict[str, StatusTrail] = {}
        self._pyramids: dict[str, ImagePyramid] = {}
        self._histories.clear()

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._kept.values()))

    def get(self, key: str) -> Document | None:
        """Return an image if it is in memory."""
        return self._kept.get(key)

    def trail(self, document: Document) -> StatusTrail:
        """Return the trail of statuses of an image in memory."""
        return self._trails[document.entry.key]

    def pyramid(self, document: Document) -> ImagePyramid:
        """Return what the canvas paints of an image in memory."""
        key = document.entry.key
        if key not in self._pyramids:
            self._pyramids[key] = make_pyramid(document.image.pixels)
        return self._pyramids[key]

    def find(self, key: str) -> Document | LoadRequest:
        """Return an image if what is in memory is still what is on disk, else what is to be loaded.

        Raises
        ------
        ProjectError
            If there is no such image.
        """
        assert self.project is not None
        request, kept = self._request(self.project, key), self._kept.get(key)
        if kept is not None and not _is_outdated(kept, request.writable_reason):
            return kept
        return request

    def take(self, loaded: Loaded, *, anyway: bool) -> Document | None:
        """Put an image that was loaded into memory; its mask is claimed from now on.

        None if a file has changed since it was read, or the classes have: the image is to be loaded again, and no job
        writes its mask until it is taken, or until ``give_up``. Then a changed file is taken ``anyway``: something
        else goes on changing it, and saving will notice that.
        """
        assert self.project is not None
        key = loaded.document.entry.key
        # Claimed before its print is compared: a job that is just writing the mask is waited for.
        self.claims.claim(key)
        if loaded.request != self._request(self.project, key) or not (anyway or loaded.is_current()):
            return None
        return self._put(loaded.document, loaded.pyramid)

    def give_up(self, key: str) -> None:
        """Let jobs write the mask of an image that is not loaded after all."""
        kept = self._kept.get(key)
        if kept is None or kept.read_only_reason:
            self.claims.release(key)

    def load(self, key: str) -> Document:
        """Return an image for a job that is about to change its mask; read here and now if it is not in memory.

        It may not be the object that is shown any more: ``Navigation.show_again`` follows.

        Raises
        ------
        ProjectError
            If there is no such image.
        ImageError
            If it cannot be read.
        """
        found = self.find(key)
        if isinstance(found, Document):
            return found
        self.claims.claim(key)
        try:
            document = open_document(
                found.entry,
                found.classes,
                writable_reason=found.writable_reason,
                answers=found.answers,
                accepts_damage=found.accepts_damage,
            )
        except SegToolError:
            self.give_up(key)
            raise
        return self._put(document, None)

    def show(self, document: Document) -> None:
        """Make an image the shown one and let go of those that were shown longest ago and are saved."""
        key = document.entry.key
        self.current = document
        self._kept[key] = self._kept.pop(key)
        clean = [item for item in self if item is not document and not item.is_dirty]
        sizes = [memory.bytes_held(item) for item in clean]
        limit = memory.kept_limit(in_use=sum(sizes))
        while clean and (len(clean) > MAX_CLEAN or sum(sizes) > limit):
            self.forget(clean.pop(0))
            del sizes[0]

    def forget(self, document: Document) -> None:
        """Let go of an image that has no unsaved changes."""
        assert not document.is_dirty
        key = document.entry.key
        self._histories.keep(document, self._trails[key])
        del self._kept[key], self._trails[key]
        self._pyramids.pop(key, None)
        self.claims.release(key)

    def _request(self, project: Project, key: str) -> LoadRequest:
        reason, answers, is_accepted = project.writable_reason, project.mask_answers, key in self.damage_accepted
        return LoadRequest(project.entry(key), project.classes, reason, answers, accepts_damage=is_accepted)

    def _put(self, document: Document, pyramid: ImagePyramid | None) -> Document:
        key = document.entry.key
        kept = self._kept.get(key)
        if kept is not None and kept.is_dirty:
            # Painted in while it was loaded again: saving will say that the file is another one.
            return kept
        if document.read_only_reason:
            self.claims.release(key)
        self._kept[key] = document
        self._trails[key] = self._histories.give_back(document) or StatusTrail()
        self._pyramids.pop(key, None)
        if pyramid is not None:
            self._pyramids[key] = pyramid
        return document


def _is_outdated(document: Document, writable_reason: str) -> bool:
    """Tell whether an image should be read again.

    What kept it from being edited may be gone, or it or its mask may have been replaced. An image whose file is gone
    stays as it is in memory.
    """
    if document.is_dirty or document.image_is_gone():
        return False
    is_held_back = document.read_only_reason not in ("", writable_reason)
    return is_held_back or document.mask_changed_on_disk() or document.image_changed_on_disk()
