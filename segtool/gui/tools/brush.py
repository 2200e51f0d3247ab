"""Brush and eraser: strokes of a disc or a square."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt

from segtool.core.brush import Point, stroke_region
from segtool.core.classes import BACKGROUND
from segtool.core.geometry import Rect
from segtool.core.paint_rules import Region
from segtool.gui.session import Session
from segtool.gui.tools.base import NO_MODIFIER, Tool
from segtool.gui.tools.options import BrushShape
from segtool.gui.tools.picker import pick
from segtool.gui.tools.sketch import Outline
from segtool.gui.tools.tool_id import ToolId


class BrushTool(Tool):
    """Paints the active class with the left button and background with the right one; Alt picks a class."""

    id = ToolId.BRUSH
    stroke_name = "Brush stroke"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._last: Point | None = None
        self._value = BACKGROUND

    @property
    def cursor(self) -> Qt.CursorShape:
        """The pointer over the image."""
        return Qt.CursorShape.BlankCursor

    @property
    def is_active(self) -> bool:
        """Whether a stroke is in progress."""
        return self._last is not None

    def outline(self) -> Outline:
        """Return the brush as it is, or would be, used."""
        value = self._value if self.is_active else self.value_for(Qt.MouseButton.LeftButton)
        return Outline(value, self._diameter(), is_square=self._is_square)

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Begin a stroke with a dab, if the mask may be changed."""
        if self.is_active:
            return
        if modifiers & Qt.KeyboardModifier.AltModifier:
            pick(self._session, pos)
            return
        value = self.value_for(button)
        name = EraserTool.stroke_name if button == Qt.MouseButton.RightButton else self.stroke_name
        if not self._session.begin_stroke(name):
            return
        self._value = value
        self._last = pos
        self._paint(pos, pos)

    def move(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Paint the way from the last position to this one."""
        # Positions in one and the same pixel grid cell put the brush at one and the same place.
        diameter = self._diameter()
        if self._last is not None and _cell(pos, diameter) != _cell(self._last, diameter):
            self._paint(self._last, pos)
            self._last = pos

    def release(self, pos: Point) -> None:
        """Paint the rest of the way and end the stroke."""
        self.move(pos)
        self.finish()

    def finish(self) -> None:
        """End the stroke where it is; it becomes one step of undo."""
        if self._last is not None:
            self._last = None
            self._session.end_stroke()

    def cancel(self) -> None:
        """Take the stroke back."""
        if self._last is not None:
            self._last = None
            self._session.cancel_stroke()

    def stroke_ended(self) -> None:
        """Begin anew with the next press."""
        self._last = None

    def paint_region(self, rect: Rect, region: Region) -> None:
        """Paint what one piece of the stroke covers; brushes of another kind paint less of it, or something else."""
        self._session.paint(rect, region, self._value)

    @property
    def _is_square(self) -> bool:
        return self._session.options.brush_shape is BrushShape.SQUARE

    def _diameter(self) -> int:
        size = self._session.brush_size
        return max(1, round(size * self.pressure)) if self._session.options.pen_pressure else size

    def _paint(self, start: Point, end: Point) -> None:
        document = self._session.document
        if document is None:
            return
        height, width = document.mask.shape
        rect, region = stroke_region(
            start, end, diameter=self._diameter(), shape=(height, width), is_square=self._is_square
        )
        if not rect.is_empty:
            self.paint_region(rect, region)


class EraserTool(BrushTool):
    """Paints background with either button."""

    id = ToolId.ERASER
    stroke_name = "Eraser stroke"

    def value_for(self, button: Qt.MouseButton) -> int:
        """Return background."""
        return BACKGROUND


def _cell(pos: Point, diameter: int) -> tuple[int, int]:
    offset = (diameter - 1) / 2
    return math.floor(pos[0] - offset), math.floor(pos[1] - offset)
