"""What stands in the toolbar beside the buttons: opacity of the mask and the options of the active tool."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QSpinBox, QWidget

from segtool.gui import theme
from segtool.gui.session import Session
from segtool.gui.tool_state import MAX_BRUSH_SIZE
from segtool.gui.tools.tool_id import ToolId

_SLIDER_WIDTH = 110
_SLIDER_STEPS = 100


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


class BrushOptions(QWidget):
    """Diameter of the brush; there only while a tool that uses it is active."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.slider = _slider(maximum=_SLIDER_STEPS, name="Brush size")
        self.slider.setToolTip("Brush size ([ and ])")
        self.spin = QSpinBox(minimum=1, maximum=MAX_BRUSH_SIZE, suffix=" px")
        self.spin.setAccessibleName("Brush size in pixels")
        self.spin.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        _row(self, "Size", self.slider, self.spin)
        self.slider.valueChanged.connect(lambda step: session.set_brush_size(size_of_step(step)))
        self.spin.valueChanged.connect(session.set_brush_size)
        session.tool_changed.connect(self._read)
        self._read()

    def _read(self) -> None:
        size = self._session.brush_size
        for widget, value in ((self.slider, step_of_size(size)), (self.spin, size)):
            widget.blockSignals(True)
            widget.setValue(value)
            widget.blockSignals(False)
        self.setEnabled(self._session.tool in (ToolId.BRUSH, ToolId.ERASER))


def size_of_step(step: int) -> int:
    """Return the brush size at a position of the slider, 0…100: small sizes get most of its length."""
    return max(1, round(math.pow(MAX_BRUSH_SIZE, step / _SLIDER_STEPS)))


def step_of_size(size: int) -> int:
    """Return the position of the slider that is nearest to a brush size."""
    return min(range(_SLIDER_STEPS + 1), key=lambda step: abs(size_of_step(step) - size))


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
