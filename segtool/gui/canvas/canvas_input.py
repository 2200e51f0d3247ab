"""Mouse, wheel and keys over the canvas: what they do to the view and to the tools."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from segtool.core.brush import Point
from segtool.gui.canvas.wheel import WheelPan, interpret
from segtool.gui.session import Session
from segtool.gui.tools.base import Tool
from segtool.gui.tools.brush import BrushTool
from segtool.gui.tools.picker import PickerTool
from segtool.gui.tools.tool_id import ToolId

_PAN_KEY = Qt.Key.Key_Space
_HIDE_KEY = Qt.Key.Key_H


class Surface(Protocol):
    """What input does to the canvas; positions and distances are in logical pixels."""

    def widget_to_image(self, pos: QPointF) -> Point:
        """Return the image position under a position of the widget."""

    def pan_by(self, dx: float, dy: float) -> None:
        """Shift the image."""

    def zoom_at(self, pos: QPointF, *, steps: int, factor: float) -> None:
        """Change the zoom, the point under ``pos`` staying where it is."""

    def hold_mask_back(self, hidden: bool) -> None:
        """Hide the mask, or stop hiding it."""

    def setCursor(self, cursor: Qt.CursorShape) -> None:  # noqa: N802
        """Show a pointer."""


class CanvasInput:
    """Gives what a person does over the canvas to the active tool, or moves the view.

    Handlers that return something tell whether they used the event.

    Parameters
    ----------
    session : Session
        Says which tool is active.
    surface : Surface
        The canvas.
    """

    def __init__(self, session: Session, surface: Surface) -> None:
        self._session = session
        self._surface = surface
        self._tools: dict[ToolId, Tool] = {
            ToolId.BRUSH: BrushTool(session, ToolId.BRUSH),
            ToolId.ERASER: BrushTool(session, ToolId.ERASER),
            ToolId.PICKER: PickerTool(session),
        }
        # The tool whose press is still open; the session may have changed to another one since.
        self._tool_in_use: Tool | None = None
        self._button = Qt.MouseButton.NoButton
        self._pan_from: QPointF | None = None
        self._pan_key_held = False

    @property
    def tool(self) -> Tool | None:
        """The tool that a press would go to; None where it would move the image."""
        return None if self._pan_key_held else self._tools.get(self._session.tool)

    @property
    def is_panning(self) -> bool:
        """Whether the image is being dragged."""
        return self._pan_from is not None

    def press(self, event: QMouseEvent) -> bool:
        """Begin to drag the image, or to use the tool."""
        if self._session.document is None or self._tool_in_use is not None or self.is_panning:
            return False
        button, tool = event.button(), self.tool
        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and tool is None):
            self._pan_from, self._button = event.position(), button
        elif tool is not None and button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self._tool_in_use, self._button = tool, button
            pos = self._surface.widget_to_image(event.position())
            tool.press(pos, button=button, modifiers=event.modifiers())
        else:
            return False
        self.refresh_cursor()
        return True

    def move(self, event: QMouseEvent) -> None:
        """Drag on."""
        pos = event.position()
        if self._pan_from is not None:
            delta = pos - self._pan_from
            self._pan_from = pos
            self._surface.pan_by(delta.x(), delta.y())
        elif self._tool_in_use is not None:
            self._tool_in_use.move(self._surface.widget_to_image(pos))

    def release(self, event: QMouseEvent) -> bool:
        """End the drag that this button began."""
        if event.button() != self._button:
            return False
        tool, self._tool_in_use = self._tool_in_use, None
        self._pan_from, self._button = None, Qt.MouseButton.NoButton
        if tool is not None:
            tool.release(self._surface.widget_to_image(event.position()))
        self.refresh_cursor()
        return True

    def wheel(self, event: QWheelEvent) -> bool:
        """Zoom at the pointer, or move the image."""
        if self._session.document is None:
            return False
        action = interpret(event)
        if isinstance(action, WheelPan):
            self._surface.pan_by(action.dx, action.dy)
        else:
            self._surface.zoom_at(event.position(), steps=action.steps, factor=action.factor)
        return True

    def wants_key(self, event: QKeyEvent) -> bool:
        """Tell whether a key belongs to the canvas even if some shortcut has it too."""
        if event.key() == Qt.Key.Key_Escape:
            return self._tool_in_use is not None
        return event.key() in (_PAN_KEY, _HIDE_KEY) and not event.modifiers()

    def key_press(self, event: QKeyEvent) -> bool:
        """Hold the image, hide the mask, or cancel the stroke."""
        if not self.wants_key(event):
            return False
        if not event.isAutoRepeat():
            self._hold(event.key(), held=True)
        return True

    def key_release(self, event: QKeyEvent) -> bool:
        """Let go of the image, or show the mask again."""
        if event.key() not in (_PAN_KEY, _HIDE_KEY):
            return False
        if not event.isAutoRepeat():
            self._hold(event.key(), held=False)
        return True

    def let_go(self) -> None:
        """Act as if every key and button had been released: the canvas has lost the person's attention."""
        self._hold(_PAN_KEY, held=False)
        self._hold(_HIDE_KEY, held=False)
        self.finish()

    def finish(self) -> None:
        """End what is in progress where it is."""
        tool, self._tool_in_use = self._tool_in_use, None
        self._pan_from, self._button = None, Qt.MouseButton.NoButton
        if tool is not None:
            tool.finish()
        self.refresh_cursor()

    def tool_changed(self) -> None:
        """Follow the session to another tool."""
        if self._tool_in_use is not None and self._tool_in_use.id is not self._session.tool:
            self.finish()
        self.refresh_cursor()

    def refresh_cursor(self) -> None:
        """Show the pointer of what a press would do."""
        self._surface.setCursor(self._cursor())

    def outline_value(self) -> int | None:
        """Return the mask value in whose colour the outline of the brush is to be drawn, None for no outline."""
        document, tool = self._session.document, self._tool_in_use or self.tool
        if document is None or document.read_only_reason or tool is None or self.is_panning:
            return None
        return tool.outline_value()

    def _cursor(self) -> Qt.CursorShape:
        document, tool = self._session.document, self._tool_in_use or self.tool
        if document is None:
            return Qt.CursorShape.ArrowCursor
        if self.is_panning:
            return Qt.CursorShape.ClosedHandCursor
        if tool is None:
            return Qt.CursorShape.OpenHandCursor
        if document.read_only_reason and tool.outline_value() is not None:
            return Qt.CursorShape.ForbiddenCursor
        return tool.cursor

    def _hold(self, key: int, *, held: bool) -> None:
        if key == Qt.Key.Key_Escape:
            self._cancel()
        elif key == _HIDE_KEY:
            self._surface.hold_mask_back(held)
        elif held is not self._pan_key_held:
            self._pan_key_held = held
            self.refresh_cursor()

    def _cancel(self) -> None:
        tool, self._tool_in_use = self._tool_in_use, None
        self._button = Qt.MouseButton.NoButton
        if tool is not None:
            tool.cancel()
        self.refresh_cursor()
