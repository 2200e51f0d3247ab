"""The polygon: corners by clicks, filled when it is closed."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.core.classes import BACKGROUND
from segtool.core.shapes import polygon_region
from segtool.gui.session import Session
from segtool.gui.tools.base import NO_MODIFIER, Tool
from segtool.gui.tools.sketch import Sketch, SketchLine
from segtool.gui.tools.tool_id import ToolId

_ANGLE_STEP = math.pi / 4


class PolygonTool(Tool):
    """Each click sets a corner; Enter, a double click or a click on the first corner fills the polygon.

    If the first click was one of the right button, the polygon takes away. Shift keeps an edge to steps of 45°.
    Backspace takes the last corner back.
    """

    id = ToolId.POLYGON
    is_of_clicks = True
    stroke_name = "Polygon"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._corners: list[Point] = []
        self._pointer: Point | None = None
        self._value = BACKGROUND

    @property
    def is_active(self) -> bool:
        """Whether a corner has been set."""
        return bool(self._corners)

    def sketch(self) -> Sketch | None:
        """Return the edges so far and the one to the pointer."""
        if not self._corners:
            return None
        lines = [SketchLine(tuple(self._corners), is_closed=len(self._corners) > 2, value=self._value)]
        if self._pointer is not None:
            lines.append(SketchLine((self._corners[-1], self._pointer), is_dashed=True, value=self._value))
        return Sketch(tuple(lines), handles=tuple(self._corners))

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Set a corner, or close the polygon at its first one."""
        if not self._corners:
            if not self._session.may_edit():
                return
            self._value = self.value_for(button)
        elif len(self._corners) > 2 and math.dist(pos, self._corners[0]) <= self.reach:
            self.confirm()
            return
        self._corners.append(self._aligned(pos, modifiers))
        self._pointer = None

    def move(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Follow the pointer."""
        self.hover(pos, modifiers=modifiers)

    def hover(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Follow the pointer with the next edge."""
        self._pointer = self._aligned(pos, modifiers) if self._corners else None

    def confirm(self) -> None:
        """Fill the polygon: one step of undo."""
        document = self._session.document
        if self._corners and document is not None:
            height, width = document.mask.shape
            rect, region = polygon_region(self._corners, shape=(height, width))
            if not rect.is_empty and self._session.begin_stroke(self.stroke_name):
                self._session.paint(rect, region, self._value)
                self._session.end_stroke()
        self.cancel()

    def step_back(self) -> bool:
        """Take the last corner back."""
        if self._corners:
            self._corners.pop()
        return True

    def cancel(self) -> None:
        """Drop the polygon."""
        self._corners, self._pointer = [], None

    def _aligned(self, pos: Point, modifiers: Qt.KeyboardModifier) -> Point:
        if not self._corners or not modifiers & Qt.KeyboardModifier.ShiftModifier:
            return pos
        return aligned(self._corners[-1], pos)


def aligned(start: Point, end: Point) -> Point:
    """Return the point as far from ``start`` as ``end`` is, in the nearest direction that is a multiple of 45°."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    angle = round(math.atan2(dy, dx) / _ANGLE_STEP) * _ANGLE_STEP
    length = math.hypot(dx, dy)
    return start[0] + length * math.cos(angle), start[1] + length * math.sin(angle)
