"""Fill against labels of SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from segtool.core.regions.fill import same_value
from segtool.core.regions.region import Region


def whole(region: Region, shape: tuple[int, int]) -> np.ndarray:
    """Return a region as an array of the image's size; its box must be tight."""
    rect, found = region
    assert found.shape == (rect.height, rect.width)
    assert found.dtype == np.bool_
    for axis in (0, 1):
        line = found.any(axis=axis)
        assert line[0]
        assert line[-1]
    placed = np.zeros(shape, dtype=np.bool_)
    placed[rect.slices] = found
    return placed


@pytest.mark.parametrize("seed", [(0, 0), (69, 49), (35, 20), (3, 48)])
def test_it_is_what_is_joined_by_edges_or_all_there_is(seed: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    mask = (ndimage.gaussian_filter(rng.random((50, 70)), 1.5) * 40 % 3).astype(np.uint8)
    mask[10:20, 10:40] = 255
    before = mask.copy()
    same = mask == mask[seed[1], seed[0]]
    labels, count = ndimage.label(same)
    assert count > 1
    assert np.array_equal(whole(same_value(mask, seed, contiguous=True), mask.shape), labels == labels[seed[::-1]])
    assert np.array_equal(whole(same_value(mask, seed, contiguous=False), mask.shape), same)
    assert np.array_equal(mask, before)


def test_pixels_that_only_touch_at_corners_are_not_joined() -> None:
    rect, region = same_value(np.eye(4, dtype=np.uint8), (2, 2), contiguous=True)
    assert (rect.x, rect.y, region.shape) == (2, 2, (1, 1))


def test_an_image_of_one_pixel() -> None:
    for contiguous in (True, False):
        rect, region = same_value(np.zeros((1, 1), dtype=np.uint8), (0, 0), contiguous=contiguous)
        assert (rect.x, rect.y, region.tolist()) == (0, 0, [[True]])
