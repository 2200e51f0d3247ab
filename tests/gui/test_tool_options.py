from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QToolButton
from pytestqt.qtbot import QtBot

from segtool.gui.main_window import MainWindow
from segtool.gui.tool_options import NumberField, next_size, step_of_value, value_of_step
from segtool.gui.tools.options import BRUSH_SIZE, MAX_BRUSH_SIZE
from segtool.gui.tools.table import TOOLS
from segtool.gui.tools.tool_id import ToolId


def test_the_slider_reaches_every_end_and_comes_back() -> None:
    assert value_of_step(BRUSH_SIZE, 0) == 1
    assert value_of_step(BRUSH_SIZE, 100) == MAX_BRUSH_SIZE
    for size in (1, 2, 3, 10, 20, 100, 499, 500):
        assert abs(value_of_step(BRUSH_SIZE, step_of_value(BRUSH_SIZE, size)) - size) <= max(0, round(0.04 * size))


def test_bracket_steps_grow_with_the_brush() -> None:
    assert next_size(1, larger=True) == 2
    assert next_size(200, larger=True) == 220
    assert next_size(2, larger=False) == 1


def test_size_and_opacity_follow_the_session_and_change_it(opened: MainWindow) -> None:
    session, size = opened._session, opened.options_bar.widgets["brush_size"]
    assert isinstance(size, NumberField)
    session.set_brush_size(37)
    assert size.spin.value() == 37
    size.slider.setValue(100)
    assert session.brush_size == MAX_BRUSH_SIZE
    size.spin.setValue(8)
    assert session.brush_size == 8
    assert value_of_step(BRUSH_SIZE, size.slider.value()) == 8
    opened.tool_bar.opacity.slider.setValue(70)
    assert session.overlay_opacity == 0.7


def test_the_bar_shows_the_options_of_the_tool_in_hand(opened: MainWindow, qtbot: QtBot) -> None:
    def shown() -> set[str]:
        return {field for field, widget in opened.options_bar.widgets.items() if widget.isVisible()}

    # In a narrower window, what does not fit stands behind the arrow at the end of the bar.
    opened.resize(1100, 700)
    for spec in TOOLS:
        opened._session.set_tool(spec.id)
        qtbot.waitUntil(lambda spec=spec: shown() == {option.field for option in spec.options})


def test_everything_has_room_in_a_window_of_1280_pixels(opened: MainWindow, qtbot: QtBot) -> None:
    bar = opened.options_bar
    opened.resize(1280, 720)
    bar.limits.intensity.setChecked(True)
    bar.limits.over.setCurrentIndex(bar.limits.over.findText("void"))
    for spec in TOOLS:
        opened._session.set_tool(spec.id)
        qtbot.waitUntil(bar.limits.isVisible)
        assert bar.sizeHint().width() <= 1280, spec.id
        assert not any(button.isVisible() for button in bar.findChildren(QToolButton, "qt_toolbar_ext_button"))


def _click(field: QAbstractSpinBox, *, on_arrow: bool) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    if on_arrow:
        QTest.mouseClick(field, left, none, QPoint(field.width() - 8, 6))
    else:
        QTest.mouseClick(field.lineEdit(), left, none, QPoint(4, 8))


def _type(keys: str) -> None:
    for key in keys:
        QTest.keyClick(QApplication.focusWidget() or QApplication.activeWindow(), key)


def test_a_field_for_a_number_gives_the_keyboard_back(opened: MainWindow, qtbot: QtBot) -> None:
    session, size = opened._session, opened.options_bar.widgets["brush_size"]
    assert isinstance(size, NumberField)
    with qtbot.waitActive(opened):
        opened.activateWindow()
    _click(size.spin, on_arrow=True)
    assert session.brush_size == 21
    assert opened.canvas.hasFocus()
    _click(size.spin, on_arrow=False)
    assert size.spin.hasFocus()
    size.spin.selectAll()
    _type("7w")
    assert (session.brush_size, session.tool) == (7, ToolId.WAND)
    assert opened.canvas.hasFocus()
    session.set_tool(ToolId.BRUSH)
    _click(size.spin, on_arrow=False)
    QTest.keyClick(size.spin, Qt.Key.Key_Escape)
    assert opened.canvas.hasFocus()


def test_both_ends_of_the_intensity_can_be_typed_one_after_the_other(opened: MainWindow, qtbot: QtBot) -> None:
    session, limits = opened._session, opened.options_bar.limits
    with qtbot.waitActive(opened):
        opened.activateWindow()
    limits.intensity.setChecked(True)
    active = session.active_class
    for field, text in ((limits.low, "50"), (limits.high, "120")):
        _click(field, on_arrow=False)
        field.selectAll()
        _type(text)
    QTest.keyClick(limits.high, Qt.Key.Key_Return)
    assert session.rules.intensity == (50, 120)
    assert session.active_class == active
    assert opened.canvas.hasFocus()
