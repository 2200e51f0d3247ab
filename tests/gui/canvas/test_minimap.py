"""The small picture of the whole image: when it is there, what it shows, and that it moves the view."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.canvas.minimap import Minimap
from segtool.gui.session import Session
from segtool.gui.theme import SPACE
from tests.gui.canvas.conftest import CELL, GREY, grabbed, on_screen

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def zoomed(canvas: Canvas) -> Canvas:
    """A canvas in whose minimap each image pixel (160×120) has one of the screen, at 1000 %."""
    canvas.resize(640, 480)
    canvas.zoom_to(10.0)
    return canvas


def minimap(canvas: Canvas) -> Minimap:
    return canvas.around.minimap


def middle(canvas: Canvas) -> tuple[float, float]:
    return canvas.widget_to_image(QPointF(320, 240))


def test_it_is_in_the_corner_while_not_all_of_the_image_is_in_view(zoomed: Canvas, open_session: Session) -> None:
    assert minimap(zoomed).isVisible()
    assert minimap(zoomed).geometry().getRect() == (640 - 160 - SPACE, 480 - 120 - SPACE, 160, 120)
    zoomed.fit()
    assert not minimap(zoomed).isVisible()
    zoomed.pan_by(-200, 0)
    assert minimap(zoomed).isVisible()
    open_session.set_view_options(minimap=False)
    assert not minimap(zoomed).isVisible()
    open_session.set_view_options(minimap=True)
    zoomed.resize(300, 200)
    assert not minimap(zoomed).isVisible()


def test_its_frame_is_around_what_is_in_view(zoomed: Canvas) -> None:
    zoomed.centre_on(80, 60)
    corner = minimap(zoomed).pos()
    pixels = grabbed(zoomed)[corner.y() : corner.y() + 120, corner.x() : corner.x() + 160].astype(int)
    # 640×480 pixels of the screen at 1000 % are 64×48 of the image.
    left, top, right, bottom = 48, 36, 112, 84
    frame = minimap(zoomed).frame
    assert (frame.left(), frame.top(), frame.right(), frame.bottom()) == pytest.approx((left, top, right, bottom))
    lit = pixels.min(axis=-1) > 200
    assert lit[top : top + 2, left + 2 : right - 2].any(axis=0).all()
    assert lit[bottom - 2 : bottom, left + 2 : right - 2].any(axis=0).all()
    assert lit[top + 2 : bottom - 2, left : left + 2].any(axis=1).all()
    assert lit[top + 2 : bottom - 2, right - 2 : right].any(axis=1).all()
    assert not lit[4:30].any()
    # Inside as the canvas shows it, outside darker.
    tinted = [GREY + (value - GREY) * 0.45 for value in CELL]
    assert pixels[50, 55].tolist() == pytest.approx(tinted, abs=2)
    assert pixels[60, 80].tolist() == [GREY] * 3
    assert (pixels[90, 80] < GREY - 20).all()


def test_dragging_the_frame_moves_the_view(zoomed: Canvas) -> None:
    zoomed.centre_on(80, 60)
    QTest.mousePress(minimap(zoomed), LEFT, NONE, QPoint(90, 50))
    assert middle(zoomed) == pytest.approx((80, 60), abs=0.1)
    QTest.mouseMove(minimap(zoomed), QPoint(97, 53))
    assert middle(zoomed) == pytest.approx((87, 63), abs=0.1)
    QTest.mouseMove(minimap(zoomed), QPoint(100, 45))
    QTest.mouseRelease(minimap(zoomed), LEFT, NONE, QPoint(100, 45))
    assert middle(zoomed) == pytest.approx((90, 55), abs=0.1)
    QTest.mouseMove(minimap(zoomed), QPoint(20, 20))
    assert middle(zoomed) == pytest.approx((90, 55), abs=0.1)


def test_a_press_beside_the_frame_goes_there_as_far_as_the_image_reaches(zoomed: Canvas, open_session: Session) -> None:
    assert open_session.document is not None
    mask = open_session.document.mask.copy()
    QTest.mousePress(minimap(zoomed), LEFT, NONE, QPoint(120, 30))
    assert middle(zoomed) == pytest.approx((120, 30), abs=0.1)
    QTest.mouseMove(minimap(zoomed), QPoint(159, 200))
    assert middle(zoomed) == pytest.approx((160 - 32, 120 - 24), abs=0.1)
    QTest.mouseRelease(minimap(zoomed), LEFT, NONE, QPoint(159, 200))
    assert np.array_equal(open_session.document.mask, mask)


def test_the_rulers_do_not_count_as_view(zoomed: Canvas, open_session: Session) -> None:
    open_session.set_view_options(rulers=True)
    QTest.mousePress(minimap(zoomed), LEFT, NONE, QPoint(125, 90))
    frame = minimap(zoomed).frame
    assert (frame.width(), frame.height()) == pytest.approx((62, 46))
    assert (frame.center().x(), frame.center().y()) == pytest.approx((125, 90), abs=0.1)


def test_what_is_painted_shows_when_painting_has_paused(zoomed: Canvas, open_session: Session, qtbot: QtBot) -> None:
    zoomed.centre_on(80, 60)
    corner = minimap(zoomed).pos()

    def colour() -> list[int]:
        return [int(value) for value in on_screen(zoomed)[corner.y() + 62, corner.x() + 80]]

    assert colour() == [GREY] * 3
    assert open_session.apply_pixels("Test", Rect(70, 55, 20, 20), np.full((20, 20), 1, dtype=np.uint8))
    qtbot.waitUntil(lambda: colour() == pytest.approx([GREY + (value - GREY) * 0.45 for value in CELL], abs=2))
    open_session.set_overlay_visible(False)
    assert colour() == [GREY] * 3


def test_it_shows_the_image_that_is_open(zoomed: Canvas, open_session: Session) -> None:
    assert open_session.open_image("b.png")
    zoomed.zoom_to(20.0)
    assert minimap(zoomed).isVisible()
    # 50×60 pixels in the same room: twice as large.
    assert (minimap(zoomed).width(), minimap(zoomed).height()) == (100, 120)
    place = minimap(zoomed).pos() + minimap(zoomed).frame.center().toPoint()
    assert grabbed(zoomed)[place.y(), place.x()].tolist() == [10, 20, 30]
    assert open_session.document is not None
    assert (open_session.document.mask == VOID).all()


def test_it_shows_the_image_as_the_canvas_does(zoomed: Canvas, open_session: Session) -> None:
    zoomed.centre_on(80, 60)
    place = minimap(zoomed).pos() + QPoint(80, 60)
    open_session.display.set_inverted(True)
    assert grabbed(zoomed)[place.y(), place.x()].tolist() == [255 - GREY] * 3
    assert grabbed(zoomed)[240, 320].tolist() == [255 - GREY] * 3


@pytest.mark.parametrize("size", [(4000, 3), (2, 900), (1, 1)])
def test_an_image_of_any_shape_has_one(qtbot: QtBot, canvas: Canvas, size: tuple[int, int]) -> None:
    width, height = size
    canvas.resize(640, 480)
    pyramid = ImagePyramid(np.zeros((height, width, 3), dtype=np.uint8))
    canvas.show_pyramid("odd", pyramid, np.zeros((height, width), dtype=np.uint8))
    canvas.zoom_to(64.0)
    canvas.pan_by(-31, -33)
    canvas.pan_by(-10_000, 0)
    grabbed(canvas)
    frame = minimap(canvas).frame
    assert frame.left() >= 0
    assert frame.right() <= minimap(canvas).width() + 0.01


def test_the_pointer_over_it_leaves_the_image(zoomed: Canvas, open_session: Session) -> None:
    told: list[object] = []
    zoomed.hovered.connect(told.append)
    QTest.mouseMove(zoomed, QPoint(200, 200))
    assert told[-1] is not None
    # Simulated pointers enter nothing.
    pos = QPointF(40, 40)
    QApplication.sendEvent(minimap(zoomed), QEnterEvent(pos, pos, pos))
    assert told[-1] is None


def test_it_is_made_again_for_a_screen_of_another_resolution(zoomed: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    grabbed(zoomed)
    before = minimap(zoomed)._picture
    assert before is not None
    monkeypatch.setattr(zoomed, "devicePixelRatioF", lambda: 2.0)
    QApplication.sendEvent(zoomed, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert minimap(zoomed).isVisible()
    minimap(zoomed).grab()
    picture = minimap(zoomed)._picture
    assert picture is not None
    assert picture.size() == 2 * before.size()
