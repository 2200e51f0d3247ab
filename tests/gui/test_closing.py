"""What still comes in while a window closes starts nothing: a thread that nobody ends would abort the program."""

from __future__ import annotations

import gc
import os
import signal
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.core.run_settings import RunSettings
from segtool.formats import isolated
from segtool.formats.decoder_limits import Limits
from segtool.formats.decoder_pool import CAN_ISOLATE, POOL, Lane
from segtool.gui.dialogs.retrain_dialog import RetrainDialog
from segtool.gui.history.comparing import CompareStage
from segtool.gui.main_window import MainWindow
from segtool.gui.training_state import Phase
from tests.gui.training_fixtures import STARTED, add_version, child, deliver, done, make_folder, say


@pytest.fixture
def folder(tmp_path: Path, tiny_model_folder: Path) -> Path:
    root = make_folder(tmp_path / "photos", with_mask=3)
    add_version(root, tiny_model_folder, "0001-old")
    add_version(root, tiny_model_folder, "0002-other")
    return root


@pytest.fixture
def opened(window: MainWindow, folder: Path) -> MainWindow:
    assert window.opener.open(folder)
    assert window._session.set_active_model("0001-old")
    return window


def running() -> list[str]:
    """Deliver everything that has been posted, and name the threads that run."""
    QApplication.processEvents()
    threads = [item for item in gc.get_objects() if isinstance(item, QThread) and shiboken6.isValid(item)]
    return [thread.objectName() for thread in threads if thread.isRunning()]


def test_a_run_that_has_said_its_last_word(
    make_window, folder: Path, tmp_path: Path, tiny_model_folder: Path, qtbot: QtBot
) -> None:
    program = child(tmp_path, say(STARTED), deliver(tiny_model_folder), say(done(0.9, 0.8)), "time.sleep(60)")
    window = make_window(training_program=program)
    window.ending._is_final = True
    assert window.opener.open(folder)
    assert window._session.set_active_model("0001-old")
    training = window._training
    assert training.start(RunSettings(), base="0001-old", name="0003-new")
    qtbot.waitUntil(lambda: training._run is not None and training._run._last is not None, timeout=20_000)
    assert window.close()
    assert running() == []
    assert training.state.phase is Phase.CANCELLED
    assert training.state.message == "0003-new was written before that: it is kept as a version, but not active."
    assert not training.start(RunSettings(), base="0001-old", name="0004-new")
    assert running() == []


def test_a_refresh_that_waits_for_a_job(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened._session
    assert session.segment(["5.png"])
    qtbot.waitUntil(lambda: session.job is None, timeout=30_000)
    assert session.segment(["6.png"])
    opened._training.version_activated.emit("0001-old")
    assert opened.close()
    assert running() == []
    assert session.job is None
    assert not session.segment(["6.png"])
    assert running() == []


def test_a_comparison_whose_mask_changes(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened._session
    assert session.open_image("0.png")
    session.comparing.start("0001-old", "0002-other", tta=False)
    qtbot.waitUntil(lambda: session.comparing.state.stage is CompareStage.READY, timeout=30_000)
    assert opened.close()
    assert session.document is not None
    assert session.apply_pixels("Fill", Rect(0, 0, 9, 9), session.document.mask[:9, :9] * 0 + 1)
    assert running() == []


def test_uncertainty_and_another_active_model(opened: MainWindow) -> None:
    session = opened._session
    assert session.open_image("0.png")
    assert opened.close()
    session.guidance.uncertainty.set_on(True)
    assert session.set_active_model("0002-other")
    assert running() == []


@pytest.mark.timeout(60)
@pytest.mark.skipif(not CAN_ISOLATE, reason="images are decoded in this process")
def test_an_image_that_takes_for_ever(opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "limits_for", lambda *_arguments: Limits(1000, 1000, 2**40))
    project = opened._session.project
    assert project is not None
    isolated.probe_image(project.entries[0].path)
    decoder = POOL._decoders[Lane.BACK]
    assert decoder.pid is not None
    os.kill(decoder.pid, signal.SIGSTOP)
    opened.images.thumbnails.forget()
    opened.images.thumbnails.get(project.entries[-1].path)
    qtbot.waitUntil(POOL._locks[Lane.BACK].locked)
    opened.ending._is_final = True
    assert opened.close()
    assert running() == []
    assert decoder.has_ended


def test_the_retrain_dialog_when_the_program_is_told_to_end(
    opened: MainWindow, qtbot: QtBot, qapp: QApplication
) -> None:
    def end() -> None:
        (dialog,) = opened.findChildren(RetrainDialog)
        qtbot.waitUntil(lambda: dialog._worker.is_running, timeout=10_000)
        QCoreApplication.exit(0)

    QTimer.singleShot(0, opened, opened.ask_for_training)
    QTimer.singleShot(0, opened, end)
    qapp.exec()
    assert "retrain dialog" not in running()
    assert not opened._training.is_running
