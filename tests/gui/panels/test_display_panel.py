"""The panel about the picture, in the real window: what it changes is seen on the canvas and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from segtool.core.display import Channel, Display, MaskStyle, WindowKind
from segtool.gui.actions import ActionId
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.adjust_slider import AdjustSlider
from segtool.gui.panels.display_panel import DisplayPanel, gamma_of_step, step_of_gamma
from segtool.gui.preferences import Preferences

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """A grey image of 8 bits, one of 16 bits, one in colour and one of floats."""
    folder = tmp_path / "photos"
    folder.mkdir()
    ramp = np.tile(np.arange(120, dtype=np.uint8) * 2, (90, 1))
    assert cv2.imwrite(str(folder / "a.png"), ramp)
    assert cv2.imwrite(str(folder / "b.png"), ramp.astype(np.uint16) * 100 + 1000)
    assert cv2.imwrite(str(folder / "c.png"), np.stack([ramp, ramp // 2, ramp // 4], axis=-1))
    assert cv2.imwrite(str(folder / "d.tif"), ramp.astype(np.float32) / 100 - 1)
    return folder


@pytest.fixture
def panel(opened: MainWindow) -> DisplayPanel:
    """The panel, in front of the others that share its place."""
    next(dock for dock in opened.docks if dock.widget() is opened.display).raise_()
    assert opened.display.isVisible()
    return opened.display


def _open(window: MainWindow, qtbot: QtBot, key: str) -> None:
    session = window._session
    session.open_image(key)
    qtbot.waitUntil(lambda: session.document is not None and session.document.entry.key == key)


def _shown_at(window: MainWindow, x: float, y: float) -> list[int]:
    """Return red, green and blue of the canvas over an image position."""
    canvas = window.canvas
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    place = canvas.image_to_widget(x, y)
    colour = image.pixelColor(int(place.x()), int(place.y()))
    return [colour.red(), colour.green(), colour.blue()]


def _pixels(window: MainWindow) -> npt.NDArray[np.generic]:
    document = window._session.document
    assert document is not None
    return document.image.pixels


def _choose(combo: QComboBox, value: object) -> None:
    """Choose a row as a person does."""
    row = combo.findData(value)
    assert row >= 0
    combo.setCurrentIndex(row)
    combo.activated.emit(row)


def test_sliders_change_what_is_shown_and_nothing_else(opened: MainWindow, panel: DisplayPanel) -> None:
    session, before = opened._session, _pixels(opened).copy()
    opened.canvas.zoom_to(2.0)
    assert _shown_at(opened, 50.5, 40.5) == [100, 100, 100]
    panel.brightness.setValue(20)
    assert _shown_at(opened, 50.5, 40.5) == [151, 151, 151]
    panel.contrast.setValue(-100)
    assert _shown_at(opened, 50.5, 40.5) == [round(255 * 0.7)] * 3
    panel.contrast.setValue(0)
    panel.brightness.setValue(0)
    panel.gamma.setValue(step_of_gamma(2.0))
    assert session.display.adjustments.gamma == pytest.approx(2.0, rel=0.02)
    assert _shown_at(opened, 50.5, 40.5)[0] == pytest.approx(255 * (100 / 255) ** 0.5, abs=2)
    assert panel.gamma.value_label.text() == f"{session.display.adjustments.gamma:.2f}"
    assert np.array_equal(_pixels(opened), before)
    assert not session.is_dirty


@pytest.mark.parametrize("name", ["brightness", "contrast", "gamma"])
def test_a_double_click_resets_a_slider(opened: MainWindow, panel: DisplayPanel, name: str) -> None:
    slider: AdjustSlider = getattr(panel, name)
    slider.setValue(-30)
    assert opened._session.display.is_adjusted
    QTest.mouseDClick(slider, LEFT, Qt.KeyboardModifier.NoModifier, slider.rect().center())
    assert slider.value() == 0
    assert not opened._session.display.is_adjusted


def test_sliders_can_be_moved_by_keyboard(opened: MainWindow, panel: DisplayPanel) -> None:
    panel.brightness.setFocus()
    for _ in range(3):
        QTest.keyClick(panel.brightness, Qt.Key.Key_Right)
    assert opened._session.display.adjustments.brightness == pytest.approx(0.03)
    assert panel.brightness.value_label.text() == "+3"


def test_a_window_by_percentiles_follows_each_image(opened: MainWindow, panel: DisplayPanel, qtbot: QtBot) -> None:
    _choose(panel.window_box, WindowKind.EXTREMES)
    assert (panel.low.value(), panel.high.value()) == (0, 238)
    _open(opened, qtbot, "b.png")
    assert (panel.low.value(), panel.high.value()) == (1000, 24_800)
    assert _shown_at(opened, 119.5, 40.5) == [255, 255, 255]
    _choose(panel.window_box, WindowKind.FULL)
    assert (panel.low.value(), panel.high.value()) == (0, 65_535)


def test_a_window_typed_in_is_kept_for_images_of_its_kind(
    opened: MainWindow, panel: DisplayPanel, qtbot: QtBot
) -> None:
    _open(opened, qtbot, "b.png")
    panel.low.setValue(5000)
    panel.high.setValue(15_000)
    assert panel.window_box.currentData() is WindowKind.FIXED
    assert _shown_at(opened, 20.5, 40.5) == [0, 0, 0]
    assert _shown_at(opened, 45.5, 40.5) == [128, 128, 128]
    _open(opened, qtbot, "a.png")
    assert panel.window_box.currentData() is WindowKind.AUTOMATIC
    assert _shown_at(opened, 50.5, 40.5) == [100, 100, 100]
    _open(opened, qtbot, "b.png")
    assert (panel.low.value(), panel.high.value()) == (5000, 15_000)


def test_by_hand_begins_where_the_window_was(opened: MainWindow, panel: DisplayPanel) -> None:
    _choose(panel.window_box, WindowKind.MOST)
    window = (panel.low.value(), panel.high.value())
    _choose(panel.window_box, WindowKind.FIXED)
    assert opened._session.display.adjustments.fixed == window


def test_the_ends_of_the_window_can_be_dragged(opened: MainWindow, panel: DisplayPanel) -> None:
    histogram = panel.histogram
    start = QPoint(round(histogram.place_of(255)), 30)
    end = QPoint(round(histogram.place_of(128)), 30)
    QTest.mousePress(histogram, LEFT, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(histogram, end)
    QTest.mouseRelease(histogram, LEFT, Qt.KeyboardModifier.NoModifier, end)
    low, high = opened._session.display.adjustments.fixed or (-1, -1)
    assert low == 0
    assert high == pytest.approx(128, abs=2)
    assert high == int(high)
    # Below the lower end it stops there.
    QTest.mousePress(histogram, LEFT, Qt.KeyboardModifier.NoModifier, end)
    QTest.mouseMove(histogram, QPoint(-50, 30))
    QTest.mouseRelease(histogram, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(-50, 30))
    assert opened._session.display.adjustments.fixed == (0, 0)
    assert _shown_at(opened, 50.5, 40.5) == [255, 255, 255]


def test_float_images_have_windows_with_decimals(opened: MainWindow, panel: DisplayPanel, qtbot: QtBot) -> None:
    _open(opened, qtbot, "d.tif")
    panel.low.setValue(-0.25)
    panel.high.setValue(0.5)
    assert opened._session.display.adjustments.fixed == (-0.25, 0.5)
    assert _shown_at(opened, 37.5, 40.5) == [0, 0, 0]
    assert _shown_at(opened, 56.5, 40.5)[0] == pytest.approx(255 * (0.12 + 0.25) / 0.75, abs=1)


def test_going_from_floats_to_whole_numbers_fixes_no_window(
    opened: MainWindow, panel: DisplayPanel, qtbot: QtBot
) -> None:
    _open(opened, qtbot, "d.tif")
    _open(opened, qtbot, "a.png")
    assert opened._session.display.adjustments == Display()
    assert _shown_at(opened, 50.5, 40.5) == [100, 100, 100]


def test_channels_are_a_matter_of_colour_images(opened: MainWindow, panel: DisplayPanel, qtbot: QtBot) -> None:
    assert not panel.channel.isVisible()
    _open(opened, qtbot, "c.png")
    assert panel.channel.isVisible()
    assert _shown_at(opened, 100.5, 40.5) == [50, 100, 200]
    for channel, value in ((Channel.FIRST, 50), (Channel.SECOND, 100), (Channel.THIRD, 200)):
        _choose(panel.channel, channel)
        assert _shown_at(opened, 100.5, 40.5) == [value] * 3
    _choose(panel.channel, Channel.ALL)
    assert _shown_at(opened, 100.5, 40.5) == [50, 100, 200]
    _choose(panel.channel, Channel.FIRST)
    _open(opened, qtbot, "a.png")
    assert _shown_at(opened, 50.5, 40.5) == [100, 100, 100]


def test_reset_shows_the_image_as_it_is_but_keeps_the_mask_style(opened: MainWindow, panel: DisplayPanel) -> None:
    assert not panel.reset_button.isEnabled()
    panel.brightness.setValue(40)
    panel.inverted.click()
    assert _shown_at(opened, 50.5, 40.5)[0] == round(255 - (100 + 0.4 * 255))
    _choose(panel.style_box, MaskStyle.HATCH)
    panel.reset_button.click()
    assert opened._session.display.adjustments == Display()
    assert not panel.inverted.isChecked()
    assert opened._session.display.mask_style is MaskStyle.HATCH
    assert not opened.action_set[ActionId.RESET_DISPLAY].isEnabled()


def test_shift_t_goes_through_the_styles_and_the_last_one_is_remembered(
    opened: MainWindow, panel: DisplayPanel, make_window: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    opened.activateWindow()
    opened.canvas.setFocus()
    seen = []
    for _ in range(2):
        qtbot.keyClick(opened.canvas, Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
        seen.append(opened._session.display.mask_style)
        assert panel.style_box.currentData() == seen[-1]
    assert seen == [MaskStyle.OUTLINE, MaskStyle.HATCH]
    panel.outline.setValue(2)
    assert (Preferences().mask_style, Preferences().outline_width) == (MaskStyle.HATCH, 2)
    later = make_window()
    assert (later._session.display.mask_style, later._session.display.outline_width) == (MaskStyle.HATCH, 2)


def test_without_an_image_there_is_nothing_to_adjust(window: MainWindow) -> None:
    assert not window.display.isEnabled()


def test_every_control_has_a_name(panel: DisplayPanel) -> None:
    for control in (
        panel.histogram,
        panel.window_box,
        panel.low,
        panel.high,
        panel.brightness,
        panel.contrast,
        panel.gamma,
        panel.channel,
        panel.style_box,
        panel.outline,
    ):
        assert control.accessibleName()
        assert control.toolTip() or control is panel.channel


@pytest.mark.parametrize("step", [-100, -37, 0, 5, 100])
def test_positions_of_the_slider_and_gamma_agree(step: int) -> None:
    assert step_of_gamma(gamma_of_step(step)) == step
    assert gamma_of_step(0) == 1.0
