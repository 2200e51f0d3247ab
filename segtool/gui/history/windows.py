"""The windows about versions: each is there once, and made when it is first asked for."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from segtool.gui.adapting import AdaptControl
from segtool.gui.history.compare_dialog import CompareDialog
from segtool.gui.history.history_dialog import HistoryDialog
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl


class HistoryWindows(QObject):
    """Opens the history and the comparison of versions.

    Parameters
    ----------
    session : Session
    training : TrainingControl
    adapting : AdaptControl
    window : QWidget
        Owner of the windows.
    """

    def __init__(self, session: Session, training: TrainingControl, *, adapting: AdaptControl, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._training, self._adapting, self._window = session, training, adapting, window
        self.history: HistoryDialog | None = None
        self.comparison: CompareDialog | None = None

    def show_history(self) -> None:
        """Show the history of versions."""
        if self.history is None:
            self.history = HistoryDialog(
                self._session,
                self._training,
                adapting=self._adapting,
                compare=self.compare,
                parent=self._window,
            )
        self.history.show()
        self.history.raise_()
        self.history.activateWindow()

    def compare(self, name: str = "") -> None:
        """Compare the model of that name, or the active one, with the one that suggests itself."""
        proposed = self._session.comparing.proposed(name)
        if proposed is None or self._session.comparing.why_not():
            return
        if self.comparison is None:
            self.comparison = CompareDialog(self._session, self._window)
        self.comparison.compare(*proposed)
