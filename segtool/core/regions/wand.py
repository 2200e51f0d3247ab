"""The magic wand: pixels of an image that are like the one under the pointer."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect
from segtool.core.regions.levels import Pixels, level_of, mean_of, smoothed_in, within
from segtool.core.regions.region import Pixel, Region, cropped, joined_at

# Of larger boxes no smoothed pixels are kept: those of 20,000² in colour would take 1.2 GB.
_MOST_KEPT = 32_000_000


class Wand:
    """Finds pixels like a seed; what it has computed for one tolerance serves the next one.

    Making one costs nothing: all work is done by ``region``.

    Parameters
    ----------
    pixels : ndarray of uint8, uint16 or float32, shape (H, W) or (H, W, 3)
        The image; only read.
    seed : (x, y)
        A pixel of it.
    smoothing : float
        Standard deviation in pixels of the Gaussian that the image is smoothed with first; 0: not at all.
    """

    def __init__(self, pixels: Pixels, *, seed: Pixel, smoothing: float) -> None:
        self._pixels, self._seed, self._smoothing = pixels, seed, smoothing
        self._whole = Rect.of_shape(pixels.shape)
        self._boxes: dict[Rect, npt.NDArray[Any]] = {}

    def region(self, tolerance: float, *, contiguous: bool) -> Region:
        """Return the pixels like the seed.

        Parameters
        ----------
        tolerance : float
            How far each channel may be from the mean of the 3×3 pixels about the seed, in levels (see `level_of`).
        contiguous : bool
            Whether only pixels count that are joined with the seed by steps across edges (4-connected).

        Returns
        -------
        Region
            Always with the seed if ``contiguous``.
        """
        distance = tolerance * self._level
        if not contiguous:
            return cropped(self._alike(self._whole, distance))
        return joined_at(self._seed, self._whole, lambda box: self._alike(box, distance))

    @cached_property
    def _level(self) -> float:
        return level_of(self._pixels)

    @cached_property
    def _middle(self) -> npt.NDArray[np.float64]:
        return mean_of(
            smoothed_in(self._pixels, Rect(*self._seed, 1, 1).expand(1).intersect(self._whole), sigma=self._smoothing)
        )

    def _alike(self, box: Rect, distance: float) -> npt.NDArray[np.uint8]:
        """Return 255 where pixels of a box are like the seed, otherwise 0."""
        if box.width * box.height <= _MOST_KEPT:
            return within(self._values(box), self._middle, distance)
        found = np.empty((box.height, box.width), dtype=np.uint8)
        step = max(1, _MOST_KEPT // box.width)
        for top in range(0, box.height, step):
            strip = Rect(box.x, box.y + top, box.width, min(step, box.height - top))
            values = smoothed_in(self._pixels, strip, sigma=self._smoothing)
            found[top : top + step] = within(values, self._middle, distance)
        return found

    def _values(self, box: Rect) -> npt.NDArray[Any]:
        if box not in self._boxes:
            self._boxes[box] = smoothed_in(self._pixels, box, sigma=self._smoothing)
        return self._boxes[box]
