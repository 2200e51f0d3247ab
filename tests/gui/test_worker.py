"""The thread that drains generators, with real threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject, Slot
from pytestqt.qtbot import QtBot

from segtool.core.errors import ImageError
from segtool.gui.jobs.runner import JobEnd, JobRunner
from segtool.gui.jobs.worker import Job, WorkerThread
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import JobState, Level


class Listener(QObject):
    """Notes what a worker says, and in which thread it hears of it."""

    def __init__(self, thread: WorkerThread) -> None:
        super().__init__()
        self.heard: list[tuple[str, Any]] = []
        self.threads: set[int] = set()
        thread.worker.progressed.connect(self.on_progressed)
        thread.worker.finished.connect(self.on_finished)
        thread.worker.failed.connect(self.on_failed)
        thread.worker.cancelled.connect(self.on_cancelled)

    def _note(self, what: str, value: object) -> None:
        self.heard.append((what, value))
        self.threads.add(threading.get_ident())

    @Slot(object)
    def on_progressed(self, value: object) -> None:
        self._note("progressed", value)

    @Slot(object)
    def on_finished(self, value: object) -> None:
        self._note("finished", value)

    @Slot(object)
    def on_failed(self, error: Exception) -> None:
        self._note("failed", error)

    @Slot()
    def on_cancelled(self) -> None:
        self._note("cancelled", None)

    def ends(self) -> list[tuple[str, Any]]:
        return [item for item in self.heard if item[0] != "progressed"]


@pytest.fixture
def thread() -> Iterator[WorkerThread]:
    made = WorkerThread("test")
    yield made
    made.close()


@pytest.fixture
def listener(thread: WorkerThread, qtbot: QtBot) -> Listener:
    return Listener(thread)


def count(last: int, ran_in: set[int]) -> Job:
    ran_in.add(threading.get_ident())
    yield from range(1, last + 1)


def fail(error: Exception) -> Job:
    yield 1
    raise error


def endless(closed: threading.Event, started: threading.Event | None = None) -> Job:
    try:
        if started is not None:
            started.set()
        while True:
            yield "still here"
    finally:
        closed.set()


def test_jobs_are_drained_in_order_off_the_windows_thread(
    thread: WorkerThread, listener: Listener, qtbot: QtBot
) -> None:
    ran_in: set[int] = set()
    thread.submit(count(2, ran_in))
    thread.submit(count(1, ran_in))
    thread.submit(count(0, ran_in))
    qtbot.waitUntil(lambda: len(listener.ends()) == 3)
    assert listener.heard == [
        ("progressed", 1),
        ("progressed", 2),
        ("finished", 2),
        ("progressed", 1),
        ("finished", 1),
        ("finished", None),
    ]
    assert len(ran_in) == 1
    assert threading.get_ident() not in ran_in
    assert listener.threads == {threading.get_ident()}


@pytest.mark.parametrize("error", [ImageError("cannot be read"), ZeroDivisionError("a bug")])
def test_a_job_that_fails_says_why_and_the_next_one_runs(
    thread: WorkerThread, listener: Listener, qtbot: QtBot, error: Exception
) -> None:
    thread.submit(fail(error))
    thread.submit(count(1, set()))
    qtbot.waitUntil(lambda: len(listener.ends()) == 2)
    assert listener.ends() == [("failed", error), ("finished", 1)]


def test_cancelling_closes_what_was_submitted_and_nothing_later(
    thread: WorkerThread, listener: Listener, qtbot: QtBot
) -> None:
    closed = threading.Event()
    thread.submit(endless(closed))
    thread.submit(count(3, set()))
    qtbot.waitUntil(lambda: bool(listener.heard))
    thread.cancel()
    thread.submit(count(1, set()))
    qtbot.waitUntil(lambda: len(listener.ends()) == 3)
    assert closed.is_set()
    assert listener.ends() == [("cancelled", None), ("cancelled", None), ("finished", 1)]


def test_cancelling_when_nothing_runs_does_not_touch_the_next_job(
    thread: WorkerThread, listener: Listener, qtbot: QtBot
) -> None:
    thread.cancel()
    thread.submit(count(1, set()))
    qtbot.waitUntil(lambda: bool(listener.ends()))
    assert listener.ends() == [("finished", 1)]


def test_closing_cancels_a_job_or_drains_it() -> None:
    started, closed = threading.Event(), threading.Event()
    cancelled, drained = WorkerThread("cancelled"), WorkerThread("drained")
    cancelled.submit(endless(closed, started))
    assert started.wait(10)
    ran: list[int] = []

    def note(value: int) -> Job:
        ran.append(value)
        yield value

    drained.submit(note(1))
    drained.submit(note(2))
    cancelled.close()
    drained.close(cancel=False)
    assert closed.is_set()
    assert ran == [1, 2]
    assert not cancelled.is_running
    assert not drained.is_running


def test_a_closed_thread_is_not_started_again(thread: WorkerThread, listener: Listener, qtbot: QtBot) -> None:
    thread.submit(count(1, set()))
    qtbot.waitUntil(lambda: bool(listener.ends()))
    thread.close()
    ran_in: set[int] = set()
    late = count(1, ran_in)
    thread.submit(late)
    assert not thread.is_running
    assert late.gi_frame is None
    assert ran_in == set()


def test_one_job_at_a_time(qtbot: QtBot) -> None:
    session = SessionSignals()
    told: list[tuple[str, Level]] = []
    session.message.connect(lambda text, level: told.append((text, level)))
    runner = JobRunner(session)
    items: list[object] = []
    ends: list[JobEnd] = []

    def job() -> Job:
        yield JobState("Count", 1, 2)
        yield "an item"
        yield from endless(threading.Event())

    def start(title: str) -> bool:
        return runner.start(
            job(), state=JobState(title, 0, 2), on_item=items.append, on_end=lambda how, error: ends.append(how)
        )

    assert start("Count")
    assert not start("Second")
    assert [level for _, level in told] == [Level.WARNING]
    assert "Count" in told[0][0]
    qtbot.waitUntil(lambda: "an item" in items)
    assert runner.state == JobState("Count", 1, 2)
    runner.cancel()
    qtbot.waitUntil(lambda: bool(ends))
    assert ends == [JobEnd.CANCELLED]
    assert runner.state is None
    assert all(not isinstance(item, JobState) for item in items)
    runner.close()
