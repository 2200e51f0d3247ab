"""What happens to an exception that nobody caught: one readable dialog, and the details in a file."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    QStandardPaths,
    Qt,
    QtMsgType,
    Signal,
    Slot,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from segtool.core.errors import SegToolError
from segtool.gui.dialogs import ask
from segtool.gui.faults.repeats import Repeats
from segtool.gui.faults.starts import RunningStart

LOG_NAME = "segtool.log"
_MAX_BYTES = 1_000_000
# A person who has closed a dialog wants to save now, not to close the next one.
_BETWEEN_DIALOGS_S = 10.0
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}

_log = logging.getLogger("segtool")
_qt_log = logging.getLogger("segtool.qt")


def log_path() -> Path:
    """Return the file that faults are written to, in the person's folder for data of programs."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)
    return Path(folder or ".") / LOG_NAME


class FaultReporter(QObject):
    """Writes uncaught exceptions of any thread to the log and tells the person about them, one dialog at a time.

    The same fault over and over is written down in powers of ten and told when it comes for the first time.

    Parameters
    ----------
    app : QApplication
        Owner.

    Attributes
    ----------
    start : RunningStart or None
        The record of this start while the reporter is installed; None if it cannot be written.
    """

    _caught = Signal(object)

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.start: RunningStart | None = None
        self._is_telling = False
        self._told_last = float("-inf")
        self._repeats = Repeats()
        self._handler: logging.Handler | None = None
        self._hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        self._old_level = _log.level
        self._old_qt_handler: Callable[..., object] | None = None
        self._was_watching = faulthandler.is_enabled()
        # Queued, so that no dialog opens inside a paint event or in the middle of what has failed.
        self._caught.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over from the interpreter and from Qt; a log that cannot be written is done without."""
        path = log_path()
        _log.setLevel(logging.INFO)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Opened now: whether it can be is to be known here, not at the first fault.
            handler = RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=1, encoding="utf-8", errors="replace")
            handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"))
            _log.addHandler(handler)
            self._handler = handler
            self.start = RunningStart(path.parent)
            faulthandler.enable(self.start.trace)
        except OSError as exc:
            _log.warning("faults are not logged: %s", exc)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable
        self._old_qt_handler = qInstallMessageHandler(self._on_qt_message)

    def uninstall(self) -> None:
        """Give everything back; the program ends in order."""
        qInstallMessageHandler(self._old_qt_handler)
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
        if self.start is not None:
            faulthandler.disable()
            if self._was_watching:
                faulthandler.enable()
            self.start.end()
            self.start = None
        if self._handler is not None:
            _log.removeHandler(self._handler)
            self._handler.close()
            self._handler = None
        _log.setLevel(self._old_level)

    @Slot()
    def note_closing(self) -> None:
        """Note in the record of this start that the window closes."""
        if self.start is not None:
            self.start.change(is_closing=True)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        place = _place(kind, trace)
        repeat = self._repeats.count(place)
        if repeat.number == 1:
            _log.critical("uncaught exception", exc_info=(kind, error, trace))
        elif repeat.is_worth_writing or repeat.is_news:
            _log.critical("uncaught exception, for the %dth time: %s", repeat.number, place)
        if repeat.is_news:
            self._caught.emit(error)

    def _on_thread_exception(self, caught: threading.ExceptHookArgs) -> None:
        if caught.exc_value is not None:
            self._on_exception(caught.exc_type, caught.exc_value, caught.exc_traceback)

    def _on_unraisable(self, caught: sys.UnraisableHookArgs) -> None:
        """Log what has failed where nothing could be broken off: a destructor for example."""
        if caught.exc_value is None:
            return
        if self._repeats.count(_place(caught.exc_type, caught.exc_traceback)).is_worth_writing:
            info = (caught.exc_type, caught.exc_value, caught.exc_traceback)
            _log.error("%s", caught.err_msg or "exception ignored", exc_info=info)

    def _on_qt_message(self, kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        """Log what Qt has to say, which would else go to a terminal that nobody sees."""
        repeat = self._repeats.count(text)
        if repeat.is_worth_writing:
            often = f" ({repeat.number} times)" if repeat.number > 1 else ""
            _qt_log.log(_LEVELS.get(kind, logging.WARNING), "%s%s", text, often)

    @Slot(object)
    def _tell(self, error: BaseException) -> None:
        # Whatever fails while the dialog is open or soon after it goes to the log only: dialogs must not pile up.
        if self._is_telling or time.monotonic() - self._told_last < _BETWEEN_DIALOGS_S:
            return
        self._is_telling = True
        try:
            text, details = fault_text(error, log_path())
            ask.show_error(QApplication.activeWindow(), title="Something went wrong", text=text, details=details)
        finally:
            self._is_telling = False
            self._told_last = time.monotonic()


def fault_text(error: BaseException, log: Path) -> tuple[str, str]:
    """Return a sentence for the person about an uncaught exception, and what they can do."""
    if isinstance(error, SegToolError):
        return str(error), ""
    text = f"SegTool could not finish what it was doing ({type(error).__name__}: {error})."
    return text, f"Your masks are still in memory: save them now. The details are in {log}"


def _place(kind: type[BaseException], trace: TracebackType | None) -> str:
    """Name a fault by its type and where it arose: its text may be another each time."""
    frames = traceback.extract_tb(trace)
    return f"{kind.__name__} in {frames[-1].filename}:{frames[-1].lineno}" if frames else kind.__name__
