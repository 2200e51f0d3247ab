"""What a run starts from, how long it takes, how fast it learns and what its version is called."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QSpinBox,
    QWidget,
)

from segtool.core.run_settings import FINE_TUNING_RATE, FROM_SCRATCH_RATE, RunSettings
from segtool.gui import theme
from segtool.gui.training_plan import FROM_SCRATCH
from segtool.models.store import ModelEntry, ModelStore

_DEFAULT_EPOCHS = 20
_FIELD_WIDTH = 110


class RunForm(QWidget):
    """Edits everything about a run but its images and random changes.

    Parameters
    ----------
    store : ModelStore
        Names the new version.
    models : list of ModelEntry
        Models to start from.
    active : ModelEntry or None
        The one that is chosen at first.

    Signals
    -------
    changed()
        Something has another value.
    """

    changed = Signal()

    def __init__(
        self, store: ModelStore, models: list[ModelEntry], active: ModelEntry | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self.base = QComboBox()
        self.minutes_button, self.epochs_button = QRadioButton("&Minutes"), QRadioButton("&Epochs")
        self.minutes, self.epochs = QDoubleSpinBox(), QSpinBox()
        self.learning_rate = QDoubleSpinBox()
        self.name = QLineEdit()
        self.name_hint = _hint("")
        self._fill_base(models, active)
        self._set_up_numbers()
        self._lay_out()
        self.name.setMaxLength(60)
        self._suggest_name()
        self._connect()

    @property
    def base_name(self) -> str:
        """Name of the model to start from, or "none"."""
        return str(self.base.currentData())

    @property
    def version_name(self) -> str:
        """Name of the new version, number included."""
        return self._store.next_version_name(self.name.text())

    def apply_to(self, settings: RunSettings) -> RunSettings:
        """Return settings with the values of this form."""
        settings = replace(settings, learning_rate=self.learning_rate.value())
        if self.minutes_button.isChecked():
            return settings.with_time(self.minutes.value())
        return settings.with_epochs(self.epochs.value())

    def show_settings(self, settings: RunSettings) -> None:
        """Show the values of some settings."""
        self.learning_rate.setValue(settings.learning_rate)
        if settings.minutes is not None:
            self.minutes.setValue(settings.minutes)
            self.minutes_button.setChecked(True)
        elif settings.epochs is not None:
            self.epochs.setValue(settings.epochs)
            self.epochs_button.setChecked(True)

    def _fill_base(self, models: list[ModelEntry], active: ModelEntry | None) -> None:
        for entry in models:
            marks = ["active"] if active is not None and entry.name == active.name else []
            marks += ["bundled"] if entry.bundled else []
            self.base.addItem(f"{entry.label} ({', '.join(marks)})" if marks else entry.label, entry.name)
        self.base.addItem("From scratch (random weights)", FROM_SCRATCH)
        self.base.setCurrentIndex(self.base.findData(FROM_SCRATCH if active is None else active.name))
        # A long name must not widen the dialog.
        self.base.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.base.setMinimumContentsLength(16)

    def _set_up_numbers(self) -> None:
        self.minutes.setRange(0.5, 600)
        self.minutes.setDecimals(1)
        self.minutes.setValue(RunSettings().minutes or self.minutes.minimum())
        self.epochs.setRange(1, 10_000)
        self.epochs.setValue(_DEFAULT_EPOCHS)
        self.learning_rate.setRange(0.000_01, 0.01)
        self.learning_rate.setDecimals(5)
        self.learning_rate.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        self.learning_rate.setValue(RunSettings().learning_rate)
        group = QButtonGroup(self)
        group.addButton(self.minutes_button)
        group.addButton(self.epochs_button)
        self.minutes_button.setChecked(True)
        self.epochs.setEnabled(False)
        self.epochs.setToolTip(f"An epoch is {RunSettings().steps_per_epoch} steps.")
        for box, name in ((self.minutes, "Minutes"), (self.epochs, "Epochs"), (self.learning_rate, "Learning rate")):
            box.setAccessibleName(name)
            box.setFixedWidth(_FIELD_WIDTH)

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(2 * theme.SPACE)
        form.setVerticalSpacing(theme.SPACE)
        length = QHBoxLayout()
        length.setSpacing(theme.SPACE)
        for widget in (self.minutes_button, self.minutes, self.epochs_button, self.epochs):
            length.addWidget(widget)
            if widget is self.minutes:
                length.addSpacing(2 * theme.SPACE)
        length.addStretch(1)
        rate = QHBoxLayout()
        rate.setSpacing(2 * theme.SPACE)
        rate.addWidget(self.learning_rate)
        rate.addWidget(_hint("lower it if the curves jump"), 1)
        name = QHBoxLayout()
        name.setSpacing(2 * theme.SPACE)
        name.addWidget(self.name, 1)
        name.addWidget(self.name_hint)
        form.addRow("Start &from", self.base)
        form.addRow("Stop after", length)
        form.addRow(_label("&Learning rate", buddy=self.learning_rate), rate)
        form.addRow(_label("New &version", buddy=self.name), name)

    def _connect(self) -> None:
        self.base.currentIndexChanged.connect(self._suggest_name)
        self.base.currentIndexChanged.connect(self._suggest_rate)
        self.minutes_button.toggled.connect(self._enable_numbers)
        self.name.textChanged.connect(self._show_name)
        for signal in (
            self.base.currentIndexChanged,
            self.minutes_button.toggled,
            self.minutes.valueChanged,
            self.epochs.valueChanged,
            self.learning_rate.valueChanged,
            self.name.textChanged,
        ):
            signal.connect(lambda *_: self.changed.emit())

    def _enable_numbers(self) -> None:
        self.minutes.setEnabled(self.minutes_button.isChecked())
        self.epochs.setEnabled(self.epochs_button.isChecked())

    def _suggest_name(self) -> None:
        """Name the version after its base, unless the person has named it already."""
        if self.name.isModified():
            return
        base = "model" if self.base_name == FROM_SCRATCH else self.base_name
        self.name.setText(self._store.next_version_name(base).partition("-")[2])
        self._show_name()

    def _suggest_rate(self) -> None:
        """Offer the rate that fits the start, unless the person has chosen one."""
        fitting, other = FINE_TUNING_RATE, FROM_SCRATCH_RATE
        if self.base_name == FROM_SCRATCH:
            fitting, other = other, fitting
        if self.learning_rate.value() == other:
            self.learning_rate.setValue(fitting)

    def _show_name(self) -> None:
        self.name_hint.setText(f"saved as {self.version_name}")


def _label(text: str, *, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    label.setBuddy(buddy)
    return label


def _hint(text: str) -> QLabel:
    label = QLabel(text)
    label.setFont(theme.small_font(label.font()))
    label.setForegroundRole(label.palette().ColorRole.PlaceholderText)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
