"""Runs that start by themselves, in a real window; the run itself is a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.core.run_settings import FINE_TUNING_RATE, FROM_SCRATCH_RATE, RunSettings
from segtool.formats.mask_png import read_mask
from segtool.gui.actions import ActionId
from segtool.gui.auto_retrain import AutoRetrain
from segtool.gui.dialogs import ask
from segtool.gui.dialogs.auto_retrain_dialog import DEFAULT_COUNT, AutoRetrainDialog
from segtool.gui.dialogs.retrain_jobs import remember_settings
from segtool.gui.main_window import MainWindow
from segtool.gui.message_bar import MessageRow
from segtool.gui.preferences import Preferences
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.gui.training_state import Phase
from tests.gui.training_fixtures import (
    STARTED,
    WAIT_FOR_STOP,
    add_version,
    child,
    deliver,
    done,
    make_folder,
    say,
    write_kept,
)

FAILS = "sys.exit(3)"
Open = Callable[..., MainWindow]


@pytest.fixture
def folder(tmp_path: Path, tiny_model_folder: Path) -> Path:
    """A folder in which every image has a mask, with one version, which is active."""
    root = make_folder(tmp_path / "photos")
    add_version(root, tiny_model_folder, "0001-cells")
    (root / "segtool.json").write_text(json.dumps({"format": 1, "active_model": "0001-cells"}), encoding="utf-8")
    return root


@pytest.fixture
def opened(make_window, folder: Path, tmp_path: Path) -> Open:
    """Opens the folder in a window whose runs are the lines of a script."""

    def open_window(*lines: str, after: int = 2) -> MainWindow:
        window = make_window(training_program=child(tmp_path, *lines))
        assert window.opener.open(folder)
        _auto(window).set_after(after)
        return window

    return open_window


def _auto(window: MainWindow) -> AutoRetrain:
    auto = window.findChild(AutoRetrain)
    assert auto is not None
    return auto


def _session(window: MainWindow) -> Session:
    return window._session


def _training(window: MainWindow) -> TrainingControl:
    return window._training


def _approve(window: MainWindow, *keys: str) -> None:
    """Approve images as a person does, one after the other, and let the window take it in."""
    for key in keys:
        assert _session(window).open_image(key)
        window.action_set[ActionId.APPROVE].trigger()
    QApplication.processEvents()


def _wait_for_end(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not _training(window).is_running, timeout=20_000)


def test_it_is_off_until_a_person_turns_it_on_for_a_folder(opened: Open, folder: Path, tmp_path: Path) -> None:
    window = opened(FAILS, after=0)
    _approve(window, "0.png", "1.png", "2.png")
    assert _training(window).state.phase is Phase.IDLE
    assert not window.action_set[ActionId.RETRAIN_AUTOMATICALLY].isChecked()
    _auto(window).set_after(50)
    window.action_set.refresh()
    action = window.action_set[ActionId.RETRAIN_AUTOMATICALLY]
    assert action.isChecked()
    assert action.statusTip() == "After every 50 newly approved images; 3 since the last run"
    # In another folder it is off, and here it is remembered.
    assert window.opener.open(make_folder(tmp_path / "other"))
    assert _auto(window).after == 0
    assert window.opener.open(folder)
    assert _auto(window).after == 50


def test_the_nth_approval_starts_a_run_without_a_question(
    opened: Open, folder: Path, tmp_path: Path, tiny_model_folder: Path, qtbot: QtBot
) -> None:
    remember_settings(RunSettings(minutes=1.5, learning_rate=FROM_SCRATCH_RATE))
    given = tmp_path / "given.json"
    window = opened(
        f"shutil.copy(value('--settings'), {str(given)!r})",
        "assert value('--base') == 'nuclei' and value('--compare') == '0001-cells'",
        say(STARTED),
        WAIT_FOR_STOP,
        deliver(tiny_model_folder),
        say(done(0.9, 0.8)),
    )
    told: list[str] = []
    _session(window).message.connect(lambda text, _: told.append(text))
    _approve(window, "0.png")
    assert not _training(window).is_running
    focus = QApplication.focusWidget()
    _approve(window, "1.png")
    qtbot.waitUntil(lambda: bool(_training(window).state.train_images), timeout=20_000)
    assert _training(window).state.name == "0002-nuclei"
    assert told == ["Retraining on 6 images in the background."]
    assert QApplication.focusWidget() is focus
    assert QApplication.activeModalWidget() is None
    assert not window.messages.texts
    settings = RunSettings.from_json(json.loads(given.read_text(encoding="utf-8")))
    assert settings.minutes == 1.5
    # The rate that was last used fits random weights; this run starts from a model that knows the classes.
    assert settings.learning_rate == FINE_TUNING_RATE
    _training(window).stop()
    _wait_for_end(window, qtbot)
    assert _session(window).model is not None
    assert _session(window).model.name == "0002-nuclei"
    assert not window.messages.texts


def test_a_run_that_fails_warns_once_and_waits_for_as_many_approvals_again(opened: Open, qtbot: QtBot) -> None:
    window = opened(FAILS)
    phases: list[Phase] = []
    _training(window).state_changed.connect(lambda: phases.append(_training(window).state.phase))
    _approve(window, "0.png", "1.png")
    qtbot.waitUntil(lambda: Phase.FAILED in phases, timeout=20_000)
    assert len(window.messages.texts) == 1
    _approve(window, "2.png")
    assert phases[-1] is Phase.FAILED
    assert _auto(window).newly_approved() == 1
    _approve(window, "3.png")
    assert _training(window).is_running
    qtbot.waitUntil(lambda: not _training(window).is_running, timeout=20_000)


def test_what_is_kept_of_a_run_is_not_given_up_for_one_that_starts_by_itself(
    opened: Open, folder: Path, qtbot: QtBot
) -> None:
    kept = write_kept(folder / ".segtool" / "runs" / "0001.npz")
    window = opened(FAILS)
    unfinished = _training(window).unfinished
    qtbot.waitUntil(lambda: unfinished.waits_for_answer, timeout=10_000)
    _approve(window, "0.png", "1.png", "2.png")
    assert not _training(window).is_running
    assert window.action_set[ActionId.RETRAIN_AUTOMATICALLY].statusTip().startswith("Waits until the training")
    assert kept.exists()
    unfinished.discard()
    _approve(window, "3.png")
    assert _training(window).is_running
    qtbot.waitUntil(lambda: not _training(window).is_running, timeout=20_000)


def test_what_is_approved_during_a_run_starts_the_next_one(opened: Open, tiny_model_folder: Path, qtbot: QtBot) -> None:
    stop = "time.sleep(60) if (out.parent / '0002-nuclei').exists() else sys.stdin.readline()"
    window = opened(say(STARTED), stop, deliver(tiny_model_folder), say(done(0.9, 0.8)))
    _approve(window, "0.png", "1.png")
    qtbot.waitUntil(lambda: bool(_training(window).state.train_images), timeout=20_000)
    _approve(window, "2.png", "3.png")
    # The script ends at its own leave: a person who stops a run is not given another one at once.
    run = _training(window)._run
    assert run is not None
    run._process.write(b"go on\n")
    qtbot.waitUntil(lambda: _training(window).state.name == "0003-nuclei", timeout=20_000)
    assert _auto(window).newly_approved() == 0


def test_a_refused_version_is_told_although_the_next_run_starts_and_can_still_be_taken(
    opened: Open, tiny_model_folder: Path, qtbot: QtBot
) -> None:
    stop = "time.sleep(60) if (out.parent / '0002-nuclei').exists() else sys.stdin.readline()"
    end = say(done(0.8, 0.9, accepted=False, why="So it is."))
    window = opened(say(STARTED), stop, deliver(tiny_model_folder), end)
    _approve(window, "0.png", "1.png")
    qtbot.waitUntil(lambda: bool(_training(window).state.train_images), timeout=20_000)
    _approve(window, "2.png", "3.png")
    run = _training(window)._run
    assert run is not None
    run._process.write(b"go on\n")
    qtbot.waitUntil(lambda: _training(window).state.name == "0003-nuclei", timeout=20_000)
    assert window.messages.texts == ["0002-nuclei is kept as a candidate, 0001-cells stays active. So it is."]
    (row,) = window.messages.findChildren(MessageRow)
    (button,) = row.buttons
    assert button.text() == "Activate anyway"
    button.click()
    assert _session(window).model is not None
    assert _session(window).model.name == "0002-nuclei"


def test_a_run_that_a_person_has_stopped_is_not_followed_by_another(
    opened: Open, tiny_model_folder: Path, qtbot: QtBot
) -> None:
    window = opened(say(STARTED), WAIT_FOR_STOP, deliver(tiny_model_folder), say(done(0.9, 0.8)))
    _approve(window, "0.png", "1.png")
    qtbot.waitUntil(lambda: bool(_training(window).state.train_images), timeout=20_000)
    _approve(window, "2.png", "3.png")
    _training(window).stop()
    _wait_for_end(window, qtbot)
    QApplication.processEvents()
    assert _training(window).state.phase is Phase.FINISHED
    _approve(window, "4.png")
    assert _training(window).is_running


def test_a_stroke_that_is_under_way_is_not_cut_off(opened: Open, folder: Path, qtbot: QtBot) -> None:
    window = opened(FAILS, after=0)
    session = _session(window)
    _approve(window, "0.png", "1.png")
    assert session.open_image("2.png")
    before = read_mask(folder / "masks" / "2.png")
    assert session.begin_stroke("Brush stroke")
    region = before[:10, :10] < 255
    session.paint(Rect(0, 0, 10, 10), region, 1)
    _auto(window).set_after(2)
    assert not _training(window).is_running
    session.paint(Rect(20, 20, 10, 10), region, 1)
    session.end_stroke()
    assert _training(window).is_running
    _wait_for_end(window, qtbot)
    before[:10, :10] = before[20:30, 20:30] = 1
    assert (read_mask(folder / "masks" / "2.png") == before).all()


def test_images_that_a_run_has_been_offered_do_not_count_again(opened: Open, folder: Path, make_window) -> None:
    state = json.loads((folder / "segtool.json").read_text(encoding="utf-8"))
    state |= {"statuses": dict.fromkeys(("0.png", "1.png", "2.png"), "approved"), "known": ["0.png", "1.png"]}
    (folder / "segtool.json").write_text(json.dumps(state), encoding="utf-8")
    window = opened(FAILS, after=5)
    assert _auto(window).newly_approved() == 1
    _approve(window, "3.png")
    assert _auto(window).newly_approved() == 2


def test_the_action_asks_and_does_as_it_is_told(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    window = opened(FAILS, after=0)
    asked: list[dict[str, int]] = []

    def answer(answers: list[int | None]):
        def ask_auto_retrain(_parent: object, **given: int) -> int | None:
            asked.append(given)
            return answers.pop(0)

        return ask_auto_retrain

    monkeypatch.setattr(ask, "ask_auto_retrain", answer([3, None, 0]))
    action = window.action_set[ActionId.RETRAIN_AUTOMATICALLY]
    for expected in (3, 3, 0):
        action.trigger()
        assert _auto(window).after == expected
        assert action.isChecked() is (expected > 0)
    assert asked == [{"after": 0, "approved": 0}, {"after": 3, "approved": 0}, {"after": 3, "approved": 0}]


def test_the_dialog_offers_a_number_and_the_way_back(qtbot: QtBot) -> None:
    dialog = AutoRetrainDialog(0, 3)
    qtbot.addWidget(dialog)
    assert dialog.answer() == DEFAULT_COUNT
    dialog.count.setValue(12)
    assert dialog.answer() == 12
    dialog.check.setChecked(False)
    assert dialog.answer() == 0
    assert not dialog.count.isEnabled()


@pytest.mark.parametrize("stored", ["[]", "{", '{"/a": "x"}', '{"/a": -3}'])
def test_odd_preferences_count_as_never(qapp: QApplication, stored: str) -> None:
    QSettings().setValue("retrain/automatically", stored)
    assert Preferences().retrain_after(Path("/a")) == 0


def test_a_folder_of_one_class_starts_nothing(opened: Open, folder: Path) -> None:
    (folder / "classes.json").write_text(json.dumps([{"id": 0, "name": "background"}]), encoding="utf-8")
    for path in (folder / "masks").iterdir():
        path.unlink()
    window = opened(FAILS, after=1)
    session = _session(window)
    assert session.open_image("0.png")
    assert session.document is not None
    height, width = session.document.mask.shape
    assert session.apply_pixels("Fill", Rect(0, 0, width, height), session.document.mask * 0)
    _approve(window, "0.png")
    assert _auto(window).newly_approved() == 1
    assert _training(window).state.phase is Phase.IDLE
