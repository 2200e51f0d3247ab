"""Which images are loaded ahead."""

from __future__ import annotations

import pytest

from segtool.gui.loading.neighbours import neighbours


@pytest.mark.parametrize(
    ("place", "direction", "expected"),
    [(5, 1, [6, 4, 7]), (5, -1, [4, 6, 3]), (0, 1, [1, 2]), (9, 1, [8]), (0, -1, [1]), (8, 1, [9, 7])],
)
def test_next_then_previous_then_the_one_after(place: int, direction: int, expected: list[int]) -> None:
    assert neighbours(place, 10, direction=direction) == expected
