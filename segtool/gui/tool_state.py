"""The tool in hand, how the mask is shown and how predictions are made."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from segtool.core.paint_rules import PaintRules
from segtool.gui.display_state import DisplayState
from segtool.gui.session_signals import SessionSignals
from segtool.gui.tools.options import MAX_BRUSH_SIZE, ToolOptions
from segtool.gui.tools.tool_id import ToolId
from segtool.gui.view_options import OtherMask, ViewOptions


class ToolState(SessionSignals):
    """The part of the session that is about how things are done and shown; every change emits ``tool_changed``.

    Attributes
    ----------
    display : DisplayState
        How images are shown; its changes emit ``display_changed``.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tool = ToolId.BRUSH
        self._options = ToolOptions()
        self._rules = PaintRules()
        self._overlay_opacity = 0.45
        self._overlay_visible = True
        self._averages_turns = False
        self._view_options = ViewOptions()
        self.display = DisplayState(self)

    @property
    def tool(self) -> ToolId:
        """The active tool."""
        return self._tool

    @property
    def options(self) -> ToolOptions:
        """The options of all tools."""
        return self._options

    @property
    def brush_size(self) -> int:
        """Diameter of the brush in image pixels, 1…500."""
        return self._options.brush_size

    @property
    def rules(self) -> PaintRules:
        """What every tool is held to: locked classes, only over some of them, a range of intensity."""
        return self._rules

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

    @property
    def view_options(self) -> ViewOptions:
        """What is to stand around and over the image."""
        return self._view_options

    def set_view_options(self, **changes: bool | OtherMask) -> None:
        """Change fields of the view options."""
        options = replace(self._view_options, **changes)  # type: ignore[arg-type]  # by name, checked by replace
        if options != self._view_options:
            self._view_options = options
            self.tool_changed.emit()

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
        self.set_options(brush_size=min(max(int(size), 1), MAX_BRUSH_SIZE))

    def set_options(self, **changes: object) -> None:
        """Give options, named as in ToolOptions, other values."""
        options = replace(self._options, **changes)  # type: ignore[arg-type]
        if options != self._options:
            self._options = options
            self.tool_changed.emit()

    def set_rules(self, rules: PaintRules) -> None:
        """Hold every tool to other rules from its next change on."""
        if rules != self._rules:
            self._rules = rules
            self.rules_changed.emit()

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
