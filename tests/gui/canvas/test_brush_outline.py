"""The outline of the brush is the edge of what it paints."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from segtool.core.brush import stroke_region
from segtool.gui.canvas.brush_outline import brush_outline, outline_bounds
from segtool.gui.canvas.view_transform import ViewTransform


@pytest.mark.parametrize("diameter", [1, 2, 3, 8, 21])
@pytest.mark.parametrize("pos", [(40.0, 40.0), (40.3, 41.9), (39.5, 40.51)])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_zoomed_in_it_encloses_exactly_the_pixels_of_a_dab(
    pos: tuple[float, float], diameter: int, ratio: float
) -> None:
    view = ViewTransform(8.0, 12, -30)
    path = brush_outline(pos, diameter=diameter, view=view, ratio=ratio)
    rect, region = stroke_region(pos, pos, diameter=diameter, shape=(100, 100))
    painted = np.zeros((100, 100), dtype=bool)
    painted[rect.slices] = region
    for y in range(rect.y - 1, rect.bottom + 1):
        for x in range(rect.x - 1, rect.right + 1):
            centre = QPointF(*view.to_screen(x + 0.5, y + 0.5)) / ratio
            assert path.contains(centre) == painted[y, x], (x, y)


@pytest.mark.parametrize("diameter", [20, 301])
def test_zoomed_out_it_is_a_circle_of_the_same_size(diameter: int) -> None:
    pos = (500.2, 400.7)
    view = ViewTransform(0.4, 0, 0)
    box = brush_outline(pos, diameter=diameter, view=view, ratio=1.0).boundingRect()
    rect, _ = stroke_region(pos, pos, diameter=diameter, shape=(2000, 2000))
    assert (box.width(), box.height()) == pytest.approx((diameter * 0.4, diameter * 0.4))
    assert (box.x(), box.y()) == pytest.approx(view.to_screen(rect.x, rect.y))


def test_a_brush_too_small_to_see_is_pointed_at() -> None:
    view = ViewTransform(0.5, 0, 0)
    bounds = outline_bounds(brush_outline((100.0, 100.0), diameter=1, view=view, ratio=1.0))
    assert bounds.width() > 15
