"""The heat map in the real window: a real network, its own thread, and the pixels of the canvas."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.uncertainty import uncertainty_of_levels
from segtool.formats.image import read_image
from segtool.gui.actions import ActionId
from segtool.gui.main_window import MainWindow
from segtool.gui.prediction_map import PredictionMap
from segtool.gui.session_state import Level
from segtool.gui.uncertainty_map import UncertaintyMap
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Prediction, segment_to_end
from tests.model_fixtures import texture

MODEL, OTHER = "0001-tiny", "0002-ground"
SIZE = (90, 120)


@pytest.fixture
def folder(image_folder: Path, tiny_model_folder: Path, tiny_ground_folder: Path) -> Path:
    for name, source in ((MODEL, tiny_model_folder), (OTHER, tiny_ground_folder)):
        shutil.copytree(source, image_folder / "models" / name)
    for number, name in enumerate(("a.png", "b.png", "c.tif")):
        assert cv2.imwrite(str(image_folder / name), texture(*SIZE, seed=number))
    return image_folder


@pytest.fixture
def shown(window: MainWindow, folder: Path) -> MainWindow:
    """The window with a.png open, the small model active and the mask hidden."""
    assert window.opener.open(folder)
    assert window._session.set_active_model(MODEL)
    window._session.set_overlay_visible(False)
    window.activateWindow()
    window.canvas.setFocus()
    return window


@pytest.fixture(scope="module")
def runtime(tiny_model_folder: Path) -> Runtime:
    return Runtime.load(tiny_model_folder)


def uncertainty(window: MainWindow) -> UncertaintyMap:
    return window._session.guidance.uncertainty


def predictions(window: MainWindow) -> PredictionMap:
    return window._session.guidance.prediction


def wait(window: MainWindow, qtbot: QtBot) -> np.ndarray:
    """Wait until there is something to show, and return the confidence."""
    qtbot.waitUntil(lambda: uncertainty(window).shown is not None, timeout=30_000)
    found = uncertainty(window).shown
    assert found is not None
    assert found.confidence is not None
    return found.confidence


def predicted(folder: Path, key: str, runtime: Runtime, *, tta: bool = False) -> Prediction:
    return segment_to_end(read_image(folder / key).pixels, runtime, tta=tta)


def colours_at(window: MainWindow, where: np.ndarray) -> np.ndarray:
    """Return the colour of the canvas in the middle of each pixel of the image in ``where`` (N×2, row and column)."""
    image = window.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    places = [window.canvas.image_to_widget(x + 0.5, y + 0.5).toPoint() for y, x in where.tolist()]
    return np.array([image.pixelColor(QPoint(place)).getRgb()[:3] for place in places])


def test_a_key_shows_and_hides_what_the_model_is_unsure_of(
    shown: MainWindow, folder: Path, runtime: Runtime, qtbot: QtBot
) -> None:
    session = shown._session
    where = np.argwhere(np.ones(SIZE, dtype=bool))[::7]
    bare = colours_at(shown, where)
    mask = session.document.mask.copy()
    assert not predictions(shown)._thread.is_running
    qtbot.keyClick(shown.canvas, Qt.Key.Key_U)
    confidence = wait(shown, qtbot)
    assert np.array_equal(confidence, predicted(folder, "a.png", runtime).confidence)
    assert shown.action_set[ActionId.SHOW_UNCERTAINTY].isChecked()
    unsure = uncertainty_of_levels(2)[confidence[tuple(where.T)]]
    lit = colours_at(shown, where)
    changed = np.abs(lit.astype(int) - bare.astype(int)).max(axis=-1)
    # The legend covers some of the image's corner.
    free = np.array([shown.canvas.image_to_widget(x, y).y() < shown.canvas.height() - 100 for y, x in where.tolist()])
    assert (unsure > 0.9).any()
    assert (unsure < 0.05).any()
    assert (changed[free & (unsure > 0.5)] > 20).all()
    assert (changed[free & (unsure < 0.05)] == 0).all()
    # Nothing of the person's has changed.
    assert np.array_equal(session.document.mask, mask)
    assert not session.has_unsaved()
    qtbot.keyPress(shown.canvas, Qt.Key.Key_H)
    assert np.array_equal(colours_at(shown, where), bare)
    qtbot.keyRelease(shown.canvas, Qt.Key.Key_H)
    assert np.array_equal(colours_at(shown, where), lit)
    qtbot.keyClick(shown.canvas, Qt.Key.Key_U)
    assert uncertainty(shown).shown is None
    assert np.array_equal(colours_at(shown, where), bare)


def test_it_follows_the_image_the_model_and_averaging(
    shown: MainWindow, folder: Path, runtime: Runtime, tiny_ground_folder: Path, qtbot: QtBot
) -> None:
    session = shown._session
    uncertainty(shown).set_on(True)
    first = wait(shown, qtbot)
    session.step_image(1)
    assert uncertainty(shown).shown is None
    assert np.array_equal(wait(shown, qtbot), predicted(folder, "b.png", runtime).confidence)
    # Back again, it is known.
    session.step_image(-1)
    assert uncertainty(shown).shown is not None
    assert uncertainty(shown).shown.confidence is first
    assert session.set_active_model(OTHER)
    ground = Runtime.load(tiny_ground_folder)
    assert np.array_equal(wait(shown, qtbot), predicted(folder, "a.png", ground).confidence)
    assert uncertainty(shown).shown.classes == 5
    assert session.set_active_model(MODEL)
    session.set_averages_turns(True)
    assert np.array_equal(wait(shown, qtbot), predicted(folder, "a.png", runtime, tta=True).confidence)


def test_an_image_that_was_changed_is_looked_at_again(
    shown: MainWindow, folder: Path, runtime: Runtime, qtbot: QtBot
) -> None:
    uncertainty(shown).set_on(True)
    before = wait(shown, qtbot)
    uncertainty(shown).set_on(False)
    assert cv2.imwrite(str(folder / "a.png"), texture(*SIZE, seed=77))
    assert shown._session.open_folder(folder)
    assert shown._session.open_image("a.png")
    uncertainty(shown).set_on(True)
    after = wait(shown, qtbot)
    assert not np.array_equal(after, before)
    assert np.array_equal(after, predicted(folder, "a.png", runtime).confidence)


def test_what_segmenting_has_found_out_is_not_computed_again(shown: MainWindow, qtbot: QtBot) -> None:
    session = shown._session
    assert session.segment(["a.png"])
    qtbot.waitUntil(lambda: session.job is None, timeout=30_000)
    assert (session.document.mask != VOID).all()
    uncertainty(shown).set_on(True)
    assert uncertainty(shown).shown is not None
    assert predictions(shown).progress is None
    assert not predictions(shown)._thread.is_running


def test_the_status_bar_says_how_far_it_is_and_can_cancel(shown: MainWindow, qtbot: QtBot) -> None:
    indicator = shown.status.prediction
    assert not indicator.isVisible()
    uncertainty(shown).set_on(True)
    assert indicator.isVisible()
    assert indicator.label.text() == "Prediction  ·  a.png"
    qtbot.mouseClick(indicator.button, Qt.MouseButton.LeftButton)
    assert not indicator.isVisible()
    assert not uncertainty(shown).is_on
    qtbot.waitUntil(lambda: predictions(shown)._under_way == 0, timeout=30_000)
    assert uncertainty(shown).shown is None
    assert shown.messages.texts == []


def test_a_model_that_cannot_be_loaded_is_told_and_turns_it_off(shown: MainWindow, folder: Path, qtbot: QtBot) -> None:
    session = shown._session
    told: list[tuple[str, Level]] = []
    session.message.connect(lambda text, level: told.append((text, level)))
    (folder / "models" / MODEL / "network.bin").write_bytes(b"damaged")
    uncertainty(shown).set_on(True)
    qtbot.waitUntil(lambda: not uncertainty(shown).is_on, timeout=30_000)
    assert any(level is Level.ERROR and "network.bin" in text for text, level in told)
    assert not shown.status.prediction.isVisible()
    assert session.model is not None
    assert session.model.name == "nuclei"


def test_opening_another_folder_in_the_middle_shows_nothing_of_the_first(
    shown: MainWindow, tmp_path: Path, runtime: Runtime, qtbot: QtBot, tiny_model_folder: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny_model_folder, other / "models" / MODEL)
    assert cv2.imwrite(str(other / "a.png"), texture(*SIZE, seed=40))
    uncertainty(shown).set_on(True)
    assert shown.opener.open(other)
    assert shown._session.set_active_model(MODEL)
    assert np.array_equal(wait(shown, qtbot), predicted(other, "a.png", runtime).confidence)


def test_it_says_why_it_cannot_be_shown(window: MainWindow) -> None:
    action = window.action_set[ActionId.SHOW_UNCERTAINTY]
    assert not action.isEnabled()
    assert action.statusTip() == "Open an image first"
