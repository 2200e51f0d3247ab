"""The panel about the picture: brightness, contrast, gamma, window, channel, and how the mask is drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from segtool.core.display import GAMMA_LIMITS, Channel, Intensities, MaskStyle, WindowKind
from segtool.gui import theme
from segtool.gui.display_state import MAX_OUTLINE
from segtool.gui.number_keys import NumberKeys
from segtool.gui.panels.adjust_slider import STEPS, AdjustSlider
from segtool.gui.panels.histogram_view import HistogramView
from segtool.gui.session import Session

_BINS = 128
_LEAST_HEIGHT = 48
_FLOAT_DECIMALS = 4
_WINDOWS: dict[WindowKind, str] = {
    WindowKind.AUTOMATIC: "Automatic",
    WindowKind.FULL: "Full range",
    WindowKind.EXTREMES: "Lowest to highest",
    WindowKind.NEARLY_ALL: "0.1 to 99.9 %",
    WindowKind.MOST: "1 to 99 %",
    WindowKind.FIXED: "By hand",
}
_CHANNELS: dict[Channel, str] = {
    Channel.ALL: "All channels",
    Channel.FIRST: "1 (red)",
    Channel.SECOND: "2 (green)",
    Channel.THIRD: "3 (blue)",
}
_STYLES: dict[MaskStyle, str] = {
    MaskStyle.TINT: "Tinted",
    MaskStyle.OUTLINE: "Outlines only",
    MaskStyle.HATCH: "Hatched",
}


class DisplayPanel(QScrollArea):
    """Changes what is shown; the image, the mask and what a model is given stay as they are.

    Parameters
    ----------
    session : Session
        Has the settings.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._display = session.display
        self._intensities: Intensities | None = None
        self._counted: tuple[Intensities, Channel] | None = None
        self.histogram = HistogramView()
        self.window_box = _combo("Window of intensities", _WINDOWS)
        self.window_box.setToolTip("Which values of the image become black and white")
        self.low, self.high = _spin("Value that becomes black"), _spin("Value that becomes white")
        self.brightness = AdjustSlider("Brightness")
        self.contrast = AdjustSlider("Contrast")
        self.gamma = AdjustSlider("Gamma")
        self.channel_label = QLabel("Channel")
        self.channel = _combo("Channel", _CHANNELS)
        self.channel_label.setBuddy(self.channel)
        self.inverted = QCheckBox("Invert")
        self.inverted.setToolTip("Show bright values dark and dark ones bright")
        self.style_box = _combo("Mask style", _STYLES)
        self.style_box.setToolTip("How the mask is drawn (Shift+T). Hatchings differ by class, whatever its colour")
        self.outline = QSpinBox(minimum=1, maximum=MAX_OUTLINE, suffix=" px")
        self.outline.setAccessibleName("Width of outlines")
        self.outline.setToolTip("How wide outlines are")
        NumberKeys(self.outline)
        self.reset_button = QPushButton("Reset")
        self.reset_button.setToolTip("Show the image as it is")
        self._lay_out()
        self._connect()
        self._follow_image()
        self._read()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size that the content wants."""
        content = self._content.sizeHint()
        return QSize(max(260, content.width()), content.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return a height that leaves room for the other panels in a small window; the rest is scrolled to."""
        return QSize(super().minimumSizeHint().width(), _LEAST_HEIGHT)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Catch up with the images that came while the panel was hidden."""
        super().showEvent(event)
        self._follow_image()

    def _lay_out(self) -> None:
        self._content = QWidget()
        ends = QHBoxLayout()
        ends.setSpacing(theme.SPACE)
        ends.addWidget(self.low, 1)
        ends.addWidget(QLabel("to"))
        ends.addWidget(self.high, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE)
        grid.setColumnStretch(1, 1)
        window_label, style_label = QLabel("Window"), QLabel("Mask")
        window_label.setBuddy(self.window_box)
        style_label.setBuddy(self.style_box)
        grid.addWidget(window_label, 0, 0)
        grid.addWidget(self.window_box, 0, 1, 1, 2)
        grid.addLayout(ends, 1, 1, 1, 2)
        for row, slider in enumerate((self.brightness, self.contrast, self.gamma), start=2):
            slider.add_to(grid, row)
        grid.addWidget(self.channel_label, 5, 0)
        grid.addWidget(self.channel, 5, 1, 1, 2)
        last = QHBoxLayout()
        last.addWidget(self.inverted, 1)
        last.addWidget(self.reset_button)
        grid.addLayout(last, 6, 1, 1, 2)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setForegroundRole(line.palette().ColorRole.Mid)
        grid.addWidget(line, 7, 0, 1, 3)
        grid.addWidget(style_label, 8, 0)
        mask = QHBoxLayout()
        mask.setSpacing(theme.SPACE)
        mask.addWidget(self.style_box, 1)
        mask.addWidget(self.outline)
        grid.addLayout(mask, 8, 1, 1, 2)
        layout = QVBoxLayout(self._content)
        layout.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(self.histogram)
        layout.addLayout(grid)
        layout.addStretch(1)
        self.setWidget(self._content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def _connect(self) -> None:
        display = self._display
        self.histogram.window_dragged.connect(self._fix_window)
        self.window_box.activated.connect(self._choose_window)
        for spin in (self.low, self.high):
            spin.valueChanged.connect(lambda: self._fix_window((self.low.value(), self.high.value())))
        self.brightness.moved.connect(lambda step: display.set_brightness(step / STEPS))
        self.contrast.moved.connect(lambda step: display.set_contrast(step / STEPS))
        self.gamma.moved.connect(lambda step: display.set_gamma(gamma_of_step(step)))
        self.channel.activated.connect(lambda: display.set_channel(Channel(self.channel.currentData())))
        self.inverted.clicked.connect(display.set_inverted)
        self.style_box.activated.connect(lambda: display.set_mask_style(MaskStyle(self.style_box.currentData())))
        self.outline.valueChanged.connect(display.set_outline_width)
        self.reset_button.clicked.connect(display.reset)
        self._session.display_changed.connect(self._read)
        self._session.document_changed.connect(self._follow_image)

    # What the person does ----------------------------------------------------------------------

    def _choose_window(self) -> None:
        kind = self.window_box.currentData()
        if kind is WindowKind.FIXED:
            # From where it is now: nothing jumps.
            self._fix_window((self.low.value(), self.high.value()))
        else:
            self._display.set_window(kind)

    @Slot(object)
    def _fix_window(self, window: tuple[float, float]) -> None:
        if self._intensities is not None:
            whole = self._intensities.top > 0
            low, high = (float(round(value)) if whole else value for value in window)
            self._display.fix_window((low, high), dtype=self._intensities.dtype.name)

    # What the session says ---------------------------------------------------------------------

    @Slot()
    def _follow_image(self) -> None:
        """Show another image's values; while nobody sees the panel they are not looked at."""
        pyramid = self._session.navigation.pyramid
        self.setEnabled(pyramid is not None)
        self._intensities = None
        if pyramid is not None and self.isVisible():
            # They were looked at in the thread that has loaded the image.
            self._intensities = pyramid.intensities
            for spin in (self.low, self.high):
                # It rounds what the image before has left in it, which nobody has chosen for this one.
                spin.blockSignals(True)
                spin.setDecimals(0 if self._intensities.top else _FLOAT_DECIMALS)
                spin.blockSignals(False)
        is_colour = self._intensities is not None and self._intensities.is_colour
        self.channel.setVisible(is_colour)
        self.channel_label.setVisible(is_colour)
        self._read()

    @Slot()
    def _read(self) -> None:
        shown = self._display.adjustments
        self.brightness.show_value(round(shown.brightness * STEPS), _signed(shown.brightness))
        self.contrast.show_value(round(shown.contrast * STEPS), _signed(shown.contrast))
        self.gamma.show_value(step_of_gamma(shown.gamma), f"{shown.gamma:.2f}")
        self.channel.setCurrentIndex(self.channel.findData(shown.channel))
        self.inverted.setChecked(shown.is_inverted)
        self.style_box.setCurrentIndex(self.style_box.findData(self._display.mask_style))
        self.outline.blockSignals(True)
        self.outline.setValue(self._display.outline_width)
        self.outline.blockSignals(False)
        self.reset_button.setEnabled(self._display.is_adjusted)
        if self._intensities is None:
            return
        kind = self._intensities.kind(shown)
        self.window_box.setCurrentIndex(self.window_box.findData(kind))
        window = self._intensities.window(shown)
        for spin, value in zip((self.low, self.high), window, strict=True):
            spin.blockSignals(True)
            spin.setValue(value)
            spin.blockSignals(False)
        if (self._intensities, shown.channel) != self._counted:
            self._counted = (self._intensities, shown.channel)
            counts, axis = self._intensities.histogram(_BINS, channel=shown.channel)
            self.histogram.show_counts(counts, axis=axis)
        self.histogram.show_window(window)


def gamma_of_step(step: int) -> float:
    """Return the gamma at a position -100…100 of the slider: as far up as down from 1, which is in the middle."""
    return float(GAMMA_LIMITS[1] ** (step / STEPS))


def step_of_gamma(gamma: float) -> int:
    """Return the position of the slider that is nearest to a gamma."""
    return round(math.log(gamma, GAMMA_LIMITS[1]) * STEPS)


def _signed(share: float) -> str:
    steps = round(share * STEPS)
    return f"{steps:+d}" if steps else "0"


def _combo(name: str, texts: Mapping[Any, str]) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    for value, text in texts.items():
        combo.addItem(text, value)
    return combo


def _spin(name: str) -> QDoubleSpinBox:
    # As far as a float32 reaches: a window may be wider than what the image holds.
    spin = QDoubleSpinBox(minimum=-3.4e38, maximum=3.4e38)
    spin.setAccessibleName(name)
    spin.setToolTip(name)
    spin.setKeyboardTracking(False)
    spin.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    spin.setMinimumWidth(64)
    NumberKeys(spin)
    return spin
