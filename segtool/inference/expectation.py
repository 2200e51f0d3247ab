"""How much of an image a model expects to get wrong, from a look that takes about a second whatever the image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segtool.core.uncertainty import expected_error
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Prediction, Progress, segment

# Larger images are looked at in this many pieces along each side, each at most so many pixels wide and high.
PIECES = 2
PIECE_SIDE = 512


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a model expects 1 - F1 of its prediction for an image to be, 0…1; see ``expected_error``."""

    error: float


def expect(pixels: npt.NDArray[np.generic], runtime: Runtime) -> Iterator[Progress | Expectation]:
    """Predict a part of an image and say how much of it the model expects to get wrong.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        8-bit, 16-bit or float values, not normalised.
    runtime : Runtime
        The model.

    Yields
    ------
    Progress
        After each run of the network.
    Expectation
        At the end.
    """
    for item in segment(pieces_of(pixels), runtime):
        if isinstance(item, Prediction):
            yield Expectation(expected_error(item.class_ids, item.confidence, classes=runtime.card.classes))
        else:
            yield item


def pieces_of(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Return pieces from all over an image, at full resolution, set beside each other.

    One image of pieces and not several images: it is brought to 0…1 as the whole one would be, and a piece
    of empty ground is not made one of noise.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)

    Returns
    -------
    ndarray, shape (h, w) or (h, w, 3)
        The image itself where it is no larger than the pieces.
    """
    rows, columns = (_kept(side) for side in pixels.shape[:2])
    if rows.size == pixels.shape[0] and columns.size == pixels.shape[1]:
        return pixels
    return pixels[np.ix_(rows, columns)]


def _kept(side: int) -> npt.NDArray[np.intp]:
    """Return which rows or columns are looked at: pieces of equal size around the middles of equal parts."""
    if side <= PIECES * PIECE_SIDE:
        return np.arange(side)
    starts = [(2 * number + 1) * side // (2 * PIECES) - PIECE_SIDE // 2 for number in range(PIECES)]
    return np.concatenate([np.arange(start, start + PIECE_SIDE) for start in starts])
