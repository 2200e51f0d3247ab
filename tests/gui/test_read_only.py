"""A folder that somebody else holds is not changed by anything that a person can reach, also if it was taken later."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.run_settings import RunSettings
from segtool.formats.mask_kinds import MaskKind
from segtool.gui.adapting import find_choice
from segtool.gui.main_window import MainWindow
from segtool.gui.mask_questions import ValuesAnswer
from segtool.project.lock import LOCK_FILE, FolderLock
from segtool.project.mask_answers import MaskAnswers, write_answers
from tests.gui.training_fixtures import add_version, make_folder, write_kept
from tests.model_fixtures import change_card


@pytest.fixture
def folder(tmp_path: Path, tiny_model_folder: Path) -> Path:
    """Two versions, a training that was broken off, what a killed process has left, and a mask of 0 and 255."""
    root = make_folder(tmp_path / "photos", with_mask=3)
    add_version(root, tiny_model_folder, "0001-old")
    change_card(add_version(root, tiny_model_folder, "0002-new", f1=0.6), training={"base": "0001-old"})
    write_kept(root / ".segtool" / "runs" / "0001.npz")
    draft = root / "models" / ".0009-x.abcdefgh"
    draft.mkdir()
    os.utime(draft, (1, 1))
    mask = np.zeros((72, 80), np.uint8)
    mask[10:30] = 255
    assert cv2.imwrite(os.fspath(root / "masks" / "0.png"), mask)
    write_answers(root, MaskAnswers().with_table(MaskKind.TWO_VALUES, {"0": 0, "255": 1}))
    return root


def files(root: Path) -> dict[str, str]:
    """Return the digest of every file, "" for a folder; journals are kept in any case."""
    found = [path for path in sorted(root.rglob("*")) if "journal" not in path.parts]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "" for path in found}


def change_everything(window: MainWindow, qtbot: QtBot) -> None:
    """Call whatever changes the folder by other ways than painting."""
    session, training = window._session, window._training
    questions, versions = session.mask_questions, session.versions
    assert session.set_active_model("0002-new")
    questions.ask_values = lambda question, classes: ValuesAnswer({"0": 1, "255": 0}, classes, for_all=True)
    choice = find_choice(session.models, next(entry for entry in session.models if entry.name == "0002-new"))
    changes: list[Callable[[], object]] = [
        questions.keep,
        questions.decide,
        questions.convert_all,
        training.unfinished.discard,
        training.unfinished.resume,
        lambda: training.start(RunSettings(), base="0001-old", name="0003-new"),
        lambda: window.adapting.start(choice, 0.25),
        lambda: versions.delete("0001-old"),
        lambda: versions.rename("0001-old", "Other"),
        lambda: versions.set_note("0001-old", "A note"),
    ]
    for change in changes:
        change()
        QApplication.processEvents()
        qtbot.waitUntil(lambda: session.job is None, timeout=10_000)
        assert not training.is_running
        assert not window.adapting.state.is_running
    session.wait_until_saved(5.0)
    versions.close()


def test_one_that_is_held_elsewhere(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    lock = FolderLock.take(folder, doing="window")
    before = files(folder)
    assert window.opener.open(folder)
    assert window._session.open_image("0.png")
    assert window._session.document.mapped is not None
    QApplication.processEvents()
    assert window._training.unfinished.run is None
    (text,) = window.messages.texts
    assert text.startswith("photos is read-only here: it is open in another window")
    change_everything(window, qtbot)
    assert files(folder) == before
    lock.release()


def test_one_that_was_taken_over_unnoticed(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    assert window.opener.open(folder)
    assert window._session.open_image("0.png")
    qtbot.waitUntil(lambda: window._training.unfinished.run is not None, timeout=10_000)
    window._session.troubles.close()
    (folder / LOCK_FILE).write_bytes(b"somebody else's")
    before = files(folder)
    change_everything(window, qtbot)
    assert files(folder) == before
    assert any("was taken over" in text for text in window.messages.texts)


def test_a_run_that_somebody_goes_on_with_is_not_discarded(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    assert window.opener.open(folder)
    qtbot.waitUntil(lambda: window._training.unfinished.run is not None, timeout=10_000)
    kept, parent = folder / ".segtool" / "runs" / "0001.npz", psutil.Process(os.getppid())
    owner = {"pid": parent.pid, "started": parent.create_time(), "host": platform.node()}
    kept.with_suffix(".lock").write_text(json.dumps(owner))
    window._training.unfinished.discard()
    assert kept.exists()
    assert kept.with_suffix(".lock").exists()
    assert window._training.unfinished.run is None
