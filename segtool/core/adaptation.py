"""How far a model has adapted: scores along the straight line from its base's weights to its own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

AMOUNTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""The amounts at which a run measures."""

MARGIN = 0.01
"""How much lower a loss must be, relative to the lowest, to speak against full adaptation: less is noise."""

_LARGEST_LOSS = 1e6


@dataclass(frozen=True, slots=True)
class AdaptationPoint:
    """How a mix of base and new weights does on the held-out images.

    Attributes
    ----------
    amount : float
        Share of the new weights, 0…1.
    loss, f1 : float
        As a run measures them when it validates; F1 is 0…1.
    """

    amount: float
    loss: float
    f1: float

    def to_json(self) -> dict[str, float]:
        """Return what a card holds."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What a card says under ``training["adaptation"]``.

    Attributes
    ----------
    points : tuple of AdaptationPoint
        By rising amount, at least two.
    chosen : float
        The amount that the card's own model has, 0…1.
    """

    points: tuple[AdaptationPoint, ...]
    chosen: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """Return a plain dictionary that ``from_training`` reads back."""
        return {"points": [point.to_json() for point in self.points], "chosen": self.chosen}

    @classmethod
    def from_training(cls, training: Mapping[str, Any]) -> Adaptation | None:
        """Read a card's ``training``, which may hold anything; None where nothing usable was measured."""
        value = training.get("adaptation")
        listed = value.get("points") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(listed, list) or not _within(value.get("chosen"), 1.0):
            return None
        points: dict[float, AdaptationPoint] = {}
        for item in listed:
            if not isinstance(item, dict):
                return None
            amount, loss, f1 = (item.get(name, math.nan) for name in ("amount", "loss", "f1"))
            if not (_within(amount, 1.0) and _within(loss, _LARGEST_LOSS) and _within(f1, 1.0)):
                return None
            points[float(amount)] = AdaptationPoint(float(amount), float(loss), float(f1))
        if len(points) < 2:
            return None
        return cls(tuple(points[amount] for amount in sorted(points)), float(value["chosen"]))

    def at(self, amount: float) -> AdaptationPoint:
        """Return the point at an amount; between measured ones it lies on the straight line."""
        amounts = [point.amount for point in self.points]
        loss = np.interp(amount, amounts, [point.loss for point in self.points])
        f1 = np.interp(amount, amounts, [point.f1 for point in self.points])
        return AdaptationPoint(amount, float(loss), float(f1))

    def is_measured(self, amount: float) -> bool:
        """Tell whether that very amount was measured."""
        return any(abs(point.amount - amount) < 1e-9 for point in self.points)


def best_amount(points: Sequence[AdaptationPoint]) -> float:
    """Return the amount of the lowest loss; the largest amount, unless it is worse than that by more than ``MARGIN``.

    Parameters
    ----------
    points : sequence of AdaptationPoint
        In any order. Without any the answer is 1, fully adapted.
    """
    if not points:
        return 1.0
    full = max(points, key=lambda point: point.amount)
    # Of two that are equally good, the one that has adapted more.
    best = min(points, key=lambda point: (point.loss, -point.amount))
    return full.amount if full.loss <= best.loss * (1 + MARGIN) else best.amount


def _within(value: Any, most: float) -> bool:  # noqa: ANN401
    """Tell whether a value is a number from 0 to ``most``; not-a-number fails the comparison."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
