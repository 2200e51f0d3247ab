from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from segtool.core.errors import SaveError
from segtool.project import backups as module
from segtool.project.backups import MAX_BACKUPS, add_backup, backups, newest_good, put_back
from segtool.project.project import Project
from segtool.project.state import ProjectState
from segtool.project.state_file import write_state
from segtool.project.status import Status


class Clock(datetime):
    """Stands at a time that a test sets."""

    at = datetime(2026, 1, 1, 12, 0, 0)

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return cls.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(module, "datetime", Clock)
    monkeypatch.setattr(Clock, "at", datetime(2026, 1, 1, 12, 0, 0))
    return Clock


def numbered(number: int) -> bytes:
    return json.dumps({"format": 2, "active_model": str(number)}).encode()


def numbers(folder: Path) -> list[int]:
    return [int(json.loads(item.path.read_bytes())["active_model"]) for item in backups(folder)]


def test_the_newest_is_what_was_written_last_and_the_others_reach_back(tmp_path: Path, clock: type[Clock]):
    # Somebody works for four hours and is saved every minute.
    for minute in range(240):
        clock.at = datetime(2026, 1, 1, 12, 0, 0) + timedelta(minutes=minute)
        add_backup(tmp_path, numbered(minute))
        assert numbers(tmp_path)[0] == minute
        assert len(numbers(tmp_path)) <= MAX_BACKUPS
    kept = numbers(tmp_path)
    assert all(newer - older >= 10 for newer, older in zip(kept[1:], kept[2:], strict=False))
    assert kept[0] - kept[-1] >= 80


def test_a_clock_that_is_set_back_changes_nothing(tmp_path: Path, clock: type[Clock]):
    for number, hour in enumerate((20, 8, 9, 7)):
        clock.at = datetime(2026, 1, 1, hour, 0, 0)
        add_backup(tmp_path, numbered(number))
    assert numbers(tmp_path) == [3, 2, 1, 0]


def test_the_newest_that_can_be_read_whole_is_offered(tmp_path: Path, clock: type[Clock]):
    assert newest_good(tmp_path) is None
    for number in range(3):
        clock.at += timedelta(hours=1)
        add_backup(tmp_path, numbered(number))
    backups(tmp_path)[0].path.write_bytes(b'{"format": 2, "act')
    (tmp_path / ".segtool" / "backups" / "segtool-9999-2026-13-01T00-00-00.json").touch()
    os.mkfifo(tmp_path / ".segtool" / "backups" / "segtool-9998-2026-01-01T00-00-00.json")
    good = newest_good(tmp_path)
    assert good is not None
    assert good.file.state.active_model == "1"
    assert good.time_text == "14:00"
    clock.at += timedelta(days=1)
    assert good.time_text == "2026-01-01 14:00"


def test_whatever_is_in_the_way_of_a_backup_saving_goes_on(tmp_path: Path):
    (tmp_path / ".segtool").write_text("a file in the way")
    project = Project.open(tmp_path)
    project.set_active_model("nuclei")
    project.save_state()
    assert Project.open(tmp_path).active_model == "nuclei"


def test_saving_keeps_what_was_there_before_and_what_was_written(tmp_path: Path):
    write_state(tmp_path / "segtool.json", ProjectState(active_model="before"))
    project = Project.open(tmp_path)
    project.set_active_model("after")
    project.save_state()
    assert [json.loads(item.path.read_bytes())["active_model"] for item in backups(tmp_path)] == ["after", "before"]


def test_a_file_of_an_older_format_is_kept_before_it_is_written_anew(tmp_path: Path):
    old = json.dumps(
        {"format": 1, "known": ["a.png", "b.png"], "held_out": ["a.png"], "images_in": ".", "later": [1]}
    ).encode()
    (tmp_path / "segtool.json").write_bytes(old)
    (tmp_path / "a.png").touch()
    project = Project.open(tmp_path)
    project.save_state()
    # Nothing has changed, so nothing is written.
    assert (tmp_path / "segtool.json").read_bytes() == old
    project.set_status("a.png", Status.CORRECTED)
    project.save_state()
    value = json.loads((tmp_path / "segtool.json").read_bytes())
    assert (value["format"], value["held_out"], value["trained_on"], value["later"]) == (2, ["a.png"], ["b.png"], [1])
    assert value["written_by"].startswith("SegTool ")
    assert "known" not in value
    assert Project.open(tmp_path).state.known == ("a.png", "b.png")
    assert (tmp_path / ".segtool" / "backups" / "segtool.json.format-1").read_bytes() == old


def test_putting_back_keeps_the_damaged_file_under_a_name_of_its_own(tmp_path: Path):
    path = tmp_path / "segtool.json"
    add_backup(tmp_path, numbered(1))
    names = set()
    for damaged in (b"first", b"second"):
        path.write_bytes(damaged)
        aside = put_back(tmp_path, newest_good(tmp_path), word="damaged")
        assert aside.read_bytes() == damaged
        assert path.read_bytes() == numbered(1)
        names.add(aside.name)
    assert len(names) == 2
    put_back(tmp_path, None, word="damaged")
    assert not path.exists()


def test_if_the_backup_cannot_be_put_there_the_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "segtool.json"
    add_backup(tmp_path, numbered(1))
    path.write_bytes(b"damaged")

    def fail(*_: object) -> None:
        raise SaveError("no space left", path=path)

    monkeypatch.setattr(module, "write_atomic", fail)
    with pytest.raises(SaveError):
        put_back(tmp_path, newest_good(tmp_path), word="damaged")
    assert path.read_bytes() == b"damaged"
    assert list(tmp_path.glob("segtool.json.*")) == []
