"""What happens to an exception that nobody caught: one readable dialog, and the details in a file."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import QObject, QStandardPaths, Signal
from PySide6.QtWidgets import QApplication

from segtool.core.errors import SegToolError
from segtool.gui.dialogs import ask

LOG_NAME = "segtool.log"
CRASH_NAME = "segtool-crash.log"
_MAX_BYTES = 1_000_000

_log = logging.getLogger("segtool")


def log_path() -> Path:
    """Return the file that faults are written to, in the person's folder for data of programs."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)
    return Path(folder or ".") / LOG_NAME


class FaultReporter(QObject):
    """Writes uncaught exceptions of any thread to the log and tells the person about them, one dialog at a time.

    Parameters
    ----------
    app : QApplication
        Owner.
    """

    _caught = Signal(object)

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._is_telling = False
        self._crash_file: IO[str] | None = None
        self._handler: logging.Handler | None = None
        self._hooks = (sys.excepthook, threading.excepthook)
        self._was_watching = faulthandler.is_enabled()
        self._caught.connect(self._tell)

    def install(self) -> None:
        """Take over from the interpreter; a log that cannot be written is done without."""
        path = log_path()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handler = RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=1, encoding="utf-8", delay=True)
            self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
            _log.addHandler(self._handler)
            self._crash_file = path.with_name(CRASH_NAME).open("w", encoding="utf-8")
            faulthandler.enable(self._crash_file)
        except OSError as exc:
            _log.warning("faults are not logged: %s", exc)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def uninstall(self) -> None:
        """Give everything back."""
        sys.excepthook, threading.excepthook = self._hooks
        if self._crash_file is not None:
            faulthandler.disable()
            if self._was_watching:
                faulthandler.enable()
            self._crash_file.close()
            self._crash_file = None
        if self._handler is not None:
            _log.removeHandler(self._handler)
            self._handler.close()
            self._handler = None

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        _log.critical("uncaught exception", exc_info=(kind, error, trace))
        self._caught.emit(error)

    def _on_thread_exception(self, caught: threading.ExceptHookArgs) -> None:
        if caught.exc_value is not None:
            self._on_exception(caught.exc_type, caught.exc_value, caught.exc_traceback)

    def _tell(self, error: BaseException) -> None:
        # Whatever fails while the dialog is open goes to the log only: dialogs must not pile up.
        if self._is_telling:
            return
        self._is_telling = True
        try:
            text, details = fault_text(error, log_path())
            ask.show_error(QApplication.activeWindow(), title="Something went wrong", text=text, details=details)
        finally:
            self._is_telling = False


def fault_text(error: BaseException, log: Path) -> tuple[str, str]:
    """Return a sentence for the person about an uncaught exception, and what they can do."""
    if isinstance(error, SegToolError):
        return str(error), ""
    text = f"SegTool could not finish what it was doing ({type(error).__name__}: {error})."
    return text, f"Your masks are still in memory: save them now. The details are in {log}"
