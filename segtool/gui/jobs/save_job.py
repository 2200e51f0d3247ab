"""The job that writes one mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segtool.core.errors import ImageError, SaveError
from segtool.formats.isolated import probe_image
from segtool.formats.mask_png import write_mask
from segtool.formats.originals import keep_original
from segtool.gui.jobs.worker import Job
from segtool.project.document import Document, FilePrint
from segtool.project.guard import holds_nothing
from segtool.project.layout import OWN_FOLDER


class ChangedOnDiskError(SaveError):
    """A mask was not written, because its file is not the one that was read."""


class MaskGoneError(ChangedOnDiskError):
    """A mask was not written, because its file is not there any more."""


@dataclass(frozen=True, slots=True)
class SavedMask:
    """A mask has been written: the revision that its file holds now, and the file as it was then."""

    revision: int
    mask_file: FilePrint


AboutToReplace = Callable[[str, int, str], None]
"""Told of a save in the saving thread: key, revision, and the SHA-256 of the file that is about to be in place."""


def save_mask(
    document: Document,
    mask: npt.NDArray[np.uint8],
    *,
    revision: int,
    confirm_lock: Callable[[], None],
    about_to_replace: AboutToReplace,
    folder: Path,
    force: bool = False,
) -> Job:
    """Write a copy of an image's mask.

    Parameters
    ----------
    document : Document
        The image; no second save of it may be under way.
    mask : ndarray of uint8, shape (H, W)
        The copy.
    revision : int
        Which revision of the mask it is.
    confirm_lock : callable
        Raises a SaveError if the folder may not be changed any more.
    about_to_replace : callable
    folder : Path
        The folder of images: no other is made in its place if it is gone.
    force : bool
        Whether to overwrite a file that something else has changed.

    Yields
    ------
    SavedMask
        At the end.

    Raises
    ------
    ChangedOnDiskError
        If the file was changed, made or removed by something else since it was read or written here.
    SaveError
        If it cannot be written, or an image of another size has taken the place of its image; the old file is
        untouched.
    """

    def check(digest: str) -> None:
        # Once more at the last moment: encoding a large mask takes seconds.
        confirm_lock()
        _refuse_changed(document, force=force)
        document.note_writing(digest)
        about_to_replace(document.entry.key, revision, digest)

    refuse_missing(folder)
    confirm_lock()
    _refuse_changed(document, force=force)
    _refuse_another_image(document, mask)
    if document.mapped is not None:
        keep_original(document.entry.mask_path)
    written = write_mask(document.entry.mask_path, mask, about_to_replace=check)
    # What stands there when the window hears of it, something else may have written meanwhile.
    yield SavedMask(revision, FilePrint.of_stat(written))


def refuse_missing(folder: Path) -> None:
    """Raise SaveError if a folder of images is gone, so that no other is made in its place.

    A drive that was unmounted leaves an empty folder, in which masks would be hidden once it is back.
    """
    try:
        is_there = not holds_nothing(folder, but_for=OWN_FOLDER)
    except OSError:
        is_there = False
    if not is_there:
        raise SaveError(
            "the folder is not there any more", path=folder, remedy="Bring it back, or save the masks somewhere else."
        )


def changed_on_disk(document: Document) -> ChangedOnDiskError:
    """Return the error of a mask whose file something else has changed."""
    if document.mask_file is not None and FilePrint.of_readable(document.entry.mask_path) is None:
        return MaskGoneError(
            "the mask is gone: another program has removed or renamed it, or its drive is not there",
            path=document.entry.mask_path,
            remedy="Bring it back, save it anew, or save it somewhere else.",
        )
    return ChangedOnDiskError(
        "the mask was changed by another program since it was opened here, so it was not overwritten",
        path=document.entry.mask_path,
        remedy="Reload it, keep what you see, or save what you see as a copy.",
    )


def _refuse_changed(document: Document, *, force: bool) -> None:
    if not force and document.mask_changed_on_disk():
        raise changed_on_disk(document)


def _refuse_another_image(document: Document, mask: npt.NDArray[np.uint8]) -> None:
    """Do not give a mask to an image of another size: it would be taken for the mask of what lies there now."""
    if not document.image_changed_on_disk():
        return
    try:
        header = probe_image(document.entry.path)
    except ImageError:
        # Being written, perhaps; the mask belongs to what was there, and is not to be lost.
        return
    if (header.height, header.width) != mask.shape:
        raise SaveError(
            f"the image was replaced by one of {header.width}×{header.height} pixels, and the unsaved mask belongs to "
            f"the old one of {mask.shape[1]}×{mask.shape[0]}",
            path=document.entry.path,
            remedy="Put the old image back, or save the mask somewhere else.",
        )
