"""Shapes cover exactly the pixels whose centres lie inside, found here one pixel at a time."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from segtool.core.geometry import Rect
from segtool.core.shapes import box_between, ellipse_points, ellipse_region, polygon_region, rectangle_region

SHAPE = (23, 31)


def _whole(rect: Rect, region: npt.NDArray[np.bool_], shape: tuple[int, int] = SHAPE) -> npt.NDArray[np.bool_]:
    assert region.shape == (rect.height, rect.width)
    assert rect.is_empty or rect.intersect(Rect.of_shape(shape)) == rect
    whole = np.zeros(shape, dtype=np.bool_)
    whole[rect.slices] = region
    return whole


def _winding(points: npt.NDArray[np.float64], x: float, y: float) -> int:
    """Return how often a polygon goes around a point, from the signed angles under which its edges are seen."""
    total = 0.0
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        first, last = math.atan2(start[1] - y, start[0] - x), math.atan2(end[1] - y, end[0] - x)
        total += (last - first + math.pi) % (2 * math.pi) - math.pi
    return round(total / (2 * math.pi))


@pytest.mark.parametrize("seed", range(12))
def test_a_polygon_holds_what_it_goes_around(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Off the grid of centres, so that no centre lies on an edge; partly beside the image.
    points = rng.uniform(-8, 36, (int(rng.integers(3, 12)), 2)) + 0.0123
    expected = [[_winding(points, x + 0.5, y + 0.5) != 0 for x in range(SHAPE[1])] for y in range(SHAPE[0])]
    assert np.array_equal(_whole(*polygon_region(points.tolist(), shape=SHAPE)), np.array(expected))


def test_neighbouring_polygons_share_no_pixel_and_leave_none_out() -> None:
    # Their common edge runs through centres of pixels.
    left = _whole(*polygon_region([(0, 0), (10.5, 0), (4.5, 23), (0, 23)], shape=SHAPE))
    right = _whole(*polygon_region([(10.5, 0), (31, 0), (31, 23), (4.5, 23)], shape=SHAPE))
    assert not (left & right).any()
    assert (left | right).all()


@pytest.mark.parametrize("points", [[], [(3, 3)], [(3, 3), (9, 9)], [(40, 40), (50, 40), (45, 50)], [(3, 3)] * 5])
def test_no_area_is_no_region(points: list[tuple[float, float]]) -> None:
    rect, region = polygon_region(points, shape=SHAPE)
    assert not region.any()
    assert region.shape == (rect.height, rect.width)


def test_a_box_has_the_pixels_under_both_ends() -> None:
    assert box_between((3.2, 4.9), (7.0, 2.1)) == Rect(3, 2, 5, 3)
    assert box_between((3.9, 4.1), (3.9, 4.1)) == Rect(3, 4, 1, 1)
    assert box_between((3.5, 4.5), (-2.5, 6.5)) == Rect(-3, 4, 7, 3)
    assert box_between((3.5, 4.5), (-2.5, 6.5), is_square=True) == Rect(-3, 4, 7, 7)
    assert box_between((10.5, 10.5), (13.5, 8.5), is_centred=True) == Rect(7, 8, 7, 5)


@pytest.mark.parametrize("box", [Rect(3, 2, 5, 3), Rect(-4, -3, 20, 9), Rect(25, 18, 30, 30), Rect(5, 5, 1, 1)])
def test_rectangle_and_ellipse_fill_their_box(box: Rect) -> None:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    inside = (columns > box.x) & (columns < box.right) & (rows > box.y) & (rows < box.bottom)
    assert np.array_equal(_whole(*rectangle_region(box, shape=SHAPE)), inside)
    across, down = (columns - box.x) / box.width * 2 - 1, (rows - box.y) / box.height * 2 - 1
    assert np.array_equal(_whole(*ellipse_region(box, shape=SHAPE)), across**2 + down**2 <= 1)
    for x, y in ellipse_points(box):
        assert ((x - box.x) / box.width * 2 - 1) ** 2 + ((y - box.y) / box.height * 2 - 1) ** 2 == pytest.approx(1)


def test_beside_the_image_there_is_nothing() -> None:
    for region_of in (rectangle_region, ellipse_region):
        rect, region = region_of(Rect(40, 2, 5, 5), shape=SHAPE)
        assert rect.is_empty
        assert region.size == 0
