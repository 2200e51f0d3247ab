"""What a run starts from, how long it takes, how fast it learns, what its version is called and what follows."""

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

from segtool.core.classes import ClassSet
from segtool.core.run_settings import RunSettings
from segtool.gui import theme
from segtool.gui.refreshing import RefreshScope
from segtool.gui.training_plan import base_choices, fitting_rate
from segtool.models.base import FROM_SCRATCH, default_base
from segtool.models.store import ModelEntry, ModelStore

_DEFAULT_EPOCHS = 20
_FIELD_WIDTH = 110
_SCOPES = {
    RefreshScope.PREDICTED: "Segment predicted images again",
    RefreshScope.UNTOUCHED: "Segment predicted and untouched images again",
    RefreshScope.NONE: "Leave all images as they are",
}


class RunForm(QWidget):
    """Edits everything about a run but its images and random changes.

    Parameters
    ----------
    store : ModelStore
        Names the new version.
    models : list of ModelEntry
        Models to start from.
    active : ModelEntry or None
        The one that segments.
    classes : ClassSet
        The folder's.

    Signals
    -------
    changed()
        Something has another value.
    """

    changed = Signal()

    def __init__(
        self,
        store: ModelStore,
        models: list[ModelEntry],
        active: ModelEntry | None,
        classes: ClassSet,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._classes = store, classes
        self.base = QComboBox()
        self.minutes_button, self.epochs_button = QRadioButton("&Minutes"), QRadioButton("&Epochs")
        self.minutes, self.epochs = QDoubleSpinBox(), QSpinBox()
        self.learning_rate = QDoubleSpinBox()
        self.scope = QComboBox()
        self.scope.setToolTip(
            "Once the new model is active; masks that you have corrected or approved stay as they are"
        )
        for scope, text in _SCOPES.items():
            self.scope.addItem(text, scope)
        self.name = QLineEdit()
        self.name_hint = _hint("")
        self._fill_base(base_choices(models, active), default_base(models, classes))
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

    @property
    def refresh_scope(self) -> RefreshScope:
        """Which images to segment again afterwards."""
        return RefreshScope(self.scope.currentData())

    def show_scope(self, scope: RefreshScope) -> None:
        """Show which images are segmented again afterwards."""
        self.scope.setCurrentIndex(self.scope.findData(scope))

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
        # The rate may be remembered from a run that started from elsewhere.
        self._suggest_rate()

    def _fill_base(self, choices: list[tuple[str, str]], chosen: str) -> None:
        for name, text in choices:
            self.base.addItem(text, name)
        self.base.setCurrentIndex(max(0, self.base.findData(chosen)))
        for box in (self.base, self.scope):
            # A long name must not widen the dialog.
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(16)

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
        form.addRow("After&wards", self.scope)

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
            self.scope.currentIndexChanged,
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
        rate = self.learning_rate.value()
        self.learning_rate.setValue(fitting_rate(rate, base=self.base_name, store=self._store, classes=self._classes))

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
