"""Looking at the real window from inside its process, every few milliseconds."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from segtool import app
from segtool.gui.main_window import MainWindow


def look_often(look: Callable[[], None]) -> None:
    """Call something from the event loop, its nested ones too, once the program has made its application."""
    make = app.make_application

    def make_and_look() -> QApplication:
        made = make()
        timer = QTimer(made, interval=5)
        timer.timeout.connect(look)
        timer.start()
        return made

    app.make_application = make_and_look


def the_window() -> MainWindow:
    """Return the window that is open."""
    (window,) = [item for item in QApplication.topLevelWidgets() if isinstance(item, MainWindow)]
    return window
