"""Runs in a forked process: the window starts, says what it tells of the start before, and ends in some way."""

from __future__ import annotations

import faulthandler
import os
import signal
from collections.abc import Callable

from PySide6.QtWidgets import QApplication

from segtool import launch
from segtool.gui.dialogs.crash_dialog import CrashDialog
from tests.faults.looking import look_often, the_window


def run(say: Callable[[str], None], *, folder: str, end: str) -> int:
    """Open a folder; ``end`` is "in order", "crash", "abort" or "kill"."""

    told: set[str] = set()

    def look() -> None:
        modal, window = QApplication.activeModalWidget(), the_window()
        if isinstance(modal, CrashDialog):
            say(f"dialog: {modal.heading.text()}: {modal.text.text()}".replace("\n", " "))
            modal.details_button.click()
            say(f"details: {modal.details.isVisible()} {modal.details.toPlainText().splitlines()[0]}")
            modal.close_button.click()
        elif window._session.document is not None:
            for text in set(window.messages.texts) - told:
                told.add(text)
                say(f"row: {text}")
            match end:
                case "crash":
                    faulthandler._sigsegv()  # type: ignore[attr-defined]
                case "abort":
                    os.abort()
                case "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                case _:
                    window.close()

    look_often(look)
    return launch.main([folder])
