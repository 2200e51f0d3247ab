"""Ending in order when the system or a terminal asks for it: what is unsaved is saved, nobody is asked."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier

# A closed terminal sends SIGHUP on Unix and SIGBREAK on Windows; neither knows the other's.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))


class Termination(QObject):
    """Calls back from the event loop, also from that of a dialog, each time a signal to end has arrived.

    Parameters
    ----------
    on_signal : callable
        What to do then.
    parent : QObject
        Owner.
    at_once : callable
        Called as soon as the interpreter hears of the signal, even if the event loop is held up.
    """

    def __init__(
        self, on_signal: Callable[[], None], parent: QObject, *, at_once: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(parent)
        self._on_signal = on_signal
        # Python's own handlers run only between two of its instructions, and an idle event loop has none:
        # the interpreter writes to this socket at once, and the loop watches the other end.
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._arrived)
        # A full socket means that the loop is busy and will hear of the first signal: no need for a warning.
        self._old_wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._old_handlers = {number: signal.signal(number, lambda *_: at_once()) for number in _SIGNALS}

    def uninstall(self) -> None:
        """Give the signals back."""
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_wakeup)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    def _arrived(self) -> None:
        numbers = self._reader.recv(64)
        if any(number in _SIGNALS for number in numbers):
            self._on_signal()
