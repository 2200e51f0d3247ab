"""Four small plots of what each image took, in the order in which the images were worked on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from segtool.core.effort import WINDOW, rolling_mean
from segtool.gui import theme
from segtool.gui.panels.run_plots import DARK_CURVES, LIGHT_CURVES
from segtool.project.effort import EffortRecord
from segtool.project.effort_summary import time_text

_PLOT_WIDTH = 240
_PLOT_HEIGHT = 104
_LEAST_PLOT_HEIGHT = 68
_AXIS_LABEL_HEIGHT = 18
_AXIS_WIDTH = 52
_DOT = 6
_POINTED_AT = 10
_DOT_OPACITY = 190


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is plotted.

    Attributes
    ----------
    name : str
        Name in the code.
    label : str
        Label of the axis, with the unit.
    of : callable
        Its value for a record, None where it is not known.
    """

    name: str
    label: str
    of: Callable[[EffortRecord], float | None]


MEASURES = (
    Measure("seconds", "seconds", lambda record: record.seconds),
    Measure("strokes", "strokes", lambda record: record.strokes),
    Measure("changed", "% changed", lambda record: record.changed_percent),
    Measure("f1", "F1 shown", lambda record: record.shown_f1),
)
_MOST = {"f1": 1.0}


class EffortPlots(QWidget):
    """A dot for each image, and the mean of ten; a dashed line stands where another model began to predict.

    Signals
    -------
    picked(str)
        A dot was clicked: the key of its image.
    """

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._records: tuple[EffortRecord, ...] = ()
        self.legend = QLabel()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        self.legend.setFont(theme.small_font(self.legend.font()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.HALF_SPACE)
        layout.addWidget(self.legend)
        self.plots: dict[str, MeasurePlot] = {}
        for measure in MEASURES:
            plot = MeasurePlot(measure)
            plot.dots.sigClicked.connect(self._pick)
            self.plots[measure.name] = plot
            layout.addWidget(plot)
        first, *others = self.plots.values()
        for plot in others:
            plot.setXLink(first)
        others[-1].show_image_numbers()
        self._apply_colours()

    def show_records(self, records: Sequence[EffortRecord]) -> None:
        """Draw these records and no others."""
        self._records = tuple(records)
        for plot in self.plots.values():
            plot.show_records(self._records)
        self._apply_colours()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "plots"):
            self._apply_colours()

    def _pick(self, _dots: object, points: Sequence[Any], _event: object) -> None:
        if len(points):
            self.picked.emit(points[0].data().key)

    def _apply_colours(self) -> None:
        curves = DARK_CURVES if theme.is_dark() else LIGHT_CURVES
        for plot in self.plots.values():
            plot.apply_colours(dot=curves.train, line=curves.held_out, ground=self.palette().color(_BASE))
        marks = " &nbsp; ┊ another model" if model_changes(self._records) else ""
        self.legend.setText(
            f'<span style="color:{curves.train}">●</span> one image &nbsp; '
            f'<span style="color:{curves.held_out}">━</span> mean of {WINDOW}{marks}'
        )


_BASE = QPalette.ColorRole.Base


class MeasurePlot(pg.PlotWidget):  # type: ignore[misc]
    """The plot of one measure; it asks for little height and takes more where there is some."""

    def __init__(self, measure: Measure) -> None:
        super().__init__()
        self._measure = measure
        self._marks: list[pg.InfiniteLine] = []
        self.setMinimumHeight(_LEAST_PLOT_HEIGHT)
        self.setMaximumHeight(_PLOT_HEIGHT)
        self.setMinimumWidth(0)
        self.setMenuEnabled(False)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.setLabel("left", measure.label)
        self.getAxis("left").setWidth(_AXIS_WIDTH)
        self.getAxis("left").enableAutoSIPrefix(False)
        self.getAxis("bottom").setStyle(showValues=False)
        self.showGrid(x=False, y=True, alpha=0.15)
        self.setAccessibleName(f"{measure.label} of each image")
        self.line = self.plot()
        self.dots = pg.ScatterPlotItem(size=_DOT, hoverable=True, hoverSize=_POINTED_AT, tip=_tip)
        self.addItem(self.dots)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the least height, and a width that a panel has."""
        return QSize(_PLOT_WIDTH, self.minimumHeight())

    def show_image_numbers(self) -> None:
        """Label the axis below; plots above another one with the same axis need none."""
        self.getAxis("bottom").setStyle(showValues=True)
        self.setLabel("bottom", "images in the order worked on")
        self.setMinimumHeight(_LEAST_PLOT_HEIGHT + 2 * _AXIS_LABEL_HEIGHT)
        self.setMaximumHeight(_PLOT_HEIGHT + 2 * _AXIS_LABEL_HEIGHT)

    def show_records(self, records: Sequence[EffortRecord]) -> None:
        """Draw a dot for each record whose value is known, and the mean."""
        known = [(n, value, r) for n, r in enumerate(records, start=1) if (value := self._measure.of(r)) is not None]
        places, values = [float(n) for n, _, _ in known], [float(value) for _, value, _ in known]
        self.dots.setData(x=places, y=values, data=[record for _, _, record in known])
        self.line.setData(places, rolling_mean(values))
        for mark in self._marks:
            self.removeItem(mark)
        self._marks = [pg.InfiniteLine(number + 0.5, angle=90) for number in model_changes(records)]
        for mark in self._marks:
            self.addItem(mark)
        self.setXRange(0.5, max(len(records), 2) + 0.5, padding=0.02)
        self._share_height(values)

    def apply_colours(self, *, dot: str, line: str, ground: QColor) -> None:
        """Paint in these colours (``#rrggbb``) and those of the theme."""
        self.setBackground(ground)
        for side in ("left", "bottom"):
            self.getAxis(side).setPen(theme.colours().line)
            self.getAxis(side).setTextPen(theme.colours().muted)
        # One over the other, dots get denser where many images took the same.
        paint = QColor(dot)
        paint.setAlpha(_DOT_OPACITY)
        self.dots.setPen(None)
        self.dots.setBrush(paint)
        self.line.setPen(pg.mkPen(line, width=2))
        for mark in self._marks:
            mark.setPen(pg.mkPen(theme.colours().muted, width=1, style=Qt.PenStyle.DashLine))

    def _share_height(self, values: Sequence[float]) -> None:
        top = _MOST.get(self._measure.name)
        if top is None:
            self.setYRange(0, max([1.0, *values]), padding=0.08)
        else:
            # Scores lie near the top: what is below the worst of them would be empty.
            self.setYRange(min([0.9 * top, *values]), top, padding=0.08)


def model_changes(records: Sequence[EffortRecord]) -> list[int]:
    """Return after how many records another model begins; records of which no model is known do not count."""
    found, last = [], ""
    for number, record in enumerate(records):
        if record.model and last and record.model != last:
            found.append(number)
        last = record.model or last
    return found


def _tip(x: float, y: float, data: EffortRecord) -> str:
    """Return what is told of a dot that is pointed at."""
    strokes = "1 stroke" if data.strokes == 1 else f"{data.strokes} strokes"
    parts = [data.key, f"{time_text(data.seconds)}, {strokes}"]
    if data.changed_percent is not None and data.shown_f1 is not None:
        parts.append(f"{data.changed_percent:.2g} % changed, F1 shown {data.shown_f1:.3f}")
    if data.model:
        parts.append(f"predicted by {data.model}")
    return "\n".join((*parts, "Click to open"))
