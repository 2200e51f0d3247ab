"""How a whole model does on whole images: as ``segtool evaluate`` says it, and the verdict that comes of it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from segtool.core.classes import VOID, ClassSet, is_background
from segtool.core.errors import MaskError, SegToolError
from segtool.core.gate import Verdict, judge
from segtool.core.metrics import Tally, tally
from segtool.formats.mask_png import read_mask
from segtool.inference.evaluate import Evaluation, evaluate_images
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Progress
from segtool.models.card import read_card
from segtool.project.shown import read_shown
from segtool.project.sources import Source

Scoring = Generator[Progress, None, Evaluation | None]
"""Yields the images done so far and returns how the model did; None where there is nothing to measure."""


def score(runtime: Runtime, images: Sequence[Source], classes: ClassSet) -> Scoring:
    """Evaluate a model; None if there is no image that can be used, as a person may have changed them meanwhile.

    Parameters
    ----------
    runtime : Runtime
    images : sequence of Source
    classes : ClassSet
        Those of the masks.
    """
    if not images:
        return None
    evaluation: Evaluation | None = None
    pairs = [(source.image, source.mask) for source in images]
    try:
        for item in evaluate_images(pairs, classes, runtime, pass_over=True):
            if isinstance(item, Evaluation):
                evaluation = item
            else:
                yield item
    except SegToolError:
        # A finished training is not lost because a person has gone on with its images.
        return None
    return evaluation


def score_compared(folder: Path | None, held_out: Sequence[Source], classes: ClassSet) -> Scoring:
    """Evaluate a model to compare with; None if it knows none of the classes, as its 0 would prove nothing."""
    if folder is None or not held_out or not knows_any(folder, classes):
        return None
    try:
        return (yield from score(Runtime.load(folder), held_out, classes))
    except SegToolError:
        # The new model is whole by now; what it was to be compared with has gone meanwhile.
        return None


def knows_any(folder: Path, classes: ClassSet) -> bool:
    """Tell whether a model knows any of the classes but the background; not if it cannot be read."""
    wanted = {item.name.casefold() for item in classes if not is_background(item)}
    try:
        return bool(wanted & {item.name.casefold() for item in read_card(folder).classes})
    except SegToolError:
        return False


def to_end(scoring: Scoring) -> Evaluation | None:
    """Return how the model did without showing progress."""
    while True:
        try:
            next(scoring)
        except StopIteration as end:
            evaluation: Evaluation | None = end.value
            return evaluation


def not_learnt(folder: Path | None, held_out: Sequence[Source]) -> list[Source]:
    """Return the held-out images that a model has not been trained on: none of the others can judge it."""
    if folder is None:
        return list(held_out)
    try:
        learnt = read_card(folder).training.get("image_keys")
    except SegToolError:
        return list(held_out)
    return [s for s in held_out if not isinstance(learnt, list) or s.key not in learnt]


def verdict_on_held_out(
    new: Evaluation | None,
    old: Evaluation | None,
    *,
    held_out: Sequence[Source],
    compared: Sequence[Source],
    classes: ClassSet,
    compare: Path | None,
) -> Verdict | None:
    """Judge a model on the held-out images; None if there are none.

    Parameters
    ----------
    new, old : Evaluation or None
        Of the new model on ``held_out``, and of the active one on ``compared``, which are some of these.
    held_out, compared : sequence of Source
    classes : ClassSet
        Those of the masks.
    compare : Path or None
        The active model.
    """
    if new is None:
        return None
    mine = {held_out[item.index].key: item.tally for item in new.images}
    theirs = {} if old is None else {compared[item.index].key: item.tally for item in old.images}
    both = [key for key in mine if key in theirs]
    name = "" if compare is None else compare.name
    nothing = "there was no model before"
    if compare is not None:
        nothing = f"{name} has been trained on them" if not compared else f"{name} does not know these classes"
    return judge(
        [mine[key] for key in both or mine],
        [theirs[key] for key in both],
        classes=classes,
        held_out=True,
        old_name=name,
        nothing=nothing,
    )


def verdict_on_shown(runtime: Runtime, images: Sequence[Source], classes: ClassSet) -> Verdict:
    """Judge a model where nothing is held out, on the images that it was trained on.

    What the models before had shown of these images, before a person corrected them, is what it must not fall below.
    That favours the new model, which has seen the answers; but one that has learnt nonsense does not pass.

    Parameters
    ----------
    runtime : Runtime
        The new model.
    images : sequence of Source
        The images that were corrected.
    classes : ClassSet
        Those of the masks.
    """
    before = {source.key: found for source in images if (found := _shown_tally(source, classes)) is not None}
    judged = [source for source in images if source.key in before] or list(images)
    evaluation = to_end(score(runtime, judged, classes))
    if evaluation is None:
        return Verdict(True, "Its images have been changed meanwhile, so there is nothing to judge it by.")
    kept = [judged[item.index].key for item in evaluation.images]
    return judge(
        evaluation.tallies,
        [before[key] for key in kept if key in before],
        classes=classes,
        held_out=False,
        nothing="it is not known what had been shown of them",
    )


def _shown_tally(source: Source, classes: ClassSet) -> Tally | None:
    if source.shown is None:
        return None
    try:
        mask = read_mask(source.mask)
    except MaskError:
        return None
    shown = read_shown(source.shown, shape=mask.shape)
    # Images that are void throughout do not count.
    return None if shown is None or bool((mask == VOID).all()) else tally(shown, mask, classes.ids)
