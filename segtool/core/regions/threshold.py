"""Threshold: the pixels of a region whose intensity is like that of a first one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect
from segtool.core.regions.levels import Pixels, level_of, mean_of, smoothed_in, within
from segtool.core.regions.region import Pixel


class Threshold:
    """Keeps of any region the pixels that are about as bright (or of about the colour) as one pixel.

    Parameters
    ----------
    pixels : ndarray of uint8, uint16 or float32, shape (H, W) or (H, W, 3)
        The image; only read.
    seed : (x, y)
        A pixel of it.
    tolerance : float
        How far each channel may be from the mean of the 3×3 pixels about the seed, in levels (see `level_of`).
    smoothing : float
        Standard deviation in pixels of the Gaussian that the image is smoothed with first; 0: not at all.
    """

    def __init__(self, pixels: Pixels, *, seed: Pixel, tolerance: float, smoothing: float) -> None:
        self._pixels, self._smoothing = pixels, smoothing
        near = Rect(*seed, 1, 1).expand(1).intersect(Rect.of_shape(pixels.shape))
        self._middle = mean_of(smoothed_in(pixels, near, sigma=smoothing))
        self._distance = tolerance * level_of(pixels)

    def keep(self, rect: Rect, region: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return the pixels of ``region`` (bool, the size of ``rect``, which lies in the image) that are alike."""
        return region & (
            within(smoothed_in(self._pixels, rect, sigma=self._smoothing), self._middle, self._distance) > 0
        )
