"""The magic wand: paints what looks like the pixel under the pointer."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.core.regions.wand import Wand
from segtool.gui.region_work import Compute, Painting
from segtool.gui.session import Session
from segtool.gui.tools.base import NO_MODIFIER
from segtool.gui.tools.options import MAX_TOLERANCE
from segtool.gui.tools.search import Search, SearchTool, painting, pixel_at
from segtool.gui.tools.sketch import Sketch
from segtool.gui.tools.tool_id import ToolId

# Eight screen pixels, the reach of a tool, are four levels: the whole range is half a screen wide.
_LEVELS_PER_REACH = 4.0


class WandTool(SearchTool):
    """A press takes what is joined with the pixel under it and alike; dragging right takes in more, left less.

    With Shift, or if so chosen, it takes what is alike everywhere. The tolerance that a drag ends with stays.
    The right button takes away.
    """

    id = ToolId.WAND
    stroke_name = "Magic wand"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._held: Search | None = None
        self._wand: Wand | None = None
        self._start = self._pointer = (0.0, 0.0)
        self._value = self._tolerance = 0
        self._contiguous = True

    @property
    def is_active(self) -> bool:
        """Whether the button is held, or something is being searched for."""
        return self._held is not None or super().is_active

    def sketch(self) -> Sketch | None:
        """Return the tolerance beside the pointer."""
        if self._held is None:
            return None
        return Sketch(label=f"± {self._tolerance}", label_at=self._pointer)

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Take what is like the pixel under a position."""
        seed, document, options = pixel_at(self._session, pos), self._session.document, self._session.options
        if seed is None or document is None or not self._session.may_edit():
            return
        self._wand = Wand(document.image.pixels, seed=seed, smoothing=options.smoothing)
        self._start = self._pointer = pos
        self._value, self._tolerance = self.value_for(button), options.tolerance
        self._contiguous = options.contiguous and not modifiers & Qt.KeyboardModifier.ShiftModifier
        self._held = Search(self._compute(self._wand), is_complete=False)
        self.begin(self._held)

    def move(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Follow the pointer with the tolerance."""
        if self._held is None or self._wand is None:
            return
        self._pointer = pos
        way = (pos[0] - self._start[0]) / self.reach * _LEVELS_PER_REACH
        tolerance = min(max(round(self._session.options.tolerance + way), 0), MAX_TOLERANCE)
        if tolerance != self._tolerance:
            self._tolerance = tolerance
            self._held.compute = self._compute(self._wand)
            if self._held is self._current:
                self._session.regions.request(self._held.compute)

    def release(self, pos: Point) -> None:
        """Keep what is shown."""
        self.move(pos)
        self.finish()

    def finish(self) -> None:
        """Keep what is shown, and the tolerance for the next time."""
        if self._held is None:
            return
        held, self._held = self._held, None
        held.is_complete = True
        self._session.set_options(tolerance=self._tolerance)
        if held is self._current:
            self._session.regions.end()

    def cancel(self) -> None:
        """Take back what is shown."""
        self._held = None
        super().cancel()

    def stroke_ended(self) -> None:
        """Let go: also if something else has ended the stroke while the button was held."""
        if self._held is self._current:
            self._held = None
        super().stroke_ended()

    def _compute(self, wand: Wand) -> Compute:
        return partial(_found, wand, self._tolerance, contiguous=self._contiguous, value=self._value)


def _found(wand: Wand, tolerance: int, *, contiguous: bool, value: int) -> Painting | None:
    return painting(wand.region(tolerance, contiguous=contiguous), value)
