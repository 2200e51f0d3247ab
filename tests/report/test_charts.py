from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from segtool.core.calibration import Reliability
from segtool.report.charts import learning_curves, reliability_diagram, standalone

EPOCHS = [
    {"step": 100 * i, "train_loss": 1 / i, "val_loss": None, "train_f1": 0.5 + i / 100, "val_f1": 0.6}
    for i in range(1, 9)
]


def points(svg: str) -> list[tuple[float, float]]:
    path = next(item for item in ET.fromstring(svg).iter("path") if item.get("class") == "series one")
    return [tuple(map(float, pair.split())) for pair in path.get("d", "").lstrip("M").split("L")]


def test_curves_fall_where_their_numbers_do_and_stay_inside():
    loss, f1 = learning_curves(EPOCHS)
    falling = points(loss)
    assert len(falling) == 8
    assert [y for _, y in falling] == sorted(y for _, y in falling), "y grows downwards"
    assert all(0 < x < 440 and 0 < y < 260 for x, y in falling + points(f1))
    assert "held out" not in loss
    assert "held out" in f1
    ET.fromstring(standalone([loss, f1]))


@pytest.mark.parametrize(
    "curves",
    [
        [],
        EPOCHS[:1],
        ["x", 3, None, {"step": "1", "train_loss": []}],
        [{"step": 1, "train_loss": float("nan")}, {"step": 2, "train_loss": 10**400}, {"step": 3, "train_loss": True}],
    ],
)
def test_what_is_no_curve_gives_no_chart(curves: list[object]):
    assert learning_curves(curves) == ()


@pytest.mark.parametrize("values", [(0.5, 0.5), (1e11, 1e11 + 1e-4), (-3.0, 1e-9), (0.0, 1e-13)])
def test_any_two_numbers_can_be_drawn(values: tuple[float, float]):
    (chart,) = learning_curves([{"step": step, "val_f1": value} for step, value in enumerate(values)])
    ET.fromstring(chart)


def test_the_reliability_diagram_has_a_bar_for_each_bin_with_pixels():
    counts = np.zeros(256, np.int64)
    counts[[140, 200, 255]] = 10, 20, 70
    svg = reliability_diagram(Reliability(counts, counts // 2).bins())
    bars = [item for item in ET.fromstring(svg).iter("rect") if item.get("class") == "bar"]
    assert len(bars) == 3
    assert len({item.get("height") for item in bars}) == 1, "half of each bin is right"
    ET.fromstring(reliability_diagram(Reliability.none().bins()))
