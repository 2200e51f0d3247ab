from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segtool.core.classes import DEFAULT_CLASSES
from segtool.core.errors import MaskError, SaveError
from segtool.formats.mask_png import write_mask
from segtool.project.effort import EffortLog, EffortRecord, Visit
from segtool.project.effort_summary import time_text, total_text, trend_text, write_csv
from segtool.project.shown import keep_shown, read_shown
from segtool.project.status import Status

VISIT = Visit("a.png", seconds=12.34, strokes=3, undos=1, status=Status.CORRECTED, model="cells")
RECORD = EffortRecord("a.png", "2026-01-01T00:00:00Z", "cells", "00ff00ff", Status.APPROVED, 20.0, 4, 1, 100, 5)


class Folder:
    """One mask with what was shown for it, and a log beside them."""

    def __init__(self, root: Path) -> None:
        self.path = root / "effort.jsonl"
        self.mask, self.shown = root / "masks" / "a.png", root / ".segtool" / "shown" / "a.png"
        self.show(np.zeros((10, 12), dtype=np.uint8))
        saved = np.zeros((10, 12), dtype=np.uint8)
        saved[2:6, 2:5] = 1
        write_mask(self.mask, saved)

    def show(self, pixels: np.ndarray) -> None:
        keep_shown(self.shown, pixels)

    def add(self, visit: Visit = VISIT, *, log: EffortLog | None = None) -> EffortRecord:
        log = EffortLog(self.path) if log is None else log
        return log.add(visit, mask_path=self.mask, shown_path=self.shown, classes=DEFAULT_CLASSES)

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.path.read_text(encoding="ascii").splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_visit_is_measured_and_written_as_one_line(folder: Folder) -> None:
    record = folder.add()
    (line,) = folder.lines()
    assert line == {
        "key": "a.png",
        "when": record.when,
        "model": "cells",
        "shown": record.shown,
        "status": "corrected",
        "seconds": 12.3,
        "strokes": 3,
        "undos": 1,
        "pixels": 120,
        "pixels_changed": 12,
        "added_path": 10,
        "shown_f1": 0.0,
        "shown_iou": 0.0,
    }
    assert EffortLog(folder.path).records() == (record,)
    assert record.changed_percent == 10


def test_visits_of_one_image_add_up_across_starts_of_the_program(folder: Folder) -> None:
    folder.add()
    folder.shown.read_bytes()
    write_mask(folder.mask, read_shown(folder.shown, shape=(10, 12)))
    record = folder.add(replace(VISIT, seconds=5.0, status=Status.APPROVED, model="newer"))
    assert (record.seconds, record.strokes, record.undos) == (17.3, 6, 2)
    assert (record.status, record.pixels_changed, record.shown_f1) == (Status.APPROVED, 0, 1.0)
    # The prediction that was shown is still that of the first model.
    assert record.model == "cells"
    assert len(folder.lines()) == 2
    assert EffortLog(folder.path).records() == (record,)


def test_another_prediction_of_the_same_image_is_another_record(folder: Folder) -> None:
    log = EffortLog(folder.path)
    first = folder.add(log=log)
    folder.show(np.ones((10, 12), dtype=np.uint8))
    second = folder.add(replace(VISIT, model="newer"), log=log)
    assert second.shown != first.shown
    assert (second.model, second.strokes, second.pixels_changed) == ("newer", 3, 108)
    assert log.records() == (first, second)


def test_without_a_prediction_only_the_work_is_known(folder: Folder) -> None:
    folder.shown.unlink()
    record = folder.add()
    assert (record.seconds, record.strokes, record.model, record.shown) == (12.3, 3, "", "")
    assert record.pixels_changed is None
    assert record.shown_f1 is None
    assert record.changed_percent is None
    assert EffortLog(folder.path).records() == (record,)


DAMAGED = (
    b"\x00\xff not JSON",
    b"[1, 2]",
    b'{"key": "a.png"}',
    b'{"key": 7, "when": "", "model": "", "shown": "", "status": "corrected", "seconds": 1, "strokes": 1, "undos": 0, '
    b'"pixels": 9}',
    b'{"key": "x", "when": "", "model": "", "shown": "", "status": "done", "seconds": 1, "strokes": 1, "undos": 0, '
    b'"pixels": 9}',
    b'{"key": "x", "when": "", "model": "", "shown": "", "status": "corrected", "seconds": NaN, "strokes": 1, '
    b'"undos": 0, "pixels": 9}',
    b'{"key": "x", "when": "", "model": "", "shown": "", "status": "corrected", "seconds": 1, "strokes": -1, '
    b'"undos": 0, "pixels": 9}',
    b'{"key": "x", "when": "", "model": "", "shown": "", "status": "corrected", "seconds": 1, "strokes": 1, '
    b'"undos": 0, "pixels": 0}',
    b'{"key": "x", "when": "", "model": "", "shown": "", "status": "corrected", "seconds": 1, "strokes": 1, '
    b'"undos": 0, "pixels": 9, "shown_f1": 1.5}',
)


@pytest.mark.parametrize("damaged", DAMAGED)
def test_damaged_lines_are_passed_over(folder: Folder, damaged: bytes) -> None:
    record = folder.add()
    whole = folder.path.read_bytes()
    folder.path.write_bytes(damaged + b"\n\n" + whole + damaged + b"\n")
    assert EffortLog(folder.path).records() == (record,)


def test_a_line_that_was_cut_short_does_not_swallow_the_next(folder: Folder) -> None:
    folder.add()
    folder.path.write_bytes(folder.path.read_bytes()[:-30])
    record = folder.add()
    assert EffortLog(folder.path).records() == (record,)
    assert record.strokes == 3


def test_names_that_are_not_unicode_and_entries_of_later_versions_are_read(folder: Folder) -> None:
    record = folder.add(replace(VISIT, key="\udcff/ü.png"))
    line = {**folder.lines()[0], "of_a_later_version": [1]}
    folder.path.write_text(json.dumps(line), encoding="ascii")
    assert EffortLog(folder.path).records() == (record,)


def test_a_record_that_cannot_be_written_is_an_error_that_names_the_file(folder: Folder) -> None:
    folder.path.mkdir()
    with pytest.raises(SaveError, match="a folder, pipe or device"):
        folder.add()
    assert EffortLog(folder.path).records() == ()


def test_a_mask_that_is_gone_is_an_error(folder: Folder) -> None:
    folder.mask.unlink()
    with pytest.raises(MaskError):
        folder.add()
    assert not folder.path.exists()


def records(*seconds: float) -> list[EffortRecord]:
    return [replace(RECORD, key=f"{number}.png", seconds=value) for number, value in enumerate(seconds)]


def test_the_trend_reads_like_a_sentence() -> None:
    assert trend_text(records(60, 50, 40, 30, 20)) == ""
    assert trend_text(records(*[64] * 10, *[21] * 10)) == (
        "The last 10 images took 21 s each, the first 10 took 64 s: 67 % less."
    )
    assert trend_text(records(10, 10, 10, 125, 125, 125)) == (
        "The last 3 images took 2:05 min each, the first 3 took 10 s: 1150 % more."
    )
    assert trend_text(records(8.04, 8.04, 8.04, 8, 8, 8)).endswith("took 8.0 s: about the same.")


def test_the_total_counts_an_image_once() -> None:
    assert total_text([]) == ""
    assert total_text([RECORD]) == "1 image corrected or approved with 4 strokes in 20 s."
    twice = [RECORD, replace(RECORD, shown="", seconds=3600.0), replace(RECORD, key="b.png", strokes=1)]
    assert total_text(twice) == "2 images corrected or approved with 9 strokes in 1:00:40 h."


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (4.51, "4.5 s"), (9.96, "10 s"), (99.4, "99 s"), (725, "12:05 min")]
)
def test_times_have_units(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_a_table_for_other_programs(tmp_path: Path) -> None:
    path = tmp_path / "effort.csv"
    write_csv(path, [RECORD, replace(RECORD, key="sub/é, b.png", pixels_changed=None, shown_f1=0.5)])
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["image"] for row in rows] == ["a.png", "sub/é, b.png"]
    assert [row["pixels_changed"] for row in rows] == ["5", ""]
    assert [row["shown_f1"] for row in rows] == ["", "0.5"]
    assert rows[0]["status"] == "approved"
    assert list(rows[0]) == [
        *("image", "when", "model", "shown", "status", "seconds", "strokes", "undos", "pixels"),
        *("pixels_changed", "added_path", "shown_f1", "shown_iou"),
    ]
