"""The curves over how much a version has adapted, with a mark that follows the slider below them."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from segtool.core.adaptation import Adaptation, AdaptationPoint, best_amount
from segtool.gui import theme
from segtool.gui.panels.plain_plot import PlainPlot
from segtool.gui.panels.run_plots import DARK_CURVES, LIGHT_CURVES

AXIS_WIDTH = 46
RIGHT_ROOM = 24
"""Room at the right of the plots, where half of "100 %" stands."""
_MARGIN = 0.03
# Scores that differ by less than this must not look like a cliff.
_LEAST_SPAN = 0.05
_OVER = "how much the version has adapted"


class AdaptPlots(QWidget):
    """F1 above loss, over 0…100 %; the amount that the measurement prefers has a ring."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._adaptation: Adaptation | None = None
        self.f1, self.loss = (PlainPlot(title, over=_OVER) for title in ("F1", "Loss"))
        quarters = range(0, 101, 25)
        self.f1.getAxis("bottom").setTicks([[(amount, "") for amount in quarters]])
        self.loss.setXLink(self.f1)
        # Half of "100 %" stands outside of the axis.
        self.loss.getAxis("bottom").setStyle(hideOverlappingLabels=False)
        self.loss.getAxis("bottom").setTicks([[(amount, f"{amount} %") for amount in quarters]])
        self._curves = {plot: plot.plot() for plot in (self.f1, self.loss)}
        self._best = {plot: plot.plot() for plot in (self.f1, self.loss)}
        self._lines = {plot: pg.InfiniteLine(angle=90) for plot in (self.f1, self.loss)}
        self._dots = {plot: plot.plot() for plot in (self.f1, self.loss)}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.HALF_SPACE)
        for plot in (self.f1, self.loss):
            plot.setXRange(0, 100, padding=_MARGIN)
            plot.getPlotItem().setContentsMargins(0, 0, RIGHT_ROOM, 0)
            plot.addItem(self._lines[plot])
            layout.addWidget(plot)
        self._apply_colours()

    def show_curves(self, adaptation: Adaptation) -> None:
        """Draw what was measured and nothing else."""
        self._adaptation = adaptation
        best = adaptation.at(best_amount(adaptation.points))
        for plot in (self.f1, self.loss):
            values = [self._value(plot, point) for point in adaptation.points]
            self._curves[plot].setData([100 * point.amount for point in adaptation.points], values)
            self._best[plot].setData([100 * best.amount], [self._value(plot, best)])
            middle, span = (max(values) + min(values)) / 2, max(max(values) - min(values), _LEAST_SPAN)
            plot.setYRange(middle - span / 2, middle + span / 2, padding=0.15)

    def mark(self, amount: float) -> None:
        """Put the mark at an amount, 0…1."""
        for plot, line in self._lines.items():
            line.setValue(100 * amount)
            if self._adaptation is not None:
                self._dots[plot].setData([100 * amount], [self._value(plot, self._adaptation.at(amount))])

    def points(self, name: str) -> list[tuple[float, float]]:
        """Return what is drawn for F1 as (percent, F1): "curve", "best" or "mark"."""
        x, y = {"curve": self._curves, "best": self._best, "mark": self._dots}[name][self.f1].getData()
        return [] if x is None else [(float(a), float(b)) for a, b in zip(x, y, strict=True)]

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_dots"):
            self._apply_colours()

    def _value(self, plot: PlainPlot, point: AdaptationPoint) -> float:
        return point.f1 if plot is self.f1 else point.loss

    def _apply_colours(self) -> None:
        colours = theme.colours()
        held_out = (DARK_CURVES if theme.is_dark() else LIGHT_CURVES).held_out
        for plot in (self.f1, self.loss):
            plot.apply_theme()
            curve, best, dot = self._curves[plot], self._best[plot], self._dots[plot]
            curve.setPen(pg.mkPen(held_out, width=2))
            self._lines[plot].setPen(pg.mkPen(colours.muted, width=1, style=Qt.PenStyle.DashLine))
            for item, size, pen, brush in (
                (curve, 6, None, held_out),
                (best, 13, pg.mkPen(colours.text, width=1.5), None),
                (dot, 9, pg.mkPen(colours.base, width=1), colours.accent),
            ):
                item.setSymbol("o")
                item.setSymbolSize(size)
                item.setSymbolPen(pen)
                item.setSymbolBrush(brush)
            best.setPen(None)
            dot.setPen(None)
