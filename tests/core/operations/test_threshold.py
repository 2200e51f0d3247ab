"""A threshold of a class' probability, against the plain rule."""

from __future__ import annotations

import numpy as np
import pytest

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.geometry import Rect
from segtool.core.operations import change
from segtool.core.operations.change import Scope
from segtool.core.operations.threshold import by_probability, level_of


def _oracle(mask: np.ndarray, probability: np.ndarray, class_id: int, at_least: int, *, only_fill: bool) -> np.ndarray:
    result = mask.copy()
    for y, x in np.ndindex(*mask.shape):
        if probability[y, x] >= at_least:
            if not only_fill or mask[y, x] in (BACKGROUND, VOID):
                result[y, x] = class_id
        elif mask[y, x] == class_id and not only_fill:
            result[y, x] = BACKGROUND
    return result


@pytest.mark.parametrize("only_fill", [False, True])
@pytest.mark.parametrize("class_id", [BACKGROUND, 1, 4])
@pytest.mark.parametrize("box", [None, Rect(3, 5, 20, 11)])
def test_it_follows_the_rule(only_fill: bool, class_id: int, box: Rect | None, monkeypatch: pytest.MonkeyPatch) -> None:
    # Many bands.
    monkeypatch.setattr(change, "BAND_PIXELS", 60)
    rng = np.random.default_rng(class_id)
    mask = rng.choice(np.array([0, 1, 2, 4, VOID], np.uint8), (23, 31))
    probability = rng.integers(0, 256, mask.shape, dtype=np.uint8)
    for at_least in (0, 1, 128, 200, 255):
        expected = mask.copy()
        part = (slice(None), slice(None)) if box is None else box.slices
        expected[part] = _oracle(mask[part], probability[part], class_id, at_least, only_fill=only_fill)
        before = mask.copy()
        found = by_probability(
            mask, probability, class_id, at_least=at_least, only_fill=only_fill, scope=Scope(box=box)
        )
        np.testing.assert_array_equal(mask, before)
        np.testing.assert_array_equal(mask if found is None else found.applied_to(mask), expected)
        assert (0 if found is None else found.count) == np.count_nonzero(mask != expected)


def test_percents_are_levels_that_reach_them() -> None:
    assert [level_of(percent) for percent in (0, 1, 50, 99, 100)] == [0, 3, 128, 253, 255]
    for percent in range(101):
        level = level_of(percent)
        assert level / 255 >= percent / 100
        assert level == 0 or (level - 1) / 255 < percent / 100
