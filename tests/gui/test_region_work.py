"""Regions computed in another thread are painted into the stroke that asked for them, and into no other."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from segtool.core.errors import SegToolError
from segtool.core.geometry import Rect
from segtool.gui.region_work import Painting, PixelPainting
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from tests.gui.canvas.conftest import image_folder, make_mask, open_session

__all__ = ["image_folder", "open_session"]

BOX = Rect(5, 6, 20, 10)


def _painting(value: int, box: Rect = BOX) -> Painting:
    return Painting(box, np.ones((box.height, box.width), np.bool_), value)


def _wait(session: Session, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not session.regions.is_busy)


def test_each_answer_takes_the_place_of_the_one_before(open_session: Session, qtbot: QtBot) -> None:
    document = open_session.document
    assert document is not None
    assert open_session.begin_stroke("Preview")
    seen = []
    for value, box in ((1, BOX), (2, Rect(40, 60, 3, 4))):

        def compute(value: int = value, box: Rect = box) -> Painting:
            seen.append(open_session.regions.original(Rect(0, 0, 160, 120)))
            return _painting(value, box)

        open_session.regions.request(compute)
        _wait(open_session, qtbot)
    # What is computed sees the mask as it was before the stroke.
    assert all(np.array_equal(original, make_mask()) for original in seen)
    open_session.regions.end()
    expected = make_mask()
    expected[60:64, 40:43] = 2
    assert np.array_equal(document.mask, expected)
    open_session.undo()
    assert np.array_equal(document.mask, make_mask())
    assert not document.history.can_undo


def test_the_newest_request_wins(open_session: Session, qtbot: QtBot) -> None:
    document, gate, computed = open_session.document, threading.Event(), []
    assert document is not None
    assert open_session.begin_stroke("Preview")

    def slow() -> Painting:
        gate.wait(20)
        computed.append(1)
        return _painting(1)

    def told(value: int) -> Callable[[], Painting]:
        return lambda: (computed.append(value), _painting(value))[1]

    open_session.regions.request(slow)
    for value in (2, 0, 2):
        open_session.regions.request(told(value))
    open_session.regions.end()
    gate.set()
    _wait(open_session, qtbot)
    # The first was under way, those in between never ran.
    assert computed in ([1, 2], [2])
    expected = make_mask()
    expected[BOX.slices] = 2
    assert np.array_equal(document.mask, expected)
    assert document.history.undo_name == "Preview"


@pytest.mark.parametrize("what", ["cancel", "undo", "other stroke", "other image"])
def test_an_answer_whose_stroke_is_over_is_dropped(open_session: Session, qtbot: QtBot, what: str) -> None:
    gate = threading.Event()
    assert open_session.begin_stroke("Preview")

    def slow() -> PixelPainting:
        gate.wait(20)
        return PixelPainting(BOX, np.full((BOX.height, BOX.width), 2, np.uint8))

    # One that ends its stroke is waited for by another image; a preview is not.
    open_session.regions.request(slow, then_end=what != "other image")
    if what == "cancel":
        open_session.cancel_stroke()
    elif what == "undo":
        open_session.undo()
    elif what == "other stroke":
        assert open_session.begin_stroke("Brush stroke")
        open_session.end_stroke()
    else:
        assert open_session.open_image("b.png")
    assert not open_session.regions.is_busy
    gate.set()
    # The thread has answered once it has answered what was asked after it.
    assert open_session.begin_stroke("Nothing")
    open_session.regions.request(lambda: None, then_end=True)
    _wait(open_session, qtbot)
    assert open_session.open_image("a.png")
    assert open_session.document is not None
    assert np.array_equal(open_session.document.mask, make_mask())
    assert not open_session.document.history.can_undo


def test_a_failure_is_told_and_takes_the_stroke_back(open_session: Session, qtbot: QtBot) -> None:
    told: list[tuple[str, Level]] = []
    open_session.message.connect(lambda text, level: told.append((text, level)))
    assert open_session.begin_stroke("Preview")
    open_session.regions.request(lambda: _painting(1))
    _wait(open_session, qtbot)

    def fails() -> Painting:
        raise SegToolError("no edge was found", remedy="Try a larger box.")

    open_session.regions.request(fails, then_end=True)
    _wait(open_session, qtbot)
    assert told == [("no edge was found. Try a larger box.", Level.ERROR)]
    assert open_session.document is not None
    assert np.array_equal(open_session.document.mask, make_mask())


def test_outside_a_stroke_nothing_is_computed(open_session: Session) -> None:
    open_session.regions.request(lambda: _painting(1))
    assert not open_session.regions.is_busy


def test_what_is_looked_up_is_handed_over_and_what_came_in_between_is_left_out(
    open_session: Session, qtbot: QtBot
) -> None:
    gate, began, found, drawn = threading.Event(), threading.Event(), [], []
    open_session.regions.looked_up.connect(lambda: drawn.append(len(found)))

    def slow() -> int:
        began.set()
        gate.wait(20)
        return 1

    open_session.regions.look_up(slow, then=found.append)
    assert began.wait(20)
    for value in (2, 3, 4):
        open_session.regions.look_up(lambda value=value: value, then=found.append)
    gate.set()
    qtbot.waitUntil(lambda: 4 in found)
    assert found == [1, 4]
    assert drawn == [1, 2]
    assert not open_session.regions.is_busy


def test_looking_up_goes_on_beside_a_region(open_session: Session, qtbot: QtBot) -> None:
    gate, found = threading.Event(), []
    assert open_session.begin_stroke("Preview")

    def slow() -> Painting:
        gate.wait(20)
        return _painting(2)

    open_session.regions.request(slow, then_end=True)
    open_session.regions.look_up(lambda: 7, then=found.append)
    qtbot.waitUntil(lambda: found == [7])
    assert open_session.regions.is_busy
    gate.set()
    _wait(open_session, qtbot)
    assert open_session.document is not None
    assert open_session.document.history.undo_name == "Preview"


def test_a_failed_look_up_is_told(open_session: Session, qtbot: QtBot) -> None:
    told: list[str] = []
    open_session.message.connect(lambda text, level: told.append(text))

    def fails() -> int:
        raise SegToolError("no edge was found", remedy="Try another place.")

    open_session.regions.look_up(fails, then=told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert told == ["no edge was found. Try another place."]
