"""A small picture of the whole image in a corner, with a frame around the part that is in view."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QWheelEvent,
    qRgba,
)
from PySide6.QtWidgets import QWidget

from segtool.core.classes import BACKGROUND, VOID, ClassSet
from segtool.core.geometry import Rect
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.canvas.image_view import ImageView
from segtool.gui.canvas.legend import GROUND
from segtool.gui.canvas.mask_layer import colour_of, screen_ids
from segtool.gui.canvas.view_transform import ViewTransform
from segtool.gui.canvas.wheel import WheelZoom, interpret
from segtool.gui.theme import SPACE

_LARGEST = (200, 150)
_SHARE = 4  # of the sides of the view
_LEAST_ROOM = 80
_SMALLEST = 24
_SHADE = QColor(0, 0, 0, 110)
_FRAME = QPen(QColor(255, 255, 255), 1.5)
_HALO = QPen(QColor(0, 0, 0, 170), 3.5)
# Dark, then light: one of them stands out from any image.
_RIM_OUTSIDE, _RIM_INSIDE = QPen(QColor(0, 0, 0)), QPen(QColor(150, 150, 150))
_MASK_AFTER_MS = 250


class Minimap(QWidget):
    """Lies in the lower right corner of a view while not all of the image is in it; dragging in it moves the view.

    The picture is made once; of the mask only as many pixels are looked at as the picture has, and not before
    painting in it has paused: a stroke does not wait for it.

    Parameters
    ----------
    view : ImageView
        What it lies over.

    Signals
    -------
    entered()
        The pointer has come from the view.
    """

    entered = Signal()

    def __init__(self, view: ImageView) -> None:
        super().__init__(view)
        self._view = view
        self._is_on = False
        self._pyramid: ImagePyramid | None = None
        self._table: list[int] | None = None
        self._image: QImage | None = None
        self._picture: QPixmap | None = None
        self._ratio = view.ratio
        self._grip: QPointF | None = None
        self._pause = QTimer(self, singleShot=True, interval=_MASK_AFTER_MS)
        self._pause.timeout.connect(self._show_mask_anew)
        self.setAccessibleName("Overview of the image")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.hide()
        view.view_moved.connect(self.follow)

    @property
    def frame(self) -> QRectF:
        """The part of the image in view, in logical pixels of this widget; never outside the picture."""
        (left, top), (right, bottom) = self._corners()
        unit, origin = self._unit(), self._origin()
        box = QRectF(QPointF(left, top) * unit + origin, QPointF(right, bottom) * unit + origin)
        return box.intersected(QRectF(origin, self._extent() * unit))

    def set_on(self, on: bool) -> None:
        """Appear whenever not all of the image is in view, or never."""
        self._is_on = on
        self.follow()

    def show_style(self, classes: ClassSet, *, opacity: float) -> None:
        """Tint the mask as strongly as that (0…1) in these colours; 0: not at all."""
        table = [qRgba(*colour_of(classes, value), round(255 * opacity)) for value in range(256)]
        table[BACKGROUND] = table[VOID] = 0
        if table != self._table:
            self._table = table
            self._show_mask_anew()

    def note_mask_change(self) -> None:
        """Look at the mask again when nothing has changed in it for a moment."""
        self._pause.start()

    def show_image_anew(self) -> None:
        """Make the picture again: the same image looks different now."""
        self._image = None
        self._show_mask_anew()

    def follow(self) -> None:
        """Take the place that belongs to what is in view."""
        if self._view.pyramid is not self._pyramid:
            self._pyramid = self._view.pyramid
            self._image = self._picture = None
        size = self._wanted_size()
        if size is None:
            self.hide()
            return
        if size != self.size() or self._view.ratio != self._ratio:
            self._ratio = self._view.ratio
            self._image = self._picture = None
            self.resize(size)
        self.move(self._view.width() - size.width() - SPACE, self._view.height() - size.height() - SPACE)
        self.show()
        self.update()

    # Geometry ----------------------------------------------------------------------------------

    def _extent(self) -> QPointF:
        width, height = (1, 1) if self._pyramid is None else self._pyramid.size
        return QPointF(width, height)  # a point, so that it can be scaled

    def _wanted_size(self) -> QSize | None:
        """Return the size in logical pixels, None if it is not to be seen."""
        room = [min(most, side // _SHARE) for most, side in zip(_LARGEST, _sides(self._view), strict=True)]
        if not self._is_on or self._pyramid is None or min(room) < _LEAST_ROOM or self._all_is_seen():
            return None
        extent = self._pyramid.size
        unit = min(most / side for most, side in zip(room, extent, strict=True))
        width, height = (max(_SMALLEST, round(side * unit)) for side in extent)
        return QSize(width, height)

    def _unit(self) -> float:
        """Return the logical pixels that one of the image has here."""
        extent = self._extent()
        return min(self.width() / extent.x(), self.height() / extent.y())

    def _origin(self) -> QPointF:
        """Return where the image begins here: it lies in the middle, should it be very long."""
        left = QPointF(self.width(), self.height()) - self._extent() * self._unit()
        return QPointF(round(left.x() / 2), round(left.y() / 2))

    def _corners(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the image positions in the corners of what is in view; they may lie beside the image."""
        inset, (width, height) = self._view.inset, _sides(self._view)
        return self._view.widget_to_image(QPointF(inset, inset)), self._view.widget_to_image(QPointF(width, height))

    def _all_is_seen(self) -> bool:
        (left, top), (right, bottom) = self._corners()
        extent, slack = self._extent(), 0.5 / self._view.scale
        return left <= slack and top <= slack and right >= extent.x() - slack and bottom >= extent.y() - slack

    # Painting ----------------------------------------------------------------------------------

    def _show_mask_anew(self) -> None:
        self._picture = None
        self.update()

    def _made_picture(self, pyramid: ImagePyramid) -> QPixmap:
        ratio = self._view.ratio
        place = ViewTransform(
            self._unit() * ratio, round(self._origin().x() * ratio), round(self._origin().y() * ratio)
        )
        # Rounded up: a row that it covered by half would keep something of what was there before.
        whole = Rect(0, 0, math.ceil(self.width() * ratio), math.ceil(self.height() * ratio))
        rect = place.screen_rect(Rect(0, 0, *pyramid.size)).intersect(whole)
        if self._image is None:
            self._image = QImage(whole.width, whole.height, QImage.Format.Format_RGB32)
            self._image.fill(QColor(GROUND.rgb()))
            if not rect.is_empty:
                pixels = np.ascontiguousarray(pyramid.sample(place, rect, self._view.tones))
                shown = QImage(pixels.data, rect.width, rect.height, pixels.strides[0], QImage.Format.Format_RGB32)
                painter = QPainter(self._image)
                painter.drawImage(rect.x, rect.y, shown)
                painter.end()
        result = QPixmap.fromImage(self._image)
        mask = self._view.class_ids
        if mask is not None and self._table is not None and not rect.is_empty:
            ids = np.ascontiguousarray(screen_ids(mask, view=place, rect=rect))
            tint = QImage(ids.data, rect.width, rect.height, ids.strides[0], QImage.Format.Format_Indexed8)
            tint.setColorTable(self._table)
            painter = QPainter(result)
            painter.drawImage(rect.x, rect.y, tint)
            painter.end()
        result.setDevicePixelRatio(ratio)
        return result

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the picture, darker outside the frame."""
        if self._pyramid is None:
            return
        if self._picture is None:
            self._picture = self._made_picture(self._pyramid)
        frame, whole = self.frame, QRectF(self.rect())
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        outside = QPainterPath()
        outside.addRect(whole)
        outside.addRect(frame)
        painter.fillPath(outside, _SHADE)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # A few pixels of a large image would have no inside.
        around = frame.adjusted(0.75, 0.75, -0.75, -0.75) if min(frame.width(), frame.height()) > 4 else frame
        for pen in (_HALO, _FRAME):
            painter.setPen(pen)
            painter.drawRect(around)
        for pen, depth in ((_RIM_OUTSIDE, 0.5), (_RIM_INSIDE, 1.5)):
            painter.setPen(pen)
            painter.drawRect(whole.adjusted(depth, depth, -depth, -depth))
        painter.end()

    # The pointer -------------------------------------------------------------------------------

    def _look_at(self, pos: QPointF) -> None:
        """Bring the place under a position to the middle of the view, as far as the image reaches."""
        (left, top), (right, bottom) = self._corners()
        place, extent = (pos - self._origin()) / self._unit(), self._extent()
        self._view.centre_on(
            _kept_inside(place.x(), (right - left) / 2, extent.x()),
            _kept_inside(place.y(), (bottom - top) / 2, extent.y()),
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take hold of the frame, or bring it to where was pressed."""
        event.accept()
        if event.button() is Qt.MouseButton.LeftButton:
            pos, frame = event.position(), self.frame
            self._grip = pos - frame.center() if frame.contains(pos) else QPointF()
            self._look_at(pos - self._grip)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Move the view with the frame."""
        event.accept()
        if self._grip is not None:
            self._look_at(event.position() - self._grip)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Let go of the frame."""
        event.accept()
        if event.button() is Qt.MouseButton.LeftButton:
            self._grip = None

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom about the middle of the view: what lies under this corner is nobody's aim."""
        event.accept()
        action = interpret(event)
        if isinstance(action, WheelZoom):
            self._view.zoom_at(None, steps=action.steps, factor=action.factor)
        else:
            self._view.pan_by(action.dx, action.dy)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        """Say so: Qt does not tell a widget that the pointer has gone to one inside it."""
        super().enterEvent(event)
        self.entered.emit()


def _sides(widget: QWidget) -> tuple[int, int]:
    return widget.width(), widget.height()


def _kept_inside(middle: float, half: float, extent: float) -> float:
    """Return the middle of a part so that the part lies in the whole, or around it if it is larger."""
    return extent / 2 if 2 * half >= extent else min(max(middle, half), extent - half)
