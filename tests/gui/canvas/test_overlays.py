"""The open mask beside the saved one on the canvas: coloured, counted, and in its place while J is held."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.difference import Difference
from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.canvas.difference_layer import DIFFERENCE_COLOURS
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.gui.view_options import OtherMask, Overlay
from tests.gui.canvas.conftest import GREY, WALL, grabbed, is_painted, make_mask, on_screen

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def mask_of(session: Session) -> npt.NDArray[np.uint8]:
    assert session.document is not None
    return session.document.mask


def oracle(saved: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8]) -> dict[Difference, int]:
    was, is_now = ((item != 0) & (item != VOID) for item in (saved, mask))
    added, removed, differs = is_now & ~was, was & ~is_now, saved != mask
    return {
        Difference.NONE: int((~differs).sum()),
        Difference.ONLY_FIRST: int(removed.sum()),
        Difference.ONLY_SECOND: int(added.sum()),
        Difference.OTHER_CLASS: int((differs & ~added & ~removed).sum()),
    }


@pytest.fixture
def compared(canvas: Canvas, open_session: Session, qtbot: QtBot) -> Canvas:
    """The canvas with the changes since the last save on, of which there are none yet."""
    open_session.guidance.overlays.show(Overlay.DIFFERENCE)
    qtbot.waitUntil(lambda: open_session.guidance.overlays.difference.counts is not None)
    return canvas


def pixel(canvas: Canvas, x: float, y: float) -> list[int]:
    pos = canvas.image_to_widget(x, y)
    return [int(value) for value in grabbed(canvas)[int(pos.y()), int(pos.x())]]


def test_changes_are_counted_as_numpy_counts_them(compared: Canvas, open_session: Session, qtbot: QtBot) -> None:
    difference, saved = open_session.guidance.overlays.difference, make_mask()
    assert difference.counts == oracle(saved, saved)
    rng = np.random.default_rng(4)
    for _ in range(8):
        x, y, side = (int(value) for value in rng.integers(0, 80, size=3))
        rect = Rect(x, y, side // 2 + 1, side // 3 + 1)
        pixels = rng.choice(np.array([0, 1, 2, VOID], dtype=np.uint8), size=(rect.height, rect.width))
        open_session.apply_pixels("Test", rect, pixels)
        if side % 2:
            open_session.undo()
    expected = oracle(saved, mask_of(open_session))
    assert expected[Difference.NONE] < saved.size
    qtbot.waitUntil(lambda: difference.counts == expected)
    open_session.save()
    qtbot.waitUntil(lambda: difference.counts == oracle(saved, saved))
    assert difference.saved is not None
    assert np.array_equal(difference.saved, mask_of(open_session))


def test_changes_are_coloured_and_only_their_place_is_painted(
    compared: Canvas, open_session: Session, qtbot: QtBot
) -> None:
    compared.resize(700, 560)
    compared.zoom_to(4.0)
    on_screen(compared)
    for rect, value, kind, place in (
        (Rect(65, 30, 10, 10), 1, Difference.ONLY_SECOND, (70, 35)),
        (Rect(50, 30, 6, 10), 0, Difference.ONLY_FIRST, (53, 35)),
        (Rect(92, 30, 10, 10), 1, Difference.OTHER_CLASS, (97, 35)),
    ):
        open_session.apply_pixels("Test", rect, np.full((rect.height, rect.width), value, dtype=np.uint8))
        qtbot.waitUntil(lambda: is_painted(compared))
        colour = np.array(pixel(compared, *place))
        assert np.abs(colour - DIFFERENCE_COLOURS[kind]).max() < 90
        others = [item for item in DIFFERENCE_COLOURS if item is not kind]
        distance = np.abs(colour - DIFFERENCE_COLOURS[kind]).sum()
        assert all(np.abs(colour - DIFFERENCE_COLOURS[item]).sum() > distance for item in others)
    expected = oracle(make_mask(), mask_of(open_session))
    qtbot.waitUntil(lambda: open_session.guidance.overlays.difference.counts == expected)
    qtbot.waitUntil(lambda: is_painted(compared))
    open_session.undo()
    qtbot.waitUntil(lambda: is_painted(compared))


def test_with_every_overlay_a_stroke_paints_what_a_whole_painting_does(
    compared: Canvas, open_session: Session, qtbot: QtBot
) -> None:
    compared.resize(640, 480)
    compared.zoom_to(7.0)
    open_session.set_view_options(rulers=True, crosshair=True)
    QTest.mousePress(compared, LEFT, NONE, QPoint(200, 150))
    for place in (QPoint(210, 170), QPoint(300, 120), QPoint(260, 300)):
        QTest.mouseMove(compared, place)
        qtbot.waitUntil(lambda: is_painted(compared))
    QTest.mouseRelease(compared, LEFT, NONE, QPoint(260, 300))
    expected = oracle(make_mask(), mask_of(open_session))
    assert expected[Difference.ONLY_SECOND] > 0
    qtbot.waitUntil(lambda: open_session.guidance.overlays.difference.counts == expected)
    qtbot.waitUntil(lambda: is_painted(compared))


def test_the_mask_is_outlined_where_nothing_has_changed(compared: Canvas, open_session: Session) -> None:
    compared.zoom_to(4.0)
    assert pixel(compared, 100.5, 40.5) == [GREY] * 3
    assert pixel(compared, 90.1, 40.5) == list(WALL)
    open_session.guidance.overlays.toggle(Overlay.DIFFERENCE)
    assert pixel(compared, 100.5, 40.5) != [GREY] * 3


def test_a_mask_that_was_never_saved_has_nothing_to_compare_with(
    compared: Canvas, open_session: Session, qtbot: QtBot
) -> None:
    difference = open_session.guidance.overlays.difference
    assert open_session.open_image("b.png")
    assert difference.saved is None
    assert difference.counts is None
    assert difference.problem == "The mask of b.png has not been saved yet."
    grabbed(compared)
    open_session.apply_pixels("Test", Rect(3, 4, 10, 10), np.ones((10, 10), dtype=np.uint8))
    open_session.save()
    qtbot.waitUntil(lambda: difference.counts is not None)
    assert difference.counts == {**dict.fromkeys(Difference, 0), Difference.NONE: 3000}
    assert open_session.open_image("a.png")
    qtbot.waitUntil(lambda: difference.saved is not None and difference.saved.shape == (120, 160))


def test_overlays_take_turns(compared: Canvas, open_session: Session) -> None:
    overlays = open_session.guidance.overlays
    assert overlays.shown is Overlay.DIFFERENCE
    overlays.toggle(Overlay.DIFFERENCE)
    assert overlays.shown is Overlay.NONE
    assert overlays.difference.saved is None
    plain = grabbed(compared)
    overlays.toggle(Overlay.DIFFERENCE)
    assert not np.array_equal(grabbed(compared), plain)
    QTest.keyPress(compared, Qt.Key.Key_H)
    bare = grabbed(compared)
    overlays.show(Overlay.NONE)
    assert np.array_equal(grabbed(compared), bare)


# J held ----------------------------------------------------------------------------------------


@pytest.fixture
def edited(canvas: Canvas, open_session: Session) -> Canvas:
    """A canvas of a mask with two edits."""
    for x in (65, 135):
        assert open_session.apply_pixels("Test", Rect(x, 30, 10, 30), np.full((30, 10), 2, dtype=np.uint8))
    return canvas


def shows(canvas: Canvas, mask: npt.NDArray[np.uint8]) -> bool:
    """Tell whether the canvas shows a mask, the tag in its corner aside."""
    before = grabbed(canvas)[40:]
    canvas.show_other_mask(mask)
    same = np.array_equal(grabbed(canvas)[40:], before)
    canvas.show_other_mask(canvas._session.guidance.overlays.flicker.shown)
    return same


@pytest.mark.parametrize("which", [OtherMask.SAVED, OtherMask.BEFORE_EDIT])
def test_j_held_shows_the_other_mask_in_the_same_place(
    edited: Canvas, open_session: Session, qtbot: QtBot, which: OtherMask
) -> None:
    edited.zoom_to(3.0)
    edited.pan_by(-20, 11)
    open_session.set_view_options(compared_with=which)
    flicker, mask = open_session.guidance.overlays.flicker, mask_of(open_session).copy()
    other = make_mask()
    if which is OtherMask.BEFORE_EDIT:
        other[30:60, 65:75] = 2
    plain = grabbed(edited)
    assert shows(edited, mask)
    for _ in range(2):
        QTest.keyPress(edited, Qt.Key.Key_J)
        qtbot.waitUntil(lambda: flicker.shown is not None)
        assert np.array_equal(flicker.shown, other)
        assert shows(edited, other)
        assert not shows(edited, mask)
        QTest.keyRelease(edited, Qt.Key.Key_J)
        assert np.array_equal(on_screen(edited), plain)
    assert np.array_equal(mask_of(open_session), mask)


def test_nothing_is_painted_while_it_is_held(edited: Canvas, open_session: Session, qtbot: QtBot) -> None:
    mask = mask_of(open_session).copy()
    QTest.mouseMove(edited, QPoint(200, 150))
    QTest.keyPress(edited, Qt.Key.Key_J)
    assert edited.cursor().shape() is Qt.CursorShape.ForbiddenCursor
    QTest.mousePress(edited, LEFT, NONE, QPoint(200, 150))
    QTest.mouseMove(edited, QPoint(250, 180))
    QTest.mouseRelease(edited, LEFT, NONE, QPoint(250, 180))
    assert np.array_equal(mask_of(open_session), mask)
    QTest.keyRelease(edited, Qt.Key.Key_J)
    assert edited.cursor().shape() is not Qt.CursorShape.ForbiddenCursor
    QTest.mousePress(edited, LEFT, NONE, QPoint(200, 150))
    # In the middle of a stroke the key does nothing.
    QTest.keyPress(edited, Qt.Key.Key_J)
    assert not open_session.guidance.overlays.flicker.is_held
    QTest.mouseRelease(edited, LEFT, NONE, QPoint(200, 150))
    assert not np.array_equal(mask_of(open_session), mask)


def test_a_mask_that_changes_meanwhile_is_seen_at_once(edited: Canvas, open_session: Session, qtbot: QtBot) -> None:
    flicker = open_session.guidance.overlays.flicker
    QTest.keyPress(edited, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: flicker.shown is not None)
    open_session.undo()
    assert not flicker.is_held
    assert shows(edited, mask_of(open_session))
    QTest.keyRelease(edited, Qt.Key.Key_J)
    QTest.keyPress(edited, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: flicker.shown is not None)
    assert open_session.open_image("b.png")
    assert flicker.shown is None


def test_it_says_why_there_is_no_other_mask(canvas: Canvas, open_session: Session, qtbot: QtBot) -> None:
    told: list[tuple[str, Level]] = []
    open_session.message.connect(lambda text, level: told.append((text, level)))
    assert open_session.open_image("b.png")
    for which, text in (
        (OtherMask.SAVED, "The mask of b.png has not been saved yet."),
        (OtherMask.BEFORE_EDIT, "The mask of b.png has not been edited since it was opened."),
        (OtherMask.PREDICTED, "No prediction for b.png is in memory: segment it first."),
    ):
        told.clear()
        open_session.set_view_options(compared_with=which)
        plain = grabbed(canvas)
        QTest.keyPress(canvas, Qt.Key.Key_J)
        assert told == [(text, Level.INFO)]
        assert np.array_equal(grabbed(canvas), plain)
        QTest.keyRelease(canvas, Qt.Key.Key_J)


def test_a_saved_mask_that_cannot_be_read_is_told(edited: Canvas, open_session: Session, qtbot: QtBot) -> None:
    told: list[str] = []
    open_session.message.connect(lambda text, level: told.append(text))
    assert open_session.document is not None
    path = open_session.document.entry.mask_path
    good = read_mask(path)
    path.write_bytes(b"damaged")
    QTest.keyPress(edited, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: bool(told))
    assert path.name in told[0]
    assert open_session.guidance.overlays.flicker.shown is None
    QTest.keyRelease(edited, Qt.Key.Key_J)
    write_mask(path, good[:50])
