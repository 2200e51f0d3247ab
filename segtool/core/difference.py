"""Where two masks of one image differ, and how."""

from __future__ import annotations

from enum import IntEnum

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import BACKGROUND

# Bands keep the arrays in between small where the image is large.
_BAND_ROWS = 512


class Difference(IntEnum):
    """What the two say of a pixel."""

    NONE = 0
    ONLY_FIRST = 1
    ONLY_SECOND = 2
    OTHER_CLASS = 3


def difference_map(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Tell for each pixel how two masks differ.

    Parameters
    ----------
    first, second : ndarray of uint8, shape (H, W)
        Class ids.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        A ``Difference`` each: only one of them has another class than background (id 0), or both do but not the same.

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
        found = (one != BACKGROUND).view(np.uint8) + 2 * (two != BACKGROUND).view(np.uint8)
        np.multiply(found, (one != two).view(np.uint8), out=result[rows])
    return result


def differing_pixels(found: npt.NDArray[np.uint8]) -> int:
    """Return how many pixels of a ``difference_map`` are not ``Difference.NONE``."""
    return cv2.countNonZero(found) if found.size else 0
