"""What a person is told of a run while it goes on: what its process notes, and that it gives no sign of life."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from segtool.core.run_events import RunEvent, RunNote
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import Level

PATIENCE_MS = 30_000
_OVERSLEPT_MS = 5_000


class RunWatch(QObject):
    """Asks above the canvas what to do once a process has been silent for long; takes that back when it speaks again.

    What the process notes is shown there too, the last note of each kind.

    Parameters
    ----------
    session : SessionSignals
        Where the person is asked.
    subject : str
        What a sentence about the process begins with: "The training" for example.
    comfort : str
        What happens if it is stopped, as a sentence.
    stop : callable
        Ends the process at once.
    patience_ms : int
        After how long a silence it is told.
    """

    def __init__(
        self,
        session: SessionSignals,
        *,
        subject: str,
        comfort: str,
        stop: Callable[[], object],
        patience_ms: int = PATIENCE_MS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._stop = session, stop
        seconds = f"{patience_ms / 1000:g} s"
        self.text = (
            f"{subject} has given no sign of life for {seconds}. It may be stuck, or waiting for a slow disk or "
            f"for memory. {comfort}"
        )
        self._notes: dict[str, str] = {}
        self._last = 0.0
        self.is_silent = False
        self._timer = QTimer(self, singleShot=True, interval=patience_ms)
        self._timer.timeout.connect(self._tell)

    @property
    def seconds(self) -> float:
        """How long the process has been silent."""
        return time.monotonic() - self._last

    def begin(self) -> None:
        """Watch a process from now on."""
        self._notes = {}
        self.news(None)

    def news(self, event: RunEvent | None) -> None:
        """Take something that the process has said, which is a sign of life."""
        if isinstance(event, RunNote):
            self._show_note(event)
        self._last = time.monotonic()
        self._take_back()
        self._timer.start()

    def end(self) -> None:
        """Watch no longer: the process has ended."""
        self._timer.stop()
        self._take_back()

    def _show_note(self, note: RunNote) -> None:
        before = self._notes.pop(note.name, "")
        if before:
            self._session.message_over.emit(before)
        if note.message:
            self._notes[note.name] = note.message
            self._session.warn(note.message)

    @Slot()
    def _tell(self) -> None:
        if self.seconds * 1000 > self._timer.interval() + _OVERSLEPT_MS:
            # This program was stopped itself, perhaps with the whole computer: the process gets its time anew.
            self._timer.start()
            self._last = time.monotonic()
            return
        self.is_silent = True
        self._session.ask(self.text, Level.WARNING, [("Stop it", self._stop), ("Keep waiting", lambda: None)])

    def _take_back(self) -> None:
        if self.is_silent:
            self.is_silent = False
            self._session.message_over.emit(self.text)
