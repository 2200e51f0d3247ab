from __future__ import annotations

import numpy as np
import pytest

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.core.operations.change import Scope
from segtool.core.operations.recode import clear, copy_from, invert, swap
from tests.core.operations.random_masks import MASKS, applied

BOX = Scope(box=Rect(2, -3, 9, 12))


@pytest.mark.usefixtures("band_pixels")
@pytest.mark.parametrize("scope", [Scope(), BOX])
def test_values_are_replaced_where_they_may_be(scope: Scope) -> None:
    for mask in MASKS:
        inside = np.zeros(mask.shape, dtype=bool)
        inside[Rect.of_shape(mask.shape).intersect(scope.box or Rect.of_shape(mask.shape)).slices] = True
        for found, expected in (
            (clear(mask, 1, to=VOID, scope=scope), np.where(mask == 1, VOID, mask)),
            (clear(mask, VOID, to=0, scope=scope), np.where(mask == VOID, 0, mask)),
            (clear(mask, None, to=0, scope=scope), np.zeros_like(mask)),
            (swap(mask, 1, 2, scope=scope), np.where(mask == 1, 2, np.where(mask == 2, 1, mask))),
            (invert(mask, 1, scope=scope), np.where(mask == 1, 0, np.where(mask == 0, 1, mask))),
        ):
            assert np.array_equal(applied(mask, found), np.where(inside, expected, mask))


def test_a_point_limits_it_to_one_region() -> None:
    mask = np.array([[1, 0, 1], [0, 0, 1]], dtype=np.uint8)
    assert applied(mask, clear(mask, None, to=VOID, scope=Scope(point=(2, 1)))).tolist() == [[1, 0, 255], [0, 0, 255]]
    assert applied(mask, swap(mask, 1, 2, scope=Scope(point=(0, 0)))).tolist() == [[2, 0, 1], [0, 0, 1]]


@pytest.mark.usefixtures("band_pixels")
def test_a_copy_fills_only_void_unless_told_otherwise() -> None:
    for mask in MASKS:
        source = np.random.default_rng(3).integers(0, 256, size=mask.shape, dtype=np.uint8)
        assert np.array_equal(applied(mask, copy_from(mask, source)), np.where(mask == VOID, source, mask))
        assert np.array_equal(applied(mask, copy_from(mask, source, over_all=True)), source)
    with pytest.raises(ValueError, match="does not fit"):
        copy_from(np.zeros((2, 3), dtype=np.uint8), np.zeros((3, 2), dtype=np.uint8))
