"""What a square brush covers when it is dragged; the round one is tested with the edits that it makes."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from segtool.core.brush import stroke_region


@pytest.mark.parametrize("diameter", [1, 2, 3, 8])
@pytest.mark.parametrize("end", [(9.5, 9.5), (20.2, 9.5), (3.0, 17.9), (24.7, 5.1)])
def test_a_square_brush_covers_where_the_square_has_been(diameter: int, end: tuple[float, float]) -> None:
    start, shape = (9.5, 9.5), (40, 50)
    rect, region = stroke_region(start, end, diameter=diameter, shape=shape, is_square=True)
    painted = np.zeros(shape, dtype=np.bool_)
    painted[rect.slices] = region
    swept = np.zeros(shape, dtype=np.bool_)
    offset = (diameter - 1) / 2
    corners = [tuple(math.floor(v - offset) for v in place) for place in (start, end)]
    for part in np.linspace(0, 1, 400):
        x, y = (round(a + (b - a) * part) for a, b in zip(*corners, strict=True))
        swept[y : y + diameter, x : x + diameter] = True
    for x, y in corners:
        assert painted[y : y + diameter, x : x + diameter].all()
    # A way between pixels can be rounded either way: never by more than one.
    for part, whole in ((swept, painted), (painted, swept)):
        grown = cv2.dilate(whole.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)
        assert (grown | ~part).all()
    assert cv2.connectedComponents(painted.view(np.uint8))[0] == 2
