from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QThread, QTimer, Slot, qWarning
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from segtool.app import make_application
from segtool.core.errors import SaveError
from segtool.gui.dialogs import ask
from segtool.gui.faults.repeats import Repeats
from segtool.gui.faults.reporter import FaultReporter, fault_text, log_path


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
    QApplication.processEvents()
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
    _raise(TypeError("first"))
    QApplication.processEvents()
    assert shown == ["SegTool could not finish what it was doing (TypeError: first)."]
    QApplication.processEvents()
    assert len(shown) == 1
    assert "while the dialog is open" in log_path().read_text(encoding="utf-8")


def test_the_hooks_are_given_back(qapp: QApplication) -> None:
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    reporter = FaultReporter(make_application())
    reporter.install()
    assert sys.excepthook is not before[0]
    reporter.uninstall()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before


def test_errors_that_explain_themselves_are_shown_as_they_are() -> None:
    error = SaveError("the disk is full", path="/photos/masks/a.png", remedy="Make room and save again.")
    assert fault_text(error, Path("log")) == (str(error), "")


class _Failing(QWidget):
    """Fails in a slot, and whenever it is painted."""

    paints = 0

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        self.paints += 1
        raise RuntimeError("cannot paint")

    @Slot()
    def fail(self) -> None:
        raise LookupError("in a slot")


class _FailingWorker(QObject):
    """Fails in a slot that another thread runs."""

    @Slot()
    def fail(self) -> None:
        raise OverflowError("in a slot of another thread")


def test_a_storm_of_the_same_fault_is_told_once_and_stays_short(
    faults: FaultReporter, told: list[str], qtbot: QtBot
) -> None:
    widget = _Failing()
    qtbot.addWidget(widget)
    again = QTimer(widget, interval=0)
    again.timeout.connect(widget.update)
    again.start()
    widget.show()
    qtbot.waitUntil(lambda: widget.paints >= 150)
    widget.hide()
    assert told == ["SegTool could not finish what it was doing (RuntimeError: cannot paint)."]
    text = log_path().read_text(encoding="utf-8")
    assert text.count("Traceback") == 1
    assert "for the 100th time: RuntimeError in" in text
    assert len(text) < 5000


def test_slots_of_any_thread_are_heard(faults: FaultReporter, told: list[str], qtbot: QtBot) -> None:
    widget, worker, thread = _Failing(), _FailingWorker(), QThread()
    qtbot.addWidget(widget)
    worker.moveToThread(thread)
    thread.started.connect(worker.fail)
    QTimer.singleShot(0, widget.fail)
    qtbot.waitUntil(lambda: len(told) == 1)
    thread.start()
    qtbot.waitUntil(lambda: "in a slot of another thread" in log_path().read_text(encoding="utf-8"))
    thread.quit()
    assert thread.wait(5000)
    text = log_path().read_text(encoding="utf-8")
    assert "LookupError: in a slot" in text
    assert "in fail" in text


def test_what_qt_says_and_what_destructors_raise_is_logged(faults: FaultReporter) -> None:
    class Unfinished:
        def __del__(self) -> None:
            raise ValueError("too late")

    for _ in range(30):
        qWarning("no such brush")
    made = Unfinished()
    del made
    text = log_path().read_text(encoding="utf-8")
    assert text.count("no such brush") == 2
    assert "no such brush (10 times)" in text
    assert "ValueError: too late" in text


def test_many_kinds_of_faults_end_in_one() -> None:
    now = 0.0
    repeats = Repeats(lambda: now)
    assert all(repeats.count(f"fault {number}").number == 1 for number in range(500))
    assert [repeats.count(f"other {number}").number for number in range(3)] == [1, 2, 3]
    assert not repeats.count("fault 0").is_news
    now = 60.0
    assert repeats.count("fault 0").is_news
