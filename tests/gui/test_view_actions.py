"""The View menu in the real window: keys, what the next start remembers, and where the image is brought."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from segtool.core.class_box import class_box
from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.gui.actions import ActionId, SubmenuSpec
from segtool.gui.main_window import MainWindow
from segtool.gui.preferences import Preferences
from segtool.gui.view_options import OtherMask, Overlay, ViewOptions

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def ready(opened: MainWindow) -> MainWindow:
    opened.activateWindow()
    opened.canvas.setFocus()
    return opened


def test_keys_toggle_what_stands_around_the_image_and_the_next_start_remembers(
    ready: MainWindow, make_window: Callable[[], MainWindow], image_folder: Path, qtbot: QtBot
) -> None:
    session = ready._session
    assert session.view_options == ViewOptions()
    for key in (Qt.Key.Key_M, Qt.Key.Key_R, Qt.Key.Key_X):
        qtbot.keyClick(ready.canvas, key, SHIFT)
    ready.action_set[ActionId.KEEP_VIEW].trigger()
    _choose_mask(ready, "before")
    expected = ViewOptions(
        minimap=False, rulers=True, crosshair=True, keeps_view=True, compared_with=OtherMask.BEFORE_EDIT
    )
    assert session.view_options == expected
    assert ready.action_set[ActionId.SHOW_RULERS].isChecked()
    assert not ready.action_set[ActionId.SHOW_MINIMAP].isChecked()
    assert all(ruler.isVisible() for ruler in ready.canvas.around.rulers)
    later = make_window()
    assert later._session.view_options == expected
    assert later.opener.open(image_folder)
    assert all(ruler.isVisible() for ruler in later.canvas.around.rulers)


def _choose_mask(window: MainWindow, text: str) -> None:
    submenu = next(item for item in window.action_set.table if isinstance(item, SubmenuSpec) and "hold" in item.text)
    menu = QMenu()
    submenu.fill(menu)
    assert [action.isChecked() for action in menu.actions()] == [True, False, False]
    next(action for action in menu.actions() if text in action.text()).trigger()


@pytest.mark.parametrize("stored", ["7", "perhaps", "", "saved"])
def test_view_settings_that_make_no_sense_count_as_none(qtbot: QtBot, window: MainWindow, stored: str) -> None:
    for name in ("minimap", "rulers", "compared_with"):
        QSettings().setValue(f"view/{name}", stored)
    assert Preferences().view_options == ViewOptions()


def test_one_overlay_takes_the_place_of_another(ready: MainWindow, qtbot: QtBot) -> None:
    overlays, actions = ready._session.guidance.overlays, ready.action_set
    for key, modifier, overlay, action in (
        (Qt.Key.Key_S, SHIFT, Overlay.DIFFERENCE, ActionId.SHOW_CHANGES),
        (Qt.Key.Key_U, SHIFT, Overlay.CONFIDENCE, ActionId.SHOW_CONFIDENCE),
        (Qt.Key.Key_U, Qt.KeyboardModifier.NoModifier, Overlay.UNCERTAINTY, ActionId.SHOW_UNCERTAINTY),
    ):
        qtbot.keyClick(ready.canvas, key, modifier)
        assert overlays.shown is overlay
        shown = (ActionId.SHOW_CHANGES, ActionId.SHOW_CONFIDENCE, ActionId.SHOW_UNCERTAINTY)
        assert [item for item in shown if actions[item].isChecked()] == [action]
    qtbot.keyClick(ready.canvas, Qt.Key.Key_U)
    assert overlays.shown is Overlay.NONE


def test_a_key_fits_the_active_class(ready: MainWindow, qtbot: QtBot) -> None:
    session, canvas = ready._session, ready.canvas
    assert session.document is not None
    session.apply_pixels("Clear", Rect(0, 0, 120, 90), np.zeros((90, 120), dtype=np.uint8))
    fitted = canvas.view
    qtbot.keyClick(canvas, Qt.Key.Key_2, CTRL)
    assert canvas.view == fitted
    name = session.classes.label(session.active_class)
    assert ready.status.currentMessage() == f"There is nothing of {name} in a.png."
    for rect in (Rect(10, 20, 30, 5), Rect(50, 40, 1, 1)):
        ones = np.full((rect.height, rect.width), session.active_class, dtype=np.uint8)
        session.apply_pixels("Test", rect, ones)
    qtbot.keyClick(canvas, Qt.Key.Key_2, CTRL)
    box = class_box(session.document.mask, session.active_class)
    assert box == Rect(10, 20, 41, 21)
    left, right = canvas.image_to_widget(box.x, box.y), canvas.image_to_widget(box.right, box.bottom)
    assert left.x() + right.x() == pytest.approx(canvas.width(), abs=2)
    assert left.y() + right.y() == pytest.approx(canvas.height(), abs=2)
    assert right.x() - left.x() == pytest.approx(min(canvas.width() - 24, (canvas.height() - 24) * 41 / 21, 16 * 41))


def test_zoom_and_position_are_kept_between_images_of_one_size(ready: MainWindow) -> None:
    session, canvas = ready._session, ready.canvas
    canvas.zoom_at(QPointF(200, 150), steps=7)
    first = canvas.view
    # b.png has the same size and was not seen yet.
    session.step_image(1)
    assert canvas.view == first
    canvas.pan_by(33, -20)
    second = canvas.view
    session.step_image(-1)
    assert canvas.view == first
    ready.action_set[ActionId.KEEP_VIEW].trigger()
    canvas.zoom_to(9.0)
    third = canvas.view
    session.step_image(1)
    assert canvas.view == third != second


def test_confidence_has_its_own_colours(ready: MainWindow, qtbot: QtBot) -> None:
    uncertainty = ready._session.guidance.uncertainty
    ready._session.set_overlay_visible(False)
    colours = []
    for overlay in (Overlay.UNCERTAINTY, Overlay.CONFIDENCE, Overlay.NONE):
        ready._session.guidance.overlays.show(overlay)
        if overlay is not Overlay.NONE:
            qtbot.waitUntil(lambda: uncertainty.shown is not None, timeout=60_000)
            assert uncertainty.shown is not None
            assert uncertainty.shown.confidence is not None
            # Clear of legend and edges.
            part = uncertainty.shown.confidence[:60, 5:115]
            row, column = np.unravel_index(np.argmin(part), part.shape)
        image = ready.canvas.grab().toImage()
        pos = ready.canvas.image_to_widget(column + 5.5, row + 0.5)
        colours.append(image.pixelColor(int(pos.x()), int(pos.y())).getRgb()[:3])
    assert len(set(colours)) == 3
    QTest.keyClick(ready.canvas, Qt.Key.Key_U, SHIFT)
    assert uncertainty.shown is not None  # known already


def test_j_held_shows_what_the_model_predicted_last(ready: MainWindow, qtbot: QtBot) -> None:
    session, canvas = ready._session, ready.canvas
    flicker = session.guidance.overlays.flicker
    assert session.document is not None
    session.set_view_options(compared_with=OtherMask.PREDICTED)
    assert session.segment(["a.png"])
    qtbot.waitUntil(lambda: session.job is None, timeout=60_000)
    predicted = session.document.mask.copy()
    session.apply_pixels("Test", Rect(10, 10, 30, 30), np.full((30, 30), VOID, dtype=np.uint8))
    QTest.keyPress(canvas, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: flicker.shown is not None)
    assert flicker.title == "As predicted"
    assert np.array_equal(flicker.shown, predicted)
    QTest.keyRelease(canvas, Qt.Key.Key_J)
    assert flicker.shown is None
    assert not np.array_equal(session.document.mask, predicted)
