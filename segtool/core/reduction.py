"""Making images and masks smaller by a whole factor, and probabilities larger again."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID

# OpenCV resizes at most this many channels at once.
_MOST_CHANNELS = 4


def reduce_pixels(pixels: npt.NDArray[np.generic], factor: int) -> npt.NDArray[np.generic]:
    """Return the means of blocks of ``factor`` by ``factor`` pixels.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        uint8, uint16 or float32.
    factor : int
        1 returns the same array. Rows and columns beyond a multiple of it are left out; where there are fewer than
        ``factor``, those that there are make one.

    Returns
    -------
    ndarray, shape (H // factor, W // factor[, 3])
        In the same dtype; no side is less than 1.
    """
    if factor == 1:
        return pixels
    height, width = (max(1, side // factor) for side in pixels.shape[:2])
    whole = np.ascontiguousarray(pixels[: height * factor, : width * factor])
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))


def reduce_mask(mask: npt.NDArray[np.uint8], ids: Sequence[int], factor: int) -> npt.NDArray[np.uint8]:
    """Return the class that most labelled pixels of each block have, void where none has any.

    A block with one labelled pixel keeps its label: a stroke one pixel wide must not vanish.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
    ids : sequence of int
        The classes that the mask may hold.
    factor : int
        1 returns the same array.

    Returns
    -------
    ndarray of uint8, shape (H // factor, W // factor)
    """
    if factor == 1:
        return mask
    values = np.array([*ids, VOID], dtype=np.uint8)
    shares = [reduce_pixels((mask == value).astype(np.float32), factor) for value in ids]
    # Less than any pixel has, more than none.
    shares.append(np.full_like(shares[0], 0.5 / factor**2))
    return np.asarray(values[np.argmax(shares, axis=0)])


def enlarge_probabilities(probabilities: npt.NDArray[np.float32], factor: int) -> npt.NDArray[np.float32]:
    """Return probabilities of shape (H, W, K) interpolated linearly to (H · factor, W · factor, K)."""
    if factor == 1:
        return probabilities
    height, width, outputs = probabilities.shape
    size = (width * factor, height * factor)
    parts = [
        cv2.resize(np.ascontiguousarray(probabilities[..., first : first + _MOST_CHANNELS]), size).reshape(
            height * factor, width * factor, -1
        )
        for first in range(0, outputs, _MOST_CHANNELS)
    ]
    return np.concatenate(parts, axis=-1)
