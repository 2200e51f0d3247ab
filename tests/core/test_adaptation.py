from __future__ import annotations

import json
from typing import Any

import pytest

from segtool.core.adaptation import Adaptation, AdaptationPoint, best_amount


def _points(losses: dict[float, float]) -> list[AdaptationPoint]:
    return [AdaptationPoint(amount, loss, 1 - loss) for amount, loss in losses.items()]


@pytest.mark.parametrize(
    ("losses", "amount"),
    [
        ({0.0: 0.5, 0.5: 0.3, 1.0: 0.4}, 0.5),
        ({0.0: 0.5, 0.5: 0.4, 1.0: 0.3}, 1.0),
        ({1.0: 0.4, 0.5: 0.4, 0.0: 0.4}, 1.0),
        ({0.0: 0.5, 0.5: 0.3, 1.0: 0.302}, 1.0),
        ({0.0: 0.2, 0.5: 0.2, 1.0: 0.3}, 0.5),
        ({}, 1.0),
    ],
    ids=["between", "full", "ties", "within the noise", "of two equals the more adapted", "nothing measured"],
)
def test_the_lowest_loss_is_preferred_unless_full_adaptation_is_as_good(losses: dict, amount: float) -> None:
    assert best_amount(_points(losses)) == amount


def test_a_card_gives_back_what_was_measured() -> None:
    adaptation = Adaptation(tuple(_points({0.0: 0.5, 0.5: 0.3, 1.0: 0.4})), chosen=0.5)
    training = {"adaptation": json.loads(json.dumps(adaptation.to_json()))}
    assert Adaptation.from_training(training) == adaptation
    assert adaptation.at(0.5) == AdaptationPoint(0.5, 0.3, 0.7)
    between = adaptation.at(0.75)
    assert (between.loss, between.f1) == pytest.approx((0.35, 0.65))
    assert [adaptation.is_measured(amount) for amount in (0.5, 0.75)] == [True, False]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"points": 3, "chosen": 1.0},
        {"points": [{"amount": 0.0, "loss": 0.5, "f1": 0.5}], "chosen": 1.0},
        {"points": [{"amount": a, "loss": float("nan"), "f1": 0.5} for a in (0, 1)], "chosen": 1.0},
        {"points": [{"amount": a, "loss": 10**400, "f1": 0.5} for a in (0, 1)], "chosen": 1.0},
        {"points": [{"amount": a, "loss": 0.5} for a in (0, 1)], "chosen": 1.0},
        {"points": [{"amount": a, "loss": 0.5, "f1": 0.5} for a in (0, 1)], "chosen": "all"},
        {"points": [0, 1], "chosen": 1.0},
    ],
)
def test_what_no_run_has_written_counts_as_not_measured(value: Any) -> None:
    assert Adaptation.from_training({"adaptation": value}) is None
