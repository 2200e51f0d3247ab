from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy import ndimage

from segtool.core.operations.change import Mask, Scope
from segtool.core.operations.separate import separate
from tests.core.operations.random_masks import MASKS, applied

_EIGHT = np.ones((3, 3))


def drawn(*discs: tuple[int, int, int], size: tuple[int, int] = (80, 140)) -> Mask:
    mask = np.zeros(size, dtype=np.uint8)
    for x, y, radius in discs:
        cv2.circle(mask, (x, y), radius, 1, -1)
    return mask


@pytest.mark.parametrize(("radius", "other"), [(20, 20), (20, 12), (15, 9)])
def test_two_discs_are_cut_at_their_neck(radius: int, other: int) -> None:
    gap = int(radius + 0.6 * other)
    mask = drawn((40, 40, radius), (40 + gap, 40, other))
    result = applied(mask, separate(mask, 1, distance=6))
    assert ndimage.label(result == 1, structure=_EIGHT)[1] == 2
    lines = np.argwhere(result != mask)
    assert set(np.unique(result[result != mask])) == {0}
    # Where two circles meet: a chord at this distance from the first centre.
    neck = 40 + (gap**2 + radius**2 - other**2) / (2 * gap)
    assert np.abs(lines[:, 1] - neck).max() <= 2.5
    assert len(lines) <= 1.6 * np.ptp(lines[:, 0]) + 2


def test_many_cells_in_a_row_fall_apart_once_each() -> None:
    mask = drawn(*((20 + 25 * i, 40, 14) for i in range(5)))
    result = applied(mask, separate(mask, 1, distance=6))
    assert ndimage.label(result == 1, structure=_EIGHT)[1] == 5
    assert (result != mask).sum() < 5 * 30


@pytest.mark.parametrize("distance", [2, 6, 15])
def test_what_is_one_object_stays_whole(distance: int) -> None:
    disc, bar = drawn((50, 40, 25)), np.zeros((60, 120), dtype=np.uint8)
    bar[20:35, 5:115] = 1
    ellipse = np.zeros((80, 140), dtype=np.uint8)
    cv2.ellipse(ellipse, (70, 40), (50, 17), 12.0, 0, 360, 1, -1)
    for mask in (disc, bar, ellipse):
        assert separate(mask, 1, distance=distance) is None


def test_middles_closer_than_the_distance_are_one_object() -> None:
    mask = drawn((40, 40, 12), (60, 40, 12))
    assert separate(mask, 1, distance=6) is not None
    assert separate(mask, 1, distance=30) is None


def test_other_pieces_and_classes_stay() -> None:
    mask = drawn((30, 40, 14), (52, 40, 14), (100, 40, 14), (122, 40, 14))
    mask[mask == 0] = 2
    result = applied(mask, separate(mask, 1, distance=6, scope=Scope(point=(30, 40))))
    assert (result[:, :70] != mask[:, :70]).any()
    assert np.array_equal(result[:, 70:], mask[:, 70:])
    assert np.array_equal(result == 2, mask == 2)
    assert separate(mask, 0, distance=6) is None


def test_on_any_mask_only_the_class_gives_way() -> None:
    for mask in MASKS:
        result = applied(mask, separate(mask, 1, distance=2))
        changed = result != mask
        assert set(np.unique(mask[changed])) <= {1}
        assert set(np.unique(result[changed])) <= {0}
        before, after = (ndimage.label(m == 1, structure=_EIGHT)[1] for m in (mask, result))
        assert after >= before
        applied(mask, separate(mask, None, distance=2))
