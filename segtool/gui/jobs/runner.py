"""The one long job that may be under way: segmenting, or removing a class."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer, Slot

from segtool.gui.jobs.worker import Job, WorkerThread
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import JobState


class JobEnd(Enum):
    """How a job has ended."""

    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


OnItem = Callable[[Any], None]
OnEnd = Callable[[JobEnd, "Exception | None"], None]


class JobRunner(QObject):
    """Runs one job at a time in a thread of its own and keeps its state for the views.

    A job is a generator: the `JobState` values that it yields are its progress, everything else that it
    yields goes to the callback that it was started with. Callbacks run in the window's thread.

    Parameters
    ----------
    session : SessionSignals
        Owner; its ``job_changed`` is emitted.
    """

    def __init__(self, session: SessionSignals) -> None:
        super().__init__(session)
        self._session = session
        self._thread = WorkerThread("segtool-jobs")
        self._state: JobState | None = None
        self._on_item: OnItem | None = None
        self._on_end: OnEnd | None = None
        worker = self._thread.worker
        worker.progressed.connect(self._progressed)
        worker.finished.connect(self._finished)
        worker.failed.connect(self._failed)
        worker.cancelled.connect(self._cancelled)

    @property
    def state(self) -> JobState | None:
        """The job that is under way, or None."""
        return self._state

    def start(self, job: Job, *, state: JobState, on_item: OnItem, on_end: OnEnd) -> bool:
        """Start a job unless one is under way, which is told to the person; return whether it was started."""
        # One that nobody runs would never end.
        if self._thread.is_over or self.refuses():
            return False
        self._on_item, self._on_end = on_item, on_end
        self.show(state)
        self._thread.submit(job)
        return True

    def refuses(self) -> bool:
        """Tell whether a job is under way, and tell the person so."""
        if self._state is not None:
            self._session.warn(f"“{self._state.title}” is still under way. Wait for it or stop it first.")
        return self._state is not None

    def show(self, state: JobState | None) -> None:
        """Make that the state which views see; None once everything that belongs to the job is done."""
        self._state = state
        self._session.job_changed.emit()

    def cancel(self) -> None:
        """Ask the job that is under way to end; it does so at its next step."""
        if self._state is not None:
            self._thread.cancel()

    def end(self, *, timeout: float) -> None:
        """Cancel the job and wait, at most so many seconds, until it has ended.

        Events of the window other than the person's are handled meanwhile.
        """
        self.cancel()
        if self._state is None:
            return
        loop = QEventLoop()
        limit = QTimer(singleShot=True, interval=int(timeout * 1000))
        limit.timeout.connect(loop.quit)
        limit.start()
        self._session.job_changed.connect(loop.quit)
        while self._state is not None and limit.isActive():
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        self._session.job_changed.disconnect(loop.quit)

    def close(self) -> None:
        """Cancel the job, end the thread and take in what the job has said last."""
        self._thread.close()
        QCoreApplication.sendPostedEvents(self, QEvent.Type.MetaCall.value)

    @Slot(object)
    def _progressed(self, item: object) -> None:
        if isinstance(item, JobState):
            self.show(item)
        elif self._on_item is not None:
            self._on_item(item)

    @Slot(object)
    def _finished(self, _last: object) -> None:
        self._end(JobEnd.FINISHED, None)

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._end(JobEnd.FAILED, error)

    @Slot()
    def _cancelled(self) -> None:
        self._end(JobEnd.CANCELLED, None)

    def _end(self, how: JobEnd, error: Exception | None) -> None:
        on_end, self._on_item, self._on_end = self._on_end, None, None
        self.show(None)
        if on_end is not None:
            on_end(how, error)
