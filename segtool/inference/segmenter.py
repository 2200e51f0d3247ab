"""Labelling every pixel of an image: tile after tile, as a generator that yields its progress."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID
from segtool.core.confidence import class_probability, winner_confidence
from segtool.core.normalisation import intensity_range, normalise, without_value
from segtool.inference.runtime import Runtime
from segtool.inference.tiling import plan_axis
from segtool.models.network_config import NetworkConfig

# In strides of the network, as how far it looks grows with them. Largest difference of a probability from that of the
# whole image, and the share of pixels that differ by more than 0.001, with tiles of 384 (stride 16; the worse of two
# images each, two of which are larger than 1000² pixels):
#   overlap        64       96      128       160       192      224
#   nuclei       0.28     0.11    0.048    0.0034   0.00055  0.00003
#                5.6 %    4.0 %   0.93 %    0.1 %       0 %      0 %
#   aerial       0.10    0.038    0.013    0.0021   0.00017  0.00000
OVERLAP_STRIDES = 12
# Overlap is paid for with every tile. On 2048² at stride 16, tiles of 768, 1024 and 1536 took 4.0, 3.4 and 2.6 s of
# processor time and 380, 490 and 750 MiB; and the larger a tile, the longer it takes to cancel.
TILE_STRIDES = 64
SMALLEST_TILE, LARGEST_TILE = 768, 1536
# The flips and quarter turns of a square: quarter turns, then whether to flip. Those that swap the sides come last,
# as a shape that is new to the network costs time.
PASSES = tuple((turns, flip) for turns in (0, 2, 1, 3) for flip in (False, True))


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
        That class' probability at the card's temperature, 0…255 for 0…1.
    probability : ndarray of uint8, shape (H, W), or None
        In the same way that of the class that was asked for; None if none was.
    """

    class_ids: npt.NDArray[np.uint8]
    confidence: npt.NDArray[np.uint8]
    probability: npt.NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Rows of an image whose probabilities are final.

    Attributes
    ----------
    top : int
        The first of the rows.
    probabilities : ndarray of float32, shape (rows, W, K)
        As ``Runtime.probabilities`` has them. Overwritten when the generator goes on.
    """

    top: int
    probabilities: npt.NDArray[np.float32]


def tile_sizes(network: NetworkConfig) -> tuple[int, int]:
    """Return the tile and the overlap in pixels that suit a network: the deeper it looks, the larger they are."""
    tile = min(max(TILE_STRIDES * network.stride, SMALLEST_TILE), LARGEST_TILE)
    return tile, OVERLAP_STRIDES * network.stride


def segment(
    pixels: npt.NDArray[np.generic],
    runtime: Runtime,
    *,
    tile: int | None = None,
    overlap: int | None = None,
    tta: bool = False,
    probability_of: int | None = None,
) -> Iterator[Progress | Prediction]:
    """Predict the class of every pixel of an image.

    Closing the generator between two tiles cancels. Beside image and prediction it holds one tile and the
    probabilities of one row of tiles, whatever the image's height.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        8-bit, 16-bit or float values, not normalised. An image whose sides are not multiples of the
        network's stride is mirrored at its right and lower border. Pixels without a finite value become void.
    runtime : Runtime
        The model. The temperature of its card is applied to the confidence.
    tile, overlap : int, optional
        Largest side of a tile and least overlap of neighbours in pixels; see ``plan_axis``. A tile is
        never smaller than the overlap and one stride. By default what ``tile_sizes`` says.
    tta : bool
        Average the probabilities over the eight flips and quarter turns of each tile: 8 times as slow.
    probability_of : int, optional
        Id on the model's card of a class whose probability everywhere is to be part of the prediction.

    Yields
    ------
    Progress
        After each run of the network: one for each tile, or eight.
    Prediction
        At the end.
    """
    card = runtime.card
    ids = np.array(card.classes.ids, dtype=np.uint8)
    class_ids = np.empty(pixels.shape[:2], dtype=np.uint8)
    confidence = np.empty_like(class_ids)
    probability = None if probability_of is None else np.empty_like(class_ids)
    for item in probability_bands(pixels, runtime, tile=tile, overlap=overlap, tta=tta):
        if isinstance(item, Progress):
            yield item
            continue
        rows = slice(item.top, item.top + len(item.probabilities))
        class_ids[rows], confidence[rows] = _decide(item.probabilities, ids, card.temperature)
        if probability is not None and probability_of is not None:
            index = card.classes.ids.index(probability_of)
            wanted = class_probability(item.probabilities, index, temperature=card.temperature)
            probability[rows] = _levels(wanted)
        if (missing := without_value(pixels[rows])) is not None:
            # Where there is no value, there is surely nothing to label.
            class_ids[rows][missing], confidence[rows][missing] = VOID, 255
            if probability is not None:
                probability[rows][missing] = 0
    yield Prediction(class_ids, confidence, probability)


def segment_to_end(
    pixels: npt.NDArray[np.generic],
    runtime: Runtime,
    *,
    tile: int | None = None,
    overlap: int | None = None,
    tta: bool = False,
    probability_of: int | None = None,
) -> Prediction:
    """Return the prediction that ``segment`` ends with."""
    steps = segment(pixels, runtime, tile=tile, overlap=overlap, tta=tta, probability_of=probability_of)
    last = deque(steps, maxlen=1).pop()
    assert isinstance(last, Prediction)
    return last


def probability_bands(
    pixels: npt.NDArray[np.generic],
    runtime: Runtime,
    *,
    tile: int | None = None,
    overlap: int | None = None,
    tta: bool = False,
) -> Iterator[Progress | Band]:
    """Yield what ``segment`` decides by: the blended probabilities, in bands from the top to the bottom of the image.

    Arguments and progress are those of ``segment``. A band follows each row of tiles; together they are the image.
    """
    network = runtime.card.network
    usual_tile, usual_overlap = tile_sizes(network)
    overlap = usual_overlap if overlap is None else overlap
    shared = -(-overlap // network.stride) * network.stride
    tile = max(usual_tile if tile is None else tile, shared + network.stride)
    rows = plan_axis(pixels.shape[0], tile=tile, overlap=overlap, align=network.stride)
    columns = plan_axis(pixels.shape[1], tile=tile, overlap=overlap, align=network.stride)
    row_weights, column_weights = rows.weights()[:, :, None, None], columns.weights()[:, None, :, None]
    source_rows, source_columns = rows.sources(), columns.sources()
    # A tile must be brought to 0…1 as its image is, or a tile of nothing would become one of noise.
    value_range = intensity_range(pixels, runtime.card.normalisation)

    passes = PASSES if tta else PASSES[:1]
    band = np.zeros((rows.size, columns.padded, network.outputs), dtype=np.float32)
    total, done = len(rows.starts) * len(columns.starts) * len(passes), 0
    for row, top in enumerate(rows.starts):
        for column, left in enumerate(columns.starts):
            cut = np.ix_(source_rows[top : top + rows.size], source_columns[left : left + columns.size])
            inputs = normalise(pixels[cut], runtime.card.normalisation, value_range=value_range)
            weights = row_weights[row] * column_weights[column] / len(passes)
            for turns, flip in passes:
                answer = _turned_answer(inputs, runtime, turns=turns, flip=flip)
                band[:, left : left + columns.size] += answer * weights
                done += 1
                yield Progress(done, total)
        following = rows.starts[row + 1] if row + 1 < len(rows.starts) else rows.padded
        ready = following - top
        if top < rows.length:
            yield Band(top, band[: min(ready, rows.length - top), : columns.length])
        band[: rows.size - ready] = band[ready:]
        band[rows.size - ready :] = 0.0


def _turned_answer(
    inputs: npt.NDArray[np.float32], runtime: Runtime, *, turns: int, flip: bool
) -> npt.NDArray[np.float32]:
    """Return the network's answer to a tile (H×W×3) that was turned and flipped, turned back: H×W×K."""
    turned = np.rot90(inputs, turns)
    answer = runtime.probabilities((turned[:, ::-1] if flip else turned)[None])[0]
    return np.rot90(answer[:, ::-1] if flip else answer, -turns)


def _decide(
    probabilities: npt.NDArray[np.float32], ids: npt.NDArray[np.uint8], temperature: float
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return the winner's id and its confidence as 0…255; one output is that of the second class, won from ½ on."""
    if probabilities.shape[-1] == 1:
        winner = (probabilities[..., 0] >= 0.5).astype(np.intp)
    else:
        winner = probabilities.argmax(axis=-1)
    best = winner_confidence(probabilities, temperature=temperature)
    return ids[winner], _levels(best)


def _levels(probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return probabilities 0…1 as 0…255."""
    return np.asarray(np.rint(np.clip(probabilities, 0.0, 1.0) * 255.0), dtype=np.uint8)
