"""A polygon of a thousand corners on a large image, from Enter to painted."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from benchmarks.canvas.painting import LARGE, SMALL_LARGE, Frame, opened, row_of, settle, show, timed, write_scene
from benchmarks.harness import Row
from segtool.gui.main_window import MainWindow
from segtool.gui.tools.tool_id import ToolId

CORNERS = 1000
RADIUS = 2000.0
_NONE = Qt.KeyboardModifier.NoModifier


def rows(quick: bool) -> list[Row]:
    """Draw the polygon some times over and take it back in between."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_scene(folder, "medium.png", shape=(300, 400))
        write_scene(folder, "large.png", shape=SMALL_LARGE if quick else LARGE)
        with opened(folder) as window:
            where = show(window, "large.png")
            window._session.set_tool(ToolId.POLYGON)
            frames = [draw(window) for _ in range(2 if quick else 12)]
            name = f"polygon of {CORNERS} corners, {RADIUS * 2:.0f} px across, Enter to painted, {where}"
            return [row_of(name, frames, "p50 ≤ 100 ms")]


def draw(window: MainWindow) -> Frame:
    """Click the corners with the real mouse, time Enter, and undo."""
    canvas, session = window.canvas, window._session
    canvas.fit()
    height = canvas.height()
    canvas.zoom_to(height * canvas.ratio / (2.2 * RADIUS))
    middle = QPointF(canvas.width() / 2, height / 2)
    reach = height / 2.2
    for number in range(CORNERS):
        angle = 2 * math.pi * number / CORNERS
        radius = reach * (0.8 + 0.2 * math.sin(9 * angle))
        place = middle + QPointF(radius * math.cos(angle), radius * math.sin(angle))
        # The first corner is not to be met again before the end.
        if number < 3 or math.dist(place.toTuple(), (middle.x() + reach * 0.8, middle.y())) > 12:
            QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, _NONE, place.toPoint())
    settle()
    before = session.document.history.position if session.document is not None else 0
    frame = timed(lambda: QTest.keyClick(canvas, Qt.Key.Key_Return))
    if session.document is None or session.document.history.position != before + 1:
        raise RuntimeError("the polygon was not filled")
    session.undo()
    settle()
    return frame
