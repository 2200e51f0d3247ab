"""Which of some models suits a folder's images best, from a quick look at a few of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from segtool.core.classes import is_background
from segtool.core.errors import ImageError
from segtool.core.look import centre_of, look_distance, look_of
from segtool.formats.isolated import read_image
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Prediction, Progress, segment, segment_to_end
from segtool.models.known_images import MAX_LOOKS, KnownImages

MAX_IMAGES = 4
# Held-out images that tell how sure a model is of what it knows.
_REFERENCE_IMAGES = 12
# Where less than this share is anything but background, the model has found nothing.
_LEAST_FOUND = 0.001
# At this distance an image looks half like what a model knows; see ``segtool.core.look``.
_HALF_ALIKE = 0.6
_LEAST_SCORE = 0.4
# The best must be this many times as good as the second.
_CLEAR_LEAD = 1.4

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """How well models suit some images.

    Attributes
    ----------
    scores : tuple of (model folder, score)
        Best first, 0…1. 1: the images look like those that the model learnt from, and it is as sure of what it
        finds in them as in those.
    best : Path or None
        The model to propose; None if none suits or the best two are too close to call.
    """

    scores: tuple[tuple[Path, float], ...]
    best: Path | None


def suggest_model(candidates: Sequence[Path], images: Sequence[Path]) -> Iterator[Progress | Suggestion]:
    """Try models on the middle of a few images, about a second for each model.

    A bare confidence cannot be compared: a model that finds nothing is sure of it, one that tells five classes apart
    is less sure than one that tells two, and some are sure of what they have never seen. A model's score is
    therefore the mean over the images of how sure it is of what it finds, compared with how sure it is on
    images of its own kind, times how much the image looks like those.

    Parameters
    ----------
    candidates : sequence of Path
        Model folders. Those whose cards do not know what their images looked like score 0.
    images : sequence of Path
        Of these, ``MAX_IMAGES`` evenly spread ones are read; those that cannot be are passed over.

    Yields
    ------
    Progress
        After each tile of each image and model.
    Suggestion
        At the end.

    Raises
    ------
    ModelError
        If a model cannot be loaded.
    """
    chosen = evenly_spread(images, MAX_IMAGES)
    total = len(candidates) * len(chosen)
    scores: list[tuple[Path, float]] = []
    for number, folder in enumerate(candidates):
        runtime = Runtime.load(folder)
        found: list[float] = []
        for index, path in enumerate(chosen):
            done = number * len(chosen) + index
            yield Progress(done, total)
            try:
                pixels = centre_of(read_image(path).pixels)
            except ImageError:
                continue
            for item in segment(pixels, runtime):
                if isinstance(item, Prediction):
                    found.append(_suits(pixels, item, runtime))
                else:
                    yield Progress(done, total)
        scores.append((folder, float(np.mean(found)) if found else 0.0))
    scores.sort(key=lambda item: item[1], reverse=True)
    yield Suggestion(tuple(scores), _clear_best(scores))


def known_images(runtime: Runtime, *, seen: Sequence[Path], held_out: Sequence[Path]) -> KnownImages | None:
    """Measure what a card remembers of a model's images.

    Parameters
    ----------
    runtime : Runtime
        The model, with the temperature that its card will have.
    seen, held_out : sequence of Path
        The images that it was trained on and others of the same kind; a part of them is used, evenly spread.

    Returns
    -------
    KnownImages or None
        None if nothing is held out, or the model finds nothing in what is.

    Raises
    ------
    ImageError
        Naming an image that cannot be read.
    """
    found = []
    for path in evenly_spread(held_out, _REFERENCE_IMAGES):
        prediction = segment_to_end(centre_of(read_image(path).pixels), runtime)
        confidence = _confidence_where_found(prediction, runtime)
        if confidence is not None:
            found.append(confidence)
    if not found:
        return None
    looks = tuple(look_of(read_image(path).pixels) for path in evenly_spread([*seen, *held_out], MAX_LOOKS))
    return KnownImages(round(float(np.mean(found)), 4), looks)


def evenly_spread(items: Sequence[_Item], count: int) -> list[_Item]:
    """Return up to ``count`` items, evenly spread: neighbours in a list of names are often alike."""
    if len(items) <= count:
        return list(items)
    return [items[(2 * number + 1) * len(items) // (2 * count)] for number in range(count)]


def _suits(pixels: npt.NDArray[np.generic], prediction: Prediction, runtime: Runtime) -> float:
    """Return how well a model suits one image, 0…1."""
    known = runtime.card.known_images
    confidence = _confidence_where_found(prediction, runtime)
    if known is None or confidence is None:
        return 0.0
    # What guessing would give counts as nothing.
    guess = 1.0 / len(runtime.card.classes)
    sureness = (confidence - guess) / max(known.confidence - guess, 1e-6)
    alike = math.exp(-math.log(2) * (look_distance(look_of(pixels), known.looks) / _HALF_ALIKE) ** 2)
    return min(max(sureness, 0.0), 1.0) * alike


def _confidence_where_found(prediction: Prediction, runtime: Runtime) -> float | None:
    """Return the mean confidence, 0…1, of all pixels that are not background; None where there are next to none."""
    background = [item.id for item in runtime.card.classes if is_background(item)]
    found = ~np.isin(prediction.class_ids, background)
    if found.mean() < _LEAST_FOUND:
        return None
    return float(prediction.confidence[found].mean()) / 255


def _clear_best(scores: Sequence[tuple[Path, float]]) -> Path | None:
    if not scores or scores[0][1] < _LEAST_SCORE:
        return None
    if len(scores) > 1 and scores[0][1] < _CLEAR_LEAD * scores[1][1]:
        return None
    return scores[0][0]
