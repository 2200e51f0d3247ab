"""A process that says nothing for long is told of, but not because this program was stopped itself meanwhile."""

from __future__ import annotations

import time

import pytest
from pytestqt.qtbot import QtBot

from segtool.gui.run_watch import RunWatch
from segtool.gui.session import Session


def test_a_computer_that_slept_is_no_silence(
    session: Session, messages: list[tuple[str, object]], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    watch = RunWatch(session, subject="The training", comfort="", stop=lambda: None, patience_ms=50, parent=session)
    session.question.connect(lambda text, level, choices: asked.append(text))
    watch.begin()
    now = time.monotonic
    with monkeypatch.context() as slept:
        slept.setattr("segtool.gui.run_watch.time.monotonic", lambda: now() + 3600.0)
        watch._tell()
        assert asked == []
        assert watch.seconds < 5.0
        qtbot.waitUntil(lambda: watch.is_silent, timeout=10_000)
    assert len(asked) == 1
    watch.end()
