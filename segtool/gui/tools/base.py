"""What the canvas expects of a tool."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.gui.tools.tool_id import ToolId


class Tool(Protocol):
    """Turns presses and moves over the image into calls of the session; draws nothing.

    Positions are image coordinates in pixels, pixel (i, j) spanning i…i+1, and may lie beside the image.
    ``move``, ``release``, ``finish`` and ``cancel`` are harmless while nothing is in progress.
    """

    @property
    def id(self) -> ToolId:
        """Which tool this is."""

    @property
    def cursor(self) -> Qt.CursorShape:
        """The pointer over the image; a blank one where the outline of the brush takes its place."""

    @property
    def is_active(self) -> bool:
        """Whether something is in progress, between press and release."""

    def outline_value(self) -> int | None:
        """Return the mask value whose colour the outline of the brush has, None for a tool without an outline."""

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Begin at a position."""

    def move(self, pos: Point) -> None:
        """Go on to a position."""

    def release(self, pos: Point) -> None:
        """Go on to a position and end there."""

    def finish(self) -> None:
        """End where it is: what has been done stays."""

    def cancel(self) -> None:
        """Take back what is in progress."""
