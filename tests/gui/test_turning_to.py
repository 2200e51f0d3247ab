"""A window that was closed does not hear that the application is turned to again: it would speak to what is gone."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from segtool.gui.main_window import MainWindow
from segtool.project.lock import LOCK_FILE

ACTIVE = Qt.ApplicationState.ApplicationActive


def test_a_folder_taken_over_is_noticed_until_the_window_is_closed(
    opened: MainWindow, image_folder: Path, qapp: QApplication
) -> None:
    told: list[str] = []
    session = opened._session
    session.question.connect(lambda text, level, choices: told.append(text))
    (image_folder / LOCK_FILE).write_bytes(b"somebody else's")
    qapp.applicationStateChanged.emit(ACTIVE)
    assert len(told) == 1
    assert "was taken over" in told[0]
    session.project.withhold("")
    assert opened.close()
    qapp.applicationStateChanged.emit(ACTIVE)
    assert len(told) == 1
    assert not session.project.writable_reason
