"""The prediction brush: paints what the model says under it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt

from segtool.core.brush import Point
from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.core.paint_rules import Region
from segtool.gui.prediction_map import PredictionUse
from segtool.gui.session import Session
from segtool.gui.tools.base import NO_MODIFIER
from segtool.gui.tools.brush import BrushTool
from segtool.gui.tools.sketch import Outline
from segtool.gui.tools.tool_id import ToolId


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """What is painted from: ids on the model's card, uint8 (H, W), and the table to the folder's ids."""

    class_ids: npt.NDArray[np.uint8]
    table: npt.NDArray[np.uint8]


class PredictionBrushTool(BrushTool):
    """Accepts the active model's prediction where it paints; a class that the folder does not have is passed over.

    The right button paints background, Alt picks a class, as with the other brushes.
    """

    id = ToolId.PREDICTION_BRUSH
    stroke_name = "Prediction brush stroke"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        # Another model, or another prediction, does not change a stroke that is under way.
        self._source: _Source | None = None
        self._pointer: Point | None = None
        self._told = ""

    def outline(self) -> Outline:
        """Return the brush in the colour of what the model says under its middle."""
        outline = super().outline()
        erases = self.is_active and self._source is None
        return outline if erases else Outline(self._under_pointer(), outline.diameter, is_square=outline.is_square)

    def press(self, pos: Point, *, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Begin a stroke; while the prediction is not there yet, the person is told and it is computed."""
        self._pointer = pos
        if self.is_active:
            return
        self._source = None
        if button == Qt.MouseButton.RightButton or modifiers & Qt.KeyboardModifier.AltModifier:
            super().press(pos, button=button, modifiers=modifiers)
            return
        if not self._session.may_edit():
            return
        self._source = self._known()
        if self._source is None:
            self._session.info(self._why_not_yet())
            return
        super().press(pos, button=button, modifiers=modifiers)
        self._tell_what_is_passed_over(self._source)

    def move(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Paint the way from the last position to this one."""
        self._pointer = pos
        super().move(pos, modifiers=modifiers)

    def hover(self, pos: Point, *, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Take note of where the pointer is."""
        self._pointer = pos

    def finish(self) -> None:
        """End the stroke where it is."""
        super().finish()
        self._source = None

    def cancel(self) -> None:
        """Take the stroke back."""
        super().cancel()
        self._source = None

    def stroke_ended(self) -> None:
        """Begin anew with the next press."""
        # A press ends the stroke of something else first: what it is about to paint from stays.
        if self.is_active:
            self._source = None
        super().stroke_ended()

    def paint_region(self, rect: Rect, region: Region) -> None:
        """Paint what the model says, one class after the other; or background."""
        if self._source is None:
            super().paint_region(rect, region)
            return
        # Unlike indexing, this is quick; and there are few classes to try.
        ids = cv2.LUT(self._source.class_ids[rect.slices], self._source.table)
        for value in set(self._source.table.tolist()) - {VOID}:
            part = region & (ids == value)
            if part.any():
                self._session.paint(rect, part, value)

    def _known(self) -> _Source | None:
        predictions = self._session.guidance.prediction
        known = predictions.known
        if known is None or known.class_ids is None:
            return None
        return _Source(known.class_ids, predictions.project_ids())

    def _under_pointer(self) -> int:
        """Return what a dab would paint in its middle, void if nothing."""
        source = self._source or self._known()
        if source is None or self._pointer is None:
            return VOID
        x, y = (math.floor(side) for side in self._pointer)
        height, width = source.class_ids.shape
        return int(source.table[source.class_ids[y, x]]) if 0 <= x < width and 0 <= y < height else VOID

    def _why_not_yet(self) -> str:
        """Have the prediction computed, if there is a model; return what to tell the person."""
        model = self._session.model
        if model is None:
            return "There is no model whose prediction could be painted. Train one first."
        self._session.guidance.prediction.want(PredictionUse.BRUSH)
        return f"{model.label} is still looking at this image: paint once it is done."

    def _tell_what_is_passed_over(self, source: _Source) -> None:
        model = self._session.model
        if model is None or not self.is_active:
            return
        missing = [item.name for item in model.card.classes if source.table[item.id] == VOID]
        text = f"Not painted, as this folder has no such class: {', '.join(missing)}."
        if missing and text != self._told:
            self._told = text
            self._session.info(text)
