"""How often each value occurs in an image, with the window of those that are shown, whose ends can be dragged."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from segtool.core.display import Range
from segtool.gui import theme

_HEIGHT = 72
_REACH = 7
_GRIP = 4.0
_CHANNELS_ON_DARK = ("#ff6b60", "#52cc6e", "#5c9bff")
_CHANNELS_ON_LIGHT = ("#d42a20", "#1e9440", "#2663d9")
_VEIL = 150


class HistogramView(QWidget):
    """Shows counts of one or three channels; what is black or white in the picture lies under a veil.

    Signals
    -------
    window_dragged(object)
        The person has moved an end of the window: both of its values, as a tuple.
    """

    window_dragged = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._heights = np.zeros((1, 1))
        self._axis: Range = (0.0, 1.0)
        self._window: Range = (0.0, 1.0)
        self._held: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Histogram of the image")
        self.setToolTip("How often each value occurs. Drag the lines to choose what becomes black and white")

    def show_counts(self, counts: npt.NDArray[np.floating], *, axis: Range) -> None:
        """Show counts of shape (channels, bins) that lie between the values of ``axis``."""
        # The root: what is rare, which is often what matters, would be nothing beside a large background.
        roots = np.sqrt(np.asarray(counts, dtype=np.float64))
        self._heights = roots / max(1.0, float(roots.max(initial=0)))
        self._axis = axis
        self.update()

    def show_window(self, window: Range) -> None:
        """Show which values become black and white."""
        if window != self._window:
            self._window = window
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size for a narrow panel."""
        return QSize(200, _HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the least size at which it says something."""
        return QSize(80, _HEIGHT)

    def place_of(self, value: float) -> float:
        """Return where a value lies, in pixels from the left side; values beyond the axis lie at its ends."""
        low, high = self._axis
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return _GRIP + share * (self.width() - 2 * _GRIP)

    def value_at(self, x: float) -> float:
        """Return the value that lies at a place."""
        low, high = self._axis
        share = (x - _GRIP) / max(1.0, self.width() - 2 * _GRIP)
        return low + min(max(share, 0.0), 1.0) * (high - low)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take hold of the end that is nearer."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        away = [abs(self.place_of(value) - x) for value in self._window]
        # Where both lie on one spot, the one that can be moved that way.
        nearer = int(away[1] < away[0] or (away[0] == away[1] and x > self.place_of(self._window[0])))
        self._held = nearer
        self._drag(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Move the end that is held."""
        x = event.position().x()
        if self._held is not None:
            self._drag(x)
        is_near = any(abs(self.place_of(value) - x) <= _REACH for value in self._window)
        self.setCursor(Qt.CursorShape.SplitHCursor if is_near else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Let go."""
        self._held = None
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw bars as areas, the veil and the two lines."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.colours()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QColor(colours.line))
        painter.setBrush(QColor(colours.base))
        painter.drawRoundedRect(box, 3, 3)
        names: tuple[str, ...] = (colours.muted,)
        if len(self._heights) == 3:
            names = _CHANNELS_ON_DARK if theme.is_dark() else _CHANNELS_ON_LIGHT
        for heights, name in zip(self._heights, names, strict=False):
            self._draw_area(painter, heights, QColor(name if self.isEnabled() else colours.disabled))
        if self.isEnabled():
            self._draw_window(painter, QColor(colours.base), QColor(colours.accent))
        painter.end()

    def _drag(self, x: float) -> None:
        low, high = self._window
        value = self.value_at(x)
        if self._held == 0:
            self.window_dragged.emit((min(value, high), high))
        else:
            self.window_dragged.emit((low, max(value, low)))

    def _draw_area(self, painter: QPainter, heights: npt.NDArray[np.float64], colour: QColor) -> None:
        bottom, room = self.height() - 2.0, self.height() - 8.0
        step = (self.width() - 2 * _GRIP) / len(heights)
        points = [QPointF(_GRIP, bottom)]
        for index, height in enumerate(heights):
            y = bottom - float(height) * room
            points += [QPointF(_GRIP + index * step, y), QPointF(_GRIP + (index + 1) * step, y)]
        points.append(QPointF(self.width() - _GRIP, bottom))
        painter.setPen(Qt.PenStyle.NoPen)
        fill = QColor(colour)
        fill.setAlpha(110 if len(self._heights) > 1 else 200)
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF(points))

    def _draw_window(self, painter: QPainter, veil: QColor, line: QColor) -> None:
        low, high = (self.place_of(value) for value in self._window)
        veil.setAlpha(_VEIL)
        top, height = 1.0, self.height() - 2.0
        painter.fillRect(QRectF(1, top, low - 1, height), veil)
        painter.fillRect(QRectF(high, top, self.width() - 1 - high, height), veil)
        for place in (low, high):
            painter.setPen(QPen(line, 1.6))
            painter.drawLine(QPointF(place, top), QPointF(place, top + height))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(line)
            painter.drawPolygon(
                QPolygonF([QPointF(place - _GRIP, top), QPointF(place + _GRIP, top), QPointF(place, top + 6)])
            )
