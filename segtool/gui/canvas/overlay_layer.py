"""What the session lays over the image and its mask, and the legends that say what it is."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QFont, QPainter

from segtool.core.geometry import Rect
from segtool.gui.canvas.difference_layer import draw_difference, paint_difference_legend
from segtool.gui.canvas.uncertainty_layer import CONFIDENCE_RAMP, UNCERTAINTY_RAMP, UncertaintyLayer, paint_legend
from segtool.gui.canvas.view_transform import ViewTransform
from segtool.gui.session import Session
from segtool.gui.session_state import SaveKind
from segtool.gui.view_options import Overlay

# More than any legend has, with the gap around it.
_LEGEND = QSize(240, 140)


class OverlayLayer:
    """Draws the overlay that is on.

    Parameters
    ----------
    session : Session
        Read by painting.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._overlays = session.guidance.overlays
        self._model = UncertaintyLayer()

    def follow_model(self) -> None:
        """Take up what the model says now."""
        shown = self._overlays.uncertainty.shown
        ramp = CONFIDENCE_RAMP if self._overlays.shown is Overlay.CONFIDENCE else UNCERTAINTY_RAMP
        if shown is None:
            self._model.show(None, class_count=2)
        else:
            self._model.show(shown.confidence, class_count=shown.classes, ramp=ramp)

    def draw(self, painter: QPainter, *, view: ViewTransform, rect: Rect) -> None:
        """Draw over a rectangle of screen pixels (a snapped view, a painter in screen pixels)."""
        document, saved = self._session.document, self._overlays.difference.saved
        if saved is not None and document is not None and saved.shape == document.mask.shape:
            draw_difference(painter, saved, document.mask, view=view, rect=rect)
        self._model.draw(painter, view=view, rect=rect)

    def legend_area(self, area: QRect) -> QRect:
        """Return what painting the legend in an area touches at most."""
        return QRect(area.bottomLeft() - QPoint(0, _LEGEND.height()), _LEGEND)

    def paint_legend(self, painter: QPainter, area: QRectF, *, font: QFont) -> None:
        """Say in the lower left corner of an area, in logical pixels, what the overlay shows, if any is on."""
        uncertainty, difference, model = self._overlays.uncertainty, self._overlays.difference, self._session.model
        if difference.is_on:
            counts = difference.counts if difference.saved is not None else None
            paint_difference_legend(painter, area, font=font, title=self._difference_title(), counts=counts)
        elif uncertainty.is_on and model is not None:
            is_sure, shown = self._overlays.shown is Overlay.CONFIDENCE, uncertainty.shown
            title = f"{'Confidence' if is_sure else 'Uncertainty'} of {model.label}"
            ends = ("sure", "a guess")
            if is_sure:
                least = 100 / (2 if shown is None else shown.classes)
                ends = (f"{least:.0f} %", "100 %")
            paint_legend(
                painter,
                area,
                font=font,
                title=title if shown is not None else "Looking at the image…",
                ramp=CONFIDENCE_RAMP if is_sure else UNCERTAINTY_RAMP,
                ends=ends,
            )

    def _difference_title(self) -> str:
        difference = self._overlays.difference
        if difference.problem:
            return "Nothing to compare with"
        if difference.saved is None:
            return "Reading the saved mask…"
        state = self._session.save_state
        when = f", {state.when:%H:%M}" if state.when is not None and state.kind is not SaveKind.FAILED else ""
        return f"Since the last save{when}"
