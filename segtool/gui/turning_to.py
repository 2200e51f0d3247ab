"""Hearing that a person has turned to the window again, from another program for example."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QMetaObject, QObject, Qt, Slot
from PySide6.QtGui import QGuiApplication


class TurningTo(QObject):
    """Calls back whenever the application becomes the active one, until it is closed.

    The application outlives sessions: what is closed must not hear of it any more, for it would speak to widgets that
    are gone.

    Parameters
    ----------
    on_turn : callable
        What to do then.
    parent : QObject
        Owner.
    """

    def __init__(self, on_turn: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._on_turn = on_turn
        self._connection: QMetaObject.Connection | None = None
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            self._connection = app.applicationStateChanged.connect(self._follow)

    def close(self) -> None:
        """Hear of it no longer."""
        if self._connection is not None:
            QObject.disconnect(self._connection)
            self._connection = None

    @Slot(Qt.ApplicationState)
    def _follow(self, state: Qt.ApplicationState) -> None:
        if state is Qt.ApplicationState.ApplicationActive:
            self._on_turn()
