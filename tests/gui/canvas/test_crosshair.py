"""The crosshair, by its pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.tool_id import ToolId
from tests.gui.canvas.conftest import grabbed, is_painted, on_screen


@pytest.fixture
def crossed(canvas: Canvas, open_session: Session) -> Canvas:
    open_session.set_tool(ToolId.PICKER)
    open_session.set_view_options(crosshair=True)
    return canvas


class _Painted(QObject):
    """Counts the pixels that a widget is asked to paint."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.pixels = 0
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QPaintEvent):
            self.pixels += sum(part.width() * part.height() for part in event.region())
        return super().eventFilter(watched, event)


def test_two_lines_cross_under_the_pointer_and_leave_it_free(crossed: Canvas) -> None:
    bare = grabbed(crossed)
    QTest.mouseMove(crossed, QPoint(170, 120))
    changed = (grabbed(crossed) != bare).any(axis=-1)
    assert changed[120, :150].all()
    assert changed[120, 190:].all()
    assert changed[:100, 170].all()
    assert changed[140:, 170].all()
    assert not changed[115:126, 165:176].any()
    assert not changed[:110, :160].any()
    assert (grabbed(crossed)[120, :150] > 200).all()


def test_moving_the_pointer_paints_the_lines_only(crossed: Canvas, qtbot: QtBot) -> None:
    QTest.mouseMove(crossed, QPoint(170, 120))
    on_screen(crossed)
    painted = _Painted(crossed)
    for place in (QPoint(172, 121), QPoint(300, 40), QPoint(9, 290)):
        QTest.mouseMove(crossed, place)
        qtbot.waitUntil(lambda: is_painted(crossed))
        painted.pixels = 0
    QTest.mouseMove(crossed, QPoint(100, 100))
    QApplication.processEvents()
    assert 0 < painted.pixels < 2 * 5 * (400 + 300) + 1
    QApplication.sendEvent(crossed, QEvent(QEvent.Type.Leave))
    bare = on_screen(crossed)
    crossed.around._session.set_view_options(crosshair=False)
    assert np.array_equal(bare, on_screen(crossed))
