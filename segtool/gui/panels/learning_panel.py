"""The panel about learning: the run that is under way, how its model compares, and all versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from segtool.gui import theme
from segtool.gui.panels.plot_library import is_loaded
from segtool.gui.panels.preview_strip import PreviewStrip
from segtool.gui.panels.unfinished_row import UnfinishedRow
from segtool.gui.panels.versions_view import VersionsView
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.gui.training_state import Comparison, Phase, RunState, duration_text, go_back_text, steps_text

if TYPE_CHECKING:
    from segtool.gui.panels.run_plots import RunPlots

_IDLE = "Correct the masks of a few images, then retrain: the model learns from your corrections."
_METRIC_NAMES = {"f1": "F1", "iou": "IoU", "precision": "Precision", "recall": "Recall"}
_PERMILLE = 1000
_EARLY_MS = 1500
_BAR_HEIGHT = 12
_LOG_LINES_SHOWN = 8
_LEAST_HEIGHT = 48


class LearningPanel(QScrollArea):
    """Shows the state of a TrainingControl and the versions of the model.

    Parameters
    ----------
    session : Session
    training : TrainingControl
    retrain : callable, optional
        What the panel's Retrain button does; without it there is no such button.
    """

    def __init__(
        self,
        session: Session,
        training: TrainingControl,
        *,
        retrain: Callable[[], None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._training = session, training
        self._shown = RunState()
        self._content = QWidget()
        self.message = _wrapped("")
        self.retrain_button, self.stop_button = QPushButton("Retrain…"), QPushButton("Stop")
        self.other_button = QPushButton()
        self.progress = QProgressBar()
        self.progress.setRange(0, _PERMILLE)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(_BAR_HEIGHT)
        self.progress.setAccessibleName("Progress of the training")
        self.times = _wrapped("")
        self.unfinished = UnfinishedRow(training)
        self.preview = PreviewStrip()
        self._plots: RunPlots | None = None
        # Not when the first curve is there: making them then would hold the window up while a run goes on.
        self._early = QTimer(self, interval=_EARLY_MS)
        self._early.timeout.connect(self._make_plots)
        self._early.start()
        self.comparison = ComparisonTable()
        self.log_button = QPushButton("Show log")
        self.log_button.setCheckable(True)
        self.log = QPlainTextEdit(readOnly=True)
        self.log.setFixedHeight(_LOG_LINES_SHOWN * self.log.fontMetrics().height())
        self.versions = VersionsView(session)
        self._has_retrain = retrain is not None
        self._build()
        if retrain is not None:
            self.retrain_button.clicked.connect(lambda: retrain())
        self.stop_button.clicked.connect(training.stop)
        self.other_button.clicked.connect(training.take_other)
        self.log_button.toggled.connect(self.log.setVisible)
        training.state_changed.connect(self._read)
        session.classes_changed.connect(self._show_preview)
        session.model_changed.connect(self._read)
        self._read()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size that the content wants, as far as a dock has room for it."""
        content = self._content.sizeHint()
        return QSize(max(280, content.width()), min(520, content.height()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return a height that leaves room for the other panels in a small window; the rest is scrolled to."""
        return QSize(super().minimumSizeHint().width(), _LEAST_HEIGHT)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_has_retrain"):
            self.versions.read()
            self._read()

    @property
    def plots(self) -> RunPlots:
        """The curves; made soon after the start, because loading what draws them would delay the window."""
        if self._plots is None:
            from segtool.gui.panels.run_plots import RunPlots

            self._plots = RunPlots()
            self._plots.hide()
            self._plots_place.addWidget(self._plots)
        return self._plots

    @Slot()
    def _make_plots(self) -> None:
        if self._plots is not None or is_loaded():
            self._early.stop()
            self.plots.setVisible(bool(self._training.state.epochs))

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE)
        head.addWidget(self.message, 1)
        head.addWidget(self.stop_button, 0, Qt.AlignmentFlag.AlignTop)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        buttons.addWidget(self.retrain_button)
        buttons.addWidget(self.other_button)
        buttons.addStretch(1)
        self._plots_place = QVBoxLayout()
        layout = QVBoxLayout(self._content)
        layout.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addLayout(head)
        layout.addWidget(self.progress)
        layout.addWidget(self.times)
        layout.addLayout(buttons)
        layout.addWidget(self.unfinished)
        layout.addWidget(self.preview)
        layout.addLayout(self._plots_place, 1)
        layout.addWidget(self.comparison)
        layout.addWidget(self.log_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.log)
        layout.addWidget(self.versions, 1)
        # Takes the room that is left over while the versions are hidden.
        layout.addStretch()
        self.setWidget(self._content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    @Slot()
    def _read(self) -> None:
        state = self._training.state
        self.message.setText(_headline(state, {entry.name: entry.label for entry in self._session.models}))
        is_bad = state.phase is Phase.FAILED or state.has_candidate
        self.message.setStyleSheet(f"color: {theme.colours().warning}" if is_bad else "")
        self.progress.setVisible(state.is_active)
        # Nothing is known before the first step: a bar that moves by itself says "at work".
        self.progress.setRange(0, _PERMILLE if state.fraction > 0 else 0)
        self.progress.setValue(round(state.fraction * _PERMILLE))
        self.times.setVisible(state.is_active)
        self.times.setText(_times(state))
        self.retrain_button.setVisible(self._has_retrain and not state.is_active)
        self._show_other(state)
        self.stop_button.setVisible(state.is_active)
        stopping = state.phase is Phase.STOPPING
        self.stop_button.setText("End now" if stopping else "Stop")
        self.stop_button.setToolTip(
            "End the training at once; it can be resumed later" if stopping else "Finish with the best weights so far"
        )
        # A run needs the room, and the Model panel lists the versions too.
        self.versions.setVisible(not state.is_active)
        if state.epochs or self._plots is not None:
            self.plots.setVisible(bool(state.epochs))
        self._show_preview()
        # The clock changes the state every second: what it leaves alone is not drawn again.
        if state.epochs is not self._shown.epochs:
            self.plots.show_epochs(state.epochs)
        if state.comparison is not self._shown.comparison:
            self.comparison.show_comparison(state.comparison)
        self._show_log(state.log)
        self._shown = state

    def _show_other(self, state: RunState) -> None:
        # It may have been deleted since.
        other = next((entry for entry in self._session.models if entry.name == state.other), None)
        self.other_button.setVisible(other is not None)
        if other is not None:
            self.other_button.setText(state.other_text if state.has_candidate else go_back_text(other.label))
            self.other_button.setToolTip(theme.plain_tip(f"Segment with {other.label} from now on"))

    @Slot()
    def _show_preview(self) -> None:
        state = self._training.state
        self.preview.show_previews(state.first_preview, state.last_preview, self._session.classes)

    def _show_log(self, log: str) -> None:
        self.log_button.setVisible(bool(log))
        self.log.setVisible(bool(log) and self.log_button.isChecked())
        if log != self.log.toPlainText():
            self.log.setPlainText(log)


class ComparisonTable(QWidget):
    """The metrics of the model that was active and of the new one, side by side; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[list[str]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(2 * theme.SPACE)
        self._grid.setVerticalSpacing(theme.HALF_SPACE)
        self._grid.setColumnStretch(0, 1)
        self.hide()

    def show_comparison(self, comparison: Comparison | None) -> None:
        """Show these metrics, or nothing where nothing was measured."""
        self._rows.clear()
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        new = None if comparison is None else comparison.new_scores
        self.setVisible(new is not None)
        if comparison is None or new is None:
            return
        old = None if comparison.old_scores is None else asdict(comparison.old_scores)
        images = "1 held-out image" if comparison.held_out == 1 else f"{comparison.held_out} held-out images"
        self._add(0, [f"On {images}"], is_muted=True)
        self._add(1, ["", "before" if old else "", "new", "change" if old else ""], is_muted=True)
        for row, (name, value) in enumerate(asdict(new).items(), start=2):
            before = "" if old is None else f"{old[name]:.3f}"
            change = "" if old is None else f"{value - old[name]:+.3f}".replace("-", "−")
            self._add(row, [_METRIC_NAMES[name], before, f"{value:.3f}", change])

    def rows(self) -> list[list[str]]:
        """Return the texts of the table, row by row."""
        return list(self._rows)

    def _add(self, row: int, texts: list[str], *, is_muted: bool = False) -> None:
        self._rows.append(texts)
        for column, text in enumerate(texts):
            label = QLabel(text)
            side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
            label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            if is_muted:
                label.setFont(theme.small_font(label.font()))
                label.setForegroundRole(label.palette().ColorRole.PlaceholderText)
            self._grid.addWidget(label, row, column, 1, 4 if len(texts) == 1 else 1)


def _headline(state: RunState, labels: Mapping[str, str]) -> str:
    if not state.is_active:
        return state.message or _IDLE
    start = "from scratch" if state.base == "none" else f"from {labels.get(state.base, state.base)}"
    return f"Training {state.name} {start}"


def _times(state: RunState) -> str:
    """Return what is being done and how long it will take: "Training  ·  2:05 left, step 310 of about 520"."""
    time = f"{duration_text(state.elapsed)} so far"
    if state.remaining is not None:
        time = f"{duration_text(state.remaining)} left"
    progress = ", ".join(part for part in (time, steps_text(state)) if part)
    return "  ·  ".join(part for part in (state.stage, progress) if part)


def _wrapped(text: str) -> QLabel:
    label = QLabel(text, wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
