"""The bottom line of the window: what is under the pointer, the zoom, the saved state and the job that is running."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QStatusBar, QToolButton, QWidget

from segtool.core.printable import printable
from segtool.gui import theme
from segtool.gui.canvas.canvas import HoverInfo
from segtool.gui.image_notes import notes_sentences, notes_text
from segtool.gui.session import Session
from segtool.gui.session_state import JobState, SaveKind, SaveState
from segtool.gui.training_control import TrainingControl
from segtool.gui.training_state import duration_text

_INFO_MS = 6000
_LOADING_SHOWN_AFTER_MS = 150
_PROGRESS_WIDTH = 140
_TEXT_WIDTH = 360
_NOTES_WIDTH = 260
_MAX_SAVED = 60
_PERMILLE = 1000
_JOURNALLED_TIP = "The changes are kept in a journal: after a crash they are offered when the folder is opened again."


class StatusBar(QStatusBar):
    """Shows what the session and the canvas say; the job can be cancelled from here."""

    def __init__(self, session: Session, training: TrainingControl) -> None:
        super().__init__()
        self._session = session
        self.hover_label = QLabel()
        self.hover_label.setAccessibleName("Under the pointer")
        # Names of classes are a person's own text, and never markup.
        self.hover_label.setTextFormat(Qt.TextFormat.PlainText)
        self.notes_label = QLabel()
        self.notes_label.setAccessibleName("About this image")
        self.notes_label.setTextFormat(Qt.TextFormat.PlainText)
        self.zoom_label = QLabel()
        self.zoom_label.setAccessibleName("Zoom")
        self.saved_label = QLabel()
        self.saved_label.setTextFormat(Qt.TextFormat.PlainText)
        self.saved_label.setAccessibleName("Saved state")
        self.loading = LoadingIndicator(session)
        self.job = JobIndicator(session)
        self.prediction = PredictionIndicator(session)
        self.training = TrainingIndicator(training)
        self.addWidget(self.hover_label, 1)
        for label in (self.hover_label, self.notes_label, self.zoom_label, self.saved_label):
            label.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        indicators = (self.training, self.prediction, self.job, self.loading)
        for widget in (*indicators, self.notes_label, self.zoom_label, self.saved_label):
            self.addPermanentWidget(widget)
        for signal in (session.saved_changed, session.document_changed, session.project_changed):
            signal.connect(self._show_saved)
        session.classes_changed.connect(lambda: self.show_hover(None))
        session.document_changed.connect(self._show_notes)
        self._show_saved()
        self._show_notes()

    def show_info(self, text: str) -> None:
        """Show a sentence in passing."""
        self.showMessage(printable(text), _INFO_MS)

    def show_hover(self, info: HoverInfo | None) -> None:
        """Show what is under the pointer; None while it is not over the image."""
        if info is None:
            self.hover_label.setText("")
            return
        name = self._session.classes.label(info.class_id)
        self.hover_label.setText(f"x {info.x}  y {info.y}  ·  value {info.value}  ·  {name}")

    def show_zoom(self, scale: float) -> None:
        """Show the zoom: 1.0 is one image pixel on one screen pixel."""
        percent = scale * 100
        self.zoom_label.setText(f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")

    def retint(self) -> None:
        """Take the colours of the theme of now."""
        self._show_saved()

    def _show_notes(self) -> None:
        document = self._session.document
        text = "" if document is None else notes_text(document.image)
        metrics = self.notes_label.fontMetrics()
        self.notes_label.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, _NOTES_WIDTH))
        self.notes_label.setToolTip("" if document is None else theme.plain_tip(notes_sentences(document.image)))
        self.notes_label.setVisible(bool(text))

    def _show_saved(self) -> None:
        if self._session.document is None:
            self.saved_label.clear()
            return
        state = self._session.save_state
        failed = state.kind is SaveKind.FAILED
        text = saved_text(state)
        self.saved_label.setText(text if len(text) <= _MAX_SAVED else f"{text[:_MAX_SAVED]}…")
        tip = _JOURNALLED_TIP if state.is_journalled else state.reason
        self.saved_label.setToolTip(theme.plain_tip(tip))
        self.saved_label.setStyleSheet(f"color: {theme.colours().error}; font-weight: bold" if failed else "")


def saved_text(state: SaveState) -> str:
    """Return the saved state in a few words."""
    match state.kind:
        case SaveKind.SAVED:
            return f"Saved {state.when:%H:%M}" if state.when is not None else "No changes"
        case SaveKind.UNSAVED:
            return "Unsaved, backed up" if state.is_journalled else "Unsaved changes"
        case SaveKind.SAVING:
            return "Saving…"
        case SaveKind.FAILED:
            # The path in front, which the tooltip has, would leave no room for what has happened.
            return f"Not saved: {state.reason.partition(': ')[2] or state.reason}"
        case SaveKind.READ_ONLY:
            return "Read-only"


class Indicator(QWidget):
    """Work that is under way: what it does, how far it is, and a button that ends it."""

    def __init__(self, *, button: str) -> None:
        super().__init__()
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setFixedWidth(_PROGRESS_WIDTH)
        self.bar.setMaximumHeight(self.label.fontMetrics().height())
        self.button = QToolButton()
        self.button.setText(button)
        # Beside a sentence that is shown in passing there would be room to spread out in.
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        layout.setSpacing(theme.SPACE)
        for widget in (self.label, self.bar, self.button):
            layout.addWidget(widget)

    def show_progress(self, text: str, *, title: str, done: int, total: int) -> None:
        """Show how far the work is."""
        # A long name of an image must not push the rest of the line out of the window.
        self.label.setText(
            self.label.fontMetrics().elidedText(printable(text), Qt.TextElideMode.ElideMiddle, _TEXT_WIDTH)
        )
        self.label.setToolTip(theme.plain_tip(text))
        self.bar.setAccessibleName(f"{title}: progress")
        self.button.setAccessibleName(f"{self.button.text()}: {title}")
        self.bar.setMaximum(max(1, total))
        self.bar.setValue(done)


class JobIndicator(Indicator):
    """The running job; hidden while there is none."""

    def __init__(self, session: Session) -> None:
        super().__init__(button="Cancel")
        self._session = session
        self.button.clicked.connect(session.cancel_job)
        session.job_changed.connect(self._read)
        self._read()

    def _read(self) -> None:
        job = self._session.job
        self.setVisible(job is not None)
        if job is not None:
            self.show_progress(job_text(job), title=job.title, done=job.done, total=job.total)


class LoadingIndicator(Indicator):
    """The image that is on its way; hidden while there is none, and for as long as nobody would call it waiting."""

    def __init__(self, session: Session) -> None:
        super().__init__(button="Cancel")
        self._session = session
        self.button.setToolTip("Stay with the image that is shown (Esc)")
        self.button.clicked.connect(session.navigation.cancel)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self, session.navigation.cancel)
        self._escape.setContext(Qt.ShortcutContext.WindowShortcut)
        self._delay = QTimer(self, singleShot=True, interval=_LOADING_SHOWN_AFTER_MS)
        self._delay.timeout.connect(self.show)
        session.loading_changed.connect(self._read)
        self._read()

    def _read(self) -> None:
        opening = self._session.navigation.opening
        self._escape.setEnabled(opening is not None)
        if opening is None:
            self._delay.stop()
            self.hide()
            return
        self.show_progress(f"Opening {opening.text}…", title="Opening", done=opening.done, total=opening.total)
        if self.isHidden() and not self._delay.isActive():
            self._delay.start()


class PredictionIndicator(Indicator):
    """The computation of what the model says of the open image; hidden while there is none."""

    def __init__(self, session: Session) -> None:
        super().__init__(button="Cancel")
        self._session = session
        self.button.clicked.connect(session.guidance.prediction.cancel)
        session.prediction_changed.connect(self._read)
        self._read()

    def _read(self) -> None:
        progress = self._session.guidance.prediction.progress
        self.setVisible(progress is not None)
        if progress is not None:
            self.show_progress(job_text(progress), title=progress.title, done=progress.done, total=progress.total)


class TrainingIndicator(Indicator):
    """The running training; hidden while there is none."""

    def __init__(self, training: TrainingControl) -> None:
        super().__init__(button="Stop")
        self._training = training
        self.button.setToolTip("Finish with the best weights so far")
        self.button.clicked.connect(training.stop)
        training.state_changed.connect(self._read)
        self._read()

    def _read(self) -> None:
        state = self._training.state
        self.setVisible(state.is_active)
        if not state.is_active:
            return
        left = "" if state.remaining is None else f"  ·  {duration_text(state.remaining)} left"
        self.show_progress(
            f"{state.stage}{left}", title="Training", done=round(state.fraction * _PERMILLE), total=_PERMILLE
        )


def job_text(job: JobState) -> str:
    """Return what a job is doing in a few words."""
    return f"{job.title}  ·  {job.text}" if job.text else job.title
