"""Rulers along the top and the left of a view, in pixels of the image."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QWidget

from segtool.core.geometry import Rect
from segtool.gui.canvas.image_view import ImageView
from segtool.gui.theme import small_font

THICKNESS = 20

_LEAST_BETWEEN_LABELS = 64.0
_LEAST_BETWEEN_TICKS = 5.0
_SHORT = 5
_MARK = 3
_SMALLER = 0.9


def tick_steps(unit: float) -> tuple[int, int]:
    """Return the image pixels from label to label and from tick to tick.

    Parameters
    ----------
    unit : float
        Logical screen pixels per image pixel.

    Returns
    -------
    tuple of two int
        The first is 1, 2 or 5 times a power of ten, the second a whole part of it; both at least 1.
    """
    least = _LEAST_BETWEEN_LABELS / unit
    power = 10 ** max(0, math.floor(math.log10(least)))
    label = next((power * digit for digit in (1, 2, 5) if power * digit >= least), power * 10)
    # As many parts as there is room for; 20 in four, but not in five.
    for parts in (10, 5, 4, 2):
        if label % parts == 0 and label / parts * unit >= _LEAST_BETWEEN_TICKS and str(label // parts)[0] in "125":
            return label, label // parts
    return label, label


class Ruler(QWidget):
    """One ruler; ticks are at the left or upper edge of the pixel whose number they have, as far as the image goes.

    Parameters
    ----------
    view : ImageView
        What it lies over.
    orientation : Qt.Orientation
        Horizontal: along the top, over the whole width. Vertical: along the left, below the other one.

    Signals
    -------
    entered()
        The pointer has come from the view.
    """

    entered = Signal()

    def __init__(self, view: ImageView, *, orientation: Qt.Orientation) -> None:
        super().__init__(view)
        self._view = view
        self._is_level = orientation is Qt.Orientation.Horizontal
        self._mark: int | None = None
        self.setAccessibleName("Ruler along the top" if self._is_level else "Ruler along the left")
        self.setToolTip("Image pixels")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.hide()
        view.view_moved.connect(self._follow)

    def set_on(self, on: bool) -> None:
        """Lie over the view, or do not."""
        self.setVisible(on)
        self._follow()

    def mark(self, pos: QPointF | None) -> None:
        """Mark where the pointer is over the view; None: it is elsewhere."""
        new = None if pos is None else int(pos.x() if self._is_level else pos.y() - self.y())
        for place in (self._mark, new) if new != self._mark else ():
            if place is not None:
                self.update(self._along(place - _MARK, 2 * _MARK + 1))
        self._mark = new

    def _follow(self) -> None:
        if self.isHidden():
            return
        width, height = self._view.width(), self._view.height()
        self.setGeometry(
            QRect(0, 0, width, THICKNESS) if self._is_level else QRect(0, THICKNESS, THICKNESS, height - THICKNESS)
        )
        self.update()

    def _along(self, start: int, length: int) -> QRect:
        return QRect(start, 0, length, THICKNESS) if self._is_level else QRect(0, start, THICKNESS, length)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint ticks, labels and the mark of the pointer."""
        palette = self.palette()
        line, ink = palette.color(QPalette.ColorRole.Mid), palette.color(QPalette.ColorRole.PlaceholderText)
        painter = QPainter(self)
        painter.fillRect(event.rect(), palette.color(QPalette.ColorRole.Window))
        far = self.width() if self._is_level else self.height()
        if self._view.has_image:
            font = small_font(self.font())
            font.setPointSizeF(font.pointSizeF() * _SMALLER)
            painter.setFont(font)
            painter.setPen(ink)
            part = event.rect()
            ends = (part.left(), part.right() + 1) if self._is_level else (part.top(), part.bottom() + 1)
            self._paint_ticks(painter, *ends)
        if self._mark is not None:
            painter.fillRect(self._along(self._mark, 1), palette.color(QPalette.ColorRole.Highlight))
        # The edge towards the image, and the corner where the two meet.
        edge = QRect(0, THICKNESS - 1, far, 1) if self._is_level else QRect(THICKNESS - 1, 0, 1, far)
        painter.fillRect(edge, line)
        if self._is_level:
            painter.fillRect(QRect(0, 0, THICKNESS, THICKNESS), palette.color(QPalette.ColorRole.Window))
            painter.fillRect(QRect(THICKNESS - 1, THICKNESS - 1, 1, 1), line)
        painter.end()

    def _paint_ticks(self, painter: QPainter, near: int, far: int) -> None:
        """Paint what there is between two places along the ruler."""
        pyramid, view, ratio = self._view.pyramid, self._view.view, self._view.ratio
        assert pyramid is not None
        extent = pyramid.size[0 if self._is_level else 1]
        offset = 0 if self._is_level else self.y()
        label, step = tick_steps(view.scale / ratio)
        ends = [self._view.widget_to_image(QPointF(place + offset, place + offset)) for place in (near, far)]
        first, last = (end[0 if self._is_level else 1] for end in ends)
        # From the label before the first that is seen: its text may reach into view.
        start = max(0, math.floor(first / label) * label)
        metrics = QFontMetricsF(painter.font())
        for number in range(start, min(extent, math.ceil(last)) + 1, step):
            rect = view.screen_rect(Rect(number, number, 1, 1))
            # The first column, or row, of the screen that shows the pixel: no rounding of its own.
            place = (rect.x if self._is_level else rect.y) / ratio - offset
            is_labelled = number % label == 0
            length = THICKNESS if is_labelled else _SHORT
            pixel = max(1, int(ratio)) / ratio
            across, down = (
                QRectF(place, THICKNESS - length, pixel, length),
                QRectF(THICKNESS - length, place, length, pixel),
            )
            painter.fillRect(across if self._is_level else down, painter.pen().color())
            if is_labelled:
                self._paint_label(painter, str(number), place, metrics)

    def _paint_label(self, painter: QPainter, text: str, place: float, metrics: QFontMetricsF) -> None:
        base = metrics.ascent() + 1
        if self._is_level:
            painter.drawText(QPointF(place + 3, base), text)
            return
        painter.save()
        painter.rotate(-90)
        painter.drawText(QPointF(-place - 3 - metrics.horizontalAdvance(text), base), text)
        painter.restore()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Keep it from the view: what lies below is covered."""
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        """Say so: Qt does not tell a widget that the pointer has gone to one inside it."""
        super().enterEvent(event)
        self.entered.emit()
