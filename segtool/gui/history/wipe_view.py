"""One image with two masks and a divider to drag between them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from segtool.gui.history.linked_view import LinkedView

_STEP = 0.02
_DIVIDER_WIDTH = 14
_GRIP = 22
_LINE = QColor(255, 255, 255)
_EDGE = QColor(0, 0, 0, 150)


class WipeView(QWidget):
    """Shows the first mask left of the divider and the second one right of it.

    Both views are whole and lie over each other, the upper one cut off at the divider: dragging it redraws nothing.

    Attributes
    ----------
    first, second : LinkedView
        Give both the same image.

    Signals
    -------
    divider_moved(float)
        The divider is elsewhere: 0 at the left side, 1 at the right one.
    """

    divider_moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._divider = 0.5
        self.first = LinkedView(self)
        self._cut = QWidget(self)
        self._cut.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.second = LinkedView(self._cut, tag_at_right=True)
        self.handle = _Handle(self)
        self.first.moved.connect(self._follow)
        self.handle.dragged_to.connect(self._drag_to)

    @property
    def divider(self) -> float:
        """Where the divider is: 0 at the left side, 1 at the right one."""
        return self._divider

    def set_divider(self, place: float) -> None:
        """Move the divider; beyond a side it stops there."""
        place = min(max(place, 0.0), 1.0)
        if place != self._divider:
            self._divider = place
            self._arrange()
            self.divider_moved.emit(place)

    def step(self, steps: int) -> None:
        """Move the divider by steps to the right, or to the left if negative."""
        self.set_divider(self._divider + steps * _STEP)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return what one of the views wants."""
        return self.first.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Give both views the whole room."""
        super().resizeEvent(event)
        self.first.resize(self.size())
        self.second.resize(self.size())
        self._arrange()

    def _arrange(self) -> None:
        left = round(self.width() * self._divider)
        self._cut.setGeometry(left, 0, self.width() - left, self.height())
        self.second.move(-left, 0)
        self.handle.setGeometry(left - _DIVIDER_WIDTH // 2, 0, _DIVIDER_WIDTH, self.height())

    def _follow(self) -> None:
        self.second.show_look(self.first.look())

    def _drag_to(self, x: float) -> None:
        self.set_divider(x / max(1, self.width()))


class _Handle(QWidget):
    """The divider itself: a line with a grip in its middle."""

    dragged_to = Signal(float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_held = False
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setToolTip("Drag, or press ← and →")
        self.setAccessibleName("Divider between the two versions")

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take hold of the divider."""
        self._is_held = event.button() is Qt.MouseButton.LeftButton

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Move the divider."""
        if self._is_held:
            self.dragged_to.emit(self.mapToParent(event.position()).x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Let go of the divider."""
        self._is_held = False
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw a white line that can be seen on any image."""
        painter = QPainter(self)
        middle = self.width() // 2
        painter.fillRect(QRectF(middle - 1.5, 0, 3, self.height()), _EDGE)
        painter.fillRect(QRectF(middle - 0.5, 0, 1, self.height()), _LINE)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_EDGE)
        painter.setBrush(_LINE)
        grip = QRectF(0, 0, 8, _GRIP)
        grip.moveCenter(QPointF(middle, self.height() / 2))
        painter.drawRoundedRect(grip, 4, 4)
        painter.end()
