"""Scores of a whole model on the whole held-out images, as ``segtool evaluate`` gives them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from segtool.core.classes import ClassSet, is_background
from segtool.core.errors import SegToolError
from segtool.inference.evaluate import Evaluation, evaluate_images
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Progress
from segtool.models.card import read_card

Pair = tuple[str, Path, Path]
"""Key, image file and mask file."""

Scoring = Generator[Progress, None, dict[str, Any] | None]
"""Yields the images done so far and returns metrics; None where there is nothing to measure."""


def score(runtime: Runtime, held_out: Sequence[Pair], classes: ClassSet) -> Scoring:
    """Evaluate a model; None if nothing is held out.

    Parameters
    ----------
    runtime : Runtime
    held_out : sequence of Pair
    classes : ClassSet
        Those of the masks.
    """
    if not held_out:
        return None
    evaluation: Evaluation | None = None
    for item in evaluate_images([(image, mask) for _, image, mask in held_out], classes, runtime):
        if isinstance(item, Evaluation):
            evaluation = item
        else:
            yield item
    assert evaluation is not None
    return evaluation.metrics


def score_compared(folder: Path | None, held_out: Sequence[Pair], classes: ClassSet) -> Scoring:
    """Evaluate a model to compare with; None if it knows none of the classes, as its 0 would prove nothing."""
    if folder is None or not held_out:
        return None
    wanted = {item.name.casefold() for item in classes if not is_background(item)}
    try:
        known = {item.name.casefold() for item in read_card(folder).classes}
        if not wanted & known:
            return None
        return (yield from score(Runtime.load(folder), held_out, classes))
    except SegToolError:
        # The new model is whole by now; what it was to be compared with has gone meanwhile.
        return None


def to_end(scoring: Scoring) -> dict[str, Any] | None:
    """Return the metrics without showing progress."""
    while True:
        try:
            next(scoring)
        except StopIteration as end:
            metrics: dict[str, Any] | None = end.value
            return metrics
