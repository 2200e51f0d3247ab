"""Fill: the pixels of a mask that have the value under the pointer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect
from segtool.core.regions.region import Pixel, Region, cropped, joined_at


def same_value(mask: npt.NDArray[np.uint8], seed: Pixel, *, contiguous: bool) -> Region:
    """Return the pixels of a mask that have the value of the seed.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        Class ids; only read.
    seed : (x, y)
        A pixel of it.
    contiguous : bool
        Whether only those count that are joined with the seed by steps across edges (4-connected).
    """
    value = mask[seed[1], seed[0]]
    if not contiguous:
        return cropped(mask == value)

    def find(box: Rect) -> npt.NDArray[np.uint8]:
        found = (mask[box.slices] == value).view(np.uint8)
        found *= np.uint8(255)
        return np.asarray(found, dtype=np.uint8)

    return joined_at(seed, Rect.of_shape(mask.shape), find)
