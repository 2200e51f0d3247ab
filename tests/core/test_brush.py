"""What a square brush covers when it is dragged; the round one is tested with the edits that it makes."""

from __future__ import annotations

import math
import tracemalloc

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


@pytest.mark.parametrize("is_square", [False, True])
@pytest.mark.parametrize(
    ("start", "end"),
    [((-20000.0, -9000.0), (20100.0, 9130.0)), ((60.3, -30000.0), (60.3, 50.2)), ((70.0, 20.0), (30000.0, 90.0))],
)
def test_a_way_that_goes_far_beside_the_image_costs_no_more(
    start: tuple[float, float], end: tuple[float, float], is_square: bool
) -> None:
    # On an image that is a speck on the screen, a short drag is such a way.
    diameter, shape = 21, (120, 160)
    tracemalloc.start()
    rect, region = stroke_region(start, end, diameter=diameter, shape=shape, is_square=is_square)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20_000_000
    painted = np.zeros(shape, dtype=np.bool_)
    painted[rect.slices] = region
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    way = np.subtract(end, start)
    part = ((columns - start[0]) * way[0] + (rows - start[1]) * way[1]) / (way @ way)
    across, down = (
        places - begin - part.clip(0, 1) * step for places, begin, step in zip((columns, rows), start, way, strict=True)
    )
    distance = np.maximum(abs(across), abs(down)) if is_square else np.hypot(across, down)
    assert painted[distance <= diameter / 2 - 2].all()
    if not is_square:
        assert not painted[distance > diameter / 2 + 2].any()
    assert painted.any()
