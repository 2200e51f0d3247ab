"""Where a run stands: time, learning rate, curves and the best weights so far."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from segtool.core.run_events import RunEpoch, RunProgress
from segtool.core.run_settings import RunSettings
from segtool.training.checkpoint import Checkpoint
from segtool.training.rates import rate_at
from segtool.training.step import Stepper

# What a time budget leaves for export and scoring: seconds, and at most this share of it. Steps get at least the last.
_ENDING, _ENDING_SHARE, _LEAST_SHARE = 25.0, 0.15, 0.25


@dataclass(slots=True)
class RunState:
    """Progress of a run by time if there is a budget, else by steps, and the best weights by validation loss.

    Where nothing is held out the latest weights are the best. A time budget counts from ``started``, when the process
    was: what is left of it after start-up and before export and scoring is for steps.

    Attributes
    ----------
    settings : RunSettings
    started : float
        By ``time.monotonic()``.
    lead : float
        Seconds from then until the first step could be taken.
    """

    settings: RunSettings
    started: float = field(default_factory=time.monotonic)
    lead: float = -1.0
    step: int = 0
    curves: list[RunEpoch] = field(default_factory=list)
    best_loss: float = math.inf
    best_epoch: int = 0
    best_weights: list[npt.NDArray[Any]] | None = None

    def __post_init__(self) -> None:
        if self.lead < 0:
            self.lead = time.monotonic() - self.started

    @property
    def seconds(self) -> float:
        """Time since the start, before a restart too."""
        return time.monotonic() - self.started

    @property
    def fraction(self) -> float:
        """Part of the run that is over, 0…1."""
        if self.settings.minutes is not None:
            budget = 60 * self.settings.minutes
            steps = budget - self.lead - min(_ENDING, _ENDING_SHARE * budget)
            return min(1.0, max(0.0, self.seconds - self.lead) / max(steps, _LEAST_SHARE * budget))
        assert self.settings.epochs is not None
        return self.step / (self.settings.epochs * self.settings.steps_per_epoch)

    @property
    def learning_rate(self) -> float:
        """Rate of the next step."""
        return rate_at(self.fraction, peak=self.settings.learning_rate)

    def progress(self, stage: str, loss: float) -> RunProgress:
        """Return the event that tells how far the run is."""
        fraction = self.fraction
        spent = self.seconds - self.lead
        remaining = spent * (1 - fraction) / fraction if fraction > 0.01 else None
        return RunProgress(stage, self.step, fraction, loss, self.seconds, remaining)

    def add_epoch(
        self,
        weights: Callable[[], list[npt.NDArray[Any]]],
        *,
        train_loss: float,
        train_f1: float,
        val_loss: float | None,
        val_f1: float | None,
    ) -> RunEpoch:
        """Note an epoch, and its weights if they are the best so far."""
        number = len(self.curves) + 1
        is_best = val_loss is None or val_loss < self.best_loss
        if is_best:
            self.best_loss = math.inf if val_loss is None else val_loss
            self.best_epoch = number
            self.best_weights = weights()
        epoch = RunEpoch(
            epoch=number,
            step=self.step,
            train_loss=train_loss,
            train_f1=train_f1,
            val_loss=val_loss,
            val_f1=val_f1,
            best=is_best,
            learning_rate=self.learning_rate,
            seconds=self.seconds,
        )
        self.curves.append(epoch)
        return epoch

    def forget_best_loss(self) -> None:
        """Let the next epoch be the best so far."""
        self.best_loss, self.best_epoch = math.inf, len(self.curves)

    def end(self, *, has_held_out: bool) -> str:
        """Return why the run is over, or nothing if it is not."""
        if self.fraction >= 1:
            return "time" if self.settings.minutes is not None else "epochs"
        if has_held_out and len(self.curves) - self.best_epoch >= self.settings.patience:
            return "early stopping"
        return ""

    def checkpoint(
        self, run: dict[str, Any], stepper: Stepper, *, contents: dict[str, str], request: dict[str, Any]
    ) -> Checkpoint:
        """Return all that is needed to go on from here; see ``Checkpoint`` for what says which run it is."""
        return Checkpoint(
            run=run,
            contents=contents,
            request=request,
            step=self.step,
            seconds=self.seconds,
            lead=self.lead,
            best_loss=self.best_loss if math.isfinite(self.best_loss) else None,
            best_epoch=self.best_epoch,
            curves=[asdict(epoch) for epoch in self.curves],
            arrays={
                "model": stepper.model.get_weights(),
                "average": stepper.average.get_weights(),
                "best": self.best_weights or [],
                "optimiser": stepper.optimiser_state,
            },
        )

    def restore(self, checkpoint: Checkpoint, stepper: Stepper) -> None:
        """Go back to where a checkpoint was written; ValueError if it is that of another network."""
        # Loading everything again is no part of the run, which then is as long as one that was not broken off.
        self.started = time.monotonic() - checkpoint.seconds
        self.lead = checkpoint.lead
        self.step = checkpoint.step
        self.curves = [RunEpoch(**epoch) for epoch in checkpoint.curves]
        self.best_loss = math.inf if checkpoint.best_loss is None else checkpoint.best_loss
        self.best_epoch = checkpoint.best_epoch
        self.best_weights = [np.asarray(array) for array in checkpoint.arrays["best"]] or None
        stepper.restore(
            model=checkpoint.arrays["model"],
            average=checkpoint.arrays["average"],
            optimiser=checkpoint.arrays["optimiser"],
            steps=checkpoint.step,
        )
