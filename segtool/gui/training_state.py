"""What the window shows of a training, and the rule by which a new model becomes the active one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from segtool.core.run_events import RunEpoch

TOLERANCE = 0.005
"""How much lower the new F1 may be, 0…1: less than the noise of a few held-out images."""

_NO_SCORE = 1e6
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
    """A new model beside the one that was active, on the same held-out images.

    Attributes
    ----------
    new, old : str
        Names of the models; ``old`` is empty if there was none to compare with.
    new_scores, old_scores : Scores or None
        None where nothing was held out, or where there was no model that could be scored.
    held_out : int
        Number of held-out images.
    """

    new: str
    old: str
    new_scores: Scores | None
    old_scores: Scores | None
    held_out: int

    @property
    def is_accepted(self) -> bool:
        """Whether the new model becomes the active one: it is not worse, or nothing says that it is."""
        if self.new_scores is None or self.old_scores is None:
            return True
        return self.new_scores.f1 >= self.old_scores.f1 - TOLERANCE

    def message(self) -> str:
        """Say what became of the new model, and why."""
        images = "1 held-out image" if self.held_out == 1 else f"{self.held_out} held-out images"
        if self.new_scores is None:
            return (
                f"{self.new} is now the active model. No image was held out, so nothing measures it: "
                "look at a few predictions, and go back under Versions if they are worse."
            )
        new = f"F1 {self.new_scores.f1:.3f} on {images}"
        if self.old_scores is None:
            why = (
                f"{self.old} tells other classes apart, so the two cannot be compared."
                if self.old
                else "There was no model to compare it with."
            )
            return f"{self.new} is now the active model: {new}. {why}"
        old = f"{self.old} has {self.old_scores.f1:.3f}"
        if self.is_accepted:
            return f"{self.new} is now the active model: {new}, {old}."
        return f"{self.new} is kept as a version but not active: {new}, {old}."


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
    epochs : tuple of RunEpoch
        The validations so far, oldest first.
    comparison : Comparison or None
        How the new model scores; None until the run is finished.
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
    epochs: tuple[RunEpoch, ...] = ()
    comparison: Comparison | None = None
    message: str = ""
    log: str = ""

    @property
    def is_active(self) -> bool:
        """Whether a run is under way."""
        return self.phase in ACTIVE_PHASES


def duration_text(seconds: float) -> str:
    """Return a duration as minutes and seconds, "2:05", or with hours, "1:02:05"."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"
