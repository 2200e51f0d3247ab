"""The bar of options: what the tool in hand offers, and how opaque the mask is."""

from __future__ import annotations

import math
from enum import Enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolBar,
    QWidget,
)

from segtool.gui import theme
from segtool.gui.actions import plain_text
from segtool.gui.limits_bar import LimitsBar
from segtool.gui.number_keys import NumberKeys
from segtool.gui.session import Session
from segtool.gui.tools.options import ChoiceOption, NumberOption, Option, ToggleOption
from segtool.gui.tools.table import SPEC_OF

_SLIDER_WIDTH = 96
_SLIDER_STEPS = 100
_LEAST_HINT = 64


class OpacitySlider(QWidget):
    """How opaque the mask lies over the image."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.slider = _slider(maximum=100, name="Opacity of the mask")
        self.slider.setToolTip("Opacity of the mask (hold H to hide it)")
        self._value = QLabel()
        self._value.setFixedWidth(self._value.fontMetrics().horizontalAdvance("100 %"))
        _row(self, "Opacity", self.slider, self._value)
        self.slider.valueChanged.connect(lambda value: session.set_overlay_opacity(value / 100))
        session.tool_changed.connect(self._read)
        self._read()

    def _read(self) -> None:
        percent = round(self._session.overlay_opacity * 100)
        self._value.setText(f"{percent} %")
        self.slider.blockSignals(True)
        self.slider.setValue(percent)
        self.slider.blockSignals(False)


class OptionsBar(QToolBar):
    """The tool in hand: its name, its options, and how it is used.

    Signals
    -------
    done()
        A value has been typed: the keyboard may go back to the canvas.
    """

    done = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__("Tool options")
        self.setObjectName("optionsBar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._session = session
        self._name = QLabel()
        self._name.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        self._hint = HintLabel()
        self.addWidget(self._name)
        # Every option once: tools that share one share its widget too.
        self.widgets: dict[str, QWidget] = {}
        self._actions = {}
        for option in dict.fromkeys(option for spec in SPEC_OF.values() for option in spec.options):
            widget = _WIDGETS[type(option)](session, option, self)
            self.widgets[option.field] = widget
            self._actions[option.field] = self.addWidget(widget)
        self.addWidget(self._hint)
        self.limits = LimitsBar(session)
        self.limits.done.connect(self.done)
        self.addWidget(self.limits)
        # The canvas must not jump when a tool with fewer options is taken.
        self.setFixedHeight(self.sizeHint().height())
        session.tool_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        spec = SPEC_OF[self._session.tool]
        shown = {option.field for option in spec.options}
        for field, action in self._actions.items():
            action.setVisible(field in shown)
        self._name.setText(plain_text(spec.text))
        self._hint.show_text(spec.hint)


class HintLabel(QWidget):
    """A line that takes the room that is left and gives way to everything else."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self.setFont(theme.small_font(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str) -> None:
        """Show a line; what does not fit is in its tip."""
        self._text = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Write as much of the line as there is room for."""
        box = self.rect().adjusted(theme.SPACE, 0, -theme.SPACE, 0)
        text = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, box.width())
        if box.width() < _LEAST_HINT:
            # Three dots alone say nothing.
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class NumberField(QWidget):
    """A slider and a field for one number."""

    def __init__(self, session: Session, option: Option, bar: OptionsBar) -> None:
        super().__init__()
        assert isinstance(option, NumberOption)
        self._session, self._option = session, option
        self.slider = _slider(maximum=steps_of(option), name=option.label)
        self.spin = QSpinBox(minimum=option.minimum, maximum=option.maximum, suffix=option.suffix)
        self.spin.setAccessibleName(f"{option.label}{option.suffix}")
        self.spin.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        NumberKeys(self.spin).left.connect(bar.done)
        for widget in (self.slider, self.spin):
            widget.setToolTip(option.tip)
        _row(self, option.label, self.slider, self.spin)
        self.slider.setVisible(option.has_slider)
        self.slider.valueChanged.connect(lambda step: self._set(value_of_step(option, step)))
        self.spin.valueChanged.connect(self._set)
        session.tool_changed.connect(self._read)
        self._read()

    def _set(self, value: int) -> None:
        self._session.set_options(**{self._option.field: value})

    def _read(self) -> None:
        value = getattr(self._session.options, self._option.field)
        for widget, shown in ((self.slider, step_of_value(self._option, value)), (self.spin, value)):
            widget.blockSignals(True)
            widget.setValue(shown)
            widget.blockSignals(False)


class ToggleField(QCheckBox):
    """A tick for something that is on or off."""

    def __init__(self, session: Session, option: Option, bar: OptionsBar) -> None:
        super().__init__(option.label)
        assert isinstance(option, ToggleOption)
        self._session, self._option = session, option
        self.setToolTip(option.tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setStyleSheet(f"margin: 0 {theme.SPACE}px")
        self.toggled.connect(lambda on: session.set_options(**{option.field: on}))
        session.tool_changed.connect(self._read)
        self._read()

    def _read(self) -> None:
        self.blockSignals(True)
        self.setChecked(getattr(self._session.options, self._option.field))
        self.blockSignals(False)


class ChoiceField(QWidget):
    """A list to choose one of a few things from."""

    def __init__(self, session: Session, option: Option, bar: OptionsBar) -> None:
        super().__init__()
        assert isinstance(option, ChoiceOption)
        self._session, self._option = session, option
        self._choices = tuple(option.choices)
        self.box = QComboBox()
        self.box.addItems([str(choice.value) for choice in self._choices])
        self.box.setToolTip(option.tip)
        self.box.setAccessibleName(option.label)
        self.box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        _row(self, option.label, self.box)
        self.box.currentIndexChanged.connect(lambda index: self._set(self._choices[index]))
        self.box.activated.connect(bar.done)
        session.tool_changed.connect(self._read)
        self._read()

    def _set(self, choice: Enum) -> None:
        self._session.set_options(**{self._option.field: choice})

    def _read(self) -> None:
        self.box.blockSignals(True)
        self.box.setCurrentIndex(self._choices.index(getattr(self._session.options, self._option.field)))
        self.box.blockSignals(False)


_WIDGETS: dict[type, type[NumberField] | type[ToggleField] | type[ChoiceField]] = {
    NumberOption: NumberField,
    ToggleOption: ToggleField,
    ChoiceOption: ChoiceField,
}


def steps_of(option: NumberOption) -> int:
    """Return the last position of an option's slider; the first is 0."""
    return _SLIDER_STEPS if option.is_geometric else option.maximum - option.minimum


def value_of_step(option: NumberOption, step: int) -> int:
    """Return the value at a position of an option's slider, 0…100 for a geometric one."""
    if not option.is_geometric or step == 0:
        return option.minimum + step
    return max(option.minimum, round(math.pow(option.maximum, step / _SLIDER_STEPS)))


def step_of_value(option: NumberOption, value: int) -> int:
    """Return the position of an option's slider that is nearest to a value."""
    if not option.is_geometric:
        return value - option.minimum
    return min(range(_SLIDER_STEPS + 1), key=lambda step: abs(value_of_step(option, step) - value))


def next_size(size: int, *, larger: bool) -> int:
    """Return the next brush size in steps of about a tenth, at least one pixel."""
    step = max(1, round(size * 0.1))
    return size + step if larger else size - step


def _slider(*, maximum: int, name: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setMaximum(maximum)
    slider.setFixedWidth(_SLIDER_WIDTH)
    slider.setAccessibleName(name)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return slider


def _row(widget: QWidget, text: str, *parts: QWidget) -> None:
    layout = QHBoxLayout(widget)
    layout.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
    layout.setSpacing(theme.SPACE)
    # In a toolbar, whatever can grow takes all the room there is.
    widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
    label = QLabel(text)
    label.setBuddy(parts[0])
    layout.addWidget(label)
    for part in parts:
        layout.addWidget(part)
