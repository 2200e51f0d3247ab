"""The threshold brush: paints only what looks like the pixel that the stroke began on."""

from __future__ import annotations

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.core.geometry import Rect
from segtool.core.paint_rules import Region
from segtool.core.regions.threshold import Threshold
from segtool.gui.session import Session
from segtool.gui.tools.brush import BrushTool
from segtool.gui.tools.search import pixel_at
from segtool.gui.tools.tool_id import ToolId


class ThresholdBrushTool(BrushTool):
    """Paints as the round brush does, but of what it covers only the pixels that are like the one under the press."""

    id = ToolId.THRESHOLD_BRUSH
    stroke_name = "Threshold brush stroke"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._threshold: Threshold | None = None

    @property
    def _is_square(self) -> bool:
        # Its bar has no room for a shape that what it paints hardly shows.
        return False

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Begin a stroke; beside the image there is nothing to compare with."""
        seed, document = pixel_at(self._session, pos), self._session.document
        if self.is_active or seed is None or document is None:
            return
        options = self._session.options
        self._threshold = Threshold(
            document.image.pixels, seed=seed, tolerance=options.tolerance, smoothing=options.smoothing
        )
        super().press(pos, button=button, modifiers=modifiers)

    def paint_region(self, rect: Rect, region: Region) -> None:
        """Paint what is alike of one piece of the stroke."""
        if self._threshold is not None:
            super().paint_region(rect, self._threshold.keep(rect, region))
