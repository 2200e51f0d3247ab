"""Fill by the real mouse, against the drawn mask."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from scipy import ndimage

from segtool.core.classes import BACKGROUND, VOID
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.tool_id import ToolId
from tests.gui.canvas.conftest import make_mask
from tests.gui.tools.scene import (
    ALT,
    LEFT,
    NONE,
    RIGHT,
    SHIFT,
    click,
    expect_one_step,
    mask_of,
    painted,
    scene_canvas,
    settle,
)

__all__ = ["scene_canvas"]


@pytest.fixture(autouse=True)
def _fill_in_hand(session: Session) -> None:
    session.set_tool(ToolId.FILL)


@pytest.mark.parametrize(("button", "value"), [(LEFT, 2), (RIGHT, BACKGROUND)])
def test_a_click_fills_the_area_under_it(
    scene_canvas: Canvas, session: Session, qtbot: QtBot, button: Qt.MouseButton, value: int
) -> None:
    click(scene_canvas, (40, 40), button=button)
    settle(session, qtbot)
    expect_one_step(session, painted(make_mask() == 1, value), name="Fill")


@pytest.mark.parametrize("by_option", [True, False])
def test_everywhere(scene_canvas: Canvas, session: Session, qtbot: QtBot, by_option: bool) -> None:
    mask_of(session)[5:10, 5:10] = 1
    labels, _ = ndimage.label(mask_of(session) == 1)
    before = mask_of(session).copy()
    if by_option:
        session.set_options(contiguous=False)
    click(scene_canvas, (40, 40), modifier=NONE if by_option else SHIFT)
    settle(session, qtbot)
    assert labels.max() == 2
    assert np.array_equal(mask_of(session), np.where(labels > 0, 2, before))


def test_clicks_in_quick_succession_all_count(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    click(scene_canvas, (40, 40), (110, 40), (80, 110))
    document = session.document
    assert document is not None
    qtbot.waitUntil(lambda: bool((document.mask == 2).sum() >= 40 * 40 * 2 + 20 * 160))
    expected = make_mask()
    expected[(expected == 1) | (expected == VOID)] = 2
    assert np.array_equal(document.mask, expected)
    session.undo()
    assert np.array_equal(document.mask[100:], make_mask()[100:])
    assert (document.mask[30, 30], document.history.can_undo) == (2, True)


def test_nothing_happens_beside_the_image_or_where_the_class_is_there_already(
    scene_canvas: Canvas, session: Session, qtbot: QtBot
) -> None:
    click(scene_canvas, (-8, 40), (110, 40))
    settle(session, qtbot)
    assert np.array_equal(mask_of(session), make_mask())
    assert session.document is not None
    assert not session.document.history.can_undo


def test_esc_takes_back_what_is_being_found(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    # No event is handled in between: the answer cannot have come.
    click(scene_canvas, (40, 40), (80, 110))
    QTest.keyClick(scene_canvas, Qt.Key.Key_Escape)
    settle(session, qtbot)
    assert np.array_equal(mask_of(session), make_mask())
    assert session.document is not None
    assert not session.document.history.can_undo


def test_alt_picks_the_class(scene_canvas: Canvas, session: Session) -> None:
    click(scene_canvas, (40, 40), modifier=ALT)
    assert session.active_class == 1
    assert np.array_equal(mask_of(session), make_mask())


def test_another_tool_is_taken_once_the_area_is_filled(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    click(scene_canvas, (40, 40))
    session.set_tool(ToolId.BRUSH)
    qtbot.waitUntil(lambda: session.tool is ToolId.BRUSH)
    expect_one_step(session, painted(make_mask() == 1, 2), name="Fill")
