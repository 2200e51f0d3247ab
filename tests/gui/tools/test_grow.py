"""Growing from seeds by the real mouse."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segtool.core.regions.grow import grown
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.tool_id import ToolId
from tests.gui.canvas.conftest import make_mask
from tests.gui.tools import scene
from tests.gui.tools.scene import (
    BIG,
    RIGHT,
    Places,
    disc,
    drag,
    expect_one_step,
    mask_of,
    positions,
    scene_canvas,
    settle,
)

__all__ = ["scene_canvas"]

INSIDE: Places = ((58, 60), (70, 64), (82, 60))
MORE_INSIDE: Places = ((128, 28), (134, 32))
OUTSIDE: Places = ((110, 95), (112, 70), (108, 40))


@pytest.fixture(autouse=True)
def _seeds_in_hand(session: Session) -> None:
    session.set_tool(ToolId.GROW_SEEDS)


def _expected(canvas: Canvas, inside: list[Places], outside: list[Places]) -> npt.NDArray[np.uint8]:
    marks = [[positions(canvas, mark) for mark in side] for side in (inside, outside)]
    rect, region = grown(scene.scene(), inside=marks[0], outside=marks[1])
    mask = make_mask()
    mask[rect.slices][region] = 2
    return mask


def test_each_mark_is_shown_and_enter_keeps_the_result(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    drag(scene_canvas, INSIDE)
    settle(session, qtbot)
    first = _expected(scene_canvas, [INSIDE], [])
    assert np.array_equal(mask_of(session), first)
    found, wanted = first == 2, disc(BIG) | (make_mask() == 2)
    assert (found & wanted).sum() / (found | wanted).sum() > 0.95
    drag(scene_canvas, OUTSIDE, button=RIGHT)
    drag(scene_canvas, MORE_INSIDE)
    settle(session, qtbot)
    expected = _expected(scene_canvas, [INSIDE, MORE_INSIDE], [OUTSIDE])
    assert not np.array_equal(expected, first)
    assert np.array_equal(mask_of(session), expected)
    assert session.document is not None
    assert not session.document.history.can_undo
    QTest.keyClick(scene_canvas, Qt.Key.Key_Return)
    expect_one_step(session, expected, name="Grow from seeds")


def test_enter_waits_for_the_last_mark(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    drag(scene_canvas, INSIDE)
    QTest.keyClick(scene_canvas, Qt.Key.Key_Return)
    settle(session, qtbot)
    expect_one_step(session, _expected(scene_canvas, [INSIDE], []), name="Grow from seeds")


def test_backspace_takes_the_last_mark_back(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    drag(scene_canvas, INSIDE)
    drag(scene_canvas, MORE_INSIDE)
    QTest.keyClick(scene_canvas, Qt.Key.Key_Backspace)
    settle(session, qtbot)
    assert np.array_equal(mask_of(session), _expected(scene_canvas, [INSIDE], []))
    QTest.keyClick(scene_canvas, Qt.Key.Key_Backspace)
    assert np.array_equal(mask_of(session), make_mask())
    assert session.document is not None
    assert not session.document.history.can_undo


def test_marks_outside_alone_find_nothing(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    drag(scene_canvas, OUTSIDE, button=RIGHT)
    settle(session, qtbot)
    assert np.array_equal(mask_of(session), make_mask())


@pytest.mark.parametrize("waits", [True, False])
def test_esc_drops_marks_and_result(scene_canvas: Canvas, session: Session, qtbot: QtBot, waits: bool) -> None:
    drag(scene_canvas, INSIDE)
    if waits:
        settle(session, qtbot)
        assert not np.array_equal(mask_of(session), make_mask())
    drag(scene_canvas, MORE_INSIDE, release=False)
    QTest.keyClick(scene_canvas, Qt.Key.Key_Escape)
    drag(scene_canvas, MORE_INSIDE, press=False)
    settle(session, qtbot)
    assert np.array_equal(mask_of(session), make_mask())
    assert session.document is not None
    assert not session.document.history.can_undo


def test_what_was_painted_before_is_saved_while_marks_are_set(
    scene_canvas: Canvas, session: Session, qtbot: QtBot
) -> None:
    session.set_tool(ToolId.BRUSH)
    drag(scene_canvas, OUTSIDE)
    assert session.is_dirty
    session.set_tool(ToolId.GROW_SEEDS)
    drag(scene_canvas, INSIDE)
    # A stroke stays open until Enter, in which nothing is saved by itself.
    qtbot.waitUntil(lambda: not session.is_dirty)
    settle(session, qtbot)
    QTest.keyClick(scene_canvas, Qt.Key.Key_Return)
    assert session.is_dirty
