"""What the canvas expects of a tool."""

from __future__ import annotations

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.core.classes import BACKGROUND
from segtool.gui.session import Session
from segtool.gui.tools.sketch import Outline, Sketch
from segtool.gui.tools.tool_id import ToolId

NO_MODIFIER = Qt.KeyboardModifier.NoModifier


class Tool:
    """Turns presses, moves and keys over the image into calls of the session; says what to draw but draws nothing.

    A tool overrides what it needs. Positions are image coordinates in pixels, pixel (i, j) spanning i…i+1, and
    may lie beside the image. A tool is in progress from its first press until it says that it is no longer
    active: that may be after the release, so that shapes can be made of many clicks.

    Parameters
    ----------
    session : Session
        Is told what to do.

    Attributes
    ----------
    id : ToolId
        Which tool this is.
    pressure : float
        How hard the pen is pressed, 0…1; 1 for a mouse. Set by the canvas before each press and move.
    reach : float
        How many image pixels away something still counts as pointed at. Set by the canvas before each press.
    is_of_clicks : bool
        Whether shapes are made of many clicks, so that a double click ends one and never begins one.
    """

    id: ToolId
    is_of_clicks = False

    def __init__(self, session: Session) -> None:
        self._session = session
        self.pressure = 1.0
        self.reach = 4.0

    @property
    def cursor(self) -> Qt.CursorShape:
        """The pointer over the image; a blank one where the outline of the brush takes its place."""
        return Qt.CursorShape.CrossCursor

    @property
    def is_active(self) -> bool:
        """Whether something is in progress that Esc would take back."""
        return False

    @property
    def changes_mask(self) -> bool:
        """Whether it is of no use where the mask must not be changed."""
        return True

    def outline(self) -> Outline | None:
        """Return the brush whose outline follows the pointer, None for a tool without one."""
        return None

    def sketch(self) -> Sketch | None:
        """Return what is to be drawn over the image now."""
        return None

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Begin at a position, or set the next point."""

    def move(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Go on to a position while the button is held."""

    def hover(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Take note of where the pointer is while no button is held."""

    def release(self, pos: Point) -> None:
        """Go on to a position and let the button go there."""

    def confirm(self) -> None:
        """Complete what is in progress: Enter or a double click."""

    def step_back(self) -> bool:
        """Take the last point back; False if the tool has no points to take back."""
        return False

    def finish(self) -> None:
        """End where it is, because the pointer is needed elsewhere: what has been painted stays."""

    def cancel(self) -> None:
        """Take back what is in progress."""

    def stroke_ended(self) -> None:
        """Follow: something else has ended the stroke that this tool had begun."""

    def value_for(self, button: Qt.MouseButton) -> int:
        """Return the mask value that a button paints: the right one takes away."""
        return BACKGROUND if button == Qt.MouseButton.RightButton else self._session.active_class
