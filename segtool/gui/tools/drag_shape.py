"""Shapes that one drag makes: rectangle, ellipse and lasso."""

from __future__ import annotations

from abc import abstractmethod

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.core.classes import BACKGROUND
from segtool.core.geometry import Rect
from segtool.core.paint_rules import Region
from segtool.core.shapes import box_between, ellipse_points, ellipse_region, polygon_region, rectangle_region
from segtool.gui.session import Session
from segtool.gui.tools.base import NO_MODIFIER, Tool
from segtool.gui.tools.sketch import Sketch, SketchLine
from segtool.gui.tools.tool_id import ToolId


class DragShapeTool(Tool):
    """Draws a shape while a button is held and fills it when it is let go; the right button takes away.

    Attributes
    ----------
    stroke_name : str
        What the edit is called.
    """

    stroke_name: str

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._way: list[Point] = []
        self._value = BACKGROUND
        self._modifiers = NO_MODIFIER

    @property
    def is_active(self) -> bool:
        """Whether a shape is being drawn."""
        return bool(self._way)

    @abstractmethod
    def region(self, shape: tuple[int, int]) -> tuple[Rect, Region]:
        """Return the pixels that the shape covers in an image of that size (H, W)."""

    @abstractmethod
    def points(self) -> list[Point]:
        """Return the outline of the shape in image coordinates."""

    def label(self) -> str:
        """Return a few words on the shape."""
        return ""

    def sketch(self) -> Sketch | None:
        """Return the shape as it would be filled now."""
        if not self._way:
            return None
        line = SketchLine(tuple(self.points()), is_closed=True, value=self._value)
        return Sketch((line,), label=self.label(), label_at=self._way[-1])

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Begin a shape."""
        if not self._way and self._session.may_edit():
            self._way, self._value, self._modifiers = [pos], self.value_for(button), modifiers

    def move(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Draw on."""
        if self._way:
            self._modifiers = modifiers
            if pos != self._way[-1]:
                self._way.append(pos)

    def release(self, pos: Point) -> None:
        """Fill the shape: one step of undo."""
        self.move(pos, modifiers=self._modifiers)
        document = self._session.document
        if self._way and document is not None:
            height, width = document.mask.shape
            rect, region = self.region((height, width))
            if not rect.is_empty and self._session.begin_stroke(self.stroke_name):
                self._session.paint(rect, region, self._value)
                self._session.end_stroke()
        self.cancel()

    def finish(self) -> None:
        """Drop the shape: nothing has been painted yet."""
        self.cancel()

    def cancel(self) -> None:
        """Drop the shape."""
        self._way = []


class RectangleTool(DragShapeTool):
    """Fills a rectangle; with Shift a square, with Alt from its middle."""

    id = ToolId.RECTANGLE
    stroke_name = "Rectangle"

    def region(self, shape: tuple[int, int]) -> tuple[Rect, Region]:
        """Return the pixels of the rectangle."""
        return rectangle_region(self._box(), shape=shape)

    def points(self) -> list[Point]:
        """Return its corners."""
        box = self._box()
        return [(box.x, box.y), (box.right, box.y), (box.right, box.bottom), (box.x, box.bottom)]

    def label(self) -> str:
        """Return its size."""
        box = self._box()
        return f"{box.width} × {box.height} px"

    def _box(self) -> Rect:
        return box_between(
            self._way[0],
            self._way[-1],
            is_square=bool(self._modifiers & Qt.KeyboardModifier.ShiftModifier),
            is_centred=bool(self._modifiers & Qt.KeyboardModifier.AltModifier),
        )


class EllipseTool(RectangleTool):
    """Fills an ellipse; with Shift a circle, with Alt from its middle."""

    id = ToolId.ELLIPSE
    stroke_name = "Ellipse"

    def region(self, shape: tuple[int, int]) -> tuple[Rect, Region]:
        """Return the pixels of the ellipse."""
        return ellipse_region(self._box(), shape=shape)

    def points(self) -> list[Point]:
        """Return points along it."""
        return ellipse_points(self._box())


class LassoTool(DragShapeTool):
    """Fills what a freehand line goes around."""

    id = ToolId.LASSO
    stroke_name = "Lasso"

    def region(self, shape: tuple[int, int]) -> tuple[Rect, Region]:
        """Return the pixels inside the line."""
        return polygon_region(self._way, shape=shape)

    def points(self) -> list[Point]:
        """Return the line."""
        return self._way
