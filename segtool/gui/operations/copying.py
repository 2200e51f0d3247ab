"""Taking the mask of the image before the open one."""

from __future__ import annotations

from segtool.core.classes import ClassSet
from segtool.core.errors import MaskError
from segtool.core.operations.change import Mask, MaskChange, Tick
from segtool.core.operations.recode import copy_from
from segtool.formats.mask_png import read_mask
from segtool.gui.session import Session
from segtool.project.layout import ImageEntry

_NOTHING_IS_VOID = (
    "Nothing here is unlabelled, so nothing was copied. “Replace by that of the previous image” overwrites the mask."
)


def previous_entry(session: Session) -> ImageEntry | None:
    """Return the nearest image before the open one that can be read, None if there is none."""
    project, document = session.project, session.document
    if project is None or document is None:
        return None
    # Menus ask after every stroke, and there may be 100,000 images.
    before = (project.entries[place] for place in range(project.index(document.entry.key) - 1, -1, -1))
    return next((entry for entry in before if not session.entry_reason(entry.key)), None)


def copy_previous(session: Session, *, over_all: bool = False) -> bool:
    """Start taking the mask of the previous image, in one edit.

    Only what is void takes it, so that nobody's work is overwritten unasked; ``over_all`` is for those who ask for
    it. The other mask is read in another thread unless it is in memory, with edits that may not be saved yet.
    """
    entry = previous_entry(session)
    if entry is None:
        session.warn("There is no image before this one.")
        return False
    in_memory, classes = session.operations.mask_in_memory(entry.key), session.classes

    def work(mask: Mask, tick: Tick) -> MaskChange | None:
        source = _read(entry) if in_memory is None else in_memory
        _check(source, mask, entry, classes)
        return copy_from(mask, source, over_all=over_all, tick=tick)

    name, if_nothing = "Copy previous mask", _NOTHING_IS_VOID
    if over_all:
        name, if_nothing = "Replace by previous mask", f"The mask of {entry.key} is the same."
    return session.operations.run(name, work, if_nothing=if_nothing)


def _read(entry: ImageEntry) -> Mask:
    if not entry.mask_path.exists():
        raise MaskError(f"{entry.key} has no mask yet", remedy="Segment or paint it first.")
    return read_mask(entry.mask_path)


def _check(source: Mask, mask: Mask, entry: ImageEntry, classes: ClassSet) -> None:
    """Raise MaskError if a mask cannot take the pixels of another one."""
    if source.shape != mask.shape:
        (height, width), (high, wide) = source.shape, mask.shape
        raise MaskError(
            f"The mask of {entry.key} has {width} × {height} pixels and this image {wide} × {high}",
            remedy="Nothing was copied.",
        )
    if unknown := classes.unknown_ids(source):
        raise MaskError(
            f"The mask of {entry.key} holds ids without a class: {', '.join(map(str, unknown))}",
            remedy="Add the classes first. Nothing was copied.",
        )
