from __future__ import annotations

from segtool.gui.main_window import MainWindow
from segtool.gui.tool_options import next_size, size_of_step, step_of_size
from segtool.gui.tool_state import MAX_BRUSH_SIZE
from segtool.gui.tools.tool_id import ToolId


def test_the_slider_reaches_every_end_and_comes_back() -> None:
    assert size_of_step(0) == 1
    assert size_of_step(100) == MAX_BRUSH_SIZE
    for size in (1, 2, 3, 10, 20, 100, 499, 500):
        assert abs(size_of_step(step_of_size(size)) - size) <= max(0, round(0.04 * size))


def test_bracket_steps_grow_with_the_brush() -> None:
    assert next_size(1, larger=True) == 2
    assert next_size(200, larger=True) == 220
    assert next_size(2, larger=False) == 1


def test_size_and_opacity_follow_the_session_and_change_it(opened: MainWindow) -> None:
    session, options = opened._session, opened.tool_bar.brush_options
    session.set_brush_size(37)
    assert options.spin.value() == 37
    options.slider.setValue(100)
    assert session.brush_size == MAX_BRUSH_SIZE
    options.spin.setValue(8)
    assert session.brush_size == 8
    assert size_of_step(options.slider.value()) == 8
    opened.tool_bar.opacity.slider.setValue(70)
    assert session.overlay_opacity == 0.7
    session.set_tool(ToolId.PAN)
    assert not options.isEnabled()
