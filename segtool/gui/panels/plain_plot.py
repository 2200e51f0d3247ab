"""A plot that only shows: no menu, no zoom by mistake, no buttons, and the colours of the theme."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QSize

from segtool.gui import theme

PLOT_HEIGHT = 118
LEAST_PLOT_HEIGHT = 88
AXIS_LABEL_HEIGHT = 18
_PLOT_WIDTH = 240


class PlainPlot(pg.PlotWidget):  # type: ignore[misc]
    """An empty plot that asks for little height and takes more where there is some.

    Parameters
    ----------
    title : str
        What is shown over what, on the left axis.
    over : str
        What lies along the other axis, for people who cannot see it.
    """

    def __init__(self, title: str, *, over: str) -> None:
        super().__init__()
        self.setMinimumHeight(LEAST_PLOT_HEIGHT)
        self.setMaximumHeight(PLOT_HEIGHT)
        self.setMinimumWidth(0)
        self.setMenuEnabled(False)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.setLabel("left", title)
        self.getAxis("left").setWidth(46)
        self.getAxis("left").enableAutoSIPrefix(False)
        self.showGrid(x=False, y=True, alpha=0.15)
        self.setAccessibleName(f"{title} over {over}")

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size that fits a narrow panel."""
        return QSize(_PLOT_WIDTH, self.minimumHeight())

    def label_below(self, text: str) -> None:
        """Write below the plot what lies along its axis, and take the room for it."""
        self.setLabel("bottom", text)
        self.setMinimumHeight(LEAST_PLOT_HEIGHT + AXIS_LABEL_HEIGHT)
        self.setMaximumHeight(PLOT_HEIGHT + AXIS_LABEL_HEIGHT)

    def apply_theme(self) -> None:
        """Take the colours of the theme of now."""
        self.setBackground(theme.colours().base)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(theme.colours().line)
            axis.setTextPen(theme.colours().muted)
