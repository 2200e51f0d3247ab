"""Class ids at screen resolution and their outlines."""

from __future__ import annotations

import numpy as np
import pytest

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.gui.canvas.mask_layer import Mask, is_edge, screen_ids
from segtool.gui.canvas.view_transform import ViewTransform


def outline_ids(ids: Mask, *, width: int) -> Mask:
    """Return the ids along the inner edge of each area, background elsewhere."""
    return ids[width:-width, width:-width] * is_edge(ids, width=width)


@pytest.mark.parametrize("scale", [0.2, 0.55, 1.0, 2.5, 9.0])
def test_each_screen_pixel_has_the_id_under_its_centre(scale: float) -> None:
    mask = np.random.default_rng(1).integers(0, 4, size=(90, 70), dtype=np.uint8)
    view = ViewTransform(scale, 3, -2)
    rect = Rect(-4, -6, 60, 50)
    ids = screen_ids(mask, view=view, rect=rect)
    assert ids.shape == (50, 60)
    for row, column in ((0, 0), (8, 10), (49, 59), (25, 3)):
        x, y = view.to_image(rect.x + column + 0.5, rect.y + row + 0.5)
        assert ids[row, column] == mask[min(max(int(np.floor(y)), 0), 89), min(max(int(np.floor(x)), 0), 69)]


def test_outlines_run_along_the_inside_of_each_area() -> None:
    ids = np.zeros((9, 9), dtype=np.uint8)
    ids[2:7, 2:7] = 3
    expected = np.zeros((7, 7), dtype=np.uint8)
    expected[1:6, 1:6] = 3
    expected[2:5, 2:5] = 0
    assert np.array_equal(outline_ids(ids, width=1), expected)


def test_two_classes_that_touch_are_both_outlined() -> None:
    ids = np.full((3, 6), 1, dtype=np.uint8)
    ids[:, 3:] = 2
    assert outline_ids(ids, width=1).tolist() == [[0, 1, 2, 0]]


def test_an_area_that_ends_with_the_image_has_no_outline_there() -> None:
    mask = np.full((10, 10), 1, dtype=np.uint8)
    mask[:, 5:] = VOID
    ids = screen_ids(mask, view=ViewTransform(), rect=Rect(-1, -1, 12, 12))
    outline = outline_ids(ids, width=1)
    assert np.flatnonzero((outline == 1).any(axis=0)).tolist() == [4]


def test_wider_outlines_reach_further() -> None:
    ids = np.zeros((14, 14), dtype=np.uint8)
    ids[2:12, 2:12] = 1
    assert int(outline_ids(ids, width=2).sum()) == 100 - 36
