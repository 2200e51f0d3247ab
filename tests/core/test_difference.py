from __future__ import annotations

import numpy as np
import pytest

from segtool.core.difference import Difference, difference_counts, difference_map, differing_pixels


def test_each_pixel_says_how_the_two_differ():
    first = np.array([[0, 1, 0, 1, 2, 255, 7, 255, 3, 255, 0]], dtype=np.uint8)
    second = np.array([[0, 1, 1, 0, 1, 255, 0, 3, 255, 0, 255]], dtype=np.uint8)
    found = difference_map(first, second)
    none, one, two, other = Difference
    assert found.tolist() == [[none, none, two, one, other, none, one, two, one, other, other]]
    assert found.dtype == np.uint8
    assert differing_pixels(found) == 8
    assert difference_counts(found).tolist() == [3, 3, 2, 3]
    assert differing_pixels(difference_map(first, first)) == 0


def test_bands_do_not_show():
    rng = np.random.default_rng(0)
    first, second = (rng.integers(0, 3, size=(1100, 5), dtype=np.uint8) for _ in range(2))
    found = difference_map(first, second)
    assert np.array_equal(found > 0, first != second)
    assert difference_counts(found).tolist() == [np.count_nonzero(found == kind) for kind in Difference]
    assert np.array_equal(found == Difference.ONLY_FIRST, (first > 0) & (second == 0))
    assert np.array_equal(found == Difference.ONLY_SECOND, (second > 0) & (first == 0))
    assert differing_pixels(found) == np.count_nonzero(first != second)


def test_masks_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match="cannot be compared"):
        difference_map(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8))
