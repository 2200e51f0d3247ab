"""The tool in hand, how the mask is shown and how predictions are made."""

from __future__ import annotations

from PySide6.QtCore import QObject

from segtool.gui.session_signals import SessionSignals
from segtool.gui.tools.tool_id import ToolId

MAX_BRUSH_SIZE = 500


class ToolState(SessionSignals):
    """The part of the session that is about how things are done and shown; every change emits ``tool_changed``."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tool = ToolId.BRUSH
        self._brush_size = 20
        self._overlay_opacity = 0.45
        self._overlay_visible = True
        self._averages_turns = False

    @property
    def tool(self) -> ToolId:
        """The active tool."""
        return self._tool

    @property
    def brush_size(self) -> int:
        """Diameter of the brush in image pixels, 1…500."""
        return self._brush_size

    @property
    def overlay_opacity(self) -> float:
        """How opaque the mask lies over the image, 0…1."""
        return self._overlay_opacity

    @property
    def overlay_visible(self) -> bool:
        """Whether the mask is shown at all."""
        return self._overlay_visible

    @property
    def averages_turns(self) -> bool:
        """Whether predictions are averaged over flips and turns of the image."""
        return self._averages_turns

    def set_averages_turns(self, on: bool) -> None:
        """Average the predictions of jobs that start from now on over flips and turns, or do not."""
        if on is not self._averages_turns:
            self._averages_turns = on
            self.tool_changed.emit()

    def set_tool(self, tool: ToolId) -> None:
        """Take another tool."""
        if tool is not self._tool:
            self._tool = tool
            self.tool_changed.emit()

    def set_brush_size(self, size: int) -> None:
        """Set the diameter of the brush; values outside 1…500 are clipped."""
        size = min(max(int(size), 1), MAX_BRUSH_SIZE)
        if size != self._brush_size:
            self._brush_size = size
            self.tool_changed.emit()

    def set_overlay_opacity(self, opacity: float) -> None:
        """Set how opaque the mask lies over the image; values outside 0…1 are clipped."""
        opacity = min(max(float(opacity), 0.0), 1.0)
        if opacity != self._overlay_opacity:
            self._overlay_opacity = opacity
            self.tool_changed.emit()

    def set_overlay_visible(self, visible: bool) -> None:
        """Show or hide the mask."""
        if visible is not self._overlay_visible:
            self._overlay_visible = visible
            self.tool_changed.emit()
