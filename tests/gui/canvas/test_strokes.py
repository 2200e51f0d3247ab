"""Strokes of the mouse over the canvas become exactly the pixels that the brush of the core covers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from segtool.core.brush import stroke_region
from segtool.core.classes import VOID
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.gui.tools.tool_id import ToolId
from tests.gui.canvas.conftest import make_mask

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier
WAY = (QPoint(120, 80), QPoint(150, 95), QPoint(230, 190), QPoint(231, 190), QPoint(300, 60))


def _drag(canvas: Canvas, way: Sequence[QPoint], *, button: Qt.MouseButton = LEFT, release: bool = True) -> None:
    QTest.mousePress(canvas, button, NONE, way[0])
    for pos in way[1:]:
        QTest.mouseMove(canvas, pos)
    if release:
        QTest.mouseRelease(canvas, button, NONE, way[-1])


def _painted(canvas: Canvas, way: Sequence[QPoint], *, diameter: int, value: int) -> npt.NDArray[np.uint8]:
    """Return the mask that a stroke along ``way`` ought to give."""
    mask = make_mask()
    points = [canvas.widget_to_image(QPointF(pos)) for pos in way]
    for start, end in zip([points[0], *points], points, strict=False):
        rect, region = stroke_region(start, end, diameter=diameter, shape=mask.shape)
        mask[rect.slices][region] = value
    return mask


def _mask(session: Session) -> npt.NDArray[np.uint8]:
    assert session.document is not None
    return session.document.mask


@pytest.mark.parametrize("scale", [0.7, 1.0, 2.3, 6.0])
@pytest.mark.parametrize("diameter", [1, 2, 15])
def test_a_stroke_covers_what_the_brush_covers(
    canvas: Canvas, open_session: Session, scale: float, diameter: int
) -> None:
    canvas.zoom_to(scale)
    open_session.set_brush_size(diameter)
    open_session.set_active_class(2)
    _drag(canvas, WAY)
    expected = _painted(canvas, WAY, diameter=diameter, value=2)
    assert np.array_equal(_mask(open_session), expected)
    open_session.undo()
    assert np.array_equal(_mask(open_session), make_mask())


@pytest.mark.parametrize(
    ("tool", "button", "active", "value"),
    [
        (ToolId.BRUSH, LEFT, VOID, VOID),
        (ToolId.BRUSH, RIGHT, 2, 0),
        (ToolId.ERASER, LEFT, 2, 0),
        (ToolId.ERASER, RIGHT, 2, 0),
    ],
)
def test_what_is_painted(
    canvas: Canvas, open_session: Session, tool: ToolId, button: Qt.MouseButton, active: int, value: int
) -> None:
    open_session.set_tool(tool)
    open_session.set_active_class(active)
    open_session.set_brush_size(20)
    _drag(canvas, WAY, button=button)
    assert np.array_equal(_mask(open_session), _painted(canvas, WAY, diameter=20, value=value))


def test_a_stroke_may_begin_and_end_beside_the_image(canvas: Canvas, open_session: Session) -> None:
    canvas.zoom_to(1.0)
    open_session.set_brush_size(9)
    way = (QPoint(5, 140), QPoint(390, 160))
    _drag(canvas, way)
    assert np.array_equal(_mask(open_session), _painted(canvas, way, diameter=9, value=1))
    assert (_mask(open_session)[:, 0] == 1).any()


def test_a_stroke_goes_on_through_zooming(canvas: Canvas, open_session: Session) -> None:
    expected = make_mask()
    first, second = QPoint(150, 100), QPoint(220, 160)
    points = [canvas.widget_to_image(QPointF(first))]
    _drag(canvas, (first,), release=False)
    canvas.zoom_to(3.0)
    QTest.mouseMove(canvas, second)
    QTest.mouseRelease(canvas, LEFT, NONE, second)
    points.append(canvas.widget_to_image(QPointF(second)))
    for start, end in ((points[0], points[0]), (points[0], points[1])):
        rect, region = stroke_region(start, end, diameter=open_session.brush_size, shape=expected.shape)
        expected[rect.slices][region] = 1
    assert np.array_equal(_mask(open_session), expected)


def test_esc_takes_the_stroke_in_progress_back(canvas: Canvas, open_session: Session) -> None:
    _drag(canvas, WAY, release=False)
    assert not np.array_equal(_mask(open_session), make_mask())
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseMove(canvas, QPoint(200, 200))
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(200, 200))
    assert np.array_equal(_mask(open_session), make_mask())
    assert open_session.document is not None
    assert not open_session.document.history.can_undo
    _drag(canvas, WAY)
    assert open_session.document.history.can_undo


def test_another_button_does_not_disturb_a_stroke(canvas: Canvas, open_session: Session) -> None:
    _drag(canvas, WAY[:3], release=False)
    QTest.mousePress(canvas, RIGHT, NONE, WAY[2])
    QTest.mouseRelease(canvas, RIGHT, NONE, WAY[2])
    for pos in WAY[3:]:
        QTest.mouseMove(canvas, pos)
    QTest.mouseRelease(canvas, LEFT, NONE, WAY[-1])
    expected = _painted(canvas, WAY, diameter=open_session.brush_size, value=1)
    assert np.array_equal(_mask(open_session), expected)


@pytest.mark.parametrize("end", ["tool", "image", "undo", "focus"])
def test_a_stroke_that_is_cut_short_stays_within_its_image(canvas: Canvas, open_session: Session, end: str) -> None:
    _drag(canvas, WAY[:2], release=False)
    if end == "tool":
        open_session.set_tool(ToolId.ERASER)
    elif end == "image":
        assert open_session.open_image("b.png")
    elif end == "undo":
        open_session.undo()
    else:
        QApplication.sendEvent(canvas, QEvent(QEvent.Type.Hide))
    before = _mask(open_session).copy()
    for pos in WAY[2:]:
        QTest.mouseMove(canvas, pos)
    QTest.mouseRelease(canvas, LEFT, NONE, WAY[-1])
    assert np.array_equal(_mask(open_session), before)


def test_the_picker_and_alt_take_the_class_under_the_pointer(canvas: Canvas, open_session: Session) -> None:
    def place(x: float, y: float) -> QPoint:
        return canvas.image_to_widget(x, y).toPoint()

    QTest.mouseClick(canvas, LEFT, Qt.KeyboardModifier.AltModifier, place(110, 40))
    assert open_session.active_class == 2
    open_session.set_tool(ToolId.PICKER)
    QTest.mouseClick(canvas, LEFT, NONE, place(40, 40))
    assert open_session.active_class == 1
    QTest.mouseClick(canvas, LEFT, NONE, place(40, 110))
    assert open_session.active_class == VOID
    QTest.mouseClick(canvas, LEFT, NONE, QPoint(1, 1))
    assert open_session.active_class == VOID
    assert np.array_equal(_mask(open_session), make_mask())


def test_a_document_that_is_read_only_gives_a_message_and_nothing_else(canvas: Canvas, open_session: Session) -> None:
    assert open_session.document is not None
    open_session.document.read_only_reason = "The folder is write-protected."
    told: list[tuple[str, Level]] = []
    open_session.message.connect(lambda text, level: told.append((text, level)))
    _drag(canvas, WAY)
    assert len(told) == 1
    assert "write-protected" in told[0][0]
    assert np.array_equal(_mask(open_session), make_mask())
    assert not open_session.document.history.can_undo
