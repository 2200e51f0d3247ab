"""What can be done with unsaved changes that a journal has kept."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import ClassSet
from segtool.core.errors import ImageError
from segtool.formats.isolated import read_image
from segtool.formats.preview import display_rgb, overlay_rgb
from segtool.project.recovery import Fit, Recoverable

THUMBNAIL_SIDE = 96
# A larger image would take seconds and hundreds of megabytes for a small picture.
_MAX_PIXELS = 40_000_000
_NO_IMAGE = 128


class Answer(Enum):
    """RESTORE: as an edit of the mask. COPY, EXPORT: as a file beside it or anywhere. LATER: ask at another time."""

    RESTORE = "restore"
    COPY = "copy"
    EXPORT = "export"
    LATER = "later"
    DISCARD = "discard"


ANSWERS: dict[Fit, tuple[Answer, ...]] = {
    Fit.FITS: (Answer.RESTORE, Answer.LATER, Answer.DISCARD),
    Fit.MASK_CHANGED: (Answer.COPY, Answer.RESTORE, Answer.LATER, Answer.DISCARD),
    Fit.IMAGE_CHANGED: (Answer.LATER, Answer.EXPORT, Answer.DISCARD),
    Fit.IMAGE_GONE: (Answer.LATER, Answer.EXPORT, Answer.DISCARD),
}
"""What is offered; the first is what is proposed."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundChanges:
    """Unsaved changes, and a small picture of the image with the recovered mask over it: uint8 (H, W, 3)."""

    item: Recoverable
    picture: npt.NDArray[np.uint8]


def picture_of(item: Recoverable, classes: ClassSet) -> npt.NDArray[np.uint8]:
    """Return a picture for ``FoundChanges``; without the image if that cannot be read or does not fit."""
    mask = item.mask()
    height, width = mask.shape
    scale = min(1.0, 2 * THUMBNAIL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    rgb = None
    if item.entry is not None and item.fit in (Fit.FITS, Fit.MASK_CHANGED) and mask.size <= _MAX_PIXELS:
        with contextlib.suppress(ImageError):
            rgb = display_rgb(read_image(item.entry.path, partial=True).pixels)
    if rgb is None or rgb.shape[:2] != mask.shape:
        small = np.full((size[1], size[0], 3), _NO_IMAGE, np.uint8)
    else:
        small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    small_mask = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    return overlay_rgb(small, small_mask, classes)
