"""The bottom line of the window: what is under the pointer, the zoom, the saved state and the job that is running."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from segtool.gui import theme
from segtool.gui.canvas.canvas import HoverInfo
from segtool.gui.session import Session
from segtool.gui.session_state import JobState, SaveKind, SaveState

_INFO_MS = 6000
_PROGRESS_WIDTH = 140
_MAX_SAVED = 60


class StatusBar(QStatusBar):
    """Shows what the session and the canvas say; the job can be cancelled from here."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.hover_label = QLabel()
        self.hover_label.setAccessibleName("Under the pointer")
        self.zoom_label = QLabel()
        self.zoom_label.setAccessibleName("Zoom")
        self.saved_label = QLabel()
        self.saved_label.setAccessibleName("Saved state")
        self.job = JobIndicator(session)
        self.addWidget(self.hover_label, 1)
        for widget in (self.job, self.zoom_label, self.saved_label):
            self.addPermanentWidget(widget)
        for signal in (session.saved_changed, session.document_changed, session.project_changed):
            signal.connect(self._show_saved)
        session.classes_changed.connect(lambda: self.show_hover(None))
        self._show_saved()

    def show_info(self, text: str) -> None:
        """Show a sentence in passing."""
        self.showMessage(text, _INFO_MS)

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

    def _show_saved(self) -> None:
        if self._session.document is None:
            self.saved_label.clear()
            return
        state = self._session.save_state
        failed = state.kind is SaveKind.FAILED
        text = saved_text(state)
        self.saved_label.setText(text if len(text) <= _MAX_SAVED else f"{text[:_MAX_SAVED]}…")
        self.saved_label.setToolTip(state.reason)
        self.saved_label.setStyleSheet(f"color: {theme.colours().error}; font-weight: bold" if failed else "")


def saved_text(state: SaveState) -> str:
    """Return the saved state in a few words."""
    match state.kind:
        case SaveKind.SAVED:
            return f"Saved {state.when:%H:%M}" if state.when is not None else "Saved"
        case SaveKind.UNSAVED:
            return "Unsaved changes"
        case SaveKind.SAVING:
            return "Saving…"
        case SaveKind.FAILED:
            return f"Not saved: {state.reason}"
        case SaveKind.READ_ONLY:
            return "Read-only"


class JobIndicator(QWidget):
    """The running job with its progress; hidden while there is none."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.label = QLabel()
        self.bar = QProgressBar(textVisible=False)
        self.bar.setFixedWidth(_PROGRESS_WIDTH)
        self.bar.setMaximumHeight(self.label.fontMetrics().height())
        self.cancel_button = QToolButton(text="Cancel", autoRaise=True)
        self.cancel_button.clicked.connect(session.cancel_job)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        layout.setSpacing(theme.SPACE)
        for widget in (self.label, self.bar, self.cancel_button):
            layout.addWidget(widget)
        session.job_changed.connect(self._read)
        self._read()

    def _read(self) -> None:
        job = self._session.job
        self.setVisible(job is not None)
        if job is None:
            return
        self.label.setText(job_text(job))
        self.bar.setAccessibleName(f"{job.title}: progress")
        self.cancel_button.setAccessibleName(f"Cancel: {job.title}")
        self.bar.setMaximum(max(1, job.total))
        self.bar.setValue(job.done)


def job_text(job: JobState) -> str:
    """Return what a job is doing in a few words."""
    return f"{job.title}  ·  {job.text}" if job.text else job.title
