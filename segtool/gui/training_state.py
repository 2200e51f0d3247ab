"""What the window shows of a training, and what it says about the new model."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from segtool.core.run_events import RunDone, RunEpoch, RunEvent, RunPreview, RunProgress, RunStarted

_NO_SCORE = 1e6
# From here on the share of the budget that is used up says how long the whole will take.
_LEAST_FRACTION = 0.02
_STAGES = {"training": "Training", "validating": "Scoring", "exporting": "Writing the model"}
_LONGEST_NAME = 20
SHOWN_METRICS = ("f1", "iou", "precision", "recall")


class Phase(StrEnum):
    """Where a run stands."""

    IDLE = "idle"
    SAVING = "saving"
    CHECKING = "checking"
    TRAINING = "training"
    STOPPING = "stopping"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE_PHASES = frozenset({Phase.SAVING, Phase.CHECKING, Phase.TRAINING, Phase.STOPPING})


@dataclass(frozen=True, slots=True)
class Scores:
    """Pooled metrics of one model over the held-out images, each 0…1."""

    f1: float
    iou: float
    precision: float
    recall: float

    @classmethod
    def from_metrics(cls, metrics: dict[str, Any] | None) -> Scores | None:
        """Read the "pooled" part of what ``segtool evaluate --json`` prints; None where it holds no numbers."""
        pooled = metrics.get("pooled") if isinstance(metrics, dict) else None
        if not isinstance(pooled, dict):
            return None
        values = [pooled.get(name) for name in SHOWN_METRICS]
        # Also keeps out what is not a number and what no float holds.
        if not all(isinstance(value, int | float) and abs(value) < _NO_SCORE for value in values):
            return None
        return cls(*(float(value) for value in values if value is not None))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A new model beside the one that was active, on the same held-out images, and the verdict of its run.

    Attributes
    ----------
    new, old : str
        Names of the models; ``old`` is empty if there was none to compare with.
    new_scores, old_scores : Scores or None
        None where nothing was held out, or where there was no model that could be scored.
    held_out : int
        Number of held-out images.
    is_accepted : bool
        Whether the new model may become the active one; otherwise it is kept as a candidate.
    why : str
        What that rests on, as the run says it; may be empty.
    """

    new: str
    old: str
    new_scores: Scores | None
    old_scores: Scores | None
    held_out: int
    is_accepted: bool = True
    why: str = ""

    @classmethod
    def of_run(cls, done: RunDone, *, new: str, old: str, held_out: int) -> Comparison:
        """Take scores and verdict from the end of a run."""
        return cls(
            new=new,
            old=old,
            new_scores=Scores.from_metrics(done.metrics),
            old_scores=Scores.from_metrics(done.base_metrics),
            held_out=held_out,
            is_accepted=done.accepted,
            why=done.why.strip(),
        )

    def message(self, *, before: str = "") -> str:
        """Say which model segments now, why, and what a person may do about it.

        Parameters
        ----------
        before : str
            Name of the model that was active until now; "" if there was none.
        """
        why = self.why or self._reason()
        if not self.is_accepted:
            stays = f"{before} stays active" if before else "no model is active"
            return f"{self.new} is kept as a candidate, {stays}. {why}"
        text = f"{self.new} is now the active model. {why}"
        if self.new_scores is None:
            back = f"go back to {before}" if before else "choose another one under Versions"
            text += f" Look at a few predictions, and {back} if they are worse."
        return text

    def overtaken_message(self, *, active: str) -> str:
        """Say that the new model was not compared with ``active``, which became the active one meanwhile."""
        why = self.why or self._reason()
        return (
            f"{self.new} is kept as a candidate: {active} became active meanwhile, "
            f"and the two have not been compared. {why}"
        )

    def _reason(self) -> str:
        images = "1 held-out image" if self.held_out == 1 else f"{self.held_out} held-out images"
        if self.new_scores is None:
            return "No image was held out, so nothing measures it."
        new = f"F1 {self.new_scores.f1:.3f} on {images}"
        if self.old_scores is not None:
            return f"{new}, {self.old} has {self.old_scores.f1:.3f}."
        if self.old:
            return f"{new}. {self.old} tells other classes apart, so the two cannot be compared."
        return f"{new}. There was no model to compare it with."


@dataclass(frozen=True, slots=True)
class RunState:
    """Everything that a view shows of the run that is under way or was the last one.

    Attributes
    ----------
    phase : Phase
    name, base : str
        Name of the new version; model that it starts from, or "none".
    stage : str
        What is being done, as a short phrase.
    fraction : float
        How much of the run is done, 0…1.
    elapsed : float
        Seconds since the run was started.
    remaining : float or None
        Seconds that it will still take; None while unknown.
    step : int
        Steps of the optimiser so far.
    train_images, held_out : int
        How many images the run learns from and is measured on; 0 until it says so.
    epochs : tuple of RunEpoch
        The validations so far, oldest first.
    resumed_after : int
        How many epochs there were before the run was gone on with.
    first_preview, last_preview : RunPreview or None
        What the network made of one image first, and what it makes of it now; None until the run shows them.
    comparison : Comparison or None
        How the new model scores; None until the run is finished.
    other : str
        Name of the model that a person may take instead of the active one: the one that was active before
        the new one, or the new one that was not accepted; empty otherwise.
    message : str
        How the run ended, in a sentence or two; empty before.
    log : str
        Last lines of the process's log; empty unless the run failed.
    """

    phase: Phase = Phase.IDLE
    name: str = ""
    base: str = ""
    stage: str = ""
    fraction: float = 0.0
    elapsed: float = 0.0
    remaining: float | None = None
    step: int = 0
    train_images: int = 0
    held_out: int = 0
    epochs: tuple[RunEpoch, ...] = ()
    resumed_after: int = 0
    first_preview: RunPreview | None = None
    last_preview: RunPreview | None = None
    comparison: Comparison | None = None
    other: str = ""
    message: str = ""
    log: str = ""

    @property
    def is_active(self) -> bool:
        """Whether a run is under way."""
        return self.phase in ACTIVE_PHASES

    @property
    def epochs_kept(self) -> int:
        """How many epochs are not lost if the run is ended now."""
        return max(self.resumed_after, self.epochs[-1].epoch if self.epochs else 0)

    @property
    def has_candidate(self) -> bool:
        """Whether the new model was not accepted and a person may still take it."""
        return bool(self.other) and self.other == self.name

    @property
    def other_text(self) -> str:
        """What a button says that takes ``other``; empty if there is none."""
        if not self.other:
            return ""
        return "Activate anyway" if self.has_candidate else go_back_text(self.other)

    def after(self, event: RunEvent) -> RunState:
        """Return the state after something that the process has reported."""
        match event:
            case RunStarted():
                return replace(self, stage="Training", train_images=event.train_images, held_out=len(event.held_out))
            case RunProgress():
                stage = _STAGES.get(event.stage, event.stage.capitalize())
                return replace(self, stage=stage, step=event.step, fraction=event.fraction, remaining=event.remaining)
            case RunEpoch():
                return replace(self, step=event.step, epochs=(*self.epochs, event))
            case RunPreview():
                return replace(self, first_preview=self.first_preview or event, last_preview=event)
        return self


def go_back_text(label: str) -> str:
    """Return what a button says that makes the model active again that is called so."""
    return f"Go back to {shortened(label)}"


def shortened(name: str) -> str:
    """Return a model's name for a button, which a long one would widen beyond its panel."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def duration_text(seconds: float) -> str:
    """Return a duration as minutes and seconds, "2:05", or with hours, "1:02:05"."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def steps_text(state: RunState) -> str:
    """Return how far a run is in steps: "step 310 of about 520"; empty before the first one.

    How many there will be is known from the share of the budget that is used up; early stopping may end it sooner.
    """
    if state.step <= 0:
        return ""
    if state.fraction < _LEAST_FRACTION:
        return f"step {state.step}"
    total = state.step / state.fraction
    # Two figures are as many as a guess deserves.
    unit = 10 ** max(0, math.floor(math.log10(total)) - 1)
    return f"step {state.step} of about {max(state.step, round(total / unit) * unit)}"
