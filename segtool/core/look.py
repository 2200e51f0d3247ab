"""What an image looks like in a few numbers, to tell whether a model has seen its like."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.normalisation import Normalisation, normalise

CENTRE_SIDE = 768
# Differences that count as one, found on six sets of images (nuclei, aerial photographs, cells and three of materials):
# the nearest look among a model's own kind was then at most 0.5 away, and at least 0.6 for each of the others.
_BRIGHTNESS_UNIT = 0.15
_COLOUR_UNIT = 0.1
_TEXTURE_UNIT = 0.5
_BRIGHTNESS_PERCENTILES = (10, 50, 90)
# Pixels over which neighbours are averaged before they are compared.
_TEXTURE_SIZES = (1, 4, 16)
# Below this a difference of neighbours is noise of the camera.
_LEAST_TEXTURE = 0.003
LOOK_SIZE = len(_BRIGHTNESS_PERCENTILES) + 1 + len(_TEXTURE_SIZES)

Look = tuple[float, ...]


def centre_of(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Return the middle of an image, at most ``CENTRE_SIDE`` pixels wide and high, as a view at full resolution."""
    height, width = pixels.shape[:2]
    top, left = max(0, (height - CENTRE_SIDE) // 2), max(0, (width - CENTRE_SIDE) // 2)
    return pixels[top : top + CENTRE_SIDE, left : left + CENTRE_SIDE]


def look_of(pixels: npt.NDArray[np.generic]) -> Look:
    """Return how bright, colourful and textured the middle of an image is.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        Of any depth; brought to 0…1 by its own percentiles first, so that exposure does not matter.

    Returns
    -------
    tuple of ``LOOK_SIZE`` floats
        Brightness that 10, 50 and 90 % of the pixels do not exceed, colourfulness, and texture (differences of
        neighbours) at three sizes; each in units in which 1 is a clear difference.
    """
    values = normalise(centre_of(pixels), Normalisation())
    grey = values.mean(axis=-1)
    colour = np.sqrt(float((values.max(axis=-1) - values.min(axis=-1)).mean()))
    parts = [
        np.percentile(grey, _BRIGHTNESS_PERCENTILES) / _BRIGHTNESS_UNIT,
        [colour / _COLOUR_UNIT],
        [np.log(_texture(grey, size) + _LEAST_TEXTURE) / _TEXTURE_UNIT for size in _TEXTURE_SIZES],
    ]
    return tuple(round(float(value), 3) for part in parts for value in part)


def look_distance(look: Look, known: Sequence[Look]) -> float:
    """Return how far a look is from the nearest of some: the root mean square over the numbers; 0 for one of them."""
    differences = np.asarray(known, dtype=np.float64) - np.asarray(look, dtype=np.float64)
    return float(np.sqrt((differences**2).mean(axis=1)).min())


def _texture(grey: npt.NDArray[np.float32], size: int) -> float:
    height, width = (max(1, length // size) for length in grey.shape)
    small = grey if size == 1 else cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    found = [float(np.abs(np.diff(small, axis=axis)).mean()) for axis in (0, 1) if small.shape[axis] > 1]
    return float(np.mean(found)) if found else 0.0
