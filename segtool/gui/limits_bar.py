"""The right end of the options bar: what every tool is held to."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QWidget

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.paint_rules import intensity_of
from segtool.gui import theme
from segtool.gui.number_keys import NumberKeys
from segtool.gui.session import Session

_EVERYTHING = None
# Enough to see the range of an image, whatever its size.
_SAMPLES_ACROSS = 512
# An image of so many pixels is looked through whole: 20 ms.
_LOOKED_THROUGH = 16_000_000
_DIGITS = 3
_SPIN_WIDTH, _DIGIT_WIDTH, _DIGITS_THAT_FIT = 76, 8, 4


class LimitsBar(QWidget):
    """Which pixels tools may change: over which classes, and at which intensities.

    Signals
    -------
    done()
        A choice has been made: the keyboard may go back to the canvas.
    """

    done = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._choices: list[frozenset[int] | None] = []
        self.over = QComboBox()
        self.over.setAccessibleName("Paint only over")
        self.over.setToolTip("Tools change only pixels of this class; classes can be locked in their panel")
        self.over.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.over.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.over.setMaximumWidth(170)
        self.intensity = QCheckBox("Intensity")
        self.intensity.setToolTip("Tools change only pixels whose value in the image lies in a range")
        self.intensity.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.low, self.high = _spin("Lowest intensity"), _spin("Highest intensity")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        layout.setSpacing(theme.SPACE)
        self._label = QLabel("Paint over")
        self._label.setBuddy(self.over)
        self._to = QLabel("to")
        for widget in (self._label, self.over, self.intensity, self.low, self._to, self.high):
            layout.addWidget(widget)
        self.over.currentIndexChanged.connect(self._choose_over)
        self.over.activated.connect(self.done)
        self.intensity.toggled.connect(self._toggle_intensity)
        for spin in (self.low, self.high):
            spin.valueChanged.connect(self._set_intensity)
            NumberKeys(spin).left.connect(self.done)
        session.classes_changed.connect(self._fill)
        session.document_changed.connect(self._read)
        session.rules_changed.connect(self._read)
        self._fill()

    def _fill(self) -> None:
        """Offer the usual sets of classes, and each class."""
        classes = self._session.classes
        usual: list[tuple[str, frozenset[int] | None]] = [
            ("everything", _EVERYTHING),
            ("void", frozenset({VOID})),
            (f"void and {classes.label(BACKGROUND)}", frozenset({VOID, BACKGROUND})),
        ]
        usual += [(item.name, frozenset({item.id})) for item in classes]
        self._choices = [ids for _, ids in usual]
        self.over.blockSignals(True)
        self.over.clear()
        self.over.addItems([name for name, _ in usual])
        self.over.blockSignals(False)
        self._read()

    def _choose_over(self, index: int) -> None:
        self._session.limits.set_only_over(self._choices[index])

    def _toggle_intensity(self, on: bool) -> None:
        self._session.limits.set_intensity(self._range_of_image(is_exact=True) if on else None)

    def _set_intensity(self) -> None:
        rule = self._session.rules.intensity
        if rule is None:
            return
        # Only the end that is being changed counts, for the other one is rounded; it takes the other one along.
        if self.sender() is self.low:
            low, high = self.low.value(), max(rule[1], self.low.value())
        else:
            low, high = min(rule[0], self.high.value()), self.high.value()
        self._session.limits.set_intensity((low, high))

    def _range_of_image(self, *, is_exact: bool = False) -> tuple[float, float]:
        document = self._session.document
        if document is None:
            return 0.0, 255.0
        pixels = document.image.pixels
        is_whole = is_exact and pixels.shape[0] * pixels.shape[1] <= _LOOKED_THROUGH
        step = 1 if is_whole else max(1, max(pixels.shape[:2]) // _SAMPLES_ACROSS)
        values = intensity_of(pixels[::step, ::step])
        finite = values[np.isfinite(values)]
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 255.0)

    def _decimals(self) -> int:
        """Return how many decimals tell the intensities of the image apart, be they thousands or millionths."""
        document = self._session.document
        if document is None or document.image.pixels.dtype.kind != "f":
            return 0
        low, high = self._range_of_image()
        return max(0, _DIGITS - math.floor(math.log10(high - low))) if high > low else _DIGITS

    def _read(self) -> None:
        """Show the rules as the session has them; what holds painting back stands out."""
        rules, document = self._session.rules, self._session.document
        self.setEnabled(document is not None)
        widgets = (self.over, self.intensity, self.low, self.high)
        for widget in widgets:
            widget.blockSignals(True)
        decimals = self._decimals()
        for spin in (self.low, self.high):
            spin.setDecimals(decimals)
            spin.setSingleStep(10.0 ** (1 - decimals) if decimals else 1.0)
            spin.setFixedWidth(_SPIN_WIDTH + max(0, decimals - _DIGITS_THAT_FIT) * _DIGIT_WIDTH)
        self.over.setCurrentIndex(self._choices.index(rules.only_over) if rules.only_over in self._choices else 0)
        self.intensity.setChecked(rules.intensity is not None)
        if rules.intensity is not None:
            self.low.setValue(rules.intensity[0])
            self.high.setValue(rules.intensity[1])
        for widget in widgets:
            widget.blockSignals(False)
        for part in (self.low, self._to, self.high):
            part.setVisible(rules.intensity is not None)
        bold = self.font()
        bold.setBold(rules.only_over is not None)
        self._label.setFont(bold)


def _spin(name: str) -> QDoubleSpinBox:
    spin = QDoubleSpinBox(minimum=-1e9, maximum=1e9)
    spin.setAccessibleName(name)
    spin.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    # The first digit of a number would take the other end along.
    spin.setKeyboardTracking(False)
    return spin
