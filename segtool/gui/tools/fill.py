"""Fill: gives an area of the mask another class."""

from __future__ import annotations

from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.core.regions.fill import same_value
from segtool.gui.region_work import Painting
from segtool.gui.tools.picker import pick
from segtool.gui.tools.search import Search, SearchTool, painting, pixel_at
from segtool.gui.tools.tool_id import ToolId


class FillTool(SearchTool):
    """A click fills the area of one class under it; with Shift, or if so chosen, all pixels of that class.

    The right button fills with background; Alt picks a class.
    """

    id = ToolId.FILL
    stroke_name = "Fill"

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Fill the area under a position."""
        if modifiers & Qt.KeyboardModifier.AltModifier:
            pick(self._session, pos)
            return
        seed, document = pixel_at(self._session, pos), self._session.document
        if seed is None or document is None or not self._session.may_edit():
            return
        contiguous = self._session.options.contiguous and not modifiers & Qt.KeyboardModifier.ShiftModifier
        mask, value = document.mask, self.value_for(button)

        def compute() -> Painting | None:
            # Nothing is painted before the answer: the mask is as it was before the stroke.
            if int(mask[seed[1], seed[0]]) == value:
                return None
            return painting(same_value(mask, seed, contiguous=contiguous), value)

        self.begin(Search(compute))
