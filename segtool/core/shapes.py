"""The pixels inside drawn shapes: polygons, rectangles and ellipses."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segtool.core.brush import Point
from segtool.core.geometry import Rect

Region = npt.NDArray[np.bool_]


def polygon_region(points: Sequence[Point], *, shape: tuple[int, int]) -> tuple[Rect, Region]:
    """Return the pixels whose centres lie inside a closed polygon.

    A polygon that crosses itself holds everything that it goes around (non-zero winding), so that a freehand
    line whose ends overlap leaves no hole. OpenCV's fillPoly also takes the pixels that the outline touches, which
    makes every shape half a pixel too large on all sides, and leaves such holes.

    Parameters
    ----------
    points : sequence of (x, y)
        Corners in image coordinates, pixel (i, j) spanning i…i+1; the last one is joined to the first.
    shape : (H, W)
        Size of the image that clips the result.

    Returns
    -------
    Rect
        Box of the polygon, clipped to the image; may be empty.
    ndarray of bool, shape (rect.height, rect.width)
    """
    corners = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if len(corners) < 3:
        return _nothing()
    left, top = map(int, np.ceil(corners.min(axis=0) - 0.5))
    right, bottom = map(int, np.ceil(corners.max(axis=0) - 0.5))
    rect = Rect.from_edges(left, top, right, bottom).intersect(Rect.of_shape(shape))
    if rect.is_empty:
        return _nothing()
    rows, columns, turns = _crossings(corners, rect)
    region = np.zeros((rect.height, rect.width), dtype=np.bool_)
    # Every row ends outside, so that one running sum serves them all.
    winding = np.cumsum(turns)
    starts = np.flatnonzero((winding != 0) & (winding - turns == 0))
    ends = np.flatnonzero((winding == 0) & (turns != 0))
    for row, first, last in zip(rows[starts].tolist(), columns[starts].tolist(), columns[ends].tolist(), strict=True):
        region[row, first:last] = True
    return rect, region


def box_between(start: Point, end: Point, *, is_square: bool = False, is_centred: bool = False) -> Rect:
    """Return the box with the pixels under two image positions in opposite corners.

    Parameters
    ----------
    start, end : (x, y)
        Where a drag began and where it is.
    is_square : bool
        Whether the shorter side grows to the length of the longer one.
    is_centred : bool
        Whether the first position is the middle of the box instead of a corner.
    """
    ends = []
    reach = [math.floor(b) - math.floor(a) for a, b in zip(start, end, strict=True)]
    if is_square:
        length = max(abs(reach[0]), abs(reach[1]))
        reach = [length if step >= 0 else -length for step in reach]
    for place, step in zip(start, reach, strict=True):
        first = math.floor(place)
        low, high = (first - abs(step), first + abs(step)) if is_centred else sorted((first, first + step))
        ends.append((low, high + 1))
    return Rect.from_edges(ends[0][0], ends[1][0], ends[0][1], ends[1][1])


def rectangle_region(box: Rect, *, shape: tuple[int, int]) -> tuple[Rect, Region]:
    """Return the pixels of a box that lie in an image of ``shape`` (H, W), in the form of ``polygon_region``."""
    rect = box.intersect(Rect.of_shape(shape))
    return (rect, np.ones((rect.height, rect.width), dtype=np.bool_)) if not rect.is_empty else _nothing()


def ellipse_region(box: Rect, *, shape: tuple[int, int]) -> tuple[Rect, Region]:
    """Return the pixels whose centres lie inside the ellipse that fills a box, in the form of ``polygon_region``."""
    rect = box.intersect(Rect.of_shape(shape))
    if rect.is_empty:
        return _nothing()
    across = (np.arange(rect.x, rect.right) + 0.5 - box.x - box.width / 2) / (box.width / 2)
    down = (np.arange(rect.y, rect.bottom) + 0.5 - box.y - box.height / 2) / (box.height / 2)
    return rect, across**2 + (down**2)[:, np.newaxis] <= 1


def ellipse_points(box: Rect, *, count: int = 72) -> list[Point]:
    """Return points along the ellipse that fills a box, for drawing it."""
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    x = box.x + box.width / 2 * (1 + np.cos(angles))
    y = box.y + box.height / 2 * (1 + np.sin(angles))
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _nothing() -> tuple[Rect, Region]:
    return Rect(0, 0, 0, 0), np.zeros((0, 0), dtype=np.bool_)


def _crossings(
    corners: npt.NDArray[np.float64], rect: Rect
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where the outline crosses the middles of rows: row and column in the box, and up (-1) or down (1).

    Sorted by row and column; the column is the first one whose centre lies to the right of the crossing.
    """
    ends = np.roll(corners, -1, axis=0)
    # A row is crossed if its middle lies in the half-open span of an edge: corners then count once.
    low, high = np.minimum(corners[:, 1], ends[:, 1]), np.maximum(corners[:, 1], ends[:, 1])
    first = np.ceil(low - 0.5).astype(np.int64).clip(rect.y, rect.bottom)
    last = np.ceil(high - 0.5).astype(np.int64).clip(rect.y, rect.bottom)
    counts = last - first
    edge = np.repeat(np.arange(len(corners)), counts)
    row = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    start, end = corners[edge], ends[edge]
    # Multiplied before it is divided: a centre that lies on an edge is then found there, whichever way it goes.
    x = start[:, 0] + (row + 0.5 - start[:, 1]) * (end[:, 0] - start[:, 0]) / (end[:, 1] - start[:, 1])
    column = np.ceil(x - 0.5).astype(np.int64).clip(rect.x, rect.right) - rect.x
    turn = np.where(end[:, 1] > start[:, 1], 1, -1)
    order = np.lexsort((column, row))
    return row[order] - rect.y, column[order], turn[order]
