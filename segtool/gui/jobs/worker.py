"""A thread that drains generators, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Generator
from queue import SimpleQueue
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from segtool.core.errors import SegToolError

_log = logging.getLogger(__name__)

Job = Generator[Any, None, None]


class GeneratorWorker(QObject):
    """Runs generators in the thread that it lives in.

    Generators are drained in the order in which they were submitted. Each ends in exactly one of
    ``finished``, ``failed`` or ``cancelled``.

    Signals
    -------
    progressed(object)
        Each value that a generator yields.
    finished(object)
        The last value that a generator yielded, None if it yielded nothing.
    failed(object)
        The exception that a generator ended with; one that is not a SegToolError is logged too.
    cancelled()
        A generator was closed before its end.
    """

    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    _submitted = Signal()
    _ending = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._waiting: SimpleQueue[tuple[int, Job]] = SimpleQueue()
        self._last_number = 0
        self._cancelled_up_to = 0
        self._submitted.connect(self._drain_next)
        self._ending.connect(self._end_thread)

    def submit(self, generator: Job) -> None:
        """Queue a generator; thread-safe as long as one thread submits."""
        self._last_number += 1
        self._waiting.put((self._last_number, generator))
        self._submitted.emit()

    def cancel(self) -> None:
        """Close every generator submitted so far: the one being drained at its next ``yield``, the others unstarted.

        Returns at once; generators submitted later are not touched.
        """
        self._cancelled_up_to = self._last_number

    def end_thread(self) -> None:
        """End the thread once everything submitted so far has been drained or cancelled; returns at once."""
        self._ending.emit()

    @Slot()
    def _end_thread(self) -> None:
        QThread.currentThread().quit()

    @Slot()
    def _drain_next(self) -> None:
        number, generator = self._waiting.get()
        last = None
        try:
            while True:
                if number <= self._cancelled_up_to:
                    generator.close()
                    self.cancelled.emit()
                    return
                try:
                    last = next(generator)
                except StopIteration:
                    break
                self.progressed.emit(last)
        except SegToolError as exc:
            self.failed.emit(exc)
        except Exception as exc:
            # The thread must outlive whatever a generator does; who started it explains it to the person.
            _log.exception("a job has failed")
            self.failed.emit(exc)
        else:
            self.finished.emit(last)


class WorkerThread:
    """One long-lived QThread with a `GeneratorWorker` in it; started by the first ``submit``, ended by ``close``.

    Attributes
    ----------
    worker : GeneratorWorker
        Connect its signals to bound methods of QObjects that live in the window's thread: they are
        then called there, from its event loop.
    """

    def __init__(self, name: str) -> None:
        self.worker = GeneratorWorker()
        self._thread = QThread()
        self._thread.setObjectName(name)
        self._is_over = False
        self.worker.moveToThread(self._thread)

    @property
    def is_running(self) -> bool:
        """Whether the thread has been started and not closed."""
        return self._thread.isRunning()

    @property
    def is_over(self) -> bool:
        """Whether ``close`` has been called."""
        return self._is_over

    def submit(self, generator: Job) -> None:
        """Run a generator in the thread, after those that were submitted before; once it is closed, none is run."""
        # While a window closes, parts that are closed already still hear of changes; nobody would end a thread
        # that one of them starts again, and Qt aborts the program when a running one is destroyed.
        if self._is_over:
            generator.close()
            return
        if not self._thread.isRunning():
            self._thread.start()
        self.worker.submit(generator)

    def cancel(self) -> None:
        """Ask what has been submitted so far to end."""
        self.worker.cancel()

    def close(self, *, cancel: bool = True) -> None:
        """End the thread for good and wait for that; what has been submitted is cancelled, or drained first."""
        self._is_over = True
        if self._thread.isRunning():
            if cancel:
                self.worker.cancel()
            self.worker.end_thread()
            self._thread.wait()
