"""Cutting out by the real mouse."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segtool.core.classes import BACKGROUND
from segtool.core.regions.cut_out import cut_out
from segtool.core.shapes import box_between
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.tool_id import ToolId
from tests.gui.canvas.conftest import make_mask
from tests.gui.tools import scene
from tests.gui.tools.scene import (
    BIG,
    LEFT,
    RIGHT,
    SMALL,
    Places,
    click,
    disc,
    drag,
    expect_one_step,
    mask_of,
    positions,
    scene_canvas,
    settle,
)

__all__ = ["scene_canvas"]

BOX: Places = ((37, 27), (103, 93))
SMALL_BOX: Places = ((113, 13), (147, 47))


@pytest.fixture(autouse=True)
def _cutter_in_hand(session: Session) -> None:
    session.set_tool(ToolId.CUT_OUT)


def _expected(canvas: Canvas, *boxes: Places, value: int = 2) -> npt.NDArray[np.uint8]:
    mask = make_mask()
    for places in boxes:
        rect, region = cut_out(scene.scene(), box_between(*positions(canvas, places)))
        mask[rect.slices][region] = value
    return mask


@pytest.mark.parametrize(("button", "value"), [(LEFT, 2), (RIGHT, BACKGROUND)])
def test_the_object_in_a_box_is_painted(
    scene_canvas: Canvas, session: Session, qtbot: QtBot, button: Qt.MouseButton, value: int
) -> None:
    drag(scene_canvas, BOX, button=button)
    settle(session, qtbot)
    expected = _expected(scene_canvas, BOX, value=value)
    if value == 2:
        found, wanted = expected == 2, disc(BIG) | (make_mask() == 2)
        assert (found & wanted).sum() / (found | wanted).sum() > 0.85
    expect_one_step(session, expected, name="Cut out")


def test_boxes_may_be_drawn_while_others_are_worked_on(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    drag(scene_canvas, BOX)
    drag(scene_canvas, SMALL_BOX)
    expected = _expected(scene_canvas, BOX, SMALL_BOX)
    qtbot.waitUntil(lambda: bool(np.array_equal(mask_of(session), expected)))
    settle(session, qtbot)
    session.undo()
    assert np.array_equal(mask_of(session), _expected(scene_canvas, BOX))
    assert (expected == 2)[disc(SMALL)].mean() > 0.95


def test_esc_drops_the_box_that_is_drawn_and_then_those_worked_on(
    scene_canvas: Canvas, session: Session, qtbot: QtBot
) -> None:
    drag(scene_canvas, BOX)
    drag(scene_canvas, SMALL_BOX)
    drag(scene_canvas, SMALL_BOX, release=False)
    QTest.keyClick(scene_canvas, Qt.Key.Key_Escape)
    drag(scene_canvas, SMALL_BOX, press=False)
    QTest.keyClick(scene_canvas, Qt.Key.Key_Escape)
    settle(session, qtbot)
    assert np.array_equal(mask_of(session), make_mask())
    assert session.document is not None
    assert not session.document.history.can_undo


def test_a_click_is_no_box(scene_canvas: Canvas, session: Session) -> None:
    click(scene_canvas, BIG[:2])
    assert not session.regions.is_busy
    assert np.array_equal(mask_of(session), make_mask())
