"""A switch and a slider for each random change of a training crop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSlider, QWidget

from segtool.core.run_settings import AUGMENTATION_LIMITS, AugmentationSettings
from segtool.gui import theme

# Sliders count in whole degrees or per cent, so that a value survives being shown.
_DEGREES = frozenset({"rotation"})
_PER_CENT = 100


@dataclass(frozen=True, slots=True)
class _Change:
    """One random change: its field in AugmentationSettings, its name, what it does and how its strength reads."""

    field: str
    name: str
    help: str
    strength: Callable[[float], str]


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %"


def _either_way(value: float) -> str:
    return f"± {value * 100:.0f} %"


def _angle(value: float) -> str:
    return f"± {value:.0f}°"


def _factor(value: float) -> str:
    return f"× {1 / (1 + value):.2f} – {1 + value:.2f}"


CHANGES = (
    _Change("horizontal_flip", "Flip left–right", "How often a crop is mirrored.", _percent),
    _Change("vertical_flip", "Flip upside down", "How often a crop is turned upside down.", _percent),
    _Change("rotation", "Rotate", "Largest angle, either way.", _angle),
    _Change("zoom", "Zoom", "Smallest and largest scale.", _factor),
    _Change("shift", "Shift", "Largest shift, as a part of the crop.", _either_way),
    _Change("brightness", "Brightness", "Largest change of brightness.", _either_way),
    _Change("contrast", "Contrast", "Smallest and largest factor of contrast.", _factor),
    _Change("colour", "Colour", "Largest tint of colour images.", _either_way),
)


class AugmentationForm(QWidget):
    """Shows and edits AugmentationSettings; a change that is switched off keeps its slider for later.

    Signals
    -------
    changed()
        ``settings()`` is another one.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._switches: dict[str, QCheckBox] = {}
        self._sliders: dict[str, QSlider] = {}
        self._values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setVerticalSpacing(theme.HALF_SPACE)
        grid.setColumnStretch(1, 1)
        for row, change in enumerate(CHANGES):
            self._add_row(grid, row, change)
        grid.setRowStretch(len(CHANGES), 1)

    def settings(self) -> AugmentationSettings:
        """Return what is switched on, and how strongly."""
        return AugmentationSettings(**{change.field: self._value(change.field) for change in CHANGES})

    def set_settings(self, settings: AugmentationSettings) -> None:
        """Show other settings; a change of strength 0 is shown as switched off."""
        for change in CHANGES:
            value = getattr(settings, change.field)
            self._switches[change.field].setChecked(value > 0)
            if value > 0:
                self._sliders[change.field].setValue(_position(change.field, value))

    def set_change(self, field: str, *, on: bool, position: int | None = None) -> None:
        """Switch one change on or off and, if given, move its slider (per cent, or degrees)."""
        if position is not None:
            self._sliders[field].setValue(position)
        self._switches[field].setChecked(on)

    def _add_row(self, grid: QGridLayout, row: int, change: _Change) -> None:
        switch = QCheckBox(change.name)
        slider = QSlider(Qt.Orientation.Horizontal)
        switch.setToolTip(change.help)
        slider.setToolTip(change.help)
        slider.setRange(1, _position(change.field, AUGMENTATION_LIMITS[change.field]))
        slider.setValue(_position(change.field, getattr(AugmentationSettings(), change.field)))
        slider.setAccessibleName(f"{change.name}: strength")
        value = QLabel(alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # Wide enough for the longest text, so that moving a slider moves nothing else.
        value.setMinimumWidth(value.fontMetrics().horizontalAdvance("× 0.00 – 0.00") + theme.HALF_SPACE)
        self._switches[change.field], self._sliders[change.field], self._values[change.field] = switch, slider, value
        for column, widget in enumerate((switch, slider, value)):
            grid.addWidget(widget, row, column)
        switch.toggled.connect(lambda _on, c=change: self._refresh(c))
        slider.valueChanged.connect(lambda _value, c=change: self._refresh(c))
        switch.setChecked(True)

    def _value(self, field: str) -> float:
        if not self._switches[field].isChecked():
            return 0.0
        return self._sliders[field].value() / _scale(field)

    def _refresh(self, change: _Change) -> None:
        on = self._switches[change.field].isChecked()
        self._sliders[change.field].setEnabled(on)
        self._values[change.field].setEnabled(on)
        self._values[change.field].setText(change.strength(self._value(change.field)) if on else "off")
        self.changed.emit()


def _scale(field: str) -> int:
    return 1 if field in _DEGREES else _PER_CENT


def _position(field: str, value: float) -> int:
    return max(1, round(value * _scale(field)))
