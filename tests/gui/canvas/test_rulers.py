"""Rulers in image pixels, by their pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segtool.gui.canvas.canvas import Canvas
from segtool.gui.canvas.rulers import THICKNESS, tick_steps
from segtool.gui.session import Session
from segtool.gui.theme import DARK, palette_for
from tests.gui.canvas.conftest import grabbed, is_painted, on_screen


@pytest.mark.parametrize("unit", np.geomspace(0.004, 64, 60).tolist())
def test_ticks_are_1_2_or_5_times_a_power_of_ten_apart(unit: float) -> None:
    label, step = tick_steps(unit)
    assert str(label).rstrip("0") in ("1", "2", "5")
    assert str(step).rstrip("0") in ("1", "2", "5")
    assert label % step == 0
    assert label * unit >= 64
    assert label == 1 or label * unit < 64 * 2.6
    assert step == label or step * unit >= 5


@pytest.fixture
def ruled(canvas: Canvas, open_session: Session) -> Canvas:
    # A palette without transparent colours, as the window has.
    canvas.setPalette(palette_for(DARK))
    open_session.set_view_options(rulers=True)
    return canvas


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7, 3.3, 20.0, 64.0])
def test_ticks_stand_where_their_pixel_begins(ruled: Canvas, scale: float) -> None:
    ruled.zoom_to(scale)
    pixels = grabbed(ruled)
    ink = [ruled.palette().color(QPalette.ColorRole.PlaceholderText).getRgb()[index] for index in range(3)]
    full_across = (pixels[: THICKNESS - 1] == ink).all(axis=(0, 2))
    full_down = (pixels[:, : THICKNESS - 1] == ink).all(axis=(1, 2))
    label, _ = tick_steps(scale)
    seen = 0
    for number in range(0, 161, label):
        # The first pixel of the screen whose middle lies on that pixel of the image, or beyond the last one.
        across = int(np.ceil(number * scale - 0.5)) + int(ruled.view.x)
        if THICKNESS <= across < 400:
            assert full_across[across], number
            assert not full_across[across + 1 : across + 3].any()
            seen += 1
        down = int(np.ceil(number * scale - 0.5)) + int(ruled.view.y)
        if number <= 120 and THICKNESS <= down < 300:
            assert full_down[down], number
            seen += 1
    assert seen >= 2
    assert full_across.sum() + full_down.sum() == seen


def test_an_image_that_is_fitted_stays_clear_of_them(ruled: Canvas, open_session: Session) -> None:
    corner = ruled.image_to_widget(0, 0)
    end = ruled.image_to_widget(160, 120)
    assert min(corner.x(), corner.y()) >= THICKNESS
    assert corner.x() - THICKNESS == pytest.approx(400 - end.x(), abs=1)
    open_session.set_view_options(rulers=False)
    assert ruled.image_to_widget(0, 0).x() == pytest.approx(400 - ruled.image_to_widget(160, 0).x(), abs=1)
    assert not any(ruler.isVisible() for ruler in ruled.around.rulers)


def test_they_mark_the_pointer_and_paint_no_more_than_that(ruled: Canvas) -> None:
    accent = [ruled.palette().color(QPalette.ColorRole.Highlight).getRgb()[index] for index in range(3)]
    for place in (QPoint(150, 130), QPoint(153, 222), QPoint(290, 60)):
        QTest.mouseMove(ruled, place)
        assert is_painted(ruled)
        pixels = on_screen(ruled)
        across, down = ((line == accent).all(axis=-1) for line in (pixels[8, THICKNESS:], pixels[THICKNESS:, 8]))
        assert (np.flatnonzero(across) + THICKNESS).tolist() == [place.x()]
        assert (np.flatnonzero(down) + THICKNESS).tolist() == [place.y()]


def test_moving_the_view_moves_them(ruled: Canvas, qtbot: QtBot) -> None:
    ruled.zoom_to(4.0)
    for step in (QPointF(13, -7), QPointF(-120, 40)):
        ruled.pan_by(step.x(), step.y())
        qtbot.waitUntil(lambda: is_painted(ruled))


def test_a_press_on_them_paints_nothing(ruled: Canvas, open_session: Session) -> None:
    ruled.zoom_to(8.0)
    for ruler in ruled.around.rulers:
        QTest.mouseClick(ruler, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(9, 9))
    assert open_session.document is not None
    assert not open_session.document.history.can_undo


def test_without_an_image_there_are_none(ruled: Canvas, open_session: Session) -> None:
    assert all(ruler.isVisible() for ruler in ruled.around.rulers)
    ruled.show_nothing()
    open_session.tool_changed.emit()
    assert not any(ruler.isVisible() for ruler in ruled.around.rulers)
