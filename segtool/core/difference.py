"""Where two masks of one image differ, and how."""

from __future__ import annotations

from enum import IntEnum

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import BACKGROUND, VOID

# Bands keep the arrays in between small where the image is large.
_BAND_ROWS = 512


class Difference(IntEnum):
    """What the two say of a pixel."""

    NONE = 0
    ONLY_FIRST = 1
    ONLY_SECOND = 2
    OTHER_CLASS = 3


# Neither background nor void is anything that could be there in one mask only.
_NOTHING = (BACKGROUND, VOID)
_IN_FIRST, _IN_SECOND = (
    np.array([0 if value in _NOTHING else kind for value in range(256)], dtype=np.uint8)
    for kind in (Difference.ONLY_FIRST, Difference.ONLY_SECOND)
)
# From the sum of these two: where neither has anything, one is void and the other background.
_IF_DIFFERENT = np.array([Difference.OTHER_CLASS, *range(1, 256)], dtype=np.uint8)


def difference_map(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Tell for each pixel how two masks differ.

    Parameters
    ----------
    first, second : ndarray of uint8, shape (H, W)
        Class ids.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        A ``Difference`` each: only one of them has a class other than background (id 0) and void (255); or both do
        but not the same, or one has background and the other void.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"masks of {first.shape} and {second.shape} cannot be compared")
    result = np.empty(first.shape, dtype=np.uint8)
    for top in range(0, len(first), _BAND_ROWS):
        rows = slice(top, top + _BAND_ROWS)
        one, two = first[rows], second[rows]
        found = cv2.LUT(cv2.add(cv2.LUT(one, _IN_FIRST), cv2.LUT(two, _IN_SECOND)), _IF_DIFFERENT)
        np.multiply(found, (one != two).view(np.uint8), out=result[rows])
    return result


def differing_pixels(found: npt.NDArray[np.uint8]) -> int:
    """Return how many pixels of a ``difference_map`` are not ``Difference.NONE``."""
    return cv2.countNonZero(found) if found.size else 0


def difference_counts(found: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return how many pixels of a ``difference_map`` are of each kind: int64 of shape (4,), by ``Difference``."""
    counts = np.zeros(len(Difference), dtype=np.int64)
    for kind in Difference:
        if kind is not Difference.NONE and found.size:
            counts[kind] = cv2.countNonZero((found == kind).view(np.uint8))
    counts[Difference.NONE] = found.size - counts.sum()
    return counts
