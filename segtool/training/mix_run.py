"""A mix of two models from their folders to a model folder of its own, as a generator of events."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np

from segtool.core.adaptation import Adaptation
from segtool.core.classes import VOID, ClassSet
from segtool.core.errors import TrainingError
from segtool.core.run_events import RunDone, RunEvent, RunProgress, RunStarted
from segtool.core.run_settings import RunSettings
from segtool.inference.evaluate import Evaluation
from segtool.inference.runtime import Runtime
from segtool.models.card import ModelCard
from segtool.models.mixable import same_classes, why_not_mix
from segtool.project.sources import Source
from segtool.training.calibration import Calibration, calibrate
from segtool.training.export import drafted_model, load_model
from segtool.training.mixing import mixed_weights
from segtool.training.patches import load_samples, validation_crops
from segtool.training.scoring import Scoring, not_learnt, score, score_compared, verdict_on_held_out

REASON = "mixed"
# What a trained model's card says of that very model and of no mix.
_NOT_OF_A_MIX = frozenset({"adaptation", "ece_before", "ece_after", "verdict"})
# Where a run stands before it scores, 0…1; loading TensorFlow, before all events, takes as long as both.
_MIXING, _EXPORTING, _SCORING = 0.1, 0.2, 0.4


@dataclass(frozen=True, slots=True)
class MixPlan:
    """Everything that a mix needs to know.

    Attributes
    ----------
    base, new : Path
        Model folders; ``new`` was trained from ``base``.
    amount : float
        Share of the weights of ``new``, 0…1.
    out : Path
        Model folder to write; must not exist yet.
    held_out : sequence of Source
        Images to score on; there may be none.
    mask_classes : ClassSet
        Classes of their masks.
    compare : Path or None
        Model folder to score on the same images.
    """

    base: Path
    new: Path
    amount: float
    out: Path
    held_out: Sequence[Source]
    mask_classes: ClassSet
    compare: Path | None = None


def run_mix(plan: MixPlan) -> Iterator[RunEvent]:
    """Mix two models and write the folder of the mix, yielding events as it goes; the last one is ``RunDone``.

    Raises
    ------
    TrainingError
        If the two cannot be mixed.
    ImageError, MaskError, ModelError, SaveError
        Naming the file at fault. Nothing is written in any of these cases.
    """
    started = time.monotonic()
    base, base_card = load_model(plan.base)
    new, card = load_model(plan.new)
    if reason := why_not_mix(base_card, card):
        raise TrainingError(f"{plan.new.name} cannot be mixed with {plan.base.name}: {reason}", path=plan.new)
    yield RunStarted(
        train_images=0,
        held_out=tuple(source.key for source in plan.held_out),
        parameters=new.count_params(),
        base=plan.base.name,
        minutes=None,
        epochs=None,
    )
    yield _progress("mixing", _MIXING, started)
    with_head = same_classes(base_card.classes, card.classes)
    new.set_weights(mixed_weights(base, new, plan.amount, with_head=with_head))
    calibration = _calibrate(new, card, plan)
    yield _progress("exporting", _EXPORTING, started)
    parts = 1 if plan.compare is None else 2
    with drafted_model(plan.out, new, _mixed_card(plan, card, calibration)) as draft:
        own = score(Runtime.load(draft.folder), plan.held_out, plan.mask_classes)
        mine = yield from _told(own, started, part=0, parts=parts)
        metrics = None if mine is None else mine.metrics
        draft.card = replace(draft.card, metrics=metrics)
        compared = not_learnt(plan.compare, plan.held_out)
        other = score_compared(plan.compare, compared, plan.mask_classes)
        theirs = yield from _told(other, started, part=1, parts=parts)
        verdict = verdict_on_held_out(
            mine,
            theirs,
            held_out=plan.held_out,
            compared=compared,
            classes=plan.mask_classes,
            compare=plan.compare,
        )
        if verdict is not None:
            draft.card = replace(draft.card, training=draft.card.training | {"verdict": verdict.to_json()})
    yield RunDone(
        str(plan.out),
        metrics,
        None if theirs is None else theirs.metrics,
        time.monotonic() - started,
        0,
        REASON,
        accepted=verdict is None or verdict.accepted,
        why="" if verdict is None else verdict.why,
    )


def _calibrate(network: keras.Model, card: ModelCard, plan: MixPlan) -> Calibration | None:
    """Fit the temperature of the mix; None where nothing is held out."""
    if not plan.held_out:
        return None
    crop, seed = RunSettings().crop, RunSettings().seed
    samples = load_samples(
        plan.held_out,
        card.classes,
        card.normalisation,
        seed=seed,
        mask_classes=plan.mask_classes,
        reduction=card.network.reduction,
    )
    # The folder may have gained classes since; they are none of the outputs.
    crops = [
        (image, np.where(np.isin(mask, card.classes.ids), mask, VOID).astype(np.uint8))
        for image, mask in validation_crops(samples, size=crop, seed=seed)
    ]
    return calibrate(network, crops, card.classes)


def _mixed_card(plan: MixPlan, new: ModelCard, calibration: Calibration | None) -> ModelCard:
    """Return the card of the mix: that of the trained model, but for what is the mix's own."""
    measured = Adaptation.from_training(new.training)
    training = {name: value for name, value in new.training.items() if name not in _NOT_OF_A_MIX}
    training |= {
        "base": plan.base.name,
        "mixed_with": plan.new.name,
        "amount": plan.amount,
        "before": "" if plan.compare is None else plan.compare.name,
        "held_out": len(plan.held_out),
    }
    if measured is not None and measured.chosen == 1.0:
        training["adaptation"] = replace(measured, chosen=plan.amount).to_json()
    if calibration is not None:
        training |= calibration.to_json()
    return replace(
        new,
        name=plan.out.name,
        # What a person has said of the trained model is not said of the mix, and two of one title are mistaken.
        title="",
        note="",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        training=training,
        metrics=None,
        curves=[],
        files={},
        temperature=new.temperature if calibration is None else calibration.temperature,
    )


def _told(scoring: Scoring, started: float, *, part: int, parts: int) -> Generator[RunEvent, None, Evaluation | None]:
    """Pass on how far the scoring of one of ``parts`` models is; return how it did."""
    while True:
        try:
            item = next(scoring)
        except StopIteration as end:
            evaluation: Evaluation | None = end.value
            return evaluation
        done = (part + item.done / item.total) / parts
        yield _progress("scoring", _SCORING + (1 - _SCORING) * done, started)


def _progress(stage: str, fraction: float, started: float) -> RunProgress:
    return RunProgress(stage, 0, fraction, 0.0, time.monotonic() - started, None)
