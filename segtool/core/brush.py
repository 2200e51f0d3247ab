"""The region that a brush covers."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect

Point = tuple[float, float]

# How far beside the image a way may go before it is cut off, besides the brush.
_BESIDE = 512


@lru_cache(maxsize=8)
def stamp(diameter: int, *, is_square: bool = False) -> npt.NDArray[np.bool_]:
    """Return what one dab of a brush covers, bool (diameter, diameter), read-only: a disc, or the whole square."""
    result = np.ones((diameter, diameter), dtype=np.bool_) if is_square else disc(diameter)
    result.setflags(write=False)
    return result


def disc(diameter: int) -> npt.NDArray[np.bool_]:
    """Return a filled disc as a square boolean array of side ``diameter`` (at least 1 pixel)."""
    centre = (diameter - 1) / 2
    rows, columns = np.ogrid[:diameter, :diameter]
    return (rows - centre) ** 2 + (columns - centre) ** 2 <= (diameter / 2) ** 2


def stroke_region(
    start: Point, end: Point, *, diameter: int, shape: tuple[int, int], is_square: bool = False
) -> tuple[Rect, npt.NDArray[np.bool_]]:
    """Return the pixels that a brush covers when it is dragged from one point to another.

    Parameters
    ----------
    start, end : (x, y)
        Image coordinates in pixels; pixel (i, j) spans i…i+1. Equal points give one dab.
    diameter : int
        Brush diameter in pixels, at least 1. A diameter of 1 covers the pixel under the point.
    shape : (H, W)
        Size of the image that clips the result.
    is_square : bool
        Whether the brush is a square, and not a disc.

    Returns
    -------
    Rect
        Box of the covered pixels, clipped to the image; may be empty.
    ndarray of bool, shape (rect.height, rect.width)
        The covered pixels inside the box. The work depends on the box, never on the image.
    """
    offset = (diameter - 1) / 2
    start, end = _near(start, end, reach=diameter + _BESIDE, shape=shape)
    corners = [(int(np.floor(x - offset)), int(np.floor(y - offset))) for x, y in (start, end)]
    full = Rect.from_edges(
        min(x for x, _ in corners),
        min(y for _, y in corners),
        max(x for x, _ in corners) + diameter,
        max(y for _, y in corners) + diameter,
    )
    box = full.intersect(Rect.of_shape(shape))
    if box.is_empty:
        return box, np.zeros((0, 0), dtype=np.bool_)
    canvas = np.zeros((full.height, full.width), dtype=np.uint8)
    dab = stamp(diameter, is_square=is_square)
    for x, y in corners:
        canvas[y - full.y : y - full.y + diameter, x - full.x : x - full.x + diameter] |= dab
    if corners[0] != corners[1]:
        fill = _fill_between_squares if is_square else _fill_between
        fill(canvas, corners, full, diameter)
    inner = Rect(box.x - full.x, box.y - full.y, box.width, box.height)
    return box, canvas[inner.slices].view(np.bool_)


def _near(start: Point, end: Point, *, reach: int, shape: tuple[int, int]) -> tuple[Point, Point]:
    """Return the part of a way that is no further than ``reach`` from the image, or its start twice if none is.

    On an image that is a speck on the screen, a short drag goes on for a hundred thousand pixels.
    """
    first, last = 0.0, 1.0
    for place, way, side in zip(start, (end[0] - start[0], end[1] - start[1]), shape[::-1], strict=True):
        low, high = -reach - place, side + reach - place
        if way == 0:
            enters, leaves = (0.0, 1.0) if low <= 0 <= high else (1.0, 0.0)
        else:
            enters, leaves = sorted((low / way, high / way))
        first, last = max(first, enters), min(last, leaves)
    if first > last:
        return start, start
    ends = [(start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])) for part in (first, last)]
    return start if first == 0 else ends[0], end if last == 1 else ends[1]


def _fill_between(canvas: npt.NDArray[np.uint8], corners: list[tuple[int, int]], full: Rect, diameter: int) -> None:
    """Fill the band that joins the two discs, in place."""
    points = np.array([(x - full.x, y - full.y) for x, y in corners], dtype=np.float64) + (diameter - 1) / 2
    if diameter <= 2:
        first, second = (tuple(int(v) for v in np.floor(point)) for point in points)
        cv2.line(canvas, first, second, 1, thickness=diameter)
        return
    direction = points[1] - points[0]
    normal = np.array([-direction[1], direction[0]]) / np.hypot(*direction) * (diameter - 1) / 2
    band = np.array([points[0] + normal, points[1] + normal, points[1] - normal, points[0] - normal])
    # Fixed-point coordinates keep thin diagonal bands straight.
    cv2.fillConvexPoly(canvas, np.round(band * 256).astype(np.int32), 1, lineType=cv2.LINE_8, shift=8)


def _fill_between_squares(
    canvas: npt.NDArray[np.uint8], corners: list[tuple[int, int]], full: Rect, diameter: int
) -> None:
    """Fill the hull of the two squares, in place."""
    reach = diameter - 1
    ends = [(x - full.x + dx, y - full.y + dy) for x, y in corners for dx in (0, reach) for dy in (0, reach)]
    cv2.fillConvexPoly(canvas, cv2.convexHull(np.array(ends, dtype=np.int32)), 1, lineType=cv2.LINE_8)
