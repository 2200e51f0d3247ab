from __future__ import annotations

import numpy as np
import pytest

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.core.paint_rules import PaintRules, intensity_of

RECT = Rect(2, 1, 9, 7)


def test_without_rules_nothing_is_held_back() -> None:
    assert PaintRules().are_free
    assert PaintRules().allowed(RECT, mask=np.zeros((10, 12), np.uint8), pixels=np.zeros((10, 12), np.uint8)) is None


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("colour", [False, True])
def test_only_what_every_rule_allows_may_change(dtype: str, colour: bool) -> None:
    rng = np.random.default_rng(3)
    mask = rng.choice(np.array([0, 1, 2, VOID], np.uint8), (10, 12))
    pixels = rng.integers(0, 200, (10, 12, 3) if colour else (10, 12)).astype(dtype)
    rules = PaintRules(only_over=frozenset({0, 2, VOID}), locked=frozenset({2}), intensity=(50, 150))
    values = pixels.astype(float)
    grey = values @ (0.299, 0.587, 0.114) if colour else values
    allowed = rules.allowed(RECT, mask=mask, pixels=pixels)
    assert allowed is not None
    for y in range(RECT.height):
        for x in range(RECT.width):
            value, intensity = mask[RECT.y + y, RECT.x + x], grey[RECT.y + y, RECT.x + x]
            # Luma is rounded to whole numbers where the image has whole numbers.
            if min(abs(intensity - 50), abs(intensity - 150)) > 0.6 or not colour:
                assert allowed[y, x] == (value in (0, VOID) and 50 <= intensity <= 150)


def test_values_that_are_no_numbers_are_in_no_range() -> None:
    pixels = np.array([[np.nan, np.inf, 5.0]], dtype=np.float32)
    rules = PaintRules(intensity=(0, 10))
    allowed = rules.allowed(Rect(0, 0, 3, 1), mask=np.zeros((1, 3), np.uint8), pixels=pixels)
    assert allowed is not None
    assert allowed.tolist() == [[False, False, True]]


def test_intensity_of_grey_is_the_value_itself() -> None:
    pixels = np.array([[3, 60000]], dtype=np.uint16)
    assert intensity_of(pixels) is pixels
