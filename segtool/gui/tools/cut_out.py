"""Cut out: paints the object in a box."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.core.classes import BACKGROUND
from segtool.core.geometry import Rect
from segtool.core.regions.cut_out import cut_out
from segtool.core.shapes import box_between
from segtool.gui.region_work import Painting
from segtool.gui.session import Session
from segtool.gui.tools.base import NO_MODIFIER
from segtool.gui.tools.search import Search, SearchTool, painting
from segtool.gui.tools.sketch import Sketch, SketchLine
from segtool.gui.tools.tool_id import ToolId

_SHORTEST_SIDE = 3


@dataclass(slots=True, eq=False)
class _BoxSearch(Search):
    """The search for an object in a box; ``box`` and ``value`` are for drawing it meanwhile."""

    box: Rect = Rect(0, 0, 0, 0)
    value: int = BACKGROUND


class CutOutTool(SearchTool):
    """A box dragged closely around an object paints the object; the right button takes it away.

    The object is painted as soon as it is found, so that many are cut out quickly: the next box can be drawn while
    the last one is still worked on.
    """

    id = ToolId.CUT_OUT
    stroke_name = "Cut out"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._ends: tuple[Point, Point] | None = None
        self._value = BACKGROUND

    @property
    def is_active(self) -> bool:
        """Whether a box is being drawn, or worked on."""
        return self._ends is not None or super().is_active

    def sketch(self) -> Sketch | None:
        """Return the box that is being drawn, and dashed those that are worked on."""
        searches = [*self._waiting, *([] if self._current is None else [self._current])]
        lines = [
            SketchLine(_corners(search.box), is_closed=True, is_dashed=True, value=search.value)
            for search in searches
            if isinstance(search, _BoxSearch)
        ]
        if self._ends is not None:
            box = box_between(*self._ends)
            drawn = SketchLine(_corners(box), is_closed=True, value=self._value)
            return Sketch((*lines, drawn), label=f"{box.width} × {box.height} px", label_at=self._ends[1])
        return Sketch(tuple(lines)) if lines else None

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Begin a box."""
        if self._session.may_edit():
            self._ends, self._value = (pos, pos), self.value_for(button)

    def move(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Draw the box on."""
        if self._ends is not None:
            self._ends = (self._ends[0], pos)

    def release(self, pos: Point) -> None:
        """Search the box."""
        self.move(pos)
        ends, self._ends, document = self._ends, None, self._session.document
        if ends is None or document is None:
            return
        box = box_between(*ends).intersect(Rect.of_shape(document.mask.shape))
        # A click without a drag is no box.
        if min(box.width, box.height) < _SHORTEST_SIDE:
            return
        pixels, value = document.image.pixels, self._value

        def compute() -> Painting | None:
            return painting(cut_out(pixels, box, is_wanted=lambda: search.is_wanted), value)

        search = _BoxSearch(compute, box=box, value=value)
        self.begin(search)

    def finish(self) -> None:
        """Drop the box that is being drawn."""
        self._ends = None

    def cancel(self) -> None:
        """Drop the box that is being drawn; if there is none, those that are worked on."""
        if self._ends is not None:
            self._ends = None
        else:
            super().cancel()


def _corners(box: Rect) -> tuple[Point, ...]:
    return (box.x, box.y), (box.right, box.y), (box.right, box.bottom), (box.x, box.bottom)
