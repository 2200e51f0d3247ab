"""The dialog in which a person chooses how much a version is to adapt, between its base and all that it has learnt."""

from __future__ import annotations

import html

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from segtool.core.adaptation import best_amount
from segtool.core.errors import ModelError
from segtool.gui import theme
from segtool.gui.adapting import AdaptChoice, AdaptControl, find_choice
from segtool.gui.dialogs.adapt_plots import AXIS_WIDTH, RIGHT_ROOM, AdaptPlots
from segtool.gui.session import Session

STEP = 5
_WIDTH, _PLOTS_HEIGHT = 520, 250
_OUTCOME_LINES = 2
_NOT_MEASURED = (
    "Nothing was measured in between when this version was trained. Make a version to see how it scores on the "
    "held-out images."
)


class AdaptDialog(QDialog):
    """Moves the active version between its base and all that it has learnt; the window beside it stays usable.

    Parameters
    ----------
    session : Session
        With an active version that ``find_choice`` has an answer for.
    control : AdaptControl
        Makes the version; one that is under way is ended when the dialog is closed.
    parent : QWidget, optional
    """

    def __init__(self, session: Session, control: AdaptControl, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How much to adapt")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session, self._control = session, control
        self._choice: AdaptChoice | None = None
        self._why_not = ""
        self.intro, self.reading, self.advice, self.outcome = (QLabel(wordWrap=True) for _ in range(4))
        self.plots = AdaptPlots()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.percent = QLabel()
        self._layout, self._scale = QVBoxLayout(self), QVBoxLayout()
        self.progress = QProgressBar()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.make_button = self.buttons.addButton("Make this version", QDialogButtonBox.ButtonRole.ActionRole)
        self.stop_button = self.buttons.addButton("Stop", QDialogButtonBox.ButtonRole.ActionRole)
        theme.strip_icons(self.buttons)
        self._build()
        self._connect()
        control.forget()
        self._read()
        self.resize(_WIDTH, self._layout.totalHeightForWidth(_WIDTH))

    @property
    def amount(self) -> float:
        """The share of the new weights that the slider stands at, 0…1."""
        return self.slider.value() * STEP / 100

    def set_amount(self, amount: float) -> None:
        """Move the slider, to the nearest of its steps."""
        self.slider.setValue(round(amount * 100 / STEP))

    def done(self, result: int) -> None:
        """End what is under way whichever way the dialog is closed."""
        self._control.cancel()
        super().done(result)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Colour the texts again after a change of the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "stop_button"):
            self._show_state()

    # Building ----------------------------------------------------------------------------------

    def _build(self) -> None:
        self.intro.setTextFormat(Qt.TextFormat.RichText)
        for label in (self.reading, self.advice, self.outcome):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.advice.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.slider.setRange(0, 100 // STEP)
        self.slider.setPageStep(25 // STEP)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setTickInterval(25 // STEP)
        self.slider.setAccessibleName("How much to adapt, in steps of 5 %")
        self.percent.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        font = self.percent.font()
        font.setBold(True)
        self.percent.setFont(font)
        ends = QGridLayout()
        ends.addWidget(_end("as before the training", Qt.AlignmentFlag.AlignLeft), 0, 0)
        ends.addWidget(self.percent, 0, 1)
        ends.addWidget(_end("fully adapted", Qt.AlignmentFlag.AlignRight), 0, 2)
        # The percentage stands in the middle whatever the two ends are called.
        for column, stretch in enumerate((2, 1, 2)):
            ends.setColumnStretch(column, stretch)
        self._scale.setSpacing(theme.HALF_SPACE)
        self._scale.addWidget(self.slider)
        self._scale.addLayout(ends)
        bottom = QHBoxLayout()
        bottom.setSpacing(2 * theme.SPACE)
        bottom.addWidget(self.progress, 1)
        bottom.addStretch(0)
        bottom.addWidget(self.buttons)
        layout = self._layout
        layout.setContentsMargins(2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(self.intro)
        layout.addWidget(self.plots)
        layout.addLayout(self._scale)
        layout.addWidget(self.reading)
        layout.addWidget(self.advice)
        layout.addStretch(1)
        layout.addWidget(self.outcome)
        layout.addLayout(bottom)
        self.make_button.setDefault(True)
        self.plots.setMinimumHeight(_PLOTS_HEIGHT)
        # What came of a version must not push the rest about.
        self.outcome.setMinimumHeight(_OUTCOME_LINES * self.outcome.fontMetrics().lineSpacing())
        self.outcome.setAlignment(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)

    def _connect(self) -> None:
        self.slider.valueChanged.connect(self._on_moved)
        self.make_button.clicked.connect(self._make)
        self.stop_button.clicked.connect(self._control.cancel)
        self.buttons.rejected.connect(self.reject)
        self._control.state_changed.connect(self._show_state)
        self._session.model_changed.connect(self._read)
        self._session.project_changed.connect(self.reject)

    # What is shown -----------------------------------------------------------------------------

    @Slot()
    def _read(self) -> None:
        """Follow the active model; the slider stays where it is unless the choice is another one."""
        before, active = self._choice, self._session.model
        try:
            if active is None:
                raise ModelError("There is no model")
            self._choice, self._why_not = find_choice(self._session.models, active), ""
        except ModelError as exc:
            self._choice, self._why_not = None, exc.reason
        if self._choice != before:
            self._control.forget()
        if self._choice is not None and self._choice != before:
            self._show_choice(self._choice, is_first=before is None or before.new != self._choice.new)
        self._show_amount()

    def _show_choice(self, choice: AdaptChoice, *, is_first: bool) -> None:
        base, new = html.escape(choice.base.name), html.escape(choice.new.name)
        self.intro.setText(
            f"<b>{new}</b> was trained from <b>{base}</b>. Mixing their weights gives versions that have learnt less "
            "from your images and forgotten less of what was known before; often one in between is the better one."
        )
        has_plots = choice.adaptation is not None
        self.plots.setVisible(has_plots)
        # The slider lies below the axis of the plots, its mark below theirs.
        self._scale.setContentsMargins(AXIS_WIDTH if has_plots else 0, 0, RIGHT_ROOM if has_plots else 0, 0)
        preferred = None if choice.adaptation is None else best_amount(choice.adaptation.points)
        if choice.adaptation is not None and preferred is not None:
            self.plots.show_curves(choice.adaptation)
            self.advice.setText(
                f"On the held-out images {preferred * 100:.0f} % did best (the ring)."
                if preferred < 1
                else "On the held-out images 100 % did best, or as good as best (the ring)."
            )
        else:
            self.advice.setText(_NOT_MEASURED)
        if is_first:
            self.set_amount(choice.amount if choice.amount < 1 or preferred is None else preferred)

    @Slot()
    def _on_moved(self) -> None:
        # What came of the last version is no news of this one.
        self._control.forget()
        self._show_amount()

    def _show_amount(self) -> None:
        self.percent.setText(f"{self.amount * 100:.0f} %")
        self.plots.mark(self.amount)
        self.reading.setText(self._reading())
        self.reading.setVisible(bool(self.reading.text()))
        self._show_state()

    def _reading(self) -> str:
        adaptation = None if self._choice is None else self._choice.adaptation
        if adaptation is None:
            return ""
        point = adaptation.at(self.amount)
        if adaptation.is_measured(self.amount):
            return f"F1 {point.f1:.3f}, loss {point.loss:.3f}: measured at the end of the training."
        return f"F1 about {point.f1:.3f}, loss about {point.loss:.3f}: estimated between two measured points."

    @Slot()
    def _show_state(self) -> None:
        state = self._control.state
        why_not = self._why_not or self._why_not_here()
        self.slider.setEnabled(not state.is_running)
        self.make_button.setEnabled(not state.is_running and not why_not)
        self.make_button.setVisible(not state.is_running)
        self.stop_button.setVisible(state.is_running)
        self.progress.setVisible(state.is_running)
        self.progress.setRange(0, 0 if state.fraction is None else 100)
        self.progress.setValue(0 if state.fraction is None else round(100 * state.fraction))
        text, is_warning = (state.stage, False) if state.is_running else (state.message, state.is_warning)
        self.outcome.setText(text or why_not)
        colours = theme.colours()
        self.outcome.setStyleSheet(f"color: {colours.warning if is_warning else colours.text}")
        self.make_button.setToolTip(why_not)

    def _why_not_here(self) -> str:
        """Return why there is nothing to make where the slider stands; "" if there is."""
        choice, amount = self._choice, self.amount
        if choice is None:
            return ""
        if amount == 1:
            return f"100 % is {choice.new.label} itself."
        if amount == 0 and choice.has_base_end:
            return f"0 % is {choice.base.label} itself."
        return f"{choice.active.label} is this version." if abs(amount - choice.amount) < STEP / 1000 else ""

    @Slot()
    def _make(self) -> None:
        if self._choice is not None:
            self._control.start(self._choice, self.amount)


def _end(text: str, side: Qt.AlignmentFlag) -> QLabel:
    label = QLabel(text)
    label.setFont(theme.small_font(label.font()))
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return label
