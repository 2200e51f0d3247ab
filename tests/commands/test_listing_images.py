"""``segtool info`` says what correcting a folder has taken, if that is recorded."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from segtool import cli
from segtool.project.effort import EffortRecord
from segtool.project.status import Status


def _told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert cli.main(["info", *map(str, arguments)]) == cli.DONE
    return capsys.readouterr().out


def test_the_effort_is_told_after_the_images(sample_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = [
        EffortRecord(f"{number}.png", "2026-01-01T00:00:00Z", "", "", Status.APPROVED, seconds, 2, 1, 100)
        for number, seconds in enumerate((60.0, 60.0, 60.0, 15.0, 15.0, 15.0))
    ]
    lines = [json.dumps(asdict(record)) for record in records]
    (sample_folder / "effort.jsonl").write_text("\n".join(lines), encoding="ascii")
    assert _told(capsys, sample_folder).splitlines()[-2:] == [
        "6 images corrected or approved with 12 strokes in 3:45 min.",
        "The last 3 images took 15 s each, the first 3 took 60 s: 75 % less.",
    ]
    assert json.loads(_told(capsys, sample_folder, "--json"))["effort"] == {
        "images": 6,
        "seconds": 225.0,
        "strokes": 12,
        "undos": 6,
    }


def test_without_a_record_nothing_is_said_of_it(sample_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _told(capsys, sample_folder).splitlines()[-1] == "6 images"
    assert json.loads(_told(capsys, sample_folder, "--json"))["effort"] is None
