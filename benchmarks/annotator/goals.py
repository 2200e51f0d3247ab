"""What retraining has to reach, and whether it does, worked out from the results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.annotator.results import Arm, Effort, Results

FEW, MANY = 5, 20
_SHARE_OF_ALL, _SAVED, _TRAININGS = 0.9, 0.6, 50


class Verdict(StrEnum):
    """Whether a goal is reached."""

    MET = "met"
    MISSED = "missed"
    OPEN = "not measured"


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal in words, whether it is met, and the figures that say so."""

    text: str
    verdict: Verdict
    figures: tuple[str, ...]


def goals(results: Results) -> tuple[Goal, ...]:
    """Return the four goals with their verdicts.

    A goal that speaks of every set is missed if one misses it, and not measured if one lacks what it takes.
    """
    return (
        _every_set(
            results,
            f"With {FEW} corrected images the IoU is at least {percent(_SHARE_OF_ALL)} of that of training on all.",
            _near_all,
        ),
        _every_set(
            results,
            f"With {FEW} corrected images the IoU is above that of the random forest and of training from scratch.",
            _above_others,
        ),
        _every_set(
            results,
            f"After {MANY} corrected images (or near the last, where there are fewer) an image takes at least "
            f"{percent(_SAVED)} less added path than without retraining.",
            _less_path,
        ),
        _gate(results),
    )


def _every_set(results: Results, text: str, measure: Callable[[Results, str], tuple[bool | None, str]]) -> Goal:
    rows = [(name, *measure(results, name)) for name in results.sets]
    verdicts = [met for _, met, _ in rows]
    if False in verdicts:
        verdict = Verdict.MISSED
    elif None in verdicts or not verdicts:
        verdict = Verdict.OPEN
    else:
        verdict = Verdict.MET
    return Goal(text, verdict, tuple(f"{name}: {figure}" for name, _, figure in rows))


def _near_all(results: Results, name: str) -> tuple[bool | None, str]:
    share = results.share_of_all(name, Arm.RECIPE, FEW)
    return (None, "not measured") if share is None else (share.mean >= _SHARE_OF_ALL, f"{share.mean * 100:.1f} %")


def _above_others(results: Results, name: str) -> tuple[bool | None, str]:
    ours, *others = (results.score(name, arm, FEW, "iou") for arm in (Arm.RECIPE, Arm.FOREST, Arm.SCRATCH))
    if ours is None or None in others:
        return None, "not measured"
    means = [other.mean for other in others if other is not None]
    return ours.mean > max(means), f"{ours.mean:.3f} against {means[0]:.3f} and {means[1]:.3f}"


def _less_path(results: Results, name: str) -> tuple[bool | None, str]:
    against = without_retraining(results, name)
    late = results.saved(name, Arm.RECIPE, against, Effort.ADDED_PATH, last_only=True)
    whole = results.saved(name, Arm.RECIPE, against, Effort.ADDED_PATH, images=MANY)
    if late is None or whole is None:
        return None, "not measured"
    figure = f"{less(late.share.mean)} than {against} from image {late.first} to {late.last}"
    return late.share.mean >= _SAVED, f"{figure}, {less(whole.share.mean)} over the first {whole.last}"


def without_retraining(results: Results, name: str) -> Arm:
    """Return what to compare with: the base's predictions, or painting by hand where no base knows the classes."""
    return Arm.FROZEN if results.runs(name, Arm.FROZEN) else Arm.HAND


def _gate(results: Results) -> Goal:
    gate = results.gate(Arm.RECIPE)
    text = f"Of at least {_TRAININGS} trainings none is made active that is worse on images outside of the decision."
    figures = (f"{gate.active_though_worse} of {gate.active} made active, from {gate.trained} trainings",)
    if gate.active_though_worse:
        return Goal(text, Verdict.MISSED, figures)
    return Goal(text, Verdict.MET if gate.trained >= _TRAININGS else Verdict.OPEN, figures)


def less(share: float) -> str:
    """Say a saved share in words: 62 % less, 8 % more."""
    return f"{percent(abs(share))} {'more' if share < 0 else 'less'}"


def percent(share: float) -> str:
    """Write a share as whole per cent."""
    return f"{share * 100:.0f} %"
