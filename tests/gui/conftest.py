"""A session, or a real window, on a folder of drawn images; no test may leave a thread behind."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import pytest
import shiboken6
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.app import make_application
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.gui.training_control import TrainingControl
from segtool.sample import draw_nuclei


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    return QApplication


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Three drawn images, one file that only claims to be an image, and no mask."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("a.png", "b.png", "c.tif")):
        pixels, _ = draw_nuclei(number, size=(90, 120))
        assert cv2.imwrite(os.fspath(folder / name), pixels)
    (folder / "broken.png").write_bytes(b"not an image at all")
    return folder


@pytest.fixture(autouse=True)
def images_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an image that is asked for be there when the call returns, however long it takes to load."""
    monkeypatch.setattr("segtool.gui.loading.loader.PATIENCE_MS", 20_000)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Fail a test after which a QThread is still running."""
    yield
    threads = [item for item in gc.get_objects() if isinstance(item, QThread) and shiboken6.isValid(item)]
    assert [thread.objectName() for thread in threads if thread.isRunning()] == []


@pytest.fixture
def session(qapp: QApplication) -> Iterator[Session]:
    """A session with nothing open that saves only when it is told to."""
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    yield session
    session.close()


@pytest.fixture
def messages(session: Session) -> list[tuple[str, Level]]:
    """What the session has told the person, oldest first."""
    told: list[tuple[str, Level]] = []
    session.message.connect(lambda text, level: told.append((text, level)))
    session.question.connect(lambda text, level, choices: told.append((text, level)))
    return told


@pytest.fixture
def make_window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Callable[..., MainWindow]]:
    """Builds windows, shows them, and ends their threads afterwards."""
    make_application()
    made: list[tuple[MainWindow, Session, TrainingControl]] = []

    def make(*, training_program: Sequence[str] | None = None, suggest_models: bool = False) -> MainWindow:
        session = Session(autosave_ms=60_000, suggest_models=suggest_models)
        training = TrainingControl(session, program=training_program)
        window = MainWindow(session, training, log_file=tmp_path / "segtool.log")
        made.append((window, session, training))
        window.show()
        qtbot.waitExposed(window)
        return window

    yield make
    for window, session, training in made:
        training.close()
        window.images.close_thread()
        session.close()
        window.hide()
        window.deleteLater()
    qapp.processEvents()


@pytest.fixture
def window(make_window: Callable[[], MainWindow]) -> MainWindow:
    """A window with nothing open."""
    return make_window()


@pytest.fixture
def opened(window: MainWindow, image_folder: Path) -> MainWindow:
    """A window with the folder of drawn images open at the first of them."""
    assert window.opener.open(image_folder)
    return window
