"""Predicting images of any size with a network that is fed squares of a few sizes only."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from segtool.core.normalisation import Normalisation, intensity_range, normalise
from segtool.core.reduction import reduce_pixels

SQUARES = (256, 512, 768, 1024)
_TILE_STEP = 832
Mask = npt.NDArray[np.uint8]
Image = npt.NDArray[np.float32]


def predict_in_squares(
    images: Sequence[npt.NDArray[np.generic]], run: Callable[[Image], Mask], *, reduction: int
) -> list[Mask]:
    """Predict images one after the other.

    Parameters
    ----------
    images : sequence of ndarray, shape (H, W) or (H, W, 3)
        Not normalised.
    run : callable
        Takes a square of normalised values, float32 (S, S, 3), and returns its answer, uint8 (S, S).
    reduction : int
        How many times smaller than the image what the network sees is.

    Returns
    -------
    list of ndarray of uint8, shape (H, W)
    """
    answers = []
    for pixels in images:
        value_range = intensity_range(pixels, Normalisation())
        small = (
            reduce_pixels(np.clip(pixels, *value_range).astype(pixels.dtype), reduction) if reduction > 1 else pixels
        )
        found = _tiled(normalise(small, Normalisation(), value_range=value_range), run)
        answers.append(_enlarged(found, pixels.shape[:2]))
    return answers


def _tiled(image: Image, run: Callable[[Image], Mask]) -> Mask:
    side = _square(image)
    height, width = image.shape[:2]
    answer = np.zeros((height, width), dtype=np.uint8)
    margin = (side - _TILE_STEP) // 2
    for top, left in itertools.product(*(_starts(length, side) for length in (height, width))):
        tile = image[top : top + side, left : left + side]
        found = run(_mirrored(tile, side))[: tile.shape[0], : tile.shape[1]]
        skip_top, skip_left = (margin if start else 0 for start in (top, left))
        answer[top + skip_top : top + side, left + skip_left : left + side] = found[skip_top:, skip_left:]
    return answer


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    # On the network's grid of 16.
    last = -(-(length - side) // 16) * 16
    return sorted({*range(0, last, _TILE_STEP), last})


def _square(image: Image) -> int:
    return next((side for side in SQUARES if max(image.shape[:2]) <= side), max(SQUARES))


def _mirrored(image: Image, side: int) -> Image:
    height, width = image.shape[:2]
    return np.pad(image, ((0, side - height), (0, side - width), (0, 0)), mode="symmetric")


def _enlarged(mask: Mask, shape: tuple[int, ...]) -> Mask:
    rows = np.minimum(np.arange(shape[0]) * mask.shape[0] // shape[0], mask.shape[0] - 1)
    columns = np.minimum(np.arange(shape[1]) * mask.shape[1] // shape[1], mask.shape[1] - 1)
    return mask[np.ix_(rows, columns)]
