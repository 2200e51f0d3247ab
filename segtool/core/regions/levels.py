"""How alike pixels are, in levels: 255 of them make up an image's display range, whatever its depth and contrast."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect
from segtool.core.normalisation import Normalisation, intensity_range

Pixels = npt.NDArray[np.generic]

LEVELS = 255.0

# A stretch never makes less than this many values of 8 bits fill the range: noise would look like edges.
_LEAST_SPAN = 16.0


def level_of(pixels: Pixels) -> float:
    """Return how far apart two values of an image are that differ by one level.

    A dim image is thereby as easy to select from as a bright one; 12 bits in 16 are as good as 8 in 8.
    """
    low, high = intensity_range(pixels, Normalisation())
    return (high - low) / LEVELS


def smoothed_in(pixels: Pixels, box: Rect, *, sigma: float) -> npt.NDArray[Any]:
    """Return a box of an image as if all of it had been blurred by a Gaussian of ``sigma`` pixels; 0: as it is."""
    values: npt.NDArray[Any] = np.asarray(pixels)
    if sigma <= 0:
        return values[box.slices]
    # OpenCV's kernels reach three (8 bit) or four standard deviations.
    around = box.expand(math.ceil(4 * sigma) + 1).intersect(Rect.of_shape(values.shape))
    blurred = np.asarray(cv2.GaussianBlur(values[around.slices], (0, 0), sigma))
    return blurred[Rect(box.x - around.x, box.y - around.y, box.width, box.height).slices]


def reduced(pixels: Pixels, size: tuple[int, int]) -> npt.NDArray[Any]:
    """Return pixels averaged down to a size (width, height), of the same dtype; as they are if they have it."""
    values: npt.NDArray[Any] = np.asarray(pixels)
    if (values.shape[1], values.shape[0]) == size:
        return values
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))


def mean_of(pixels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the mean of pixels of shape (H, W) or (H, W, 3): one value per channel."""
    return np.asarray(pixels.reshape(pixels.shape[0] * pixels.shape[1], -1).mean(axis=0, dtype=np.float64))


def within(pixels: npt.NDArray[Any], middle: npt.NDArray[np.float64], distance: float) -> npt.NDArray[np.uint8]:
    """Return 255 where no channel is further than ``distance`` from the middle (one value each), otherwise 0.

    Values that are no numbers are far from everything.
    """
    low, high = middle - distance, middle + distance
    if pixels.dtype.kind == "u":
        # OpenCV rounds limits to whole numbers where pixels are whole numbers.
        low, high = np.ceil(low), np.floor(high)
    return np.asarray(cv2.inRange(pixels, _scalar(low), _scalar(high)), dtype=np.uint8)


def stretched(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Return an image with its own percentiles stretched to 0…255, uint8 of its shape; no numbers become 0."""
    low, high = intensity_range(pixels, Normalisation())
    if pixels.dtype == np.uint8 and high - low < _LEAST_SPAN:
        middle = (low + high) / 2
        low, high = middle - _LEAST_SPAN / 2, middle + _LEAST_SPAN / 2
    scaled = (pixels.astype(np.float32) - np.float32(low)) * np.float32(LEVELS / (high - low))
    np.nan_to_num(scaled, copy=False, nan=0.0, posinf=LEVELS, neginf=0.0)
    return np.asarray(np.rint(scaled.clip(0, LEVELS)), dtype=np.uint8)


def _scalar(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values.ravel())
