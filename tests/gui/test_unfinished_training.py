"""A training that was broken off is offered, gone on with or discarded, and never stands in the way of another one."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segtool.core.run_settings import RunSettings
from segtool.gui.actions import ActionId
from segtool.gui.dialogs import ask
from segtool.gui.main_window import MainWindow
from segtool.gui.training_state import Phase
from tests.gui.training_fixtures import STARTED, WAIT_FOR_STOP, child, epoch, keep, make_folder, say, write_kept

KEPT = Path(".segtool", "runs", "0001.npz")


def answers(window: MainWindow) -> dict[str, object]:
    """Return the buttons of the messages above the canvas by what they say."""
    return {button.text(): button for row in window.messages._rows for button in row.buttons}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "photos", with_mask=3)


def test_it_is_offered_at_the_next_opening_and_resumed_with_what_it_was_begun_with(
    make_window, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    kept = write_kept(folder / KEPT)
    arguments = tmp_path / "arguments.json"
    program = child(
        tmp_path, f"pathlib.Path({str(arguments)!r}).write_text(json.dumps(sys.argv[1:]))", say(STARTED), WAIT_FOR_STOP
    )
    window = make_window(training_program=program)
    assert not window.action_set[ActionId.RESUME_TRAINING].isEnabled()
    assert window.opener.open(folder)
    qtbot.waitUntil(lambda: "Resume" in answers(window), timeout=10_000)
    (text,) = window.messages.texts
    assert text.startswith("The training of 0003-new was broken off on ")
    assert text.endswith(", after 3 of 10 epochs.")
    assert window.learning.unfinished.label.text() == text
    assert window.action_set[ActionId.RESUME_TRAINING].isEnabled()
    qtbot.mouseClick(answers(window)["Resume"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(window._training.state.train_images), timeout=20_000)
    found = json.loads(arguments.read_text())
    assert found[: found.index("--events")] == [str(folder), "--out", str(folder / "models" / "0003-new")]
    assert "--resume" in found
    assert found[found.index("--checkpoint") + 1] == str(kept)
    assert "--settings" not in found
    assert not window.learning.unfinished.isVisible()
    assert not window.action_set[ActionId.RESUME_TRAINING].isEnabled()
    # Who stops it before its next epoch is told of those that it had.
    assert not window._training.state.epochs
    assert window._training.state.epochs_kept == 3


def test_discarding_removes_it(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    write_kept(folder / KEPT)
    assert window.opener.open(folder)
    qtbot.waitUntil(lambda: "Discard" in answers(window), timeout=10_000)
    window.learning.unfinished.discard_button.click()
    assert window.messages.texts == []
    assert not (folder / KEPT).parent.exists()
    assert not window.learning.unfinished.isVisible()


@pytest.mark.parametrize("damage", ["cut", "foreign", "path"])
def test_one_that_cannot_be_read_can_be_discarded_only(
    window: MainWindow, folder: Path, qtbot: QtBot, damage: str
) -> None:
    kept = write_kept(folder / KEPT, name="../../elsewhere" if damage == "path" else "0003-new")
    if damage != "path":
        kept.write_bytes(kept.read_bytes()[:200] if damage == "cut" else b"PK something else")
    assert window.opener.open(folder)
    qtbot.waitUntil(lambda: list(answers(window)) == ["Discard"], timeout=10_000)
    assert not window.action_set[ActionId.RESUME_TRAINING].isEnabled()
    assert window.action_set[ActionId.DISCARD_TRAINING].isEnabled()


def test_what_another_process_is_at_work_on_is_not_offered_before_it_ends(
    window: MainWindow, folder: Path, qtbot: QtBot
) -> None:
    kept, parent = write_kept(folder / KEPT), psutil.Process(os.getppid())
    owner = {"pid": parent.pid, "started": parent.create_time(), "host": platform.node()}
    kept.with_suffix(".lock").write_text(json.dumps(owner))
    assert window.opener.open(folder)
    unfinished = window._training.unfinished
    qtbot.waitUntil(unfinished._again.isActive, timeout=10_000)
    assert unfinished.run is None
    kept.with_suffix(".lock").write_text(json.dumps(owner | {"started": parent.create_time() - 60}))
    qtbot.waitUntil(lambda: "Resume" in answers(window), timeout=10_000)


def test_a_failure_offers_what_was_kept_and_the_next_run_takes_that_back(
    make_window, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    kept = write_kept(tmp_path / "kept.npz", name="0001-test")
    window = make_window(training_program=child(tmp_path, say(STARTED), say(epoch(1)), keep(kept), "sys.exit(3)"))
    assert window.opener.open(folder)
    training = window._training
    assert training.start(RunSettings(), base="none", name="0001-test")
    qtbot.waitUntil(lambda: training.state.phase is Phase.FAILED, timeout=20_000)
    (text,) = window.messages.texts
    assert text.endswith("It can be resumed: 3 of 10 epochs are kept.")
    assert list(answers(window)) == ["Resume", "Discard"]
    assert training.start(RunSettings(), base="none", name="0001-test")
    assert window.messages.texts == []


def test_closing_the_window_says_what_is_kept(
    make_window, folder: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = write_kept(tmp_path / "kept.npz", name="0001-test")
    program = child(tmp_path, say(STARTED), keep(kept), say(epoch(1)), say(epoch(2)), WAIT_FOR_STOP)
    window = make_window(training_program=program)
    assert window.opener.open(folder)
    training = window._training
    assert training.start(RunSettings(), base="none", name="0001-test")
    qtbot.waitUntil(lambda: len(training.state.epochs) == 2, timeout=20_000)
    told: list[str] = []

    def stop(box: object) -> object:
        told.append(box.informativeText())
        return next(button for button in box.buttons() if button.text() == "Stop training")

    monkeypatch.setattr(ask, "_run", stop)
    began = time.monotonic()
    assert window.close()
    assert time.monotonic() - began < 5
    assert told == [
        "Its 2 epochs are kept: you can resume it when you open this folder again. The active model stays as it is."
    ]
    assert (folder / KEPT).exists()
    assert not training.is_running
