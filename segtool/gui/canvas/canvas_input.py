"""Mouse, pen, wheel and keys over the canvas: what they do to the view and to the tools."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPointingDevice, QTabletEvent, QWheelEvent

from segtool.core.brush import Point
from segtool.gui.canvas.wheel import WheelPan, interpret
from segtool.gui.session import Session
from segtool.gui.tools.base import Tool
from segtool.gui.tools.sketch import Outline, Sketch
from segtool.gui.tools.table import TOOLS
from segtool.gui.tools.tool_id import ToolId

_PAN_KEY = Qt.Key.Key_Space
_HIDE_KEY = Qt.Key.Key_H
_COMPARE_KEY = Qt.Key.Key_J
_HELD_KEYS = (_PAN_KEY, _HIDE_KEY, _COMPARE_KEY)
_CONFIRM_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_STEP_BACK = (
    (Qt.Key.Key_Backspace, Qt.KeyboardModifier.NoModifier),
    (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier),
)
_REACH = 8.0

PointerEvent = QMouseEvent | QTabletEvent


class Surface(Protocol):
    """What input does to the canvas; positions and distances are in logical pixels."""

    @property
    def is_picked_from(self) -> bool:
        """Whether clicks choose a place for something else than a tool."""

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
        self._flicker = session.guidance.overlays.flicker
        self._tools: dict[ToolId, Tool] = {spec.id: spec.make(session) for spec in TOOLS if spec.make is not None}
        # The tool whose press or whose shape is still open; the session may have changed to another one since.
        self._tool_in_use: Tool | None = None
        self._button = Qt.MouseButton.NoButton
        self._pan_from: QPointF | None = None
        self._pan_key_held = False
        session.stroke_ended.connect(self._on_stroke_ended)
        session.regions.busy_changed.connect(self.refresh_cursor)

    @property
    def tool(self) -> Tool | None:
        """The tool that a press would go to; None where it would move the image."""
        return None if self._pan_key_held else self._tools.get(self._session.tool)

    @property
    def is_panning(self) -> bool:
        """Whether the image is being dragged."""
        return self._pan_from is not None

    def press(self, event: PointerEvent) -> bool:
        """Begin to drag the image, or to use the tool."""
        if self._session.document is None or self._button != Qt.MouseButton.NoButton:
            return False
        button, tool = self._button_of(event), self.tool
        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and tool is None):
            self._pan_from, self._button = event.position(), event.button()
        elif self._must_wait(tool) or (tool is not None and self._asks_first(tool)):
            return False
        elif tool is not None and button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self._tool_in_use, self._button = tool, event.button()
            pos = self._place(tool, event)
            if tool.changes_mask and not self._session.overlay_visible:
                self._session.info("The mask is hidden, so this is not seen: T shows it.")
            tool.press(pos, button=button, modifiers=event.modifiers())
        else:
            return False
        self.refresh_cursor()
        return True

    def double_press(self, event: PointerEvent) -> bool:
        """Complete a shape of many clicks; for other tools, the second of two quick presses is a press."""
        if self._session.document is None or self._button != Qt.MouseButton.NoButton:
            return False
        if self._pan_key_held or event.button() == Qt.MouseButton.MiddleButton:
            return self.press(event)
        if self._tool_in_use is None:
            # The first of the two presses has completed a shape, if it can be made of many.
            return (self.tool is not None and self.tool.is_of_clicks) or self.press(event)
        if not self._must_wait(self._tool_in_use):
            self._tool_in_use.confirm()
            self._settle()
        return True

    def move(self, event: PointerEvent) -> None:
        """Drag on, or show the tool where the pointer is."""
        pos = event.position()
        tool = self._tool_in_use or self.tool
        if self._pan_from is not None:
            delta = pos - self._pan_from
            self._pan_from = pos
            self._surface.pan_by(delta.x(), delta.y())
        elif self._session.document is None or tool is None:
            return
        elif self._button != Qt.MouseButton.NoButton:
            tool.move(self._place(tool, event), modifiers=event.modifiers())
        else:
            tool.hover(self._place(tool, event), modifiers=event.modifiers())

    def release(self, event: PointerEvent) -> bool:
        """End the drag that this button began."""
        if event.button() != self._button:
            return False
        was_panning = self.is_panning
        self._pan_from, self._button = None, Qt.MouseButton.NoButton
        if self._tool_in_use is not None and not was_panning:
            # A pen that is lifted has no pressure any more: the last one holds.
            place = self._surface.widget_to_image(event.position())
            self._tool_in_use.move(place, modifiers=event.modifiers())
            self._tool_in_use.release(place)
        self._settle()
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
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key == Qt.Key.Key_Escape:
            return self._tool_in_use is not None or self.sketch() is not None
        if (key in _CONFIRM_KEYS and not modifiers) or (key, modifiers) in _STEP_BACK:
            return self._tool_in_use is not None
        return key in _HELD_KEYS and not modifiers

    def key_press(self, event: QKeyEvent) -> bool:
        """Hold the image, hide the mask or show another one, or complete, shorten or cancel what is in progress."""
        if not self.wants_key(event):
            return False
        tool, key = self._tool_in_use, event.key()
        if key in _HELD_KEYS:
            if not event.isAutoRepeat():
                self._hold(key, held=True)
        elif key == Qt.Key.Key_Escape:
            self._cancel()
        elif tool is not None and key in _CONFIRM_KEYS:
            if not self._must_wait(tool):
                tool.confirm()
                self._settle()
        elif tool is not None:
            if not tool.step_back() and key == Qt.Key.Key_Z:
                self._cancel()
            self._settle()
        return True

    def key_release(self, event: QKeyEvent) -> bool:
        """Let go of the image, or show the mask as it is again."""
        if event.key() not in _HELD_KEYS:
            return False
        if not event.isAutoRepeat():
            self._hold(event.key(), held=False)
        return True

    def let_go(self) -> None:
        """Act as if every key and button had been released: the canvas has lost the person's attention.

        A shape of many clicks stays: it goes on when the person comes back.
        """
        for key in _HELD_KEYS:
            self._hold(key, held=False)
        if self._button != Qt.MouseButton.NoButton:
            self.finish()

    def finish(self) -> None:
        """End what is in progress where it is."""
        self._pan_from, self._button = None, Qt.MouseButton.NoButton
        if self._tool_in_use is not None:
            self._tool_in_use.finish()
        self._settle()

    def image_changed(self) -> None:
        """Drop what belongs to the image that was shown before."""
        self.finish()
        self._tool_in_use = None
        for tool in self._tools.values():
            tool.cancel()
        self.refresh_cursor()

    def tool_changed(self) -> None:
        """Follow the session to another tool."""
        if self._tool_in_use is not None and self._tool_in_use.id is not self._session.tool:
            self.finish()
            # What a shape of many clicks has not filled yet would only be in the way when its tool is taken again.
            self._cancel()
        self.refresh_cursor()

    def refresh_cursor(self) -> None:
        """Show the pointer of what a press would do."""
        self._surface.setCursor(self._cursor())

    def outline(self) -> Outline | None:
        """Return the brush whose outline is to follow the pointer, None for no outline."""
        document, tool = self._session.document, self._tool_in_use or self.tool
        if document is None or document.read_only_reason or tool is None or self.is_panning or self._must_wait(tool):
            return None
        if self._surface.is_picked_from:
            return None
        return tool.outline()

    def sketch(self) -> Sketch | None:
        """Return what the tool in hand wants drawn over the image."""
        tool = self._tool_in_use or self._tools.get(self._session.tool)
        return None if self._session.document is None or tool is None else tool.sketch()

    def _cursor(self) -> Qt.CursorShape:
        document, tool = self._session.document, self._tool_in_use or self.tool
        if document is None:
            return Qt.CursorShape.ArrowCursor
        if self.is_panning:
            return Qt.CursorShape.ClosedHandCursor
        if tool is None or self._pan_key_held:
            return Qt.CursorShape.OpenHandCursor
        if self._surface.is_picked_from:
            return Qt.CursorShape.PointingHandCursor
        if self._must_wait(tool) or (document.read_only_reason and tool.changes_mask):
            return Qt.CursorShape.ForbiddenCursor
        return Qt.CursorShape.BusyCursor if self._session.regions.takes_long else tool.cursor

    def _must_wait(self, tool: Tool | None) -> bool:
        """Tell whether a tool may not do anything now: the mask that is seen is not the one that it would change."""
        return tool is not None and tool.changes_mask and self._flicker.is_held

    def _asks_first(self, tool: Tool) -> bool:
        """Ask what has to be known about the mask before a tool may change it; tell whether that is so."""
        document = self._session.document
        if not tool.changes_mask or document is None or document.question is None:
            return False
        # The dialog is not to be opened inside a press, whose release it would swallow.
        QTimer.singleShot(0, self._session.mask_questions.decide)
        return True

    def _button_of(self, event: PointerEvent) -> Qt.MouseButton:
        """Return the button that a press stands for: the other end of a pen takes away."""
        is_eraser = isinstance(event, QTabletEvent) and event.pointerType() == QPointingDevice.PointerType.Eraser
        return Qt.MouseButton.RightButton if is_eraser else event.button()

    def _place(self, tool: Tool, event: PointerEvent) -> Point:
        """Tell a tool how the pointer is held, and return the image position that it is over."""
        pos = event.position()
        here, beside = (self._surface.widget_to_image(place) for place in (pos, pos + QPointF(_REACH, 0)))
        tool.reach = beside[0] - here[0]
        tool.pressure = event.pressure() if isinstance(event, QTabletEvent) else 1.0
        return here

    def _settle(self) -> None:
        """Let go of the tool unless its shape goes on."""
        if self._tool_in_use is not None and not self._tool_in_use.is_active:
            self._tool_in_use = None
        self.refresh_cursor()

    def _on_stroke_ended(self) -> None:
        for tool in self._tools.values():
            tool.stroke_ended()
        if self._button == Qt.MouseButton.NoButton:
            self._settle()

    def _hold(self, key: int, *, held: bool) -> None:
        if key == _HIDE_KEY:
            self._surface.hold_mask_back(held)
        elif key == _COMPARE_KEY:
            self._flicker.hold(held)
        elif held is not self._pan_key_held:
            self._pan_key_held = held
            self.refresh_cursor()

    def _cancel(self) -> None:
        tool, self._tool_in_use = self._tool_in_use or self.tool, None
        # An image that is being dragged goes on being dragged: its button has to be seen to be let go.
        if not self.is_panning:
            self._button = Qt.MouseButton.NoButton
        if tool is not None:
            tool.cancel()
        self.refresh_cursor()
