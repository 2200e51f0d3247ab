"""How the lines, handles and words of a tool are drawn over the image."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from segtool.core.classes import ClassSet
from segtool.gui.canvas.mask_layer import colour_of
from segtool.gui.theme import HALF_SPACE, SPACE, small_font
from segtool.gui.tools.sketch import Sketch, SketchLine

_LINE, _HALO = 1.6, 3.6
_DASHES = [5.0, 4.0]
_HANDLE = 3.5
_REACH = 6
_TINT = 55
_DARK, _LIGHT = QColor(0, 0, 0, 190), QColor(255, 255, 255, 210)
_NEUTRAL = QColor(255, 214, 10)
_GROUND = QColor(20, 20, 22, 215)
_INK = QColor(240, 240, 240)
_LABEL_OFFSET = QPointF(14, 14)


class SketchLayer:
    """Keeps what is drawn on the widget; all places are in logical pixels."""

    def __init__(self) -> None:
        self._sketch: Sketch | None = None
        self._paths: list[tuple[SketchLine, QPainterPath]] = []
        self._handles: list[QPointF] = []
        self._label_box = QRectF()
        self._font = QFont()
        self._bounds: list[QRect] = []

    @property
    def label_box(self) -> QRectF:
        """Where the words stand; empty if there are none."""
        return self._label_box

    def show(
        self, sketch: Sketch | None, *, place: Callable[[float, float], QPointF], font: QFont, area: QRectF
    ) -> list[QRect]:
        """Draw this from now on, where ``place`` puts image positions; return what is to be painted again.

        Words stay inside ``area``, the widget.
        """
        if sketch is None and self._sketch is None:
            return []
        before, self._sketch = self._bounds, sketch
        self._paths, self._handles, self._bounds, self._label_box = [], [], [], QRectF()
        if sketch is None:
            return before
        for line in sketch.lines:
            path = QPainterPath()
            path.addPolygon(QPolygonF([place(*point) for point in line.points]))
            if line.is_closed:
                path.closeSubpath()
            self._paths.append((line, path))
            self._bounds.append(_grown(path.boundingRect()))
        self._handles = [place(*point) for point in sketch.handles]
        self._bounds += [_grown(QRectF(point, point)) for point in self._handles]
        if sketch.label and sketch.label_at is not None:
            self._font = small_font(font)
            self._label_box = _label_box(place(*sketch.label_at), sketch.label, font=self._font, area=area)
            self._bounds.append(_grown(self._label_box))
        return before + self._bounds

    def paint(self, painter: QPainter, classes: ClassSet) -> None:
        """Draw it in the colours of the classes."""
        if self._sketch is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line, path in self._paths:
            colour = _NEUTRAL if line.value is None else QColor(*colour_of(classes, line.value))
            is_light = colour.lightnessF() > 0.45
            if line.is_closed and line.value is not None:
                tint = QColor(colour)
                tint.setAlpha(_TINT)
                painter.fillPath(path, tint)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(_pen(_DARK if is_light else _LIGHT, _HALO))
            painter.drawPath(path)
            pen = _pen(colour, _LINE)
            if line.is_dashed:
                pen.setDashPattern(_DASHES)
            painter.setPen(pen)
            painter.drawPath(path)
        painter.setPen(QPen(_DARK, 1))
        painter.setBrush(QColor(255, 255, 255))
        for point in self._handles:
            painter.drawRect(QRectF(point.x() - _HANDLE, point.y() - _HANDLE, 2 * _HANDLE, 2 * _HANDLE))
        if not self._label_box.isEmpty():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_GROUND)
            painter.drawRoundedRect(self._label_box, HALF_SPACE, HALF_SPACE)
            painter.setPen(_INK)
            painter.setFont(self._font)
            painter.drawText(self._label_box, Qt.AlignmentFlag.AlignCenter, self._sketch.label)
        painter.restore()


def _label_box(pointer: QPointF, label: str, *, font: QFont, area: QRectF) -> QRectF:
    """Return a box for words: right below the pointer, on its other side where the widget ends."""
    metrics = QFontMetricsF(font)
    width = metrics.boundingRect(label).width() + 2 * SPACE
    height = metrics.height() + HALF_SPACE
    box = QRectF(pointer + _LABEL_OFFSET, QSizeF(width, height))
    if box.right() > area.right():
        box.moveRight(pointer.x() - _LABEL_OFFSET.x())
    if box.bottom() > area.bottom():
        box.moveBottom(pointer.y() - _LABEL_OFFSET.y())
    # The pointer itself may be beside the widget.
    box.moveLeft(max(area.left(), min(box.left(), area.right() - width)))
    box.moveTop(max(area.top(), min(box.top(), area.bottom() - height)))
    return box


def _pen(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _grown(box: QRectF) -> QRect:
    return box.toAlignedRect().adjusted(-_REACH, -_REACH, _REACH, _REACH)
