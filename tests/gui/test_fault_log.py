from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.app import make_application
from segtool.core.errors import SaveError
from segtool.gui.dialogs import ask
from segtool.gui.fault_log import FaultReporter, fault_text, log_path


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr(ask, "show_error", lambda *_, text, **__: texts.append(text))
    return texts


@pytest.fixture
def faults(qapp: QApplication) -> Iterator[FaultReporter]:
    reporter = FaultReporter(make_application())
    reporter.install()
    yield reporter
    reporter.uninstall()


def _raise(error: Exception) -> None:
    try:
        raise error
    except Exception:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]


def test_an_uncaught_exception_is_told_and_logged(faults: FaultReporter, told: list[str], isolated_home: Path) -> None:
    _raise(ZeroDivisionError("division by zero"))
    assert len(told) == 1
    assert "ZeroDivisionError: division by zero" in told[0]
    assert isolated_home in log_path().parents
    text = log_path().read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "_raise" in text


def test_a_failing_thread_is_told_in_the_window_s_thread(faults: FaultReporter, told: list[str], qtbot: QtBot) -> None:
    thread = threading.Thread(target=lambda: [][1])
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(told))
    assert "IndexError" in told[0]


def test_dialogs_do_not_pile_up(faults: FaultReporter, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    def show(*_: object, text: str, **__: object) -> None:
        shown.append(text)
        _raise(ValueError("while the dialog is open"))

    monkeypatch.setattr(ask, "show_error", show)
    _raise(ValueError("first"))
    assert len(shown) == 1
    assert "while the dialog is open" in log_path().read_text(encoding="utf-8")


def test_the_hooks_are_given_back(qapp: QApplication) -> None:
    before = (sys.excepthook, threading.excepthook)
    reporter = FaultReporter(make_application())
    reporter.install()
    assert sys.excepthook is not before[0]
    reporter.uninstall()
    assert (sys.excepthook, threading.excepthook) == before


def test_errors_that_explain_themselves_are_shown_as_they_are() -> None:
    error = SaveError("the disk is full", path="/photos/masks/a.png", remedy="Make room and save again.")
    assert fault_text(error, Path("log")) == (str(error), "")
