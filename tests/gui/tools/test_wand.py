"""The magic wand by the real mouse, on discs of known pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segtool.core.classes import BACKGROUND
from segtool.core.regions.wand import Wand
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.tool_id import ToolId
from tests.gui.canvas.conftest import grabbed, make_mask
from tests.gui.tools import scene
from tests.gui.tools.scene import (
    BIG,
    LEFT,
    NONE,
    OTHER,
    RIGHT,
    SHIFT,
    SMALL,
    at,
    click,
    disc,
    expect_one_step,
    mask_of,
    painted,
    scene_canvas,
    settle,
)

__all__ = ["scene_canvas"]


@pytest.fixture(autouse=True)
def _wand_in_hand(session: Session) -> None:
    session.set_tool(ToolId.WAND)
    session.set_options(smoothing=0, tolerance=24)


@pytest.mark.parametrize(("button", "value"), [(LEFT, 2), (RIGHT, BACKGROUND)])
def test_a_click_takes_what_is_joined_and_alike(
    scene_canvas: Canvas, session: Session, qtbot: QtBot, button: Qt.MouseButton, value: int
) -> None:
    click(scene_canvas, BIG[:2], button=button)
    settle(session, qtbot)
    expect_one_step(session, painted(disc(BIG), value), name="Magic wand")


@pytest.mark.parametrize("by_option", [True, False])
def test_everywhere(scene_canvas: Canvas, session: Session, qtbot: QtBot, by_option: bool) -> None:
    if by_option:
        session.set_options(contiguous=False)
    click(scene_canvas, BIG[:2], modifier=NONE if by_option else SHIFT)
    settle(session, qtbot)
    expect_one_step(session, painted(disc(BIG) | disc(SMALL), 2), name="Magic wand")


def test_a_drag_to_the_right_takes_in_more_and_to_the_left_less(
    scene_canvas: Canvas, session: Session, qtbot: QtBot
) -> None:
    session.set_options(contiguous=False)
    place = at(scene_canvas, BIG[:2])
    QTest.mousePress(scene_canvas, LEFT, NONE, place)
    for step, expected in (
        (80, disc(BIG) | disc(SMALL) | disc(OTHER)),
        (30, disc(BIG) | disc(SMALL)),
        (480, np.ones((120, 160), dtype=np.bool_)),
        (80, disc(BIG) | disc(SMALL) | disc(OTHER)),
    ):
        QTest.mouseMove(scene_canvas, place + QPoint(step, 0))
        settle(session, qtbot)
        assert np.array_equal(mask_of(session), painted(expected, 2))
    QTest.mouseRelease(scene_canvas, LEFT, NONE, place + QPoint(80, 0))
    expect_one_step(session, painted(disc(BIG) | disc(SMALL) | disc(OTHER), 2), name="Magic wand")
    # Two pixels of the screen are one level, and the next drag begins where this one ended.
    assert session.options.tolerance == 24 + 40


def test_the_tolerance_stands_at_the_pointer(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    QTest.mousePress(scene_canvas, LEFT, NONE, at(scene_canvas, OTHER[:2]))
    settle(session, qtbot)
    near = at(scene_canvas, OTHER[:2]) + QPoint(18, 18)
    with_label = grabbed(scene_canvas)[near.y() : near.y() + 10, near.x() : near.x() + 20]
    QTest.mouseRelease(scene_canvas, LEFT, NONE, at(scene_canvas, OTHER[:2]))
    settle(session, qtbot)
    without = grabbed(scene_canvas)[near.y() : near.y() + 10, near.x() : near.x() + 20]
    assert not np.array_equal(with_label, without)


def test_smoothing_is_that_of_the_option(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.set_options(smoothing=3)
    click(scene_canvas, BIG[:2])
    settle(session, qtbot)
    rect, region = Wand(scene.scene(), seed=(70, 60), smoothing=3).region(24, contiguous=True)
    expected = make_mask()
    expected[rect.slices][region] = 2
    assert not np.array_equal(expected, painted(disc(BIG), 2))
    expect_one_step(session, expected, name="Magic wand")


@pytest.mark.parametrize("waits", [True, False])
def test_esc_takes_it_back(scene_canvas: Canvas, session: Session, qtbot: QtBot, waits: bool) -> None:
    place = at(scene_canvas, BIG[:2])
    QTest.mousePress(scene_canvas, LEFT, NONE, place)
    QTest.mouseMove(scene_canvas, place + QPoint(60, 0))
    if waits:
        settle(session, qtbot)
        assert not np.array_equal(mask_of(session), make_mask())
    QTest.keyClick(scene_canvas, Qt.Key.Key_Escape)
    QTest.mouseMove(scene_canvas, place + QPoint(90, 0))
    QTest.mouseRelease(scene_canvas, LEFT, NONE, place)
    settle(session, qtbot)
    assert np.array_equal(mask_of(session), make_mask())
    assert session.options.tolerance == 24
    assert session.document is not None
    assert not session.document.history.can_undo


def test_clicks_in_quick_succession_all_count(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    click(scene_canvas, BIG[:2], SMALL[:2], OTHER[:2])
    expected = painted(disc(BIG) | disc(SMALL) | disc(OTHER), 2)
    qtbot.waitUntil(lambda: bool(np.array_equal(mask_of(session), expected)))
    settle(session, qtbot)
    session.undo()
    assert np.array_equal(mask_of(session), painted(disc(BIG) | disc(SMALL), 2))


def test_beside_the_image_there_is_nothing_to_take(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    click(scene_canvas, (-8, 40))
    settle(session, qtbot)
    assert np.array_equal(mask_of(session), make_mask())
