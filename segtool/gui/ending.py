"""How the window ends: asked by a person, by a signal, or with the person's session."""

from __future__ import annotations

import logging
import time

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtWidgets import QWidget

from segtool.gui.dialogs import ask
from segtool.gui.dialogs.ask import SaveAnswer
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl

_SAVE_TIMEOUT_S = 60.0
# The system waits a few seconds only, and then kills: what is not on disk by then is in the journal.
_LAST_SAVE_TIMEOUT_S = 2.5
# A window that is closed so soon after the system announced the end of the session is closed by it.
_LOGOUT_S = 30.0

_log = logging.getLogger("segtool.window")


class Ending(QObject):
    """Decides whether the window may close, and closes it where nobody can be asked.

    Signals
    -------
    began()
        The window closes, and nothing holds it up any more: threads and processes are ended now.

    Parameters
    ----------
    session : Session
    training : TrainingControl
    window : QWidget
        The window, parent of the questions.
    """

    began = Signal()

    def __init__(self, session: Session, training: TrainingControl, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._training, self._window = session, training, window
        self._is_asking = self._is_final = False
        self._logout = float("-inf")

    @property
    def is_final(self) -> bool:
        """Whether the window ends now whatever is answered to a question that is still open."""
        return self._is_final or time.monotonic() - self._logout < _LOGOUT_S

    @property
    def seconds_since_logout(self) -> float:
        """How long ago the system announced the end of the session, 0 if it did not."""
        since = time.monotonic() - self._logout
        return since if since < _LOGOUT_S else 0.0

    def may_close(self) -> bool:
        """Ask about a training and about unsaved masks unless nobody can be asked; a save that fails forbids it."""
        if self.is_final:
            return True
        if self._is_asking:
            return False
        self._is_asking = True
        try:
            may = self._may_stop_training() and self._may_leave_masks()
        finally:
            self._is_asking = False
        # A signal may have arrived while the question was open.
        return may or self.is_final

    def end_now(self) -> None:
        """Save what is unsaved and close without a question: the system does not wait for answers."""
        if self._is_final:
            return
        self._is_final = True
        _log.info("told to end")
        self.began.emit()
        if not self._session.wait_until_saved(_LAST_SAVE_TIMEOUT_S):
            _log.error("ended with masks that could not be saved")
        # A question that is open keeps its own event loop: it ends with the window's.
        self._window.close()
        QCoreApplication.exit(0)

    def save_for_logout(self) -> None:
        """Save what is unsaved as the person's session ends; the window is closed later, or goes on if it does not."""
        _log.info("the session of the system ends")
        self._logout = time.monotonic()
        if not self._session.wait_until_saved(_LAST_SAVE_TIMEOUT_S):
            _log.error("not every mask could be saved before the end of the session")

    def _may_stop_training(self) -> bool:
        state = self._training.state
        return not state.is_active or ask.ask_stop_training(self._window, epochs=state.epochs_kept)

    def _may_leave_masks(self) -> bool:
        unsaved = self._session.unsaved_keys()
        if not unsaved:
            return True
        answer = ask.ask_save(self._window, images=len(unsaved))
        if answer is SaveAnswer.SAVE:
            # A save that fails says why; the window stays, and so does the work.
            return self._session.wait_until_saved(_SAVE_TIMEOUT_S)
        return answer is SaveAnswer.DISCARD and self._session.journal.discard()
