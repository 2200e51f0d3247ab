"""The curves of a run: loss and F1 of the training and of the held-out images, over its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from segtool.core.run_events import RunEpoch
from segtool.gui import theme
from segtool.gui.panels.plain_plot import PlainPlot


@dataclass(frozen=True, slots=True)
class CurveColours:
    """Colours of the two curves as ``#rrggbb``; told apart by people who see red and green alike."""

    train: str
    held_out: str


LIGHT_CURVES = CurveColours(train="#2563c9", held_out="#c25e00")
DARK_CURVES = CurveColours(train="#7fb0ff", held_out="#ffa94d")


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one curve; a validation without a value is left out."""

    steps: tuple[int, ...]
    values: tuple[float, ...]

    @classmethod
    def of(cls, epochs: Sequence[RunEpoch], name: str) -> Curve:
        """Take the field ``name`` of each epoch that has a value there."""
        points = [(epoch.step, getattr(epoch, name)) for epoch in epochs]
        kept = [(step, float(value)) for step, value in points if value is not None]
        return cls(tuple(step for step, _ in kept), tuple(value for _, value in kept))


class RunPlots(QWidget):
    """Two plots over the steps of a run, loss above F1; the epoch whose weights are kept is marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._epochs: tuple[RunEpoch, ...] = ()
        self.legend = QLabel()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        self.loss, self.f1 = (PlainPlot(title, over="the steps of the run") for title in ("Loss", "F1"))
        self.f1.setXLink(self.loss)
        # Both have the same steps: the axis below is enough.
        self.loss.getAxis("bottom").setStyle(showValues=False)
        self.f1.label_below("step")
        self.f1.setYRange(0, 1, padding=0.02)
        self._lines = {
            "train_loss": self.loss.plot(),
            "val_loss": self.loss.plot(),
            "train_f1": self.f1.plot(),
            "val_f1": self.f1.plot(),
        }
        self._best = self.f1.plot()
        self._series = {**self._lines, "best": self._best}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.HALF_SPACE)
        for widget in (self.legend, self.loss, self.f1):
            layout.addWidget(widget)
        self._apply_colours()

    def show_epochs(self, epochs: Sequence[RunEpoch]) -> None:
        """Draw these validations and no others."""
        self._epochs = tuple(epochs)
        for name, line in self._lines.items():
            curve = Curve.of(self._epochs, name)
            line.setData(curve.steps, curve.values)
        best = [epoch for epoch in self._epochs if epoch.best][-1:]
        marked = Curve.of(best, "val_f1") if best and best[0].val_f1 is not None else Curve.of(best, "train_f1")
        self._best.setData(marked.steps, marked.values)

    def points(self, name: str) -> list[tuple[int, float]]:
        """Return what is drawn for a field of RunEpoch ("train_loss", "val_f1", …) or "best", as (step, value)."""
        steps, values = self._series[name].getData()
        return [] if steps is None else [(int(step), float(v)) for step, v in zip(steps, values, strict=True)]

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_series"):
            self._apply_colours()

    def _apply_colours(self) -> None:
        curves = DARK_CURVES if theme.is_dark() else LIGHT_CURVES
        for plot in (self.loss, self.f1):
            plot.apply_theme()
        for name, line in self._lines.items():
            is_train = name.startswith("train")
            colour = curves.train if is_train else curves.held_out
            style = Qt.PenStyle.DashLine if is_train else Qt.PenStyle.SolidLine
            line.setPen(pg.mkPen(colour, width=2, style=style))
            # One point makes no line: it needs a dot to be seen.
            line.setSymbol("o")
            line.setSymbolSize(4)
            line.setSymbolPen(None)
            line.setSymbolBrush(colour)
        self._best.setPen(None)
        self._best.setSymbol("o")
        self._best.setSymbolSize(11)
        self._best.setSymbolPen(pg.mkPen(theme.colours().text, width=1.5))
        self._best.setSymbolBrush(None)
        self.legend.setText(
            f'<span style="color:{curves.train}">●</span> training &nbsp; '
            f'<span style="color:{curves.held_out}">●</span> held out &nbsp; ○ kept so far'
        )
