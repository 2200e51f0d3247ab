"""What a search returns: a box and the pixels found in it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect

Pixel = tuple[int, int]
"""Column and row of a pixel."""

Region = tuple[Rect, npt.NDArray[np.bool_]]
"""The bounding box of the pixels found, and which of its pixels they are: bool, (rect.height, rect.width)."""

NOTHING: Region = (Rect(0, 0, 0, 0), np.zeros((0, 0), dtype=np.bool_))
"""The region without a pixel."""

_FOUND = 128
_FIRST_BOX = 512
_GROWTH = 4
_FEW = 4


def cropped(found: npt.NDArray[np.uint8] | npt.NDArray[np.bool_], *, at: Pixel = (0, 0)) -> Region:
    """Return the pixels that are not zero, in their bounding box.

    Parameters
    ----------
    found : ndarray of uint8 or bool, shape (H, W)
        Pixels that are not zero have been found.
    at : (x, y)
        Where its upper left pixel lies in the image.
    """
    box = Rect(*cv2.boundingRect(found.view(np.uint8)))
    if box.is_empty:
        return NOTHING
    return Rect(box.x + at[0], box.y + at[1], box.width, box.height), found[box.slices].astype(np.bool_)


def joined_at(seed: Pixel, whole: Rect, find: Callable[[Rect], npt.NDArray[np.uint8]]) -> Region:
    """Return the pixels found that are joined with the seed by steps across edges (4-connected), the seed among them.

    The search begins in a box around the seed and goes on in larger ones as long as it meets a side: what is small
    is found quickly in an image of any size. The result does not depend on the boxes.

    Parameters
    ----------
    seed : (x, y)
        A pixel of the image.
    whole : Rect
        The image.
    find : callable
        Returns of a box, a part of ``whole``, which pixels may belong to it: uint8, 255 or 0; it may be changed.
    """
    side = _FIRST_BOX
    while True:
        box = Rect(*seed, 1, 1).expand(side // 2).intersect(whole)
        if _FEW * box.width * box.height > whole.width * whole.height:
            # Another box would cost nearly as much as all of it.
            box = whole
        rect, region = _component(find(box), (seed[0] - box.x, seed[1] - box.y), at=(box.x, box.y))
        if not _goes_on(rect, box, whole):
            return rect, region
        side *= _GROWTH


def _component(found: npt.NDArray[np.uint8], seed: Pixel, *, at: Pixel) -> Region:
    found[seed[1], seed[0]] = 255
    _, _, _, (x, y, width, height) = cv2.floodFill(found, None, seed, _FOUND)
    return Rect(x + at[0], y + at[1], width, height), found[y : y + height, x : x + width] == _FOUND


def _goes_on(rect: Rect, box: Rect, whole: Rect) -> bool:
    """Tell whether a find meets a side of its box that is not one of the image."""
    return (
        (rect.x == box.x > whole.x)
        or (rect.y == box.y > whole.y)
        or (rect.right == box.right < whole.right)
        or (rect.bottom == box.bottom < whole.bottom)
    )
