"""A slider with its name and its value, which a double click brings back to where it was."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider

STEPS = 100


class AdjustSlider(QSlider):
    """Goes from -100 to 100, with 0 for "as it is" in the middle.

    Parameters
    ----------
    name : str
        What it changes.

    Signals
    -------
    moved(int)
        The person has chosen another value.
    """

    moved = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(-STEPS, STEPS)
        self.setPageStep(10)
        self.setAccessibleName(name)
        self.setToolTip(f"{name} of what is shown, not of the image itself. Double-click to reset")
        self.label = QLabel(name)
        self.label.setBuddy(self)
        self.value_label = QLabel()
        self.value_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.value_label.setMinimumWidth(self.value_label.fontMetrics().horizontalAdvance("+100"))
        self.valueChanged.connect(self.moved)

    def add_to(self, grid: QGridLayout, row: int) -> None:
        """Take a row of a grid: name, slider, value."""
        grid.addWidget(self.label, row, 0)
        grid.addWidget(self, row, 1)
        grid.addWidget(self.value_label, row, 2)

    def show_value(self, step: int, text: str) -> None:
        """Show a value without telling anybody."""
        self.blockSignals(True)
        self.setValue(step)
        self.blockSignals(False)
        self.value_label.setText(text)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go back to the middle."""
        self.setValue(0)
        event.accept()
