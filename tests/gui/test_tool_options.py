from __future__ import annotations

from pytestqt.qtbot import QtBot

from segtool.gui.main_window import MainWindow
from segtool.gui.tool_options import NumberField, next_size, step_of_value, value_of_step
from segtool.gui.tools.options import BRUSH_SIZE, MAX_BRUSH_SIZE
from segtool.gui.tools.table import TOOLS


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
