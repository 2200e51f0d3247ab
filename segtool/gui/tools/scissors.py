"""Smart scissors: an outline that follows edges from click to click."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.core.classes import BACKGROUND
from segtool.core.regions.levels import Pixels
from segtool.core.regions.scissors import Scissors, snapped
from segtool.core.shapes import polygon_region
from segtool.gui.session import Session
from segtool.gui.tools.base import NO_MODIFIER, Tool
from segtool.gui.tools.sketch import Sketch, SketchLine
from segtool.gui.tools.tool_id import ToolId

Piece = tuple[Point, Point]
"""Where a piece of the outline begins and ends."""

Ways = dict[Piece, tuple[Point, ...]]


class ScissorsTool(Tool):
    """Clicks set anchors near edges, and the outline follows edges between them; closed, it is filled.

    Enter, a double click or a click on the first anchor closes it; Backspace takes the last anchor back. If the first
    click was one of the right button, it takes away. Shift sets an anchor exactly where the pointer is.
    """

    id = ToolId.SCISSORS
    is_of_clicks = True
    stroke_name = "Smart scissors"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._anchors: list[Point] = []
        self._pointer: Point | None = None
        self._live: tuple[Point, ...] = ()
        self._ways: Ways = {}
        self._is_closing = False
        self._value = BACKGROUND
        # Used in the thread of the regions only; kept from one search to the next for its map.
        self._last_used: list[tuple[Point, Scissors]] = []

    @property
    def is_active(self) -> bool:
        """Whether an anchor has been set."""
        return bool(self._anchors)

    def sketch(self) -> Sketch | None:
        """Return the outline so far and the way to the pointer."""
        if not self._anchors:
            return None
        lines = []
        if len(self._anchors) > 1:
            lines.append(SketchLine(self._outline(), value=self._value))
        if self._is_closing:
            lines.append(SketchLine(self._way((self._anchors[-1], self._anchors[0])), value=self._value))
        elif self._pointer is not None:
            # The last way that was found stays until the next one: it is a few milliseconds behind.
            way = self._live or (self._anchors[-1], self._pointer)
            lines.append(SketchLine(way, is_dashed=True, value=self._value))
        return Sketch(tuple(lines), handles=tuple(self._anchors))

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Set an anchor, or close the outline at its first one."""
        if self._is_closing:
            return
        if not self._anchors:
            if not self._session.may_edit():
                return
            self._value = self.value_for(button)
        elif len(self._anchors) > 1 and math.dist(pos, self._anchors[0]) <= self.reach:
            self.confirm()
            return
        anchor = self._snapped(pos, modifiers)
        if not self._anchors or anchor != self._anchors[-1]:
            self._anchors.append(anchor)
            self._pointer, self._live = None, ()
            self._search()

    def move(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Follow the pointer."""
        self.hover(pos, modifiers=modifiers)

    def hover(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Follow the pointer along edges."""
        if not self._anchors or self._is_closing:
            return
        is_at_start = len(self._anchors) > 1 and math.dist(pos, self._anchors[0]) <= self.reach
        pointer = self._anchors[0] if is_at_start else self._snapped(pos, modifiers)
        if pointer != self._pointer:
            self._pointer = pointer
            self._search()

    def confirm(self) -> None:
        """Close the outline and fill it, as soon as all of it has been found: one step of undo."""
        if len(self._anchors) < 2:
            self.cancel()
        elif not self._is_closing:
            self._is_closing = True
            self._search()

    def step_back(self) -> bool:
        """Take the last anchor back."""
        if self._anchors and not self._is_closing:
            self._anchors.pop()
            self._pointer, self._live = None, ()
        return True

    def cancel(self) -> None:
        """Drop the outline."""
        self._anchors, self._pointer, self._live, self._ways = [], None, (), {}
        self._is_closing = False
        self._last_used = []

    def _snapped(self, pos: Point, modifiers: Qt.KeyboardModifier) -> Point:
        document = self._session.document
        if document is None or modifiers & Qt.KeyboardModifier.ShiftModifier:
            return pos
        # A person aims well: from further away, an anchor would too often snap to another edge than the one meant.
        return snapped(document.image.pixels, pos, radius=self.reach / 2)

    def _pieces(self) -> list[Piece]:
        """Return the pieces of the outline whose ways matter now."""
        pieces = list(pairwise(self._anchors))
        if self._is_closing:
            pieces.append((self._anchors[-1], self._anchors[0]))
        return pieces

    def _way(self, piece: Piece) -> tuple[Point, ...]:
        return self._ways.get(piece, piece)

    def _outline(self) -> tuple[Point, ...]:
        return tuple(point for piece in self._pieces() for point in self._way(piece))

    def _search(self) -> None:
        """Have the ways looked up that are not known yet."""
        document = self._session.document
        if document is None:
            return
        missing = [piece for piece in self._pieces() if piece not in self._ways]
        if self._pointer is not None and not self._is_closing:
            missing.append((self._anchors[-1], self._pointer))
        if missing:
            pixels, used = document.image.pixels, self._last_used
            self._session.regions.look_up(lambda: _ways(pixels, missing, used), then=self._take)
        elif self._is_closing:
            self._fill()

    def _take(self, ways: Ways) -> None:
        """Take ways that have been looked up, if they still matter."""
        pieces = self._pieces()
        self._ways.update({piece: way for piece, way in ways.items() if piece in pieces})
        for piece, way in ways.items():
            if self._anchors and piece[0] == self._anchors[-1] and piece not in pieces:
                self._live = way
        if self._is_closing:
            self._search()

    def _fill(self) -> None:
        document = self._session.document
        outline, value = self._outline(), self._value
        self.cancel()
        if document is None:
            return
        height, width = document.mask.shape
        rect, region = polygon_region(outline, shape=(height, width))
        if not rect.is_empty and self._session.begin_stroke(self.stroke_name):
            self._session.paint(rect, region, value)
            self._session.end_stroke()


def _ways(pixels: Pixels, pieces: Sequence[Piece], used: list[tuple[Point, Scissors]]) -> Ways:
    """Find ways along edges; ``used`` holds the scissors of the last anchor, and gets those of this one."""
    found: Ways = {}
    for start, end in pieces:
        if not used or used[0][0] != start:
            used[:] = [(start, Scissors(pixels, start))]
        found[start, end] = tuple(used[0][1].path(end))
    return found
