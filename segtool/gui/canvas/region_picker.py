"""Clicks on the canvas that choose a pixel instead of using the tool."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent, QTabletEvent
from PySide6.QtWidgets import QWidget

from segtool.gui.canvas.image_view import ImageView

_PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


class RegionPicker(QObject):
    """While it is on, takes what the left button does over a view; everything else goes its way.

    Signals
    -------
    picked(int, int)
        Column and row of the pixel that was clicked; it may lie beside the image.
    """

    picked = Signal(int, int)

    def __init__(self, view: ImageView, parent: QWidget) -> None:
        super().__init__(parent)
        self._view, self._is_on = view, False

    def set_on(self, on: bool) -> None:
        """Begin or cease to take clicks."""
        if on is not self._is_on:
            self._is_on = on
            self._view.set_picked_from(on)
            if on:
                self._view.installEventFilter(self)
            else:
                self._view.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Take clicks of the left button, the tip of a pen among them."""
        if isinstance(event, QTabletEvent) and event.type() in (
            QEvent.Type.TabletPress,
            QEvent.Type.TabletRelease,
        ):
            # Ignored: Qt then sends what a mouse would have sent.
            event.ignore()
            return True
        if not isinstance(event, QMouseEvent) or event.button() != Qt.MouseButton.LeftButton:
            return False
        if event.type() in _PRESSES:
            x, y = self._view.widget_to_image(event.position())
            self.picked.emit(math.floor(x), math.floor(y))
        return event.type() in (*_PRESSES, QEvent.Type.MouseButtonRelease)
