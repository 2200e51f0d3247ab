from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.geometry import Rect
from segtool.core.operations.borders import Smoothing, grow, shrink, smooth
from segtool.core.operations.change import Mask, Region, Scope
from tests.core.operations.random_masks import MASKS, applied, blobs


def disc(radius: int) -> Region:
    rows, columns = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(rows**2 + columns**2 <= radius**2)


def spread(region: Region, *, by: int) -> Region:
    return np.asarray(ndimage.binary_dilation(region, disc(by)))


def receded(region: Region, *, by: int) -> Region:
    return np.asarray(ndimage.binary_erosion(region, disc(by), border_value=1))


def smoothed(region: Region, how: Smoothing, radius: int) -> Region:
    if how is Smoothing.MEDIAN:
        return np.asarray(ndimage.median_filter(region.astype(np.uint8), size=2 * radius + 1, mode="nearest") == 1)
    if how is Smoothing.OPEN:
        return spread(receded(region, by=radius), by=radius)
    return receded(spread(region, by=radius), by=radius)


def check(mask: Mask, result: Mask, *, class_id: int, new: Region, over: Region) -> None:
    """Compare with the region that the class should have, before what it may spread over is looked at."""
    old = mask == class_id
    gained, lost = new & ~old & over, old & ~new
    assert np.array_equal(result == class_id, (old & new) | gained)
    assert np.array_equal(result[~lost & ~gained], mask[~lost & ~gained])
    away = np.argwhere(~old)
    for y, x in np.argwhere(lost):
        distance = np.hypot(*(away - (y, x)).T)
        # The approximation of the distances is off by a few per cent.
        near = away[distance <= distance.min() * 1.06]
        assert result[y, x] in {mask[i, j] for i, j in near}


@pytest.mark.usefixtures("band_pixels")
@pytest.mark.parametrize("by", [1, 3, 200])
@pytest.mark.parametrize("over_classes", [False, True])
def test_growing_takes_what_is_near_enough(by: int, over_classes: bool) -> None:
    for mask in MASKS:
        region = mask == 1
        result = applied(mask, grow(mask, 1, by=by, over_classes=over_classes))
        new = region if not region.any() else ndimage.distance_transform_edt(~region) <= by
        over = np.isin(mask, [BACKGROUND, VOID]) | over_classes
        check(mask, result, class_id=1, new=new, over=over)


@pytest.mark.usefixtures("band_pixels")
@pytest.mark.parametrize("by", [1, 3])
def test_shrinking_gives_way_to_what_is_nearest(by: int) -> None:
    for mask in MASKS:
        region = mask == 1
        new = region if region.all() else ndimage.distance_transform_edt(region) > by
        check(mask, applied(mask, shrink(mask, 1, by=by)), class_id=1, new=new, over=np.zeros_like(region))


@pytest.mark.usefixtures("band_pixels")
@pytest.mark.parametrize("how", list(Smoothing))
@pytest.mark.parametrize("radius", [1, 3])
@pytest.mark.parametrize("over_void", [False, True])
def test_smoothing_is_that_of_scipy(how: Smoothing, radius: int, over_void: bool) -> None:
    for mask in MASKS:
        new = smoothed(mask == 1, how, radius)
        over = (mask == BACKGROUND) | (over_void & (mask == VOID))
        result = applied(mask, smooth(mask, 1, how=how, radius=radius, over_void=over_void))
        check(mask, result, class_id=1, new=new, over=over)


def test_smoothing_over_other_classes_takes_them_too() -> None:
    mask = np.full((9, 9), 1, dtype=np.uint8)
    mask[4, 4], mask[4, 5] = 2, VOID
    assert smooth(mask, 1, how=Smoothing.MEDIAN, radius=1) is None
    result = applied(mask, smooth(mask, 1, how=Smoothing.MEDIAN, radius=1, over_classes=True))
    assert result[4, 4] == 1
    assert result[4, 5] == VOID


def test_every_class_is_smoothed_but_background() -> None:
    mask = np.zeros((12, 30), dtype=np.uint8)
    mask[2:10, 2:12], mask[2:10, 16:26] = 1, 2
    mask[5, 12:15], mask[5, 26:29] = 1, 2
    mask[0, 0] = VOID
    result = applied(mask, smooth(mask, None, how=Smoothing.OPEN, radius=1))
    # A disc of radius 1 is a cross: the first pixel of a hair that leaves a side is the arm of one inside.
    assert not result[5, [13, 14, 27, 28]].any()
    assert result[5, [11, 12, 25, 26]].tolist() == [1, 1, 2, 2]
    assert result[0, 0] == VOID


@pytest.mark.parametrize("seed", range(10))
def test_in_a_box_the_result_is_that_of_the_whole_mask(seed: int) -> None:
    mask = blobs(seed)
    box = Rect(4, 6, 17, 13)
    outside = np.ones(mask.shape, dtype=bool)
    outside[box.intersect(Rect.of_shape(mask.shape)).slices] = False
    for scope_of in (
        lambda scope: grow(mask, 1, by=3, scope=scope),
        lambda scope: shrink(mask, 1, by=2, scope=scope),
        lambda scope: smooth(mask, 1, how=Smoothing.CLOSE, radius=2, scope=scope),
    ):
        whole, part = applied(mask, scope_of(Scope())), applied(mask, scope_of(Scope(box=box)))
        assert np.array_equal(part[outside], mask[outside])
        assert np.array_equal((part == 1)[~outside], (whole == 1)[~outside])


def test_only_the_region_under_the_point_grows() -> None:
    mask = np.zeros((7, 15), dtype=np.uint8)
    mask[3, 3] = mask[3, 11] = 1
    expected = mask.copy()
    expected[3, 10:13] = expected[2:5, 11] = 1
    assert np.array_equal(applied(mask, grow(mask, 1, by=1, scope=Scope(point=(11, 3)))), expected)
