"""Fields for the options of an operation, built from their specs."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QSlider, QSpinBox, QWidget

from segtool.gui import theme
from segtool.gui.tool_options import step_of_value, steps_of, value_of_step
from segtool.gui.tools.options import ChoiceOption, NumberOption, Option, ToggleOption

Set = Callable[[str, object], None]


def add_field(form: QFormLayout, option: Option, value: object, changed: Set) -> QWidget:
    """Add a row for an option to a form; return the widget that holds the value.

    Parameters
    ----------
    form : QFormLayout
    option : Option
    value : object
        What is shown first.
    changed : callable
        Called with the field of the option and each value that a person sets.
    """
    widget: QWidget
    match option:
        case NumberOption():
            assert isinstance(value, int)
            row, widget = _number(option, value, changed)
            form.addRow(option.label, row)
        case ToggleOption():
            widget = _toggle(option, on=bool(value), changed=changed)
            form.addRow("", widget)
        case ChoiceOption():
            assert isinstance(value, Enum)
            widget = _choice(option, value, changed)
            form.addRow(option.label, widget)
    widget.setAccessibleName(option.label)
    widget.setToolTip(option.tip)
    return widget


def _number(option: NumberOption, value: int, changed: Set) -> tuple[QWidget, QSpinBox]:
    spin = QSpinBox(minimum=option.minimum, maximum=option.maximum, suffix=option.suffix, value=value)
    spin.setSpecialValueText(option.lowest_text)
    spin.setGroupSeparatorShown(True)
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setMaximum(steps_of(option))
    slider.setValue(step_of_value(option, value))
    slider.setAccessibleName(f"{option.label}, slider")
    slider.setToolTip(option.tip)
    slider.setMinimumWidth(theme.SPACE * 12)

    def follow(number: int) -> None:
        slider.blockSignals(True)
        slider.setValue(step_of_value(option, number))
        slider.blockSignals(False)
        changed(option.field, number)

    spin.valueChanged.connect(follow)
    slider.valueChanged.connect(lambda step: spin.setValue(value_of_step(option, step)))
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(theme.SPACE)
    layout.addWidget(slider, 1)
    layout.addWidget(spin)
    return row, spin


def _toggle(option: ToggleOption, *, on: bool, changed: Set) -> QCheckBox:
    box = QCheckBox(option.label)
    box.setChecked(on)
    box.toggled.connect(lambda now: changed(option.field, now))
    return box


def _choice(option: ChoiceOption, value: Enum, changed: Set) -> QComboBox:
    choices = tuple(option.choices)
    box = QComboBox()
    box.addItems([str(choice.value) for choice in choices])
    box.setCurrentIndex(choices.index(value))
    box.currentIndexChanged.connect(lambda index: changed(option.field, choices[index]))
    return box
