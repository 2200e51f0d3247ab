"""Smart scissors by the real mouse, around discs of known pixels."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segtool.core.classes import BACKGROUND
from segtool.core.regions.scissors import Scissors, snapped
from segtool.core.shapes import polygon_region
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.tool_id import ToolId
from tests.gui.canvas.conftest import grabbed, make_mask
from tests.gui.tools import scene
from tests.gui.tools.scene import (
    BIG,
    LEFT,
    NONE,
    RIGHT,
    SHIFT,
    at,
    click,
    disc,
    expect_one_step,
    mask_of,
    positions,
    scene_canvas,
)

__all__ = ["scene_canvas"]

ANGLES = (0, 90, 180, 270)


@pytest.fixture(autouse=True)
def _scissors_in_hand(session: Session) -> None:
    session.set_tool(ToolId.SCISSORS)


def _around(circle: tuple[float, float, float], *, off: float = 1.5) -> list[tuple[float, float]]:
    """Return four places close to the edge of a disc."""
    x, y, radius = circle
    return [
        (x + (radius + off) * math.cos(math.radians(angle)), y + (radius + off) * math.sin(math.radians(angle)))
        for angle in ANGLES
    ]


def _expected(canvas: Canvas, value: int, *, snaps: bool = True) -> npt.NDArray[np.uint8]:
    pixels, radius = scene.scene(), 2.0
    anchors = positions(canvas, _around(BIG))
    if snaps:
        anchors = [snapped(pixels, anchor, radius=radius) for anchor in anchors]
    outline = []
    for start, end in zip(anchors, anchors[1:] + anchors[:1], strict=True):
        outline += Scissors(pixels, start).path(end)
    rect, region = polygon_region(outline, shape=pixels.shape)
    mask = make_mask()
    mask[rect.slices][region] = value
    return mask


def _wait_for_edit(session: Session, qtbot: QtBot) -> None:
    document = session.document
    assert document is not None
    qtbot.waitUntil(lambda: document.history.can_undo)


@pytest.mark.parametrize("close_by", ["enter", "double click", "first anchor"])
def test_clicks_near_an_edge_become_what_it_encloses(
    scene_canvas: Canvas, session: Session, qtbot: QtBot, close_by: str
) -> None:
    click(scene_canvas, *_around(BIG))
    if close_by == "enter":
        QTest.keyClick(scene_canvas, Qt.Key.Key_Return)
    elif close_by == "double click":
        QTest.mouseDClick(scene_canvas, LEFT, NONE, at(scene_canvas, _around(BIG)[-1]))
    else:
        click(scene_canvas, _around(BIG)[0])
    _wait_for_edit(session, qtbot)
    found = mask_of(session) == 2
    wanted = disc(BIG) | (make_mask() == 2)
    assert (found & wanted).sum() / (found | wanted).sum() > 0.95
    expect_one_step(session, _expected(scene_canvas, 2), name="Smart scissors")


def test_begun_with_the_right_button_it_takes_away(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    click(scene_canvas, *_around(BIG), button=RIGHT)
    QTest.keyClick(scene_canvas, Qt.Key.Key_Return)
    _wait_for_edit(session, qtbot)
    expect_one_step(session, _expected(scene_canvas, BACKGROUND), name="Smart scissors")


def test_shift_sets_anchors_where_the_pointer_is(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    click(scene_canvas, *_around(BIG), modifier=SHIFT)
    QTest.keyClick(scene_canvas, Qt.Key.Key_Return)
    _wait_for_edit(session, qtbot)
    expected = _expected(scene_canvas, 2, snaps=False)
    assert not np.array_equal(expected, _expected(scene_canvas, 2))
    expect_one_step(session, expected, name="Smart scissors")


def test_backspace_takes_the_last_anchor_back(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    first, *others = _around(BIG)
    click(scene_canvas, first, (150, 110))
    QTest.keyClick(scene_canvas, Qt.Key.Key_Backspace)
    click(scene_canvas, *others)
    QTest.keyClick(scene_canvas, Qt.Key.Key_Return)
    _wait_for_edit(session, qtbot)
    expect_one_step(session, _expected(scene_canvas, 2), name="Smart scissors")


def test_the_way_to_the_pointer_follows_the_edge(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    start, _, end, _ = _around(BIG)
    click(scene_canvas, start)
    QTest.mouseMove(scene_canvas, at(scene_canvas, end))
    middle = at(scene_canvas, (BIG[0], BIG[1]))

    def is_drawn_along_the_edge() -> bool:
        seen = grabbed(scene_canvas)
        sides = [at(scene_canvas, (BIG[0], BIG[1] + sign * BIG[2])) for sign in (1, -1)]
        return any(_is_blue(seen, side) for side in sides) and not _is_blue(seen, middle)

    qtbot.waitUntil(is_drawn_along_the_edge)
    assert np.array_equal(mask_of(session), make_mask())


def _is_blue(seen: npt.NDArray[np.uint8], place: QPoint) -> bool:
    """Tell whether the colour of class 2, as it is where nothing lies under it, is drawn near a place."""
    near = seen[place.y() - 6 : place.y() + 7, place.x() - 6 : place.x() + 7].astype(int)
    return bool(((near[..., 2] > 200) & (near[..., 0] < 60)).any())


def test_esc_drops_the_outline(scene_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    click(scene_canvas, *_around(BIG))
    QTest.keyClick(scene_canvas, Qt.Key.Key_Escape)
    QTest.keyClick(scene_canvas, Qt.Key.Key_Return)
    # What the scissors look up next comes after everything that they were still looking for.
    done: list[int] = []
    session.regions.look_up(lambda: 1, then=done.append)
    qtbot.waitUntil(lambda: bool(done))
    assert np.array_equal(mask_of(session), make_mask())
    assert session.document is not None
    assert not session.document.history.can_undo


def test_one_anchor_encloses_nothing(scene_canvas: Canvas, session: Session) -> None:
    click(scene_canvas, _around(BIG)[0])
    QTest.keyClick(scene_canvas, Qt.Key.Key_Return)
    assert np.array_equal(mask_of(session), make_mask())
