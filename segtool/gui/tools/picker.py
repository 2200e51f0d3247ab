"""The picker: takes the class under the pointer."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.gui.session import Session
from segtool.gui.tools.base import NO_MODIFIER, Tool
from segtool.gui.tools.tool_id import ToolId


def pick(session: Session, pos: Point) -> None:
    """Make the class of the pixel at an image position the active one; beside the image nothing happens."""
    document = session.document
    if document is None:
        return
    x, y = math.floor(pos[0]), math.floor(pos[1])
    height, width = document.mask.shape
    if 0 <= x < width and 0 <= y < height:
        session.set_active_class(int(document.mask[y, x]))


class PickerTool(Tool):
    """Makes the class under the pointer the active one, on press and while dragging."""

    id = ToolId.PICKER

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._active = False

    @property
    def is_active(self) -> bool:
        """Whether the button is held."""
        return self._active

    @property
    def changes_mask(self) -> bool:
        """False: picking needs no mask that may be changed."""
        return False

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Take the class at a position."""
        self._active = True
        pick(self._session, pos)

    def move(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Take the class at a position."""
        if self._active:
            pick(self._session, pos)

    def release(self, pos: Point) -> None:
        """Take the class at a position and end."""
        self.move(pos)
        self._active = False

    def finish(self) -> None:
        """End."""
        self._active = False

    def cancel(self) -> None:
        """End."""
        self._active = False
