"""What can be laid over the open image and its mask, or be shown in place of the mask."""

from __future__ import annotations

from segtool.gui.documents import Documents
from segtool.gui.flicker import Flicker
from segtool.gui.prediction_map import PredictionMap
from segtool.gui.saved_difference import SavedDifference
from segtool.gui.saved_mask import SavedMask
from segtool.gui.tool_state import ToolState
from segtool.gui.uncertainty_map import UncertaintyMap
from segtool.gui.view_options import Overlay


class Overlays:
    """The parts of the session that are laid over the open image, at most one of them at a time.

    Attributes
    ----------
    uncertainty : UncertaintyMap
        How unsure, or how sure, the active model is of each pixel.
    difference : SavedDifference
        What has changed since the mask was saved last.
    flicker : Flicker
        Another mask in place of the open one while a key is held.
    """

    def __init__(
        self, session: ToolState, documents: Documents, *, uncertainty: UncertaintyMap, prediction: PredictionMap
    ) -> None:
        self.uncertainty = uncertainty
        self._session = session
        # The same numbers in other colours.
        self._is_confidence = False
        self._saved = SavedMask(session, documents)
        self.difference = SavedDifference(session, documents, self._saved)
        self.flicker = Flicker(session, documents, saved=self._saved, prediction=prediction)

    @property
    def shown(self) -> Overlay:
        """What is laid over the image."""
        if self.difference.is_on:
            return Overlay.DIFFERENCE
        if not self.uncertainty.is_on:
            return Overlay.NONE
        return Overlay.CONFIDENCE if self._is_confidence else Overlay.UNCERTAINTY

    def show(self, overlay: Overlay) -> None:
        """Lay that over the image in place of what lies there."""
        self.difference.set_on(overlay is Overlay.DIFFERENCE)
        was_confidence, self._is_confidence = self._is_confidence, overlay is Overlay.CONFIDENCE
        self.uncertainty.set_on(overlay in (Overlay.UNCERTAINTY, Overlay.CONFIDENCE))
        if was_confidence is not self._is_confidence:
            self._session.uncertainty_changed.emit()

    def toggle(self, overlay: Overlay) -> None:
        """Lay that over the image, or take it away if it lies there."""
        self.show(Overlay.NONE if overlay is self.shown else overlay)

    def close(self) -> None:
        """End the threads."""
        self.flicker.close()
        self.difference.close()
        self._saved.close()
