from __future__ import annotations

import numpy as np
import pytest

from segtool.core.geometry import Rect
from segtool.inference.tiling import plan_axis, tile_grid

CASES = [
    (length, tile, overlap, align)
    for tile, overlap, align in [(64, 16, 1), (64, 16, 8), (512, 64, 16), (70, 13, 8), (9, 7, 1), (32, 0, 4), (8, 7, 1)]
    for length in [1, 2, 7, 8, 9, 31, 63, 64, 65, 127, 128, 129, 500, 511, 512, 513, 1000, 4001]
]


@pytest.mark.parametrize(("length", "tile", "overlap", "align"), CASES)
def test_tiles_cover_a_side_evenly_and_on_the_grid(length: int, tile: int, overlap: int, align: int):
    axis = plan_axis(length, tile=tile, overlap=overlap, align=align)
    starts = np.array(axis.starts)
    assert length <= axis.padded < length + align
    assert axis.size <= tile
    assert starts[0] == 0
    assert starts[-1] + axis.size == axis.padded
    assert not (starts % align).any()
    assert axis.size % align == 0
    steps = np.diff(starts)
    assert (steps > 0).all()
    assert (axis.size - steps >= overlap).all()
    assert np.ptp(steps) <= align if len(steps) else True
    # As few as can be: one tile less, at its largest, would not reach.
    largest, shared = tile // align * align, -(-overlap // align) * align
    assert len(starts) == 1 or (len(starts) - 1) * (largest - shared) + shared < axis.padded


@pytest.mark.parametrize(("length", "tile", "overlap", "align"), CASES)
def test_weights_of_all_tiles_sum_to_one_at_every_pixel(length: int, tile: int, overlap: int, align: int):
    axis = plan_axis(length, tile=tile, overlap=overlap, align=align)
    weights = axis.weights()
    assert weights.shape == (len(axis.starts), axis.size)
    assert weights.min() >= 0
    total = np.zeros(axis.padded)
    for start, share in zip(axis.starts, weights, strict=True):
        total[start : start + axis.size] += share
    np.testing.assert_allclose(total, 1.0, atol=1e-6)


def test_weights_cross_over_smoothly_away_from_the_borders_of_the_tiles():
    axis = plan_axis(960, tile=512, overlap=64)
    first, second = axis.weights()
    shared = axis.size - axis.starts[1]
    assert shared == 64
    assert (first[: -shared * 5 // 8] == 1).all()
    assert (first[-shared * 3 // 8 :] == 0).all()
    assert (second[: shared * 3 // 8] == 0).all()
    assert (second[shared * 5 // 8 :] == 1).all()
    assert np.abs(np.diff(first)).max() < 0.11


def test_a_grid_covers_the_image_row_by_row():
    grid = tile_grid(100, 150, tile=64, overlap=16, align=8)
    assert grid[0] == Rect(0, 0, 64, 64)
    assert grid == sorted(grid, key=lambda rect: (rect.y, rect.x))
    assert (grid[-1].right, grid[-1].bottom) == (152, 104)
    covered = np.zeros((104, 152), dtype=bool)
    for rect in grid:
        covered[rect.slices] = True
    assert covered.all()


@pytest.mark.parametrize(("height", "width", "size"), [(1, 1, (8, 8)), (1, 60, (64, 8)), (33, 64, (64, 40))])
def test_a_small_image_has_one_tile_no_larger_than_it_must_be(height: int, width: int, size: tuple[int, int]):
    assert tile_grid(height, width, tile=64, overlap=16, align=8) == [Rect(0, 0, *size)]


def test_the_border_is_mirrored():
    assert plan_axis(5, tile=16, overlap=0, align=8).sources().tolist() == [0, 1, 2, 3, 4, 3, 2, 1]
    assert plan_axis(1, tile=16, overlap=0, align=4).sources().tolist() == [0, 0, 0, 0]
    assert plan_axis(2, tile=16, overlap=0, align=8).sources().tolist() == [0, 1, 0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize(("length", "tile", "overlap"), [(0, 64, 16), (10, 16, 16), (10, 7, 0), (10, 64, -1)])
def test_what_cannot_be_tiled_is_an_error(length: int, tile: int, overlap: int):
    with pytest.raises(ValueError, match="can cover"):
        plan_axis(length, tile=tile, overlap=overlap, align=8)
