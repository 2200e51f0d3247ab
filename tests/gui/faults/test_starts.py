from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from segtool.gui.faults.starts import EndedStart, EndKind, RunningStart, StartNote, kept_traces, take_ended
from segtool.gui.faults.telling import crash_text, other_end_text, when_text
from tests.faults.fork_server import fork_server


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_each_end_is_told_once_and_as_what_it_was(tmp_path: Path, isolated_home: Path, image_folder: Path) -> None:
    with fork_server("tests.gui.faults.start_child", log=tmp_path / "child.log") as run:
        ends = [
            run("run", folder=os.fspath(image_folder), end=end) for end in ("crash", "kill", "in order", "in order")
        ]
    assert [end.code for end in ends] == [-11, -9, 0, 0]
    assert ends[0].said == ()
    dialog, details = ends[1].said
    assert dialog.startswith("dialog: <b>SegTool crashed when it ran last</b>: It happened today at ")
    assert "while “photos” was open" in dialog
    assert "Masks that were saved are safe." in dialog
    assert details == "details: True Fatal Python error: Segmentation fault"
    (row,) = ends[2].said
    assert row.startswith("row: SegTool was stopped by the computer or by another program today at ")
    assert ends[3].said == ()
    (trace,) = [path for path in isolated_home.rglob("ended/*.trace") if path.stat().st_size]
    assert "start_child.py" in trace.read_text(encoding="utf-8")
    assert list(isolated_home.rglob("starts/*")) == []


def test_a_window_that_runs_is_not_accused(qapp: QApplication, tmp_path: Path) -> None:
    one, other = RunningStart(tmp_path), RunningStart(tmp_path)
    one.change(folder="/photos")
    assert take_ended(tmp_path) == []
    one.end()
    other.end()
    assert take_ended(tmp_path) == []
    assert list((tmp_path / "starts").iterdir()) == []


def _left(folder: Path, number: int, *, trace: str = "", **changes: object) -> None:
    """Leave behind what a start leaves that did not end in order."""
    running = folder / "starts"
    running.mkdir(exist_ok=True)
    start = RunningStart(folder)
    note = {**json.loads(start._base.with_name(start._base.name + ".json").read_text(encoding="utf-8")), **changes}
    start.end()
    base = running / f"20260101T0000{number:02d}-{number}-abcd"
    base.with_name(base.name + ".json").write_text(json.dumps(note), encoding="utf-8")
    base.with_name(base.name + ".trace").write_text(trace, encoding="utf-8")


def test_kinds_of_ends_are_told_apart(qapp: QApplication, tmp_path: Path) -> None:
    for number, changes in enumerate(({"trace": "Fatal Python error: Aborted"}, {"boot": "another"}, {})):
        _left(tmp_path, number, **changes)  # type: ignore[arg-type]
    kinds = {ended.kind for ended in take_ended(tmp_path)}
    assert kinds == {EndKind.CRASHED, EndKind.RESTARTED, EndKind.KILLED}
    assert take_ended(tmp_path) == []


def test_records_that_make_no_sense_are_passed_over_and_only_the_last_few_kept(
    qapp: QApplication, tmp_path: Path
) -> None:
    for number in range(14):
        _left(tmp_path, number, trace="x")
    for number, text in enumerate(("", "not json", "[" * 100_000, '{"pid": "x"}', "null")):
        (tmp_path / "starts" / f"2027-{number}.json").write_text(text, encoding="utf-8")
    assert len(take_ended(tmp_path)) == 14
    assert len({path.stem for path in kept_traces(tmp_path)}) == 10
    assert list((tmp_path / "starts").iterdir()) == []


def test_words_about_ends() -> None:
    now = datetime(2026, 11, 26, 20, 12).astimezone()
    note = StartNote(folder="/home/a/photos", is_closing=True)
    end = EndedStart(note, EndKind.CRASHED, now - timedelta(days=1))
    heading, text = crash_text(end, before=2, now=now)
    assert heading == "SegTool crashed when it ran last"
    assert text == (
        "It happened yesterday at 20:12 while it was being closed, while “photos” was open. "
        "It had crashed 2 more times before.\n\nMasks that were saved are safe. "
        "Strokes that were not saved yet are offered to you when that folder is opened."
    )
    restarted = EndedStart(StartNote(), EndKind.RESTARTED, now)
    assert other_end_text(restarted, now=now) == (
        "The computer stopped or was restarted today at 20:12 while SegTool was running. No folder was open."
    )
    killed = EndedStart(StartNote(folder="/home/a/photos"), EndKind.KILLED, now)
    assert other_end_text(killed, is_offered=True, now=now) == (
        "SegTool was stopped by the computer or by another program today at 20:12 while “photos” was open. "
        "Masks that were saved are safe."
    )
    assert when_text(now - timedelta(days=9), now) == "on 2026-11-17 at 20:12"
