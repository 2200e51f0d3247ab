"""Labelling every pixel of an image: tile after tile, as a generator that yields its progress."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segtool.core.normalisation import intensity_range, normalise
from segtool.inference.runtime import Runtime
from segtool.inference.tiling import plan_axis

# Overlap is paid for with every tile: 512 took half as long again as 768 on 2048², and 1024 no less than 768.
TILE = 768
# Six strides of the default network. Against the whole image, 64 left 0.3 % of the pixels with another class,
# 96 leaves 0.04 % for a fifth more time, and 128 would leave 0.01 % (random weights, 1024² pixels).
OVERLAP = 96


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of how many steps are done."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a model says of an image.

    Attributes
    ----------
    class_ids : ndarray of uint8, shape (H, W)
        The most probable class of each pixel, by its id on the model's card.
    confidence : ndarray of uint8, shape (H, W)
        That class' probability, 0…255 for 0…1.
    """

    class_ids: npt.NDArray[np.uint8]
    confidence: npt.NDArray[np.uint8]


def segment(
    pixels: npt.NDArray[np.generic], runtime: Runtime, *, tile: int = TILE, overlap: int = OVERLAP
) -> Iterator[Progress | Prediction]:
    """Predict the class of every pixel of an image.

    Closing the generator between two tiles cancels. Beside image and prediction it holds one tile and the
    probabilities of one row of tiles, whatever the image's height.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        8-bit, 16-bit or float values, not normalised. An image whose sides are not multiples of the
        network's stride is mirrored at its right and lower border.
    runtime : Runtime
        The model.
    tile, overlap : int
        Largest side of a tile and least overlap of neighbours in pixels; see ``plan_axis``. A tile is
        never smaller than the overlap and one stride.

    Yields
    ------
    Progress
        After each tile.
    Prediction
        At the end.
    """
    network = runtime.card.network
    shared = -(-overlap // network.stride) * network.stride
    tile = max(tile, shared + network.stride)
    rows = plan_axis(pixels.shape[0], tile=tile, overlap=overlap, align=network.stride)
    columns = plan_axis(pixels.shape[1], tile=tile, overlap=overlap, align=network.stride)
    row_weights, column_weights = rows.weights()[:, :, None, None], columns.weights()[:, None, :, None]
    source_rows, source_columns = rows.sources(), columns.sources()
    # A tile must be brought to 0…1 as its image is, or a tile of nothing would become one of noise.
    value_range = intensity_range(pixels, runtime.card.normalisation)

    ids = np.array(runtime.card.classes.ids, dtype=np.uint8)
    class_ids = np.empty((rows.padded, columns.length), dtype=np.uint8)
    confidence = np.empty_like(class_ids)
    band = np.zeros((rows.size, columns.padded, network.outputs), dtype=np.float32)
    total, done = len(rows.starts) * len(columns.starts), 0
    for row, top in enumerate(rows.starts):
        for column, left in enumerate(columns.starts):
            cut = np.ix_(source_rows[top : top + rows.size], source_columns[left : left + columns.size])
            inputs = normalise(pixels[cut], runtime.card.normalisation, value_range=value_range)
            answer = runtime.probabilities(inputs[None])[0]
            answer *= row_weights[row] * column_weights[column]
            band[:, left : left + columns.size] += answer
            done += 1
            yield Progress(done, total)
        following = rows.starts[row + 1] if row + 1 < len(rows.starts) else rows.padded
        ready = following - top
        finished = band[:ready, : columns.length]
        class_ids[top:following], confidence[top:following] = _decide(finished, ids)
        band[: rows.size - ready] = band[ready:]
        band[rows.size - ready :] = 0.0
    yield Prediction(class_ids[: rows.length], confidence[: rows.length])


def segment_to_end(
    pixels: npt.NDArray[np.generic], runtime: Runtime, *, tile: int = TILE, overlap: int = OVERLAP
) -> Prediction:
    """Return the prediction that ``segment`` ends with."""
    last = deque(segment(pixels, runtime, tile=tile, overlap=overlap), maxlen=1).pop()
    assert isinstance(last, Prediction)
    return last


def _decide(
    probabilities: npt.NDArray[np.float32], ids: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return the winner's id and its probability as 0…255; one output is that of the second class, won from ½ on."""
    if probabilities.shape[-1] == 1:
        second = probabilities[..., 0]
        winner = (second >= 0.5).astype(np.intp)
        best = np.maximum(second, 1.0 - second)
    else:
        winner = probabilities.argmax(axis=-1)
        best = probabilities.max(axis=-1)
    return ids[winner], np.rint(np.clip(best, 0.0, 1.0) * 255.0).astype(np.uint8)
