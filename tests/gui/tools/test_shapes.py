"""Shapes drawn with the real mouse become exactly the pixels inside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from segtool.core.classes import BACKGROUND
from segtool.core.geometry import Rect
from segtool.core.shapes import ellipse_region, polygon_region
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.tool_id import ToolId
from segtool.project.status import Status
from tests.gui.canvas.conftest import canvas, grabbed, make_mask

__all__ = ["canvas"]

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NONE, SHIFT, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
CORNERS = ((30.5, 30.5), (100.5, 24.5), (90.5, 90.5), (50.5, 70.5))


def _at(canvas: Canvas, place: tuple[float, float]) -> QPoint:
    return canvas.image_to_widget(*place).toPoint()


def _click(canvas: Canvas, *places: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
    for place in places:
        QTest.mouseClick(canvas, button, NONE, _at(canvas, place))


def _drag(
    canvas: Canvas,
    way: Sequence[tuple[float, float]],
    *,
    button: Qt.MouseButton = LEFT,
    modifier: Qt.KeyboardModifier = NONE,
    release: bool = True,
) -> None:
    QTest.mousePress(canvas, button, modifier, _at(canvas, way[0]))
    for place in way[1:]:
        QTest.mouseMove(canvas, _at(canvas, place))
    if release:
        QTest.mouseRelease(canvas, button, modifier, _at(canvas, way[-1]))


def _positions(canvas: Canvas, places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the image positions of the widget's pixels that are nearest to some places."""
    return [canvas.widget_to_image(QPointF(_at(canvas, place))) for place in places]


def _polygon(canvas: Canvas, places: Sequence[tuple[float, float]], value: int) -> npt.NDArray[np.uint8]:
    mask = make_mask()
    rect, region = polygon_region(_positions(canvas, places), shape=mask.shape)
    mask[rect.slices][region] = value
    return mask


def _mask(session: Session) -> npt.NDArray[np.uint8]:
    assert session.document is not None
    return session.document.mask


@pytest.fixture
def polygon(canvas: Canvas, open_session: Session) -> Canvas:
    """The canvas at twice its size with the polygon in hand, and class 2."""
    canvas.zoom_to(2.0)
    open_session.set_active_class(2)
    open_session.set_tool(ToolId.POLYGON)
    return canvas


@pytest.mark.parametrize("closing", ["enter", "double click", "first corner"])
def test_a_polygon_is_filled_when_it_is_closed(polygon: Canvas, open_session: Session, closing: str) -> None:
    _click(polygon, *CORNERS)
    assert np.array_equal(_mask(open_session), make_mask())
    if closing == "enter":
        QTest.keyClick(polygon, Qt.Key.Key_Return)
    elif closing == "double click":
        QTest.mouseDClick(polygon, LEFT, NONE, _at(polygon, CORNERS[-1]))
    else:
        _click(polygon, (CORNERS[0][0] + 2, CORNERS[0][1]))
    assert np.array_equal(_mask(open_session), _polygon(polygon, CORNERS, 2))
    assert open_session.project is not None
    # Return belonged to the polygon, not to the action that approves.
    assert open_session.project.status("a.png") is Status.CORRECTED
    open_session.undo()
    assert np.array_equal(_mask(open_session), make_mask())


def test_a_polygon_begun_with_the_right_button_takes_away(polygon: Canvas, open_session: Session) -> None:
    _click(polygon, CORNERS[0], button=RIGHT)
    _click(polygon, *CORNERS[1:])
    QTest.keyClick(polygon, Qt.Key.Key_Enter)
    assert np.array_equal(_mask(open_session), _polygon(polygon, CORNERS, BACKGROUND))


@pytest.mark.parametrize("key", [Qt.Key.Key_Backspace, Qt.Key.Key_Z])
def test_the_last_corner_can_be_taken_back(polygon: Canvas, open_session: Session, key: Qt.Key) -> None:
    _click(polygon, *CORNERS, (10.5, 100.5))
    modifier = Qt.KeyboardModifier.ControlModifier if key == Qt.Key.Key_Z else NONE
    QTest.keyClick(polygon, key, modifier)
    QTest.keyClick(polygon, Qt.Key.Key_Return)
    assert np.array_equal(_mask(open_session), _polygon(polygon, CORNERS, 2))


def test_a_polygon_lives_through_moving_and_zooming_the_image(polygon: Canvas, open_session: Session) -> None:
    expected = _polygon(polygon, CORNERS, 2)
    _click(polygon, *CORNERS[:2])
    place = _at(polygon, (60, 60))
    QTest.mousePress(polygon, MIDDLE, NONE, place)
    QTest.mouseMove(polygon, place + QPoint(9, -14))
    QTest.mouseRelease(polygon, MIDDLE, NONE, place + QPoint(9, -14))
    QTest.keyPress(polygon, Qt.Key.Key_Space)
    QTest.mousePress(polygon, LEFT, NONE, place)
    QTest.mouseMove(polygon, place + QPoint(5, 8))
    QTest.mouseRelease(polygon, LEFT, NONE, place + QPoint(5, 8))
    QTest.keyRelease(polygon, Qt.Key.Key_Space)
    _click(polygon, *CORNERS[2:])
    QTest.keyClick(polygon, Qt.Key.Key_Return)
    assert np.array_equal(_mask(open_session), expected)


@pytest.mark.parametrize("leave", ["esc", "other tool", "other image"])
def test_an_unfinished_polygon_leaves_nothing_behind(polygon: Canvas, open_session: Session, leave: str) -> None:
    _click(polygon, *CORNERS)
    if leave == "esc":
        QTest.keyClick(polygon, Qt.Key.Key_Escape)
    elif leave == "other tool":
        open_session.set_tool(ToolId.LASSO)
        open_session.set_tool(ToolId.POLYGON)
    else:
        assert open_session.open_image("b.png")
        assert open_session.open_image("a.png")
    before = grabbed(polygon)
    QTest.keyClick(polygon, Qt.Key.Key_Return)
    assert np.array_equal(_mask(open_session), make_mask())
    assert open_session.document is not None
    assert not open_session.document.history.can_undo
    assert np.array_equal(grabbed(polygon), before)


def test_the_polygon_is_seen_while_it_is_drawn(polygon: Canvas, open_session: Session) -> None:
    before = grabbed(polygon)
    _click(polygon, *CORNERS[:3])
    changed = (grabbed(polygon) != before).any(axis=-1)
    middle = _at(polygon, ((CORNERS[0][0] + CORNERS[1][0]) / 2, (CORNERS[0][1] + CORNERS[1][1]) / 2))
    assert changed[middle.y(), middle.x()]
    assert not changed[_at(polygon, (140, 60)).y(), _at(polygon, (140, 60)).x()]


def test_a_lasso_fills_what_it_goes_around(canvas: Canvas, open_session: Session) -> None:
    canvas.zoom_to(2.0)
    open_session.set_tool(ToolId.LASSO)
    way = [(80 + 30 * np.cos(a), 60 + 22 * np.sin(a)) for a in np.linspace(0, 6, 25)]
    _drag(canvas, way)
    assert np.array_equal(_mask(open_session), _polygon(canvas, way, 1))
    _drag(canvas, way, button=RIGHT)
    assert np.array_equal(_mask(open_session), _polygon(canvas, way, BACKGROUND))


@pytest.mark.parametrize(
    ("modifier", "box"),
    [(NONE, Rect(40, 30, 41, 21)), (SHIFT, Rect(40, 30, 41, 41)), (ALT, Rect(0, 10, 81, 41))],
)
@pytest.mark.parametrize("tool", [ToolId.RECTANGLE, ToolId.ELLIPSE])
def test_rectangle_and_ellipse(
    canvas: Canvas, open_session: Session, tool: ToolId, modifier: Qt.KeyboardModifier, box: Rect
) -> None:
    canvas.zoom_to(2.0)
    open_session.set_tool(tool)
    open_session.set_active_class(2)
    _drag(canvas, [(40.5, 30.5), (60.5, 35.5), (80.5, 50.5)], modifier=modifier)
    expected = make_mask()
    rect, region = ellipse_region(box, shape=expected.shape)
    expected[rect.slices][region if tool is ToolId.ELLIPSE else ...] = 2
    assert np.array_equal(_mask(open_session), expected)
    open_session.undo()
    assert np.array_equal(_mask(open_session), make_mask())


@pytest.mark.parametrize("tool", [ToolId.RECTANGLE, ToolId.ELLIPSE, ToolId.LASSO])
def test_esc_drops_the_shape(canvas: Canvas, open_session: Session, tool: ToolId) -> None:
    canvas.zoom_to(2.0)
    open_session.set_tool(tool)
    way = [(40.5, 30.5), (80.5, 50.5), (50.5, 80.5)]
    _drag(canvas, way, release=False)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, LEFT, NONE, _at(canvas, way[-1]))
    assert np.array_equal(_mask(open_session), make_mask())


def test_a_ruler_measures_and_changes_nothing(canvas: Canvas, open_session: Session) -> None:
    canvas.zoom_to(2.0)
    open_session.set_tool(ToolId.RULER)
    bare = grabbed(canvas)
    _drag(canvas, [(40, 80), (60, 60), (70, 40)])
    sketch = canvas._input.sketch()
    assert sketch is not None
    assert sketch.label == "50.0 px · 53.1°"
    assert not np.array_equal(grabbed(canvas), bare)
    assert np.array_equal(_mask(open_session), make_mask())
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas._input.sketch() is None
    assert np.array_equal(grabbed(canvas), bare)
