"""An image under a mask that can be moved and zoomed together with others like it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from segtool.core.brush import Point
from segtool.gui.canvas.image_view import ImageView
from segtool.gui.canvas.legend import paint_tag
from segtool.gui.canvas.view_transform import ViewTransform
from segtool.gui.canvas.wheel import WheelPan, interpret


@dataclass(frozen=True, slots=True)
class Look:
    """What part of an image is in view, whatever the size of the view.

    Attributes
    ----------
    scale : float
        Physical screen pixels per image pixel.
    centre : tuple of two float
        Image position in the middle of the view.
    is_fitted : bool
        Whether all of it is shown, as large as it gets.
    """

    scale: float
    centre: Point
    is_fitted: bool


class LinkedView(ImageView):
    """Shows an image under a mask with a tag in a corner; dragging moves it, the wheel zooms.

    Parameters
    ----------
    tag_at_right : bool
        In which of the upper corners the tag stands.

    Signals
    -------
    moved()
        The person has moved or zoomed it.
    """

    moved = Signal()

    def __init__(self, parent: QWidget | None = None, *, tag_at_right: bool = False) -> None:
        super().__init__(parent)
        self._tag, self._tag_at_right = "", tag_at_right
        self._drag_from: QPointF | None = None
        self.setMinimumSize(80, 80)
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def set_tag(self, text: str) -> None:
        """Show a text in the corner; none if it is empty."""
        if text != self._tag:
            self._tag = text
            self.update()

    def look(self) -> Look:
        """Return what is in view."""
        middle = QPointF(self.width() / 2, self.height() / 2)
        return Look(self.scale, self.widget_to_image(middle), self._navigator.is_fitted)

    def show_look(self, look: Look) -> None:
        """Bring the same part of the image into view."""
        if not self.has_image:
            return
        if look.is_fitted:
            self.fit()
            return
        x, y = look.centre
        width, height = self.width() * self.ratio, self.height() * self.ratio
        self._navigator.show(ViewTransform(look.scale, width / 2 - x * look.scale, height / 2 - y * look.scale))
        self.view_changed()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take hold of the image."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._drag_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Move the image."""
        if self._drag_from is not None:
            delta, self._drag_from = event.position() - self._drag_from, event.position()
            self.pan_by(delta.x(), delta.y())
            self.moved.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Let go of the image."""
        self._drag_from = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom at the pointer, or move the image."""
        action = interpret(event)
        if isinstance(action, WheelPan):
            self.pan_by(action.dx, action.dy)
        else:
            self.zoom_at(event.position(), steps=action.steps, factor=action.factor)
        event.accept()
        self.moved.emit()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the image and the tag over it."""
        super().paintEvent(event)
        if not self._tag or not self.has_image:
            return
        painter = QPainter(self)
        paint_tag(painter, QRectF(self.rect()), text=self._tag, at_right=self._tag_at_right)
        painter.end()
