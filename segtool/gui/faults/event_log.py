"""What happens in a window, in the log: what a maintainer needs to see before a fault."""

from __future__ import annotations

import importlib.metadata
import logging
import platform
import sys

from PySide6.QtCore import QObject, QTimer, Slot, qVersion

from segtool import __version__
from segtool.gui.faults.starts import RunningStart
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.gui.training_control import TrainingControl

LIBRARIES = (
    "PySide6-Essentials",
    "numpy",
    "opencv-python-headless",
    "Pillow",
    "tifffile",
    "openvino",
    "pyqtgraph",
    "tensorflow",
    "keras",
)
_ALIVE_MS = 60_000

_log = logging.getLogger("segtool.window")
_LEVELS = {Level.INFO: logging.INFO, Level.WARNING: logging.WARNING, Level.ERROR: logging.ERROR}


class EventLog(QObject):
    """Logs the start, folders, models, jobs, runs and everything that the window says; keeps the record of the start.

    Parameters
    ----------
    session : Session
    training : TrainingControl
    start : RunningStart or None
        The record of this start.
    parent : QObject
    """

    def __init__(
        self, session: Session, training: TrainingControl, *, start: RunningStart | None, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._training, self._start = session, training, start
        self._job, self._phase = "", training.state.phase
        _log.info("SegTool %s started: %s", __version__, versions_text())
        session.message.connect(self._note_message)
        session.question.connect(lambda text, level, _choices: self._note_message(text, level))
        session.project_changed.connect(self._note_project)
        session.model_changed.connect(self._note_model)
        session.job_changed.connect(self._note_job)
        training.state_changed.connect(self._note_run)
        if start is not None:
            alive = QTimer(self, interval=_ALIVE_MS)
            alive.timeout.connect(start.note_alive)
            alive.start()

    @Slot(str, object)
    def _note_message(self, text: str, level: Level) -> None:
        _log.log(_LEVELS[level], "said: %s", text)

    @Slot()
    def _note_project(self) -> None:
        project = self._session.project
        if self._start is not None:
            self._start.change(folder="" if project is None else str(project.root))
        if project is not None:
            how = "read-only" if project.writable_reason else "writable"
            elsewhere = "" if project.data_root == project.root else ", masks in another place"
            count, classes = len(project.entries), len(project.classes)
            _log.info("folder opened: %d images, %d classes, %s%s", count, classes, how, elsewhere)

    @Slot()
    def _note_model(self) -> None:
        model = self._session.model
        _log.info("active model: %s", "none" if model is None else model.name)

    @Slot()
    def _note_job(self) -> None:
        job = self._session.job
        title = "" if job is None else job.title
        if title != self._job:
            _log.info("job %s", f"started: {title}, {job.total} steps" if job is not None else f"ended: {self._job}")
            self._job = title

    @Slot()
    def _note_run(self) -> None:
        state = self._training.state
        if state.phase is not self._phase:
            self._phase = state.phase
            _log.info("training: %s%s", state.phase.name.lower(), f" ({state.message})" if state.message else "")


def versions_text() -> str:
    """Return the versions of what the program stands on, in a line."""
    found = ", ".join(f"{name} {version}" for name, version in library_versions().items())
    return f"Python {sys.version.split()[0]}, Qt {qVersion()}, {platform.platform()}, {found}"


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that are installed; none of them is imported for it."""
    found: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
