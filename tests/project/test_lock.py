from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from segtool.core.errors import SaveError
from segtool.project.guard import guarded
from segtool.project.holder import Holder
from segtool.project.lock import (
    LOCK_FILE,
    Claim,
    FolderHeldError,
    FolderLock,
    FolderLostError,
    _create,
    _move_away,
    look_at_lock,
)
from segtool.project.project import Project

ROOT = Path(__file__).parents[2]
# Takes a folder, says so, and holds it until it is told to end.
HOLD = """
import sys
from pathlib import Path
from segtool.project.lock import FolderLock
lock = FolderLock.take(Path(sys.argv[1]), doing="segtool segment")
sys.stdout.write("held\\n")
sys.stdout.flush()
sys.stdin.readline()
lock.release()
"""


def holder_of(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, os.fspath(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def write_lock(folder: Path, **changes: object) -> bytes:
    value = {**json.loads(Holder.here(folder, doing="window").to_bytes()), **changes}
    path = folder / LOCK_FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path.read_bytes()


def test_one_at_a_time_and_nothing_is_left(tmp_path: Path):
    lock = FolderLock.take(tmp_path, doing="window")
    with pytest.raises(
        FolderHeldError, match=f"process {os.getpid()}.* on this computer since \\d\\d:\\d\\d"
    ) as caught:
        FolderLock.take(tmp_path, doing="window")
    assert caught.value.path == tmp_path
    lock.confirm()
    lock.release()
    assert list(tmp_path.iterdir()) == []
    FolderLock.take(tmp_path, doing="window").release()


def test_who_else_has_it_is_told_and_a_killed_one_has_it_no_longer(tmp_path: Path):
    process = holder_of(tmp_path)
    with pytest.raises(FolderHeldError, match=f"being worked on by segtool segment .process {process.pid}. on this"):
        FolderLock.take(tmp_path, doing="window")
    # It is not waited for: until its parent looks at it, it stays in the list of processes.
    process.send_signal(signal.SIGKILL)
    assert process.stdout is not None
    assert process.stdout.read() == b""
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert look_at_lock(tmp_path).claim is Claim.LEFT_BEHIND
    lock = FolderLock.take(tmp_path, doing="window")
    process.wait()
    lock.confirm()
    assert sorted(path.name for path in (tmp_path / ".segtool").iterdir()) == ["lock"]


def test_a_process_that_has_the_number_of_one_that_ended_is_another(tmp_path: Path):
    write_lock(tmp_path, born="an earlier one")
    FolderLock.take(tmp_path, doing="window").release()


def test_a_folder_that_is_copied_or_renamed_while_it_is_open(tmp_path: Path):
    folder, copy, renamed = tmp_path / "photos", tmp_path / "copy", tmp_path / "renamed"
    folder.mkdir()
    lock = FolderLock.take(folder, doing="window")
    shutil.copytree(folder, copy)
    FolderLock.take(copy, doing="window").confirm()
    lock.confirm()
    folder.rename(renamed)
    with pytest.raises(FolderHeldError, match="in another window"):
        FolderLock.take(renamed, doing="window")


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda folder: write_lock(folder, host="attic", user="anna"), "open on the computer attic, by anna since"),
        (lambda folder: write_lock(folder, machine="another"), "open on the computer"),
        (lambda folder: write_lock(folder, format=2), "a newer version of SegTool has written it"),
        (lambda folder: write_lock(folder, pid="1"), "it is damaged"),
        (lambda folder: write_lock(folder, pid=2**40), "it is damaged"),
        (lambda folder: (folder / LOCK_FILE).write_bytes(b"\0" * 100), "it is damaged"),
        (lambda folder: (folder / LOCK_FILE).write_bytes(b"[" * 100_000), "it is damaged"),
        (lambda folder: (folder / LOCK_FILE).touch(), "it is damaged"),
        (lambda folder: (folder / LOCK_FILE).mkdir(), "cannot be understood"),
        (lambda folder: os.mkfifo(folder / LOCK_FILE), "not a regular file"),
    ],
)
def test_what_only_a_person_can_judge_is_not_taken_over_unasked(
    tmp_path: Path, break_it: Callable[[Path], object], words: str
):
    (tmp_path / ".segtool").mkdir()
    break_it(tmp_path)
    with pytest.raises(FolderHeldError, match=words) as caught:
        FolderLock.take(tmp_path, doing="window")
    found = caught.value.found
    assert found.needs_a_person
    assert os.fspath(tmp_path / LOCK_FILE) in caught.value.remedy
    if (tmp_path / LOCK_FILE).is_file():
        lock = FolderLock.take(tmp_path, doing="window", instead_of=found)
        lock.confirm()
        # What a person has said of one lock is not said of the next.
        with pytest.raises(FolderHeldError):
            FolderLock.take(tmp_path, doing="window", instead_of=found)


def test_what_somebody_wrote_into_a_lock_stays_one_short_line(tmp_path: Path):
    write_lock(tmp_path, host="a\nb\x1b[31m" * 100, user="", since="yesterday")
    text = look_at_lock(tmp_path).text()
    assert text.isprintable()
    assert len(text) < 200


def test_a_lock_that_was_broken_is_noticed_and_left_to_its_new_holder(tmp_path: Path):
    ours = FolderLock.take(tmp_path, doing="window")
    theirs = write_lock(tmp_path, host="attic")
    with pytest.raises(FolderLostError, match="attic"):
        ours.confirm()
    ours.release()
    assert (tmp_path / LOCK_FILE).read_bytes() == theirs
    # Also when the other one has ended: what he did has to be read first.
    (tmp_path / LOCK_FILE).unlink()
    with pytest.raises(FolderLostError):
        ours.confirm()


def test_a_lock_that_was_given_back_is_not_put_back(tmp_path: Path):
    ours = FolderLock.take(tmp_path, doing="window")
    ours.release()
    with pytest.raises(SaveError, match="closed here"):
        ours.confirm()
    theirs = FolderLock.take(tmp_path, doing="window")
    with pytest.raises(SaveError, match="closed here"):
        ours.confirm()
    theirs.confirm()
    assert not ours.is_lost


def test_the_project_file_is_not_written_by_who_has_lost_the_folder(tmp_path: Path):
    project = Project.open(tmp_path)
    project.lock = FolderLock.take(tmp_path, doing="window")
    project.set_active_model("ours")
    project.save_state()
    write_lock(tmp_path, host="attic")
    project.set_active_model("theirs")
    with pytest.raises(FolderLostError):
        project.save_state()
    assert Project.open(tmp_path).active_model == "ours"


def test_a_lock_that_was_deleted_is_put_back_unless_the_folder_is_gone(tmp_path: Path):
    folder = tmp_path / "photos"
    folder.mkdir()
    lock = FolderLock.take(folder, doing="window")
    shutil.rmtree(folder / ".segtool")
    # It is empty, as the place is where a drive was.
    lock.confirm()
    assert look_at_lock(folder).claim is Claim.FREE
    (folder / "a.png").touch()
    lock.confirm()
    assert look_at_lock(folder).claim is Claim.HERE
    shutil.rmtree(folder)
    lock.confirm()
    lock.release()
    assert not folder.exists()


def test_a_folder_that_cannot_be_locked_is_named(tmp_path: Path):
    (tmp_path / ".segtool").touch()
    with pytest.raises(SaveError, match="cannot be locked") as caught:
        FolderLock.take(tmp_path, doing="window")
    assert caught.value.path == tmp_path / LOCK_FILE


def test_without_hard_links_and_locks_of_the_system_it_works_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr("segtool.project.guard._lock_descriptor", refuse)
    lock = FolderLock.take(tmp_path, doing="window")
    with pytest.raises(FolderHeldError):
        FolderLock.take(tmp_path, doing="window")
    lock.confirm()
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_of_many_who_take_a_lock_that_was_left_behind_one_gets_it(tmp_path: Path):
    write_lock(tmp_path, born="an earlier one")
    start, got = threading.Barrier(8), []

    def take() -> None:
        start.wait()
        with contextlib.suppress(FolderHeldError):
            got.append(FolderLock.take(tmp_path, doing="window"))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    got[0].confirm()


def test_without_a_guard_no_lock_is_written_over_or_taken_away_for_another(tmp_path: Path):
    path = tmp_path / "lock"
    path.write_bytes(b"quicker")
    assert not _create(path, b"ours")
    _move_away(path, expected=b"left behind")
    assert [item.name for item in tmp_path.iterdir()] == ["lock"]
    assert path.read_bytes() == b"quicker"
    _move_away(path, expected=b"quicker")
    assert not path.exists()


def test_a_guarded_block_is_entered_by_one_at_a_time(tmp_path: Path):
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with guarded(tmp_path):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert list(tmp_path.iterdir()) == []
