"""A training run from its settings to a model folder, as a generator of events."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from segtool.core.classes import ClassSet, is_background
from segtool.core.errors import TrainingError
from segtool.core.normalisation import Normalisation
from segtool.core.run_events import RunDone, RunEpoch, RunEvent, RunProgress, RunStarted
from segtool.core.run_settings import RunSettings
from segtool.inference.evaluate import Evaluation, evaluate_images
from segtool.inference.runtime import Runtime
from segtool.models.card import ModelCard, read_card
from segtool.models.network_config import NetworkConfig
from segtool.training.export import export_model
from segtool.training.patches import Sample, load_samples, training_batches, validation_crops
from segtool.training.start import start_network
from segtool.training.step import Overlaps, Stepper, f1_of

# The learning rate climbs over this share of the run and then falls along a cosine.
_WARM_UP = 0.05
_PROGRESS_SECONDS = 0.5

Pair = tuple[str, Path, Path]


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Everything that a run needs to know.

    Attributes
    ----------
    out : Path
        Model folder to write; must not exist yet.
    classes : ClassSet
    train, held_out : sequence of (key, image path, mask path)
    held_out_classes : ClassSet or None
        Classes of the held-out masks, the same by name, where their ids are not those of ``classes``.
    settings : RunSettings
    base : Path or None
        Model folder to start from; None: random weights.
    compare : Path or None
        Model folder to score on the same held-out images.
    network : NetworkConfig
        Architecture where there is no base; its outputs follow the classes.
    data : dict
        Names and licence of the training data, for the card.
    """

    out: Path
    classes: ClassSet
    train: Sequence[Pair]
    held_out: Sequence[Pair]
    settings: RunSettings
    held_out_classes: ClassSet | None = None
    base: Path | None = None
    compare: Path | None = None
    network: NetworkConfig = field(default_factory=NetworkConfig)
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Clock:
    """Where the run stands: by time if there is a budget, else by steps."""

    settings: RunSettings
    started: float
    step: int = 0

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started

    @property
    def fraction(self) -> float:
        if self.settings.minutes is not None:
            return min(1.0, self.elapsed / (60 * self.settings.minutes))
        assert self.settings.epochs is not None
        return self.step / (self.settings.epochs * self.settings.steps_per_epoch)

    @property
    def learning_rate(self) -> float:
        fraction, peak = self.fraction, self.settings.learning_rate
        if fraction < _WARM_UP:
            return peak * max(fraction / _WARM_UP, 0.05)
        return peak * max(0.5 * (1 + math.cos(math.pi * (fraction - _WARM_UP) / (1 - _WARM_UP))), 0.01)

    def progress(self, stage: str, loss: float) -> RunProgress:
        fraction = self.fraction
        remaining = self.elapsed * (1 - fraction) / fraction if fraction > 0.01 else None
        return RunProgress(stage, self.step, fraction, loss, self.elapsed, remaining)


@dataclass(slots=True)
class _Best:
    """The best weights so far by validation loss, or the latest where nothing is held out."""

    loss: float = math.inf
    epoch: int = 0
    weights: list[npt.NDArray[Any]] | None = None


def run_training(plan: RunPlan, *, should_stop: Callable[[], bool] = lambda: False) -> Iterator[RunEvent]:
    """Train a U-Net and write its model folder, yielding events as it goes.

    The last event is ``RunDone``, after the finished folder is in place. Early stopping watches the
    validation loss; the weights that are kept are the averaged ones of the best validation.

    Parameters
    ----------
    plan : RunPlan
    should_stop : callable
        Asked after each step; True ends the run and keeps the best weights so far.

    Raises
    ------
    TrainingError
        If there is nothing to learn from, memory runs out or the loss diverges.
    ImageError, MaskError, ModelError, SaveError
        Naming the file at fault. Nothing is written in any of these cases.
    """
    settings = plan.settings
    keras.utils.set_random_seed(settings.seed)
    normalisation = Normalisation()
    samples = load_samples(plan.train, plan.classes, normalisation, seed=settings.seed)
    held_out = _load_held_out(plan, normalisation)
    if len({class_id for sample in samples for class_id in sample.ids}) < 2:
        raise TrainingError(
            "the masks hold one class only, so there is nothing to tell apart",
            remedy="Paint pixels of at least two classes; background counts as one.",
        )
    start = start_network(plan.base, plan.classes, plan.network)
    if settings.crop % start.network.stride:
        raise TrainingError(
            f"the crop size must be a multiple of {start.network.stride} for this network, not {settings.crop}"
        )
    yield RunStarted(
        train_images=len(samples),
        held_out=tuple(sample.key for sample in held_out),
        parameters=start.model.count_params(),
        base="none" if plan.base is None else plan.base.name,
        minutes=settings.minutes,
        epochs=settings.epochs,
    )
    stepper = Stepper(
        start.model, start.average, outputs=start.network.outputs, frozen_statistics=plan.base is not None
    )
    crops = validation_crops(held_out, size=settings.crop, seed=settings.seed)
    batches = training_batches(samples, plan.classes, settings)
    clock = _Clock(settings, time.monotonic())
    best = _Best()
    curves: list[RunEpoch] = []
    reason = "stopped"
    while not should_stop():
        losses: list[float] = []
        overlaps: Overlaps = np.zeros((3, len(plan.classes)))
        reported = time.monotonic()
        while len(losses) < settings.steps_per_epoch and clock.fraction < 1 and not should_stop():
            loss, found = stepper.train(next(batches), learning_rate=clock.learning_rate)
            losses.append(loss)
            overlaps += found
            clock.step += 1
            if time.monotonic() - reported > _PROGRESS_SECONDS:
                reported = time.monotonic()
                yield clock.progress("training", loss)
        if losses:
            yield clock.progress("validating", losses[-1])
            epoch = _validate(stepper, crops, plan, clock, best, losses, overlaps, number=len(curves) + 1)
            curves.append(epoch)
            yield epoch
        if clock.fraction >= 1:
            reason = "time" if settings.minutes is not None else "epochs"
            break
        if held_out and len(curves) - best.epoch >= settings.patience:
            reason = "early stopping"
            break
    if best.weights is None:
        raise TrainingError("the run was stopped before its first step")
    seconds = clock.elapsed
    start.average.set_weights(best.weights)
    yield clock.progress("exporting", curves[-1].train_loss)
    card = ModelCard(
        name=plan.out.name,
        classes=plan.classes,
        network=start.network,
        normalisation=normalisation,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        training=_history(
            plan, [s.key for s in samples], [s.key for s in held_out], start.body, clock.step, seconds, reason
        ),
        curves=[asdict(epoch) for epoch in curves],
    )
    card = export_model(plan.out, start.average, card, score=lambda folder: _score(folder, plan))
    compared = _score_compared(plan)
    yield RunDone(str(plan.out), card.metrics, compared, seconds, clock.step, reason)


def _load_held_out(plan: RunPlan, normalisation: Normalisation) -> list[Sample]:
    if not plan.held_out:
        return []
    return load_samples(
        plan.held_out, plan.classes, normalisation, seed=plan.settings.seed, mask_classes=plan.held_out_classes
    )


def _validate(
    stepper: Stepper,
    crops: Sequence[tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]],
    plan: RunPlan,
    clock: _Clock,
    best: _Best,
    losses: Sequence[float],
    overlaps: Overlaps,
    *,
    number: int,
) -> RunEpoch:
    """Judge the averaged network, keep its weights if they are the best so far, and report the epoch."""
    learning_rate = clock.learning_rate
    val_loss, val_f1 = None, None
    if crops:
        val_loss, found = stepper.validate(crops, plan.classes)
        val_f1 = f1_of(found, plan.classes)
    is_best = val_loss is None or val_loss < best.loss
    if is_best:
        best.loss = math.inf if val_loss is None else val_loss
        best.epoch = number
        best.weights = stepper.average.get_weights()
    return RunEpoch(
        epoch=number,
        step=clock.step,
        train_loss=float(np.mean(losses)),
        train_f1=f1_of(overlaps, plan.classes),
        val_loss=val_loss,
        val_f1=val_f1,
        best=is_best,
        learning_rate=learning_rate,
        seconds=clock.elapsed,
    )


def _score(folder: Path, plan: RunPlan) -> dict[str, Any] | None:
    """Evaluate a model folder on the whole held-out images, as ``segtool evaluate`` does."""
    if not plan.held_out:
        return None
    pairs = [(image, mask) for _, image, mask in plan.held_out]
    *_, last = evaluate_images(pairs, plan.held_out_classes or plan.classes, Runtime.load(folder))
    assert isinstance(last, Evaluation)
    return last.metrics


def _score_compared(plan: RunPlan) -> dict[str, Any] | None:
    """Evaluate the model to compare with; None if it knows none of the classes, as its 0 would prove nothing."""
    if plan.compare is None:
        return None
    wanted = {item.name.casefold() for item in plan.classes if not is_background(item)}
    known = {item.name.casefold() for item in read_card(plan.compare).classes}
    return _score(plan.compare, plan) if wanted & known else None


def _history(
    plan: RunPlan, trained: list[str], held_out: list[str], body: str, steps: int, seconds: float, reason: str
) -> dict[str, Any]:
    """Return what the card tells about the run."""
    settings = plan.settings.to_json()
    del settings["images"], settings["held_out"]
    return {
        "base": "none" if plan.base is None else plan.base.name,
        "weights": body,
        "settings": settings,
        "images": len(trained),
        "held_out": len(held_out),
        "image_keys": trained if plan.base is not None else [],
        "held_out_keys": held_out if plan.base is not None else [],
        "steps": steps,
        "seconds": round(seconds, 1),
        "ended_by": reason,
        "data": plan.data,
        "versions": {name: version(name) for name in ("tensorflow", "keras", "openvino", "numpy")},
    }
