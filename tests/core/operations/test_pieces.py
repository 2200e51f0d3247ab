from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.geometry import Rect
from segtool.core.operations.change import Mask, Scope
from segtool.core.operations.pieces import fill_holes, keep_largest, remove_islands
from tests.core.operations.random_masks import MASKS, SEEDS, applied, blobs

Region = npt.NDArray[np.bool_]
_EIGHT = np.ones((3, 3))
_SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))


def pieces_of(region: Region, *, corners: bool) -> list[Region]:
    labels, count = ndimage.label(region, structure=_EIGHT if corners else None)
    return [labels == number for number in range(1, count + 1)]


def touches_edge(piece: Region) -> bool:
    return bool(piece[0].any() or piece[-1].any() or piece[:, 0].any() or piece[:, -1].any())


def neighbour_that_borders_most(mask: Mask, piece: Region, members: set[int]) -> int | None:
    counts = np.zeros(256, dtype=int)
    for y, x in np.argwhere(piece):
        for down, right in _SIDES:
            if 0 <= y + down < mask.shape[0] and 0 <= x + right < mask.shape[1]:
                value = int(mask[y + down, x + right])
                counts[value] += value not in members
    return int(counts.argmax()) if counts.any() else None


def islands_removed(mask: Mask, class_id: int, chosen: list[Region]) -> Mask:
    result = mask.copy()
    for piece in chosen:
        value = neighbour_that_borders_most(mask, piece, {class_id})
        if value is not None:
            result[piece] = value
    return result


@pytest.mark.usefixtures("band_pixels")
@pytest.mark.parametrize("over_classes", [False, True])
@pytest.mark.parametrize("up_to", [0, 6])
def test_holes_are_filled_as_scipy_does(over_classes: bool, up_to: int) -> None:
    for mask in MASKS:
        for class_id in (0, 1, 2):
            expected = mask.copy()
            region = mask == class_id
            holes = ndimage.binary_fill_holes(region) & ~region
            if up_to:
                small = [p for p in pieces_of(~region, corners=False) if p.sum() <= up_to and not touches_edge(p)]
                holes = np.any([np.zeros(mask.shape, dtype=bool), *small], axis=0)
            over = (mask != class_id) if over_classes else np.isin(mask, [BACKGROUND, VOID]) & (mask != class_id)
            expected[holes & over] = class_id
            before = mask.copy()
            found = fill_holes(mask, class_id, up_to=up_to, over_classes=over_classes)
            assert np.array_equal(applied(mask, found), expected)
            assert np.array_equal(mask, before)


@pytest.mark.usefixtures("band_pixels")
def test_gaps_between_all_classes_become_what_borders_them_most() -> None:
    for mask in MASKS:
        expected = mask.copy()
        for gap in pieces_of(np.isin(mask, [BACKGROUND, VOID]), corners=False):
            if not touches_edge(gap):
                expected[gap] = neighbour_that_borders_most(mask, gap, {BACKGROUND, VOID})
        assert np.array_equal(applied(mask, fill_holes(mask, None)), expected)


@pytest.mark.usefixtures("band_pixels")
@pytest.mark.parametrize("smaller_than", [2, 9, 10_000])
def test_islands_become_what_borders_them_most(smaller_than: int) -> None:
    for mask in MASKS:
        for class_id in (0, 1, VOID):
            small = [piece for piece in pieces_of(mask == class_id, corners=True) if piece.sum() < smaller_than]
            found = remove_islands(mask, class_id, smaller_than=smaller_than)
            assert np.array_equal(applied(mask, found), islands_removed(mask, class_id, small))


def test_islands_of_every_class_go_one_class_after_the_other() -> None:
    for mask in MASKS:
        expected = mask
        for class_id in np.unique(mask):
            if class_id != VOID:
                small = [piece for piece in pieces_of(expected == class_id, corners=True) if piece.sum() < 8]
                expected = islands_removed(expected, int(class_id), small)
        assert np.array_equal(applied(mask, remove_islands(mask, None, smaller_than=8)), expected)


@pytest.mark.usefixtures("band_pixels")
@pytest.mark.parametrize("count", [1, 3])
def test_the_largest_pieces_stay(count: int) -> None:
    for mask in MASKS:
        region = mask == 1
        ranked = sorted(pieces_of(region, corners=True), key=lambda piece: -piece.sum())
        result = applied(mask, keep_largest(mask, 1, count=count))
        kept = sum(piece.sum() for piece in ranked[:count])
        # One piece that fills the mask borders nothing, and stays in any case.
        assert (result == 1).sum() == kept
        changed = [piece for piece in ranked if not (result[piece] == 1).all()]
        assert np.array_equal(result, islands_removed(mask, 1, changed))


def test_in_a_box_only_what_lies_wholly_inside_counts() -> None:
    for seed in SEEDS:
        mask, rng = blobs(seed), np.random.default_rng(seed)
        left, top = (int(n) for n in rng.integers(-2, 12, size=2))
        box = Rect(left, top, int(rng.integers(5, 40)), int(rng.integers(5, 40)))
        inside = np.zeros(mask.shape, dtype=bool)
        inside[box.intersect(Rect.of_shape(mask.shape)).slices] = True
        scope = Scope(box=box)
        small = [p for p in pieces_of(mask == 1, corners=True) if p.sum() < 40 and not (p & ~inside).any()]
        found = remove_islands(mask, 1, smaller_than=40, scope=scope)
        assert np.array_equal(applied(mask, found), islands_removed(mask, 1, small))
        holes = [p for p in pieces_of(mask != 1, corners=False) if not touches_edge(p) and not (p & ~inside).any()]
        expected = mask.copy()
        for hole in holes:
            expected[hole] = 1
        assert np.array_equal(applied(mask, fill_holes(mask, 1, scope=scope, over_classes=True)), expected)


def test_only_the_region_under_the_point_is_filled() -> None:
    mask = np.zeros((9, 20), dtype=np.uint8)
    mask[1:8, 1:8] = mask[1:8, 11:18] = 1
    mask[3:6, 3:6] = mask[3:6, 13:16] = 0
    expected = mask.copy()
    expected[3:6, 13:16] = 1
    # The class is the one under the point, whatever else was asked for.
    assert np.array_equal(applied(mask, fill_holes(mask, 2, scope=Scope(point=(11, 1)))), expected)
    with pytest.raises(IndexError, match=r"no pixel \(20, 0\)"):
        fill_holes(mask, 1, scope=Scope(point=(20, 0)))


def test_a_hole_in_the_innermost_of_two_classes_is_its_own() -> None:
    mask = np.full((11, 11), 2, dtype=np.uint8)
    mask[3:8, 3:8] = 1
    mask[5, 5] = 0
    mask[0, 0] = 0
    expected = mask.copy()
    expected[5, 5] = 1
    assert np.array_equal(applied(mask, fill_holes(mask, None)), expected)
