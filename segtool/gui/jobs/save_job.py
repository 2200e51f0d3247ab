"""The job that writes one mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segtool.core.errors import SaveError
from segtool.formats.mask_png import write_mask
from segtool.gui.jobs.worker import Job
from segtool.project.document import Document, FilePrint


class ChangedOnDiskError(SaveError):
    """A mask was not written, because its file is not the one that was read."""


@dataclass(frozen=True, slots=True)
class SavedMask:
    """A mask has been written: the revision that its file holds now, and the file as it was then."""

    revision: int
    mask_file: FilePrint | None


AboutToReplace = Callable[[str, int, str], None]
"""Told of a save in the saving thread: key, revision, and the SHA-256 of the file that is about to be in place."""


def save_mask(
    document: Document,
    mask: npt.NDArray[np.uint8],
    *,
    revision: int,
    about_to_replace: AboutToReplace,
    force: bool = False,
) -> Job:
    """Write a copy of an image's mask.

    Parameters
    ----------
    document : Document
        The image; only looked at here, and no second save of it may be under way.
    mask : ndarray of uint8, shape (H, W)
        The copy.
    revision : int
        Which revision of the mask it is.
    about_to_replace : callable
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
        If it cannot be written; the old file is untouched.
    """
    path = document.entry.mask_path
    if not force and document.mask_changed_on_disk():
        raise ChangedOnDiskError(
            "the mask was changed by another program since it was opened here, so it was not overwritten",
            path=path,
            remedy="Save once more to replace it by what you see, or move it away first to keep both.",
        )
    key = document.entry.key
    write_mask(path, mask, about_to_replace=lambda digest: about_to_replace(key, revision, digest))
    # Here and not when the window hears of it: by then something else may have written it again.
    yield SavedMask(revision, FilePrint.of_readable(path))
