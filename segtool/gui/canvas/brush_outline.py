"""The outline of the brush under the pointer."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from segtool.core.brush import Point, disc
from segtool.core.palette import Colour
from segtool.gui.canvas.view_transform import ViewTransform

_PIXELS_SHOW_FROM = 3.0
_TICKS_BELOW = 7.0
_TICK_GAP = 4.0
_TICK_LENGTH = 5.0
_LINE = 1.8
_HALO = 3.8
_REACH = 4


def brush_outline(
    pos: Point, *, diameter: int, view: ViewTransform, ratio: float, is_square: bool = False
) -> QPainterPath:
    """Return the edge of what a dab at an image position would cover.

    Parameters
    ----------
    pos : (x, y)
        Image coordinates.
    diameter : int
        Of the brush, in image pixels.
    view : ViewTransform
        A snapped view.
    ratio : float
        Physical screen pixels per logical pixel.
    is_square : bool
        Whether a dab is a square, and not a disc.

    Returns
    -------
    QPainterPath
        In logical pixels. Exactly the edge of the covered pixels where these are large enough to be
        seen, else a circle or square; short lines point at a brush that would be too small to find.
    """
    # The corner that core.brush gives the dab, so that the outline is what will be painted.
    offset = (diameter - 1) / 2
    left, top = view.to_screen(math.floor(pos[0] - offset), math.floor(pos[1] - offset))
    left, top, unit = left / ratio, top / ratio, view.scale / ratio
    side = diameter * unit
    path = QPainterPath()
    if is_square:
        path.addRect(QRectF(left, top, side, side))
    elif view.scale >= _PIXELS_SHOW_FROM:
        placed = QTransform.fromTranslate(left, top).scale(unit, unit)
        path.addPolygon(placed.map(_stamp_edge(diameter)))
        path.closeSubpath()
    else:
        path.addEllipse(QRectF(left, top, side, side))
    if side < _TICKS_BELOW:
        _add_ticks(path, QPointF(left + side / 2, top + side / 2), side / 2 + _TICK_GAP)
    return path


def outline_bounds(path: QPainterPath) -> QRect:
    """Return the logical pixels that painting the outline touches."""
    return path.boundingRect().toAlignedRect().adjusted(-_REACH, -_REACH, _REACH, _REACH)


def paint_outline(painter: QPainter, path: QPainterPath, *, colour: Colour, dashed: bool) -> None:
    """Paint the outline in a colour over a halo that stands out from it; void has a dashed one."""
    red, green, blue = colour
    is_light = 0.299 * red + 0.587 * green + 0.114 * blue > 110
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 190) if is_light else QColor(255, 255, 255, 210), _HALO))
    painter.drawPath(path)
    pen = QPen(QColor(*colour), _LINE)
    if dashed:
        pen.setDashPattern([4, 3])
    painter.setPen(pen)
    painter.drawPath(path)


def _add_ticks(path: QPainterPath, centre: QPointF, gap: float) -> None:
    for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        path.moveTo(centre + QPointF(across, down) * gap)
        path.lineTo(centre + QPointF(across, down) * (gap + _TICK_LENGTH))


@lru_cache(maxsize=32)
def _stamp_edge(diameter: int) -> QPolygonF:
    """Return the staircase around the brush's pixels, in pixels from the corner of its box."""
    stamp = disc(diameter)
    # A disc is convex: each row is one run, and its ends are the whole edge.
    firsts = np.argmax(stamp, axis=1)
    lasts = diameter - np.argmax(stamp[:, ::-1], axis=1)
    down = [QPointF(float(lasts[row]), float(row + step)) for row in range(diameter) for step in (0, 1)]
    up = [QPointF(float(firsts[row]), float(row + step)) for row in reversed(range(diameter)) for step in (1, 0)]
    return QPolygonF(down + up)
