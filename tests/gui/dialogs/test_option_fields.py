from __future__ import annotations

from enum import StrEnum

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QSlider, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from segtool.gui.dialogs.option_fields import add_field
from segtool.gui.tools.options import ChoiceOption, NumberOption, ToggleOption


class Fruit(StrEnum):
    APPLE = "Apple"
    PEAR = "Pear"


@pytest.fixture
def holder(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def test_slider_and_field_show_one_number(holder: QWidget) -> None:
    form = QFormLayout(holder)
    got: list[object] = []
    option = NumberOption(
        field="size", label="Size", tip="", minimum=0, maximum=1000, is_geometric=True, lowest_text="any"
    )
    spin = add_field(form, option, 0, lambda field, value: got.append((field, value)))
    assert isinstance(spin, QSpinBox)
    (slider,) = holder.findChildren(QSlider)
    assert (spin.text(), slider.value()) == ("any", 0)
    slider.setValue(slider.maximum())
    assert spin.value() == 1000
    spin.setValue(10)
    assert 0 < slider.value() < slider.maximum() // 2
    slider.setValue(0)
    assert spin.text() == "any"
    assert got == [("size", 1000), ("size", 10), ("size", 0)]


def test_ticks_and_choices_tell_what_was_set(holder: QWidget) -> None:
    form = QFormLayout(holder)
    got: list[object] = []
    tick = add_field(form, ToggleOption(field="on", label="On", tip="t"), True, lambda *pair: got.append(pair))
    box = add_field(
        form, ChoiceOption(field="fruit", label="Fruit", tip="t", choices=Fruit), Fruit.PEAR, lambda *p: got.append(p)
    )
    assert isinstance(tick, QCheckBox)
    assert tick.isChecked()
    assert isinstance(box, QComboBox)
    assert box.currentText() == "Pear"
    tick.setChecked(False)
    box.setCurrentIndex(0)
    assert got == [("on", False), ("fruit", Fruit.APPLE)]
