"""A training run from its settings to a model folder, as a generator of events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from segtool.core.adaptation import Adaptation
from segtool.core.classes import ClassSet
from segtool.core.errors import ImageError, TrainingError
from segtool.core.normalisation import Normalisation
from segtool.core.run_events import RunDone, RunEpoch, RunEvent, RunStarted
from segtool.core.run_settings import RunSettings
from segtool.inference.runtime import Runtime
from segtool.inference.suggestion import known_images
from segtool.models.card import WEIGHTS_FILE, ModelCard, read_card
from segtool.models.known_images import KnownImages
from segtool.models.mixable import BASE_DIGEST
from segtool.models.network_config import NetworkConfig
from segtool.project.sources import Source, used_image
from segtool.project.unfinished import STOPPED
from segtool.training.calibration import calibrate
from segtool.training.export import drafted_model
from segtool.training.keeping import Keeper, kept
from segtool.training.mixing import adaptation_curve
from segtool.training.patches import Sample, load_samples, training_batches, validation_crops
from segtool.training.precision import has_native_bfloat16
from segtool.training.preview import Preview
from segtool.training.run_state import RunState
from segtool.training.scoring import not_learnt, score, score_compared, to_end, verdict_on_held_out, verdict_on_shown
from segtool.training.start import StartNetwork, start_network
from segtool.training.step import Overlaps, Stepper, f1_of

_PROGRESS_SECONDS = 0.5
_MOST_LISTED = 400


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Everything that a run needs to know.

    Attributes
    ----------
    out : Path
        Model folder to write; must not exist yet.
    classes : ClassSet
    train, held_out : sequence of Source
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
    kinds : mapping of str to str
        Key of a training image → kind of image, where kinds are to be drawn evenly.
    checkpoint : Path or None
        File to write the run's state to after every epoch, and to go on from if it is there. It is removed once the
        run has come to its end, but not if somebody has stopped it before.
    request : dict
        What it takes to ask for the same run again; put into the checkpoint.
    started : float
        When the process was started, by ``time.monotonic()``: a time budget counts from there.
    """

    out: Path
    classes: ClassSet
    train: Sequence[Source]
    held_out: Sequence[Source]
    settings: RunSettings
    held_out_classes: ClassSet | None = None
    base: Path | None = None
    compare: Path | None = None
    network: NetworkConfig = field(default_factory=NetworkConfig)
    data: dict[str, Any] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    checkpoint: Path | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)


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
        Naming the file at fault. No model is written in any of these cases.
    """
    with kept(plan.checkpoint):
        yield from _run(plan, should_stop)


def _run(plan: RunPlan, should_stop: Callable[[], bool]) -> Iterator[RunEvent]:
    # Parents that are missing are made now; later on they are missing because a disk has gone.
    plan.out.absolute().parent.parent.mkdir(parents=True, exist_ok=True)
    settings = plan.settings
    keras.utils.set_random_seed(settings.seed)
    normalisation = Normalisation()
    # Once: the base may be gone before the run is over.
    base = None if plan.base is None else read_card(plan.base)
    reduction = (plan.network if base is None else base.network).reduction
    samples = load_samples(plan.train, plan.classes, normalisation, seed=settings.seed, reduction=reduction)
    held_out = _load_held_out(plan, normalisation, reduction)
    # Now: a person may go on with these images while the run goes on. Up to what a project may have: what a bundled
    # model was made of would only swell its card.
    keys = {sample.key for sample in samples} if len(samples) <= _MOST_LISTED else set()
    used = [used_image(source) for source in plan.train if source.key in keys]
    keeper = Keeper(plan, base)
    if len({class_id for sample in samples for class_id in sample.ids}) < 2:
        raise TrainingError(
            "the masks hold one class only, so there is nothing to tell apart",
            remedy="Paint pixels of at least two classes; background counts as one.",
        )
    half = has_native_bfloat16() if settings.reduced_precision is None else settings.reduced_precision
    start = start_network(plan.base, plan.classes, plan.network, half=half)
    first_weights = start.model.get_weights()
    if settings.crop % start.network.input_stride:
        raise TrainingError(
            f"the crop size must be a multiple of {start.network.input_stride} for this network, not {settings.crop}"
        )
    yield RunStarted(
        train_images=len(samples),
        held_out=tuple(sample.key for sample in held_out),
        parameters=start.model.count_params(),
        base="none" if plan.base is None else plan.base.name,
        minutes=settings.minutes,
        epochs=settings.epochs,
    )
    frozen = plan.base is not None if settings.frozen_statistics is None else settings.frozen_statistics
    stepper = Stepper(start.model, start.average, outputs=start.network.outputs, frozen_statistics=frozen)
    crops = validation_crops(held_out, size=settings.crop, seed=settings.seed, minutes=settings.minutes)
    preview = Preview(held_out or samples, plan.classes)
    state = RunState(settings, started=plan.started)
    yield from keeper.restore(state, stepper)
    yield preview.event(start.average, step=state.step)
    batches = training_batches(samples, plan.classes, settings, kinds=plan.kinds, first_step=state.step)
    # A run that was killed after its last epoch has only its export left to do.
    reason = state.end(has_held_out=bool(held_out)) if state.step else ""
    while not reason:
        losses: list[float] = []
        overlaps: Overlaps = np.zeros((3, len(plan.classes)))
        reported = time.monotonic()
        # However short the time, one step is taken: there is something to keep then.
        while len(losses) < settings.steps_per_epoch and (state.fraction < 1 or not state.step) and not should_stop():
            loss, found = stepper.train(next(batches), learning_rate=state.learning_rate)
            losses.append(loss)
            overlaps += found
            state.step += 1
            if time.monotonic() - reported > _PROGRESS_SECONDS:
                reported = time.monotonic()
                yield state.progress("training", loss)
        if losses:
            yield state.progress("validating", losses[-1])
            yield _validate(stepper, crops, plan, state, losses, overlaps)
            yield preview.event(start.average, step=state.step)
        # An epoch that was broken off counts for the model only: a run that is gone on with does it again from its
        # start, and so is the same with and without a stop.
        if len(losses) == settings.steps_per_epoch or state.fraction >= 1:
            yield from keeper.keep(state, stepper)
        reason = STOPPED if should_stop() else state.end(has_held_out=bool(held_out))
    if state.best_weights is None:
        raise TrainingError("the run was stopped before its first step")
    seconds = state.seconds
    start.average.set_weights(state.best_weights)
    yield state.progress("exporting", state.curves[-1].train_loss)
    calibration = calibrate(start.average, crops, plan.classes)
    history = _history(plan, used, samples, held_out, start.body, state.step, seconds, reason)
    history |= {"parameters": start.model.count_params(), "bfloat16": half} | calibration.to_json()
    if base is not None:
        history[BASE_DIGEST] = base.files.get(WEIGHTS_FILE)
        if crops:
            history["adaptation"] = _adaptation(start, first_weights, stepper, crops, plan.classes).to_json()
            start.average.set_weights(state.best_weights)
    card = ModelCard(
        name=plan.out.name,
        classes=plan.classes,
        network=start.network,
        normalisation=normalisation,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        training=history,
        curves=[asdict(epoch) for epoch in state.curves],
        temperature=calibration.temperature if crops or base is None else base.temperature,
    )
    classes = plan.held_out_classes or plan.classes
    with drafted_model(plan.out, start.average, card) as draft:
        yield state.progress("scoring", state.curves[-1].train_loss)
        runtime = Runtime.load(draft.folder)
        scored = to_end(score(runtime, plan.held_out, classes))
        metrics = None if scored is None else scored.metrics
        draft.card = replace(draft.card, metrics=metrics, known_images=_known_images(runtime, plan))
        fresh = not_learnt(plan.compare, plan.held_out)
        compared = to_end(score_compared(plan.compare, fresh, classes))
        verdict = verdict_on_held_out(
            scored, compared, held_out=plan.held_out, compared=fresh, classes=classes, compare=plan.compare
        ) or verdict_on_shown(runtime, plan.train, plan.classes)
        draft.card = replace(draft.card, training=draft.card.training | {"verdict": verdict.to_json()})
    if reason != STOPPED:
        keeper.drop()
    yield RunDone(
        str(plan.out),
        metrics,
        None if compared is None else compared.metrics,
        seconds,
        state.step,
        reason,
        accepted=verdict.accepted,
        why=verdict.why,
    )


def _load_held_out(plan: RunPlan, normalisation: Normalisation, reduction: int) -> list[Sample]:
    if not plan.held_out:
        return []
    try:
        return load_samples(
            plan.held_out,
            plan.classes,
            normalisation,
            seed=plan.settings.seed,
            mask_classes=plan.held_out_classes,
            reduction=reduction,
        )
    except TrainingError as exc:
        raise TrainingError(
            "none of the masks to validate on has a labelled pixel",
            remedy="Label some pixels of the images that are held out.",
        ) from exc


def _validate(
    stepper: Stepper,
    crops: Sequence[tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]],
    plan: RunPlan,
    state: RunState,
    losses: Sequence[float],
    overlaps: Overlaps,
) -> RunEpoch:
    """Judge the averaged network, keep its weights if they are the best so far, and return the epoch."""
    val_loss, val_f1 = None, None
    if crops:
        val_loss, found = stepper.validate(crops, plan.classes)
        val_f1 = f1_of(found, plan.classes)
    return state.add_epoch(
        stepper.average.get_weights,
        train_loss=float(np.mean(losses)),
        train_f1=f1_of(overlaps, plan.classes),
        val_loss=val_loss,
        val_f1=val_f1,
    )


def _known_images(runtime: Runtime, plan: RunPlan) -> KnownImages | None:
    seen, held_out = ([source.image for source in sources] for sources in (plan.train, plan.held_out))
    try:
        return known_images(runtime, seen=seen, held_out=held_out)
    except ImageError:
        # An image that has gone since it was trained on: no reason to lose a finished training.
        return None


def _adaptation(
    start: StartNetwork,
    first: list[npt.NDArray[Any]],
    stepper: Stepper,
    crops: Sequence[tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]],
    classes: ClassSet,
) -> Adaptation:
    """Measure mixes of what the run started from and what it ended with; the networks' weights are changed by it."""
    start.model.set_weights(first)

    def scored(weights: list[npt.NDArray[Any]]) -> tuple[float, float]:
        start.average.set_weights(weights)
        loss, found = stepper.validate(crops, classes)
        return loss, f1_of(found, classes)

    points = adaptation_curve(start.model, start.average, scored, with_head=start.body == "base")
    return Adaptation(tuple(points), 1.0)


def _history(
    plan: RunPlan,
    used: list[dict[str, str]],
    samples: Sequence[Sample],
    held_out: Sequence[Sample],
    body: str,
    steps: int,
    seconds: float,
    reason: str,
) -> dict[str, Any]:
    """Return what the card tells about the run."""
    settings = plan.settings.to_json()
    del settings["images"], settings["held_out"]
    return {
        "base": "none" if plan.base is None else plan.base.name,
        "before": "" if plan.compare is None else plan.compare.name,
        "weights": body,
        "settings": settings,
        "images": len(samples),
        "held_out": len(held_out),
        "image_keys": [image["key"] for image in used],
        "held_out_keys": [sample.key for sample in held_out] if used else [],
        "images_used": used,
        "steps": steps,
        "seconds": round(seconds, 1),
        "ended_by": reason,
        "data": plan.data,
        "versions": {name: version(name) for name in ("tensorflow", "keras", "openvino", "numpy")},
    }
