"""Locks and limits, set where a person sets them, hold for every tool."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.core.paint_rules import PaintRules
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.classes_panel import Column
from segtool.gui.session import Session
from segtool.gui.session_state import Level

BOX = Rect(10, 10, 40, 30)


def _paint(session: Session, value: int, box: Rect = BOX) -> None:
    assert session.begin_stroke("Brush stroke")
    session.paint(box, np.ones((box.height, box.width), np.bool_), value)
    session.end_stroke()


def _click_lock(window: MainWindow, class_id: int) -> None:
    view = window.classes.view
    index = window.classes.model.index(window.classes.model.row_of(class_id), Column.LOCK)
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, view.visualRect(index).center()
    )


def test_a_locked_class_keeps_its_pixels(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened._session
    assert session.document is not None
    _paint(session, 0)
    session.set_active_class(1)
    _click_lock(opened, 0)
    assert session.rules == PaintRules(locked=frozenset({0}))
    # Locking a class does not choose it.
    qtbot.waitUntil(lambda: opened.classes.view.currentIndex().row() == opened.classes.model.row_of(1))
    assert session.active_class == 1
    before = session.document.mask.copy()
    _paint(session, 1, Rect(0, 0, 60, 60))
    expected = before.copy()
    expected[:60, :60][before[:60, :60] != 0] = 1
    assert np.array_equal(session.document.mask, expected)
    session.undo()
    assert np.array_equal(session.document.mask, before)
    # Undo is no tool: what was there comes back, locked or not.
    session.undo()
    assert (session.document.mask == VOID).all()
    _click_lock(opened, 0)
    assert session.rules.are_free


def test_painting_only_over_a_class(opened: MainWindow) -> None:
    session, over = opened._session, opened.options_bar.limits.over
    assert session.document is not None
    _paint(session, 0)
    over.setCurrentIndex(over.findText("void"))
    assert session.rules.only_over == frozenset({VOID})
    session.apply_pixels("Test", Rect(0, 0, 60, 60), np.ones((60, 60), np.uint8))
    expected = np.full_like(session.document.mask, VOID)
    expected[:60, :60] = 1
    expected[BOX.slices] = 0
    assert np.array_equal(session.document.mask, expected)
    over.setCurrentIndex(over.findText("everything"))
    assert session.rules.are_free


def test_painting_only_at_some_intensities(opened: MainWindow) -> None:
    session, limits = opened._session, opened.options_bar.limits
    assert session.document is not None
    pixels = session.document.image.pixels
    limits.intensity.setChecked(True)
    assert session.rules.intensity == (float(pixels.min()), float(pixels.max()))
    middle = int(np.median(pixels))
    limits.low.setValue(middle)
    _paint(session, 1)
    expected = np.full_like(session.document.mask, VOID)
    expected[BOX.slices][pixels[BOX.slices] >= middle] = 1
    assert np.array_equal(session.document.mask, expected)
    limits.high.setValue(middle - 5)
    assert session.rules.intensity == (middle - 5, middle - 5)
    limits.intensity.setChecked(False)
    assert session.rules.are_free
    assert not limits.low.isVisible()


def test_a_limit_that_is_typed_leaves_the_other_one_alone(opened: MainWindow) -> None:
    session, high = opened._session, opened.options_bar.limits.high
    session.limits.set_intensity((50.0, 200.0))
    high.setFocus()
    high.selectAll()
    QTest.keyClicks(high, "120")
    QTest.keyClick(high, Qt.Key.Key_Return)
    assert session.rules.intensity == (50.0, 120.0)


@pytest.mark.parametrize("span", [1e-5, 1.0, 1e6])
def test_limits_fit_the_intensities_of_the_image(opened: MainWindow, image_folder: Path, span: float) -> None:
    session, limits = opened._session, opened.options_bar.limits
    pixels = (np.random.default_rng(0).random((90, 120)) * span).astype(np.float32)
    assert cv2.imwrite(os.fspath(image_folder / "float.tif"), pixels)
    assert session.open_folder(image_folder)
    assert session.open_image("float.tif")
    limits.intensity.setChecked(True)
    limits.low.setValue(span / 2)
    assert session.rules.intensity is not None
    low, high = session.rules.intensity
    assert low == pytest.approx(span / 2, rel=1e-3)
    # Not rounded to what the field shows: the brightest pixel may still be painted.
    assert high == float(pixels.max())


def test_a_stroke_that_the_limits_hold_back_whole_says_so(
    session: Session, image_folder: object, messages: list[tuple[str, Level]]
) -> None:
    assert session.open_folder(image_folder)  # type: ignore[arg-type]
    assert session.open_image("a.png")
    session.limits.set_only_over(frozenset({1}))
    session.limits.toggle_lock(VOID)
    _paint(session, 1)
    assert messages[-1] == ("Nothing has changed: only over nucleus; void locked.", Level.INFO)


@pytest.mark.parametrize("how", ["class removed", "other folder"])
def test_limits_that_mean_nothing_any_more_are_dropped(opened: MainWindow, qtbot: QtBot, how: str) -> None:
    session = opened._session
    session.add_class("extra")
    extra = session.active_class
    session.limits.toggle_lock(extra)
    session.limits.set_only_over(frozenset({extra}))
    if how == "class removed":
        assert session.class_edits.remove(extra, replacement=0)
        qtbot.waitUntil(lambda: session.job is None)
    else:
        assert session.project is not None
        assert session.open_folder(session.project.root)
    assert session.rules.are_free


def test_the_range_of_a_large_image_leaves_no_pixel_out(
    make_window: Callable[[], MainWindow], tmp_path: Path, qtbot: QtBot
) -> None:
    pixels = np.full((1500, 1600), 100, np.uint8)
    pixels[777, 333], pixels[778, 334] = 3, 250
    folder = tmp_path / "large"
    folder.mkdir()
    assert cv2.imwrite(os.fspath(folder / "a.png"), pixels)
    window = make_window()
    assert window.opener.open(folder)
    qtbot.waitUntil(lambda: window._session.document is not None)
    window.options_bar.limits.intensity.setChecked(True)
    assert window._session.rules.intensity == (3, 250)
