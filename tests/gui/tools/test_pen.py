"""A pen paints with its pressure, and takes away with its other end; the brush may be a square."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from segtool.core.brush import stroke_region
from segtool.core.classes import BACKGROUND
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.options import BrushShape
from tests.gui.canvas.conftest import canvas, make_mask

__all__ = ["canvas"]

PEN, ERASER = QPointingDevice.PointerType.Pen, QPointingDevice.PointerType.Eraser
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def _send(canvas: Canvas, kind: QEvent.Type, place: QPointF, pressure: float, end: QPointingDevice.PointerType) -> None:
    device = QPointingDevice(
        "pen",
        1,
        QInputDevice.DeviceType.Stylus,
        end,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        2,
    )
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else LEFT
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else LEFT
    event = QTabletEvent(
        kind, device, place, QPointF(canvas.mapToGlobal(place)), pressure, 0, 0, 0, 0, 0, NONE, button, held
    )
    QApplication.sendEvent(canvas, event)
    assert event.isAccepted()


def test_pressure_makes_the_brush_smaller(canvas: Canvas, open_session: Session) -> None:
    canvas.zoom_to(2.0)
    open_session.set_brush_size(20)
    first, second = canvas.image_to_widget(30, 80), canvas.image_to_widget(90, 70)
    _send(canvas, QEvent.Type.TabletPress, first, 0.5, PEN)
    _send(canvas, QEvent.Type.TabletMove, second, 0.25, PEN)
    _send(canvas, QEvent.Type.TabletRelease, second, 0.0, PEN)
    expected = make_mask()
    places = [canvas.widget_to_image(place) for place in (first, second)]
    for start, end, diameter in ((places[0], places[0], 10), (places[0], places[1], 5)):
        rect, region = stroke_region(start, end, diameter=diameter, shape=expected.shape)
        expected[rect.slices][region] = 1
    assert open_session.document is not None
    assert np.array_equal(open_session.document.mask, expected)
    open_session.undo()
    assert np.array_equal(open_session.document.mask, make_mask())


def test_the_other_end_of_the_pen_takes_away_and_pressure_can_be_left_out(
    canvas: Canvas, open_session: Session
) -> None:
    canvas.zoom_to(2.0)
    open_session.set_options(pen_pressure=False, brush_size=14, brush_shape=BrushShape.SQUARE)
    place = canvas.image_to_widget(40, 40)
    _send(canvas, QEvent.Type.TabletPress, place, 0.2, ERASER)
    _send(canvas, QEvent.Type.TabletRelease, place, 0.0, ERASER)
    expected = make_mask()
    x, y = (int(np.floor(v - 6.5)) for v in canvas.widget_to_image(place))
    expected[y : y + 14, x : x + 14] = BACKGROUND
    assert open_session.document is not None
    assert np.array_equal(open_session.document.mask, expected)


def test_after_a_pen_the_mouse_has_the_full_size(canvas: Canvas, open_session: Session) -> None:
    canvas.zoom_to(2.0)
    open_session.set_options(brush_size=10, brush_shape=BrushShape.SQUARE)
    place = canvas.image_to_widget(100, 80)
    _send(canvas, QEvent.Type.TabletPress, place, 0.1, PEN)
    _send(canvas, QEvent.Type.TabletRelease, place, 0.0, PEN)
    QTest.mouseClick(canvas, LEFT, NONE, place.toPoint())
    assert open_session.document is not None
    assert int((open_session.document.mask != make_mask()).sum()) == 100
