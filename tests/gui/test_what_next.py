"""Suggesting the next image in the real window, with a real network and files on disk."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segtool.formats.image import read_image
from segtool.gui.expectations import Expectations
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.image_list_model import Role
from segtool.inference.expectation import Expectation, expect
from segtool.inference.runtime import Runtime
from segtool.project.next_image import shuffled
from segtool.project.status import Status
from tests.model_fixtures import texture

MODEL, OTHER = "0001-tiny", "0002-ground"
KEYS = [f"{number:02}.png" for number in range(10)]


@pytest.fixture
def folder(tmp_path: Path, tiny_model_folder: Path, tiny_ground_folder: Path) -> Path:
    """Ten images, two models and a file that only claims to be an image."""
    root = tmp_path / "photos"
    for name, source in ((MODEL, tiny_model_folder), (OTHER, tiny_ground_folder)):
        shutil.copytree(source, root / "models" / name)
    for number, key in enumerate(KEYS):
        assert cv2.imwrite(str(root / key), texture(64, 72 + 8 * number, seed=number))
    (root / "broken.png").write_bytes(b"no image")
    return root


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def opened(window: MainWindow, folder: Path, told: list[str]) -> MainWindow:
    """The window with the first image open and the small model active."""
    return opened_in(window, folder, told)


def opened_in(window: MainWindow, folder: Path, told: list[str]) -> MainWindow:
    window._session.message.connect(lambda text, _: told.append(text))
    assert window.opener.open(folder)
    assert window._session.set_active_model(MODEL)
    window.activateWindow()
    window.canvas.setFocus()
    return window


def expectations(window: MainWindow) -> Expectations:
    return window._session.guidance.expectations


def ask(window: MainWindow) -> str:
    """Ask for the next image and return which one is open then."""
    window._session.guidance.what_next.open_next()
    return key_of(window)


def key_of(window: MainWindow) -> str:
    document = window._session.document
    assert document is not None
    return document.entry.key


def look(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until all images have been looked at."""
    qtbot.waitUntil(lambda: not expectations(window).is_looking, timeout=60_000)
    qtbot.waitUntil(lambda: not expectations(window)._is_running, timeout=60_000)


def errors_of(model_folder: Path, folder: Path) -> dict[str, float]:
    """Return what a model expects of the images, by asking it directly."""
    runtime, found = Runtime.load(model_folder), {}
    for key in KEYS:
        (*_, last) = expect(read_image(folder / key).pixels, runtime)
        assert isinstance(last, Expectation)
        found[key] = last.error
    return found


def test_another_model_changes_what_is_known_and_nothing_else(opened: MainWindow, qtbot: QtBot) -> None:
    session, changed = opened._session, list[frozenset[str]]()
    session.expectations_changed.connect(changed.append)
    assert session.segment([KEYS[3]])
    qtbot.waitUntil(lambda: session.job is None, timeout=30_000)
    assert session.set_active_model(OTHER)
    assert changed == [frozenset((KEYS[3],))] * 2


def test_the_first_answer_is_random_and_the_next_the_least_sure(
    opened: MainWindow, folder: Path, told: list[str], qtbot: QtBot, tiny_model_folder: Path
) -> None:
    assert not expectations(opened)._thread.is_running
    qtbot.keyClick(opened.canvas, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    first = key_of(opened)
    assert first == next(key for key in shuffled([*KEYS, "broken.png"]) if key not in ("00.png", "broken.png"))
    assert "Still looking at the images; this one is random." in told
    look(opened, qtbot)
    assert told[-1].startswith("The images have been looked at")
    errors = errors_of(tiny_model_folder, folder)
    assert expectations(opened).errors() == errors
    worst = sorted((key for key in KEYS if key != first), key=lambda key: -errors[key])
    assert ask(opened) == worst[0]
    assert told[-1].startswith("Of those left, the model is least sure of this image: ")
    assert f"an F1 of {1 - errors[worst[0]]:.2f}" in told[-1]
    # One random and one unsure image so far: the least sure has the next turn.
    assert ask(opened) == worst[1]
    ask(opened)
    assert told[-1].startswith("A random image")


def test_each_image_is_suggested_once_until_all_were(opened: MainWindow, qtbot: QtBot) -> None:
    seen = [ask(opened)]
    look(opened, qtbot)
    seen += [ask(opened) for _ in range(len(KEYS) - 1)]
    assert sorted(seen) == KEYS
    assert ask(opened) in KEYS


def test_images_that_a_person_has_worked_on_are_not_suggested(
    opened: MainWindow, told: list[str], qtbot: QtBot
) -> None:
    session = opened._session
    for number, key in enumerate(KEYS[:8]):
        session.set_status(key, Status.APPROVED if number % 2 else Status.CORRECTED)
    assert {ask(opened), ask(opened)} == set(KEYS[8:])
    look(opened, qtbot)
    assert set(expectations(opened).errors()) == set(KEYS[8:])
    session.set_status(KEYS[8], Status.APPROVED)
    session.open_image(KEYS[9])
    assert ask(opened) == KEYS[9]
    assert told[-1] == "This is the only image left that you have not worked on."
    session.set_status(KEYS[9], Status.APPROVED)
    assert ask(opened) == KEYS[9]
    assert told[-1] == "You have worked on every image that can be opened."
    assert session.project.state.held_out == ()


def test_results_are_kept_for_the_next_day(
    opened: MainWindow,
    folder: Path,
    qtbot: QtBot,
    tiny_model_folder: Path,
    make_window: Callable[[], MainWindow],
) -> None:
    ask(opened)
    look(opened, qtbot)
    text = (folder / ".segtool" / "uncertainty.json").read_text(encoding="utf-8")
    (images,) = json.loads(text)["models"].values()
    assert set(images) == set(KEYS)
    os.utime(folder / KEYS[3], ns=(1, 1))
    opened.close()
    told: list[str] = []
    second = opened_in(make_window(), folder, told)
    errors = errors_of(tiny_model_folder, folder)
    left = [key for key in KEYS if key != key_of(second)]
    assert ask(second) == max(left, key=lambda key: errors[key])
    assert told[-1].startswith("Of those looked at so far, the model is least sure")
    look(second, qtbot)
    # Only the image that is another file now was looked at again.
    after = json.loads((folder / ".segtool" / "uncertainty.json").read_text(encoding="utf-8"))["models"]
    (images_after,) = after.values()
    assert {key for key in KEYS if images[key] != images_after[key]} == {KEYS[3]}


def test_another_model_is_asked_anew(opened: MainWindow, folder: Path, qtbot: QtBot, tiny_ground_folder: Path) -> None:
    ask(opened)
    look(opened, qtbot)
    assert opened._session.set_active_model(OTHER)
    assert expectations(opened).errors() == {}
    look(opened, qtbot)
    assert expectations(opened).errors() == errors_of(tiny_ground_folder, folder)
    # What the first one said is still known.
    assert opened._session.set_active_model(MODEL)
    assert len(expectations(opened).errors()) == len(KEYS)
    look(opened, qtbot)
    models = json.loads((folder / ".segtool" / "uncertainty.json").read_text(encoding="utf-8"))["models"]
    assert [len(images) for images in models.values()] == [len(KEYS)] * 2


def test_jobs_and_trainings_have_the_right_of_way(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened._session
    expectations(opened).hold_back(True)
    ask(opened)
    assert expectations(opened).is_looking
    assert not expectations(opened)._thread.is_running
    assert session.segment(KEYS[:2])
    expectations(opened).hold_back(False)
    assert not expectations(opened)._is_running
    qtbot.waitUntil(lambda: session.job is None, timeout=30_000)
    assert expectations(opened)._is_running
    expectations(opened).hold_back(True)
    qtbot.waitUntil(lambda: not expectations(opened)._is_running, timeout=30_000)
    expectations(opened).hold_back(False)
    look(opened, qtbot)
    assert set(expectations(opened).errors()) == set(KEYS)


def test_a_training_in_the_window_holds_looking_back(opened: MainWindow) -> None:
    held: list[bool] = []
    opened._training.state_changed.connect(lambda: held.append(expectations(opened)._is_held_back))
    expectations(opened).hold_back(True)
    opened._training.state_changed.emit()
    # The window, which was connected first, has looked whether a training is running.
    assert held == [False]


def test_what_segmenting_finds_out_is_taken_over(
    opened: MainWindow, folder: Path, qtbot: QtBot, tiny_model_folder: Path
) -> None:
    session = opened._session
    assert session.segment(KEYS[:3])
    qtbot.waitUntil(lambda: session.job is None, timeout=30_000)
    errors = errors_of(tiny_model_folder, folder)
    assert expectations(opened).errors() == {key: errors[key] for key in KEYS[:3]}
    assert not expectations(opened)._thread.is_running
    index = opened.images.model.index(1, 0)
    assert index.data(Role.UNSURE) == f"{errors[KEYS[1]] * 100:.0f} % unsure"
    assert f"F1 of {1 - errors[KEYS[1]]:.2f}" in index.data(Qt.ItemDataRole.ToolTipRole)
    # It says nothing of a mask that a person has corrected.
    session.set_status(KEYS[1], Status.CORRECTED)
    assert index.data(Role.UNSURE) == ""
    # An answer that was averaged over turns is not comparable.
    session.set_averages_turns(True)
    assert session.segment(KEYS[4:5])
    qtbot.waitUntil(lambda: session.job is None, timeout=30_000)
    assert KEYS[4] not in expectations(opened).errors()


def test_where_nothing_can_be_written_it_works_all_the_same(
    opened: MainWindow, folder: Path, told: list[str], qtbot: QtBot
) -> None:
    shutil.rmtree(folder / ".segtool")
    (folder / ".segtool").write_text("a file in the way", encoding="utf-8")
    ask(opened)
    look(opened, qtbot)
    assert len(expectations(opened).errors()) == len(KEYS)
    assert opened.messages.texts == []
    assert (folder / ".segtool").read_text(encoding="utf-8") == "a file in the way"


def test_a_model_that_cannot_be_loaded_ends_looking_with_its_reason(
    opened: MainWindow, folder: Path, told: list[str], qtbot: QtBot
) -> None:
    (folder / "models" / MODEL / "network.bin").write_bytes(b"damaged")
    ask(opened)
    qtbot.waitUntil(lambda: any("network.bin" in text for text in told), timeout=30_000)
    assert not expectations(opened).is_looking
    # The next who asks is answered by the model that is active instead.
    assert opened._session.model.name == "nuclei"


def test_another_folder_is_not_looked_at_unasked(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot, tiny_model_folder: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny_model_folder, other / "models" / MODEL)
    assert cv2.imwrite(str(other / "00.png"), texture(64, 64, seed=3))
    ask(opened)
    assert opened.opener.open(other)
    qtbot.waitUntil(lambda: not expectations(opened)._is_running, timeout=30_000)
    assert not expectations(opened).is_looking
    assert opened._session.set_active_model(MODEL)
    assert expectations(opened).errors() == {}
    assert not (other / ".segtool" / "uncertainty.json").exists()
