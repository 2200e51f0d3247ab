"""Grow from seeds: marks inside and outside of an object, and the object between them."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.core.classes import BACKGROUND
from segtool.core.regions.grow import grown
from segtool.gui.region_work import Painting
from segtool.gui.session import Session
from segtool.gui.tools.base import NO_MODIFIER, Tool
from segtool.gui.tools.search import painting
from segtool.gui.tools.sketch import Sketch, SketchLine
from segtool.gui.tools.tool_id import ToolId


@dataclass(slots=True)
class _Mark:
    is_inside: bool
    points: list[Point] = field(default_factory=list)


class GrowTool(Tool):
    """Left strokes mark the inside, right ones the outside; what lies between is shown after each and kept by Enter.

    Backspace takes the last mark back, Esc all of them.
    """

    id = ToolId.GROW_SEEDS
    stroke_name = "Grow from seeds"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._marks: list[_Mark] = []
        self._is_held = self._is_ending = self._has_stroke = False
        self._value = BACKGROUND

    @property
    def is_active(self) -> bool:
        """Whether a mark has been set."""
        return bool(self._marks)

    def sketch(self) -> Sketch | None:
        """Return the marks, those outside dashed; in no class's colour, for they lie on what that is painted with."""
        if not self._marks:
            return None
        lines = (SketchLine(tuple(mark.points), is_dashed=not mark.is_inside) for mark in self._marks)
        return Sketch(tuple(lines))

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Begin a mark."""
        if self._is_ending or not self._session.may_edit():
            return
        if not self._marks:
            self._value = self._session.active_class
            # The stroke stays open until Enter, and masks are not saved by themselves inside one.
            self._session.save_all()
        self._marks.append(_Mark(button == Qt.MouseButton.LeftButton, [pos]))
        self._is_held = True

    def move(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Draw the mark on."""
        if self._is_held and pos != self._marks[-1].points[-1]:
            self._marks[-1].points.append(pos)

    def release(self, pos: Point) -> None:
        """Complete the mark and show what it changes."""
        self.move(pos)
        self.finish()

    def confirm(self) -> None:
        """Keep what is shown: one step of undo."""
        if self._has_stroke and not self._is_ending:
            self._is_held, self._is_ending = False, True
            self._session.regions.end()

    def step_back(self) -> bool:
        """Take the last mark back."""
        if self._marks and not self._is_ending:
            self._marks.pop()
            self._is_held = False
            if self._marks:
                self._search()
            else:
                self.cancel()
        return True

    def finish(self) -> None:
        """Complete the mark that is being drawn; all of them stay to be added to."""
        if self._is_held:
            self._is_held = False
            self._search()

    def cancel(self) -> None:
        """Drop the marks and what they show."""
        if self._has_stroke:
            self._session.cancel_stroke()
        self._forget()

    def stroke_ended(self) -> None:
        """Begin anew with the next mark."""
        if self._has_stroke:
            self._forget()

    def _forget(self) -> None:
        self._marks = []
        self._is_held = self._is_ending = self._has_stroke = False

    def _search(self) -> None:
        document = self._session.document
        if document is None:
            return
        if not self._has_stroke:
            if not self._session.begin_stroke(self.stroke_name):
                self._forget()
                return
            self._has_stroke = True
        pixels, value = document.image.pixels, self._value
        inside = [tuple(mark.points) for mark in self._marks if mark.is_inside]
        outside = [tuple(mark.points) for mark in self._marks if not mark.is_inside]

        def compute() -> Painting | None:
            return painting(grown(pixels, inside=inside, outside=outside), value)

        self._session.regions.request(compute)
