"""The ruler: how long a line is, and in which direction it goes."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.gui.session import Session
from segtool.gui.tools.base import NO_MODIFIER, Tool
from segtool.gui.tools.polygon import aligned
from segtool.gui.tools.sketch import Sketch, SketchLine
from segtool.gui.tools.tool_id import ToolId


class RulerTool(Tool):
    """Measures a line that is dragged; it stays until the next press or Esc. Shift keeps it to steps of 45°."""

    id = ToolId.RULER

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._start: Point | None = None
        self._end: Point | None = None
        self._is_held = False

    @property
    def is_active(self) -> bool:
        """Whether a line is being drawn."""
        return self._is_held

    @property
    def changes_mask(self) -> bool:
        """False: measuring changes nothing."""
        return False

    def sketch(self) -> Sketch | None:
        """Return the line with its length and angle."""
        if self._start is None or self._end is None:
            return None
        ends = (self._start, self._end)
        return Sketch((SketchLine(ends),), handles=ends, label=measured(*ends), label_at=self._end)

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Begin a line."""
        self._start = self._end = pos
        self._is_held = True

    def move(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Draw the line on."""
        if self._start is not None:
            self._end = aligned(self._start, pos) if modifiers & Qt.KeyboardModifier.ShiftModifier else pos

    def release(self, pos: Point) -> None:
        """Let the line stand."""
        self.finish()

    def finish(self) -> None:
        """Let the line stand."""
        self._is_held = False

    def cancel(self) -> None:
        """Take the line away."""
        self._start = self._end = None
        self._is_held = False


def measured(start: Point, end: Point) -> str:
    """Return length and direction of a line in words: pixels, and degrees counted anticlockwise from the right."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    angle = math.degrees(math.atan2(-dy, dx)) % 360
    return f"{math.hypot(dx, dy):.1f} px · {angle:.1f}°"
