"""The brush and the eraser."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt

from segtool.core.brush import Point, stroke_region
from segtool.core.classes import BACKGROUND
from segtool.gui.session import Session
from segtool.gui.tools.picker import pick
from segtool.gui.tools.tool_id import ToolId


class BrushTool:
    """Paints strokes of the active class or void, or of background as the eraser.

    The right button always paints background; Alt and a click take the class under the pointer instead.

    Parameters
    ----------
    session : Session
        Gets the strokes.
    tool_id : ToolId
        BRUSH or ERASER.
    """

    def __init__(self, session: Session, tool_id: ToolId = ToolId.BRUSH) -> None:
        self._session = session
        self._id = tool_id
        self._last: Point | None = None
        self._value = BACKGROUND

    @property
    def id(self) -> ToolId:
        """Which tool this is."""
        return self._id

    @property
    def cursor(self) -> Qt.CursorShape:
        """The pointer over the image."""
        return Qt.CursorShape.BlankCursor

    @property
    def is_active(self) -> bool:
        """Whether a stroke is in progress."""
        return self._last is not None

    def outline_value(self) -> int:
        """Return the mask value that is being painted, or would be."""
        if self.is_active:
            return self._value
        return BACKGROUND if self._id is ToolId.ERASER else self._session.active_class

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Begin a stroke with a dab, if the mask may be changed."""
        if self.is_active:
            return
        if modifiers & Qt.KeyboardModifier.AltModifier:
            pick(self._session, pos)
            return
        erases = button == Qt.MouseButton.RightButton or self._id is ToolId.ERASER
        if not self._session.begin_stroke("Eraser stroke" if erases else "Brush stroke"):
            return
        self._value = BACKGROUND if erases else self._session.active_class
        self._last = pos
        self._paint(pos, pos)

    def move(self, pos: Point) -> None:
        """Paint the way from the last position to this one."""
        # Positions in one and the same pixel grid cell put the brush at one and the same place.
        if self._last is not None and _cell(pos, self._session.brush_size) != _cell(
            self._last, self._session.brush_size
        ):
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

    def _paint(self, start: Point, end: Point) -> None:
        document = self._session.document
        if document is None:
            return
        height, width = document.mask.shape
        rect, region = stroke_region(start, end, diameter=self._session.brush_size, shape=(height, width))
        if not rect.is_empty:
            self._session.paint(rect, region, self._value)


def _cell(pos: Point, diameter: int) -> tuple[int, int]:
    offset = (diameter - 1) / 2
    return math.floor(pos[0] - offset), math.floor(pos[1] - offset)
