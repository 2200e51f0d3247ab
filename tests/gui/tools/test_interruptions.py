"""What happens in the middle of using a tool: other keys and buttons, another folder, an operation that is shown."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segtool.core.operations.change import Mask, MaskChange, Tick
from segtool.core.operations.recode import invert
from segtool.formats.mask_png import read_mask
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.tool_id import ToolId
from segtool.project.status import Status
from tests.gui.canvas.conftest import make_mask
from tests.gui.tools.scene import LEFT, NONE, at, click, drag, mask_of, scene_canvas, settle

__all__ = ["scene_canvas"]

MIDDLE = Qt.MouseButton.MiddleButton
SQUARE = [(10.0, 65.0), (40.0, 65.0), (40.0, 95.0), (10.0, 95.0)]


def is_in_stroke(session: Session) -> bool:
    """Tell whether a stroke is open."""
    return session._edits.stroke_number != 0


@pytest.mark.parametrize("tool", [ToolId.POLYGON, ToolId.SCISSORS, ToolId.GROW_SEEDS, ToolId.RULER])
def test_esc_while_the_image_is_dragged(scene_canvas: Canvas, session: Session, qtbot: QtBot, tool: ToolId) -> None:
    session.set_tool(tool)
    drag(scene_canvas, [(20, 70), (30, 80)])
    QTest.mousePress(scene_canvas, MIDDLE, NONE, QPoint(100, 100))
    QTest.mouseMove(scene_canvas, QPoint(110, 100))
    QTest.keyClick(scene_canvas, Qt.Key.Key_Escape)
    QTest.mouseMove(scene_canvas, QPoint(120, 100))
    QTest.mouseRelease(scene_canvas, MIDDLE, NONE, QPoint(120, 100))
    view = scene_canvas.view
    QTest.mouseMove(scene_canvas, QPoint(200, 150))
    assert scene_canvas.view == view
    # The next press is the tool's again, and so is its release.
    session.set_tool(ToolId.BRUSH)
    click(scene_canvas, (30, 80))
    assert not is_in_stroke(session)
    assert mask_of(session)[80, 30] == 2


def test_another_folder_while_clicks_wait_for_each_other(
    scene_canvas: Canvas, session: Session, qtbot: QtBot, image_folder: Path
) -> None:
    session.set_tool(ToolId.FILL)
    click(scene_canvas, (40, 40), (110, 40))
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    assert not is_in_stroke(session)
    assert not session.regions.is_busy
    # What was clicked is on disk.
    expected = make_mask()
    expected[20:60, 20:60] = 2
    assert np.array_equal(mask_of(session), expected)
    session.set_active_class(1)
    click(scene_canvas, (40, 40))
    settle(session, qtbot)
    assert np.array_equal(mask_of(session), make_mask())


def test_what_waits_for_a_stroke_waits_for_the_next_one_too(
    scene_canvas: Canvas, session: Session, qtbot: QtBot
) -> None:
    session.set_tool(ToolId.FILL)
    click(scene_canvas, (40, 40), (110, 5))
    in_stroke = []
    session.after_stroke(lambda: in_stroke.append(is_in_stroke(session)))
    qtbot.waitUntil(lambda: bool(in_stroke))
    assert in_stroke == [False]
    # Both have been filled by then.
    assert session.document is not None
    assert len(session.document.history.edits) == 2


@pytest.mark.parametrize(
    "tool", [ToolId.FILL, ToolId.WAND, ToolId.CUT_OUT, ToolId.BRUSH, ToolId.RECTANGLE, ToolId.GROW_SEEDS]
)
def test_a_tool_takes_back_an_operation_that_is_only_shown(
    scene_canvas: Canvas, session: Session, qtbot: QtBot, tool: ToolId
) -> None:
    session.set_tool(tool)
    assert session.operations.begin("Grow")
    drag(scene_canvas, [(50, 70), (100, 100)])
    assert not session.operations.is_under_way
    settle(session, qtbot)
    if tool is ToolId.GROW_SEEDS:
        QTest.keyClick(scene_canvas, Qt.Key.Key_Return)
    assert not is_in_stroke(session)
    assert session.document is not None
    assert [edit.name for edit in session.document.history.edits] != []


@pytest.mark.parametrize("tool", [ToolId.POLYGON, ToolId.SCISSORS])
def test_a_class_that_is_removed_meanwhile_is_not_painted(
    scene_canvas: Canvas, session: Session, qtbot: QtBot, tool: ToolId
) -> None:
    session.set_tool(tool)
    click(scene_canvas, *SQUARE[:3])
    settle(session, qtbot)
    assert session.class_edits.remove(2, replacement=0)
    qtbot.waitUntil(lambda: 2 not in session.classes)
    scene_canvas.setFocus()
    told = []
    session.message.connect(lambda text, level: told.append(text))
    QTest.keyClick(scene_canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: any("has been removed" in text for text in told))
    assert not (mask_of(session) == 2).any()
    assert not is_in_stroke(session)


def test_a_class_is_not_gone_while_something_is_about_to_paint_it(
    scene_canvas: Canvas, session: Session, qtbot: QtBot
) -> None:
    assert session.document is not None
    history, gate, ended = session.document.history, threading.Event(), []
    session.stroke_ended.connect(lambda: ended.append(2 in session.classes))

    def work(pixels: Mask, tick: Tick) -> MaskChange | None:
        gate.wait(10)
        return invert(pixels, 2, tick=tick)

    def begin() -> None:
        # The pixels are changed by now, but it is not on disk that they are.
        if history.undo_name == "Remove wall" and not session.operations.is_under_way and not ended:
            assert session.operations.run("Invert", work)

    session.history_changed.connect(begin, Qt.ConnectionType.QueuedConnection)
    assert session.class_edits.remove(2, replacement=0)
    qtbot.waitUntil(lambda: session.operations.is_under_way)
    qtbot.waitUntil(lambda: not session.is_dirty)
    assert 2 in session.classes
    gate.set()
    qtbot.waitUntil(lambda: 2 not in session.classes)
    assert ended[0]
    assert not (mask_of(session) == 2).any()


@pytest.mark.parametrize("what", ["save", "save all", "close", "approve", "step", "open", "operation"])
def test_what_is_being_found_for_a_click_is_painted_first(
    scene_canvas: Canvas, session: Session, qtbot: QtBot, what: str
) -> None:
    document = session.document
    assert document is not None
    session.set_tool(ToolId.FILL)
    click(scene_canvas, (40, 40), (110, 5))
    match what:
        case "save":
            session.save()
        case "save all":
            session.save_all()
        case "close":
            assert session.unsaved_keys() == {"a.png"}
            assert session.wait_until_saved()
        case "approve":
            session.approve()
        case "step":
            session.step_image(1)
        case "open":
            assert session.open_image("b.png")
        case "operation":
            assert session.operations.run("Invert", lambda pixels, tick: invert(pixels, 2, tick=tick))
    qtbot.waitUntil(lambda: len(document.history.edits) >= 2)
    assert [edit.name for edit in document.history.edits][:2] == ["Fill", "Fill"]
    match what:
        case "save" | "save all" | "close":
            qtbot.waitUntil(lambda: not document.is_dirty)
            assert np.array_equal(read_mask(document.entry.mask_path), document.mask)
        case "approve":
            assert session.project is not None
            assert session.project.status("a.png") is Status.APPROVED
        case "operation":
            qtbot.waitUntil(lambda: document.history.undo_name == "Invert")
        case _:
            assert session.document is not document
    assert not is_in_stroke(session)


@pytest.mark.parametrize("tool", [ToolId.POLYGON, ToolId.SCISSORS])
def test_a_double_click_on_the_first_corner_closes_and_begins_nothing(
    scene_canvas: Canvas, session: Session, qtbot: QtBot, tool: ToolId
) -> None:
    session.set_tool(tool)
    click(scene_canvas, *SQUARE, SQUARE[0])
    assert session.document is not None
    history = session.document.history
    qtbot.waitUntil(lambda: bool(history.edits))
    QTest.mouseDClick(scene_canvas, LEFT, NONE, at(scene_canvas, SQUARE[0]))
    QTest.mouseRelease(scene_canvas, LEFT, NONE, at(scene_canvas, SQUARE[0]))
    assert scene_canvas._input.sketch() is None
