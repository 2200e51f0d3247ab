"""The canvas on a real session: what it paints and how it is zoomed and panned."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QInputDevice, QPaintEvent, QPalette, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.gui.canvas.canvas import Canvas, HoverInfo
from segtool.gui.session import Session
from segtool.gui.tools.tool_id import ToolId
from tests.gui.canvas.conftest import CELL, GREY, grabbed

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NONE = Qt.KeyboardModifier.NoModifier
TRACKPAD = QPointingDevice(
    "trackpad",
    77,
    QInputDevice.DeviceType.TouchPad,
    QPointingDevice.PointerType.Finger,
    QInputDevice.Capability.Position | QInputDevice.Capability.PixelScroll,
    2,
    0,
)


def _at(canvas: Canvas, x: float, y: float) -> QPoint:
    """Return the pixel of the widget that shows an image position."""
    pos = canvas.image_to_widget(x, y)
    return QPoint(int(np.floor(pos.x())), int(np.floor(pos.y())))


def _colour(canvas: Canvas, x: float, y: float) -> list[int]:
    place = _at(canvas, x, y)
    return [int(value) for value in grabbed(canvas)[place.y(), place.x()]]


def _turn_wheel(
    canvas: Canvas,
    pos: QPoint,
    *,
    angle: tuple[int, int] = (0, 0),
    swipe: tuple[int, int] = (0, 0),
    modifiers: Qt.KeyboardModifier = NONE,
) -> None:
    device = TRACKPAD if swipe != (0, 0) else QPointingDevice.primaryPointingDevice()
    place = QPointF(pos)
    event = QWheelEvent(
        place,
        QPointF(canvas.mapToGlobal(pos)),
        QPoint(*swipe),
        QPoint(*angle),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
        Qt.MouseEventSource.MouseEventNotSynthesized,
        device,
    )
    QApplication.sendEvent(canvas, event)


@pytest.mark.parametrize("opacity", [0.25, 0.6])
def test_classes_tint_the_image_by_the_opacity(canvas: Canvas, open_session: Session, opacity: float) -> None:
    open_session.set_overlay_opacity(opacity)
    for (x, y), colour in (((40, 40), CELL), ((110, 40), (0, 0, 255))):
        expected = [GREY + (value - GREY) * opacity for value in colour]
        assert _colour(canvas, x, y) == pytest.approx(expected, abs=1.5)
    for x, y in ((75, 40), (40, 110)):
        assert _colour(canvas, x, y) == [GREY, GREY, GREY]


def test_areas_are_outlined_in_their_full_colour(canvas: Canvas) -> None:
    canvas.zoom_to(2.0)
    assert _colour(canvas, 20, 40) == list(CELL)
    assert _colour(canvas, 59.6, 40) == list(CELL)
    assert _colour(canvas, 19.9, 40) == [GREY, GREY, GREY]


def test_a_class_that_is_recoloured_changes_on_the_canvas(canvas: Canvas, open_session: Session) -> None:
    open_session.set_overlay_opacity(1.0)
    open_session.class_edits.recolour(1, (1, 200, 3))
    assert _colour(canvas, 40, 40) == [1, 200, 3]


def test_h_hides_the_mask_while_it_is_held(canvas: Canvas) -> None:
    shown = grabbed(canvas)
    QTest.keyPress(canvas, Qt.Key.Key_H)
    assert _colour(canvas, 40, 40) == [GREY, GREY, GREY]
    QTest.keyRelease(canvas, Qt.Key.Key_H)
    assert np.array_equal(grabbed(canvas), shown)


def test_the_mask_can_be_switched_off(canvas: Canvas, open_session: Session) -> None:
    open_session.set_overlay_visible(False)
    assert _colour(canvas, 40, 40) == [GREY, GREY, GREY]
    open_session.set_overlay_visible(True)
    assert _colour(canvas, 40, 40) != [GREY, GREY, GREY]


def test_who_paints_while_the_mask_is_hidden_is_told(canvas: Canvas, open_session: Session) -> None:
    told: list[str] = []
    open_session.message.connect(lambda text, _: told.append(text))
    place = canvas.image_to_widget(75.5, 70.5).toPoint()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert not told
    open_session.set_overlay_visible(False)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert len(told) == 1
    assert "T shows it" in told[0]
    open_session.set_tool(ToolId.PICKER)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert len(told) == 1


@pytest.mark.parametrize("modifiers", [NONE, Qt.KeyboardModifier.ControlModifier])
@pytest.mark.parametrize("notches", [1, -2])
def test_the_wheel_zooms_at_the_pointer(canvas: Canvas, modifiers: Qt.KeyboardModifier, notches: int) -> None:
    canvas.zoom_to(1.0)
    pos = QPoint(180, 130)
    before = canvas.widget_to_image(QPointF(pos))
    _turn_wheel(canvas, pos, angle=(0, 120 * notches), modifiers=modifiers)
    assert canvas.scale == pytest.approx(2 ** (notches / 3))
    assert canvas.widget_to_image(QPointF(pos)) == pytest.approx(before, abs=0.6 / canvas.scale)


def test_shift_and_wheel_pan_sideways(canvas: Canvas) -> None:
    canvas.zoom_to(4.0)
    before = canvas.image_to_widget(0, 0)
    _turn_wheel(canvas, QPoint(200, 150), angle=(0, -120), modifiers=Qt.KeyboardModifier.ShiftModifier)
    after = canvas.image_to_widget(0, 0)
    assert after.x() < before.x()
    assert (after.y(), canvas.scale) == (before.y(), 4.0)


def test_a_swipe_on_a_trackpad_pans_and_zooms_with_ctrl(canvas: Canvas) -> None:
    canvas.zoom_to(4.0)
    before = canvas.image_to_widget(0, 0)
    _turn_wheel(canvas, QPoint(200, 150), angle=(24, -40), swipe=(12, -20))
    assert canvas.image_to_widget(0, 0) - before == QPointF(12, -20)
    pos = QPoint(90, 70)
    under = canvas.widget_to_image(QPointF(pos))
    ctrl = Qt.KeyboardModifier.ControlModifier
    _turn_wheel(canvas, pos, angle=(0, 10), swipe=(0, 5), modifiers=ctrl)
    assert 4.0 < canvas.scale < 4.2
    assert canvas.widget_to_image(QPointF(pos)) == pytest.approx(under, abs=0.2)


@pytest.mark.parametrize("way", ["space", "middle", "tool"])
def test_dragging_pans_and_paints_nothing(canvas: Canvas, open_session: Session, way: str) -> None:
    canvas.zoom_to(4.0)
    assert open_session.document is not None
    mask = open_session.document.mask.copy()
    before = canvas.image_to_widget(0, 0)
    if way == "tool":
        open_session.set_tool(ToolId.PAN)
    if way == "space":
        QTest.keyPress(canvas, Qt.Key.Key_Space)
    button = MIDDLE if way == "middle" else LEFT
    QTest.mousePress(canvas, button, NONE, QPoint(200, 150))
    QTest.mouseMove(canvas, QPoint(190, 160))
    QTest.mouseMove(canvas, QPoint(170, 185))
    QTest.mouseRelease(canvas, button, NONE, QPoint(170, 185))
    if way == "space":
        QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.image_to_widget(0, 0) - before == QPointF(-30, 35)
    assert np.array_equal(open_session.document.mask, mask)
    assert not open_session.document.history.can_undo
    QTest.mouseMove(canvas, QPoint(100, 100))
    assert canvas.image_to_widget(0, 0) - before == QPointF(-30, 35)


def test_fit_and_100_percent(canvas: Canvas, qtbot: QtBot) -> None:
    fitted = canvas.scale
    assert fitted == pytest.approx(min(376 / 160, 276 / 120))
    with qtbot.waitSignal(canvas.zoom_changed, check_params_cb=lambda scale: scale == 1.0):
        canvas.zoom_to(1.0)
    assert _at(canvas, 160, 120) - _at(canvas, 0, 0) == QPoint(160, 120)
    with qtbot.waitSignal(canvas.zoom_changed):
        canvas.fit()
    assert canvas.scale == fitted


def test_each_image_is_found_as_it_was_left(canvas: Canvas, open_session: Session) -> None:
    canvas.zoom_to(5.0)
    canvas.pan_by(31, -12)
    place = canvas.image_to_widget(0, 0)
    assert open_session.open_image("b.png")
    assert canvas.scale == pytest.approx(276 / 60)
    assert _colour(canvas, 25, 30) == [10, 20, 30]
    assert open_session.open_image("a.png")
    assert (canvas.scale, canvas.image_to_widget(0, 0)) == (5.0, place)


def test_what_is_under_the_pointer_is_told(canvas: Canvas, open_session: Session, qtbot: QtBot) -> None:
    told: list[HoverInfo | None] = []
    canvas.hovered.connect(told.append)
    QTest.mouseMove(canvas, _at(canvas, 40.5, 30.5))
    assert told[-1] == HoverInfo(40, 30, "100", 1)
    QTest.mouseMove(canvas, _at(canvas, 40.5, 110.5))
    assert told[-1] == HoverInfo(40, 110, "100", VOID)
    QTest.mouseMove(canvas, QPoint(1, 1))
    assert told[-1] is None
    assert open_session.open_image("b.png")
    QTest.mouseMove(canvas, _at(canvas, 3.5, 4.5))
    assert told[-1] == HoverInfo(3, 4, "10, 20, 30", VOID)


class _Painted(QObject):
    """Notes the rectangles that a widget is asked to paint."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.rects: list[QRect] = []
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QPaintEvent):
            self.rects.append(event.rect())
        return super().eventFilter(watched, event)


def test_a_change_repaints_its_own_place_only(canvas: Canvas, open_session: Session, qtbot: QtBot) -> None:
    canvas.zoom_to(2.0)
    canvas.repaint()
    QApplication.processEvents()
    painted = _Painted(canvas)
    assert open_session.apply_pixels("Test", Rect(70, 70, 4, 6), np.full((6, 4), 2, dtype=np.uint8))
    qtbot.waitUntil(lambda: bool(painted.rects))
    corner = _at(canvas, 70, 70)
    around = QRect(corner, corner + QPoint(8, 12)).adjusted(-4, -4, 4, 4)
    assert all(around.contains(rect) for rect in painted.rects)


def test_after_edits_and_undo_the_picture_is_that_of_a_fresh_canvas(
    canvas: Canvas, open_session: Session, qtbot: QtBot
) -> None:
    rng = np.random.default_rng(2)
    canvas.zoom_to(1.6)
    for _ in range(12):
        x, y, side = (int(value) for value in rng.integers(0, 90, size=3))
        rect = Rect(x, y, side // 3 + 1, side // 4 + 1)
        pixels = rng.choice(np.array([0, 1, 2, VOID], dtype=np.uint8), size=(rect.height, rect.width))
        open_session.apply_pixels("Test", rect, pixels)
        if side % 3 == 0:
            open_session.undo()
        grabbed(canvas)
    fresh = Canvas(open_session)
    qtbot.addWidget(fresh)
    fresh.resize(canvas.size())
    fresh.show()
    fresh.zoom_to(1.6)
    assert np.array_equal(grabbed(canvas), grabbed(fresh))


def _painted_in(pixels: npt.NDArray[np.uint8], colour: tuple[int, int, int], *, tolerance: int = 40) -> int:
    return int((np.abs(pixels.astype(int) - colour).max(axis=-1) <= tolerance).sum())


def test_the_outline_of_the_brush_has_its_size_and_colour(canvas: Canvas, open_session: Session) -> None:
    open_session.set_overlay_visible(False)
    open_session.set_brush_size(30)
    canvas.zoom_to(2.0)
    bare = grabbed(canvas)
    QTest.mouseMove(canvas, _at(canvas, 80, 60))
    shown = grabbed(canvas)
    rows, columns = np.nonzero((shown != bare).any(axis=-1))
    assert columns.max() - columns.min() + 1 == pytest.approx(60, abs=5)
    assert rows.max() - rows.min() + 1 == pytest.approx(60, abs=5)
    assert _painted_in(shown, CELL) > 30
    open_session.set_tool(ToolId.PICKER)
    assert np.array_equal(grabbed(canvas), bare)


def test_the_outline_goes_with_the_pointer(canvas: Canvas, open_session: Session) -> None:
    bare = grabbed(canvas)
    QTest.mouseMove(canvas, QPoint(200, 150))
    QTest.mouseMove(canvas, QPoint(120, 90))
    assert not np.array_equal(grabbed(canvas), bare)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert np.array_equal(grabbed(canvas), bare)


def test_without_a_folder_it_says_what_to_do(session: Session, qtbot: QtBot) -> None:
    widget = Canvas(session)
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.show()
    pixels = grabbed(widget)
    surround = pixels[0, 0]
    rows, columns = np.nonzero((pixels != surround).any(axis=-1))
    assert rows.size > 200
    assert (columns.min() + columns.max()) / 2 == pytest.approx(200, abs=6)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(150, abs=12)


@pytest.mark.parametrize(("window", "expected"), [("#202020", 26), ("#f0f0f0", 70)])
def test_the_surround_follows_the_theme(canvas: Canvas, window: str, expected: int) -> None:
    palette = QPalette(canvas.palette())
    palette.setColor(QPalette.ColorRole.Window, QColor(window))
    canvas.setPalette(palette)
    assert grabbed(canvas)[0, 0].tolist() == [expected] * 3
