"""Two lines that cross under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRect, QSize
from PySide6.QtGui import QColor, QPainter, QPen, QRegion

_LINE = QPen(QColor(255, 255, 255, 225), 1)
_HALO = QPen(QColor(0, 0, 0, 120), 3)
# Clear of what is pointed at.
_GAP = 12
_REACH = 2


def crosshair_region(pos: QPointF, size: QSize) -> QRegion:
    """Return the logical pixels of a widget of that size which painting the lines touches."""
    x, y = int(pos.x()), int(pos.y())
    upright = QRect(x - _REACH, 0, 2 * _REACH + 1, size.height())
    level = QRect(0, y - _REACH, size.width(), 2 * _REACH + 1)
    return QRegion(upright).united(QRegion(level))


def paint_crosshair(painter: QPainter, pos: QPointF, size: QSize) -> None:
    """Paint white lines with dark edges: seen on any image."""
    x, y = int(pos.x()) + 0.5, int(pos.y()) + 0.5
    lines = [
        QLineF(0, y, x - _GAP, y),
        QLineF(x + _GAP, y, size.width(), y),
        QLineF(x, 0, x, y - _GAP),
        QLineF(x, y + _GAP, x, size.height()),
    ]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for pen in (_HALO, _LINE):
        painter.setPen(pen)
        painter.drawLines(lines)
