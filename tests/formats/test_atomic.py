from __future__ import annotations

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segtool.core.errors import SaveError
from segtool.formats import atomic
from segtool.formats.atomic import remove_stale_temporaries, write_atomic

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = b"old" * 1000, b"new" * 2000
posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions and pipes")
not_root = pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root may write everywhere")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(OLD)
    return path


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def fail_with(number: int) -> Callable[..., Any]:
    def failing(*_args: object, **_options: object) -> Any:
        raise OSError(number, os.strerror(number))

    return failing


def test_writes_a_new_file_and_replaces_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_atomic(path, OLD)
    assert path.read_bytes() == OLD
    write_atomic(path, NEW)
    assert path.read_bytes() == NEW
    write_atomic(path, b"")
    assert path.read_bytes() == b""
    assert names(tmp_path) == ["a.png"]


@pytest.mark.parametrize("name", ["🔬 zelle.png", "a\nb.png", "x" * 251 + ".png", "é" * 125 + ".png"])
@posix_only
def test_unusual_names(tmp_path: Path, name: str) -> None:
    write_atomic(tmp_path / name, NEW)
    write_atomic(tmp_path / name, OLD)
    assert names(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == OLD


@posix_only
def test_a_symbolic_link_stays_and_its_file_is_replaced(tmp_path: Path, target: Path) -> None:
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "b.png"
    link.symlink_to(Path("..") / "a.png")
    write_atomic(link, NEW)
    assert link.is_symlink()
    assert target.read_bytes() == NEW
    assert names(link.parent) == ["b.png"]


@posix_only
def test_a_symbolic_link_to_itself_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "a.png"
    link.symlink_to("a.png")
    with pytest.raises(SaveError, match="symbolic link"):
        write_atomic(link, NEW)


@posix_only
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o640])
def test_permissions_are_kept(target: Path, mode: int) -> None:
    target.chmod(mode)
    write_atomic(target, NEW)
    assert stat.S_IMODE(target.stat().st_mode) == mode


@posix_only
@not_root
def test_a_write_protected_file_is_left_alone(target: Path) -> None:
    target.chmod(0o444)
    with pytest.raises(SaveError, match="write-protected"):
        write_atomic(target, NEW)
    assert target.read_bytes() == OLD


@posix_only
@not_root
def test_a_read_only_folder_is_named(tmp_path: Path, target: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(SaveError, match="may be written to") as caught:
            write_atomic(target, NEW)
    finally:
        tmp_path.chmod(0o755)
    assert caught.value.path == target
    assert target.read_bytes() == OLD


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="still there"):
        write_atomic(tmp_path / "gone" / "a.png", NEW)


@posix_only
def test_folders_and_pipes_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(SaveError, match="has this name"):
            write_atomic(tmp_path / name, NEW)
    assert names(tmp_path) == ["folder", "pipe"]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_failing_call_leaves_the_old_file_whole(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail_with(number))
        with pytest.raises(SaveError) as caught:
            write_atomic(target, NEW)
    assert caught.value.path == target
    assert ("Free some space" in caught.value.remedy) == (number == errno.ENOSPC)
    assert target.read_bytes() == OLD
    assert names(tmp_path) == ["a.png"]
    write_atomic(target, NEW)
    assert target.read_bytes() == NEW


def test_a_full_disk_in_the_middle_leaves_the_old_file_whole(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_write, calls = os.write, []

    def half_then_full(descriptor: int, data: memoryview) -> int:
        calls.append(len(data))
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(descriptor, data[: len(data) // 2])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half_then_full)
        with pytest.raises(SaveError, match="no space left"):
            write_atomic(target, NEW)
    assert calls == [6000, 3000]
    assert target.read_bytes() == OLD
    assert names(tmp_path) == ["a.png"]


def test_an_error_on_closing_leaves_the_old_file_whole(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_close = os.close

    def close_then_fail(descriptor: int) -> None:
        real_close(descriptor)
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    with monkeypatch.context() as patched:
        patched.setattr(os, "close", close_then_fail)
        with pytest.raises(SaveError, match="quota"):
            write_atomic(target, NEW)
    assert target.read_bytes() == OLD
    assert names(tmp_path) == ["a.png"]


def test_short_writes_are_continued(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda descriptor, data: real_write(descriptor, data[:7]))
        write_atomic(target, NEW)
    assert target.read_bytes() == NEW


def test_a_write_that_writes_nothing_is_an_error(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda _descriptor, _data: 0)
        with pytest.raises(SaveError, match="nothing could be written"):
            write_atomic(target, NEW)
    assert target.read_bytes() == OLD


def test_an_interruption_leaves_no_temporary_file(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_atomic(target, NEW)
    assert target.read_bytes() == OLD
    assert names(tmp_path) == ["a.png"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_without_sync_will_do(target: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail_with(number))
        write_atomic(target, NEW)
    assert target.read_bytes() == NEW


@posix_only
def test_content_is_synced_before_and_the_folder_after_the_replacement(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_fsync(descriptor)

    def replace(source: Path, destination: Path) -> None:
        done.append("replace")
        real_replace(source, destination)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        patched.setattr(os, "replace", replace)
        write_atomic(target, NEW)
    assert done == ["file", "replace", "folder"]


@posix_only
def test_a_folder_that_cannot_be_synced_is_reported(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        real_fsync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        with pytest.raises(SaveError, match="input/output error"):
            write_atomic(target, NEW)
    assert target.read_bytes() == NEW


def test_a_file_that_is_held_for_a_moment_is_tried_again(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_replace, tries = os.replace, []

    def held_twice(source: Path, destination: Path) -> None:
        tries.append(source)
        if len(tries) <= 2:
            raise PermissionError(errno.EACCES, "The process cannot access the file")
        real_replace(source, destination)

    with monkeypatch.context() as patched:
        patched.setattr(atomic, "_REPLACE_DELAYS_S", (0.0, 0.0, 0.0))
        patched.setattr(os, "replace", held_twice)
        write_atomic(target, NEW)
    assert len(tries) == 3
    assert target.read_bytes() == NEW
    assert names(tmp_path) == ["a.png"]


_WRITE_PAST_A_LIMIT = """
import resource, sys
from pathlib import Path
from segtool.core.errors import SaveError
from segtool.formats.atomic import write_atomic
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_atomic(Path(sys.argv[1]), b"n" * 6000)
except SaveError as error:
    sys.exit(0 if "Free some space" in error.remedy else 3)
sys.exit(4)
"""


@posix_only
def test_a_real_limit_on_space_leaves_the_old_file_whole(tmp_path: Path, target: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _WRITE_PAST_A_LIMIT, str(target)], timeout=60, cwd=ROOT)
    assert done.returncode == 0
    assert target.read_bytes() == OLD
    assert names(tmp_path) == ["a.png"]


_WRITE_FOR_EVER = """
import itertools, sys
from pathlib import Path
from segtool.formats.atomic import write_atomic
for count in itertools.count():
    write_atomic(Path(sys.argv[1]), bytes([count % 256]) * 300_000)
    if count == 1:
        print("ready", flush=True)
"""


@posix_only
def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    rng = random.Random(0)
    for _ in range(8):
        command = [sys.executable, "-c", _WRITE_FOR_EVER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            # Look at the file a random number of times: the kill then falls at any moment of the loop.
            for _ in range(rng.randrange(1, 60)):
                content = path.read_bytes()
                assert content == content[:1] * 300_000
            child.send_signal(signal.SIGKILL)
        content = path.read_bytes()
        assert content == content[:1] * 300_000


def test_only_old_temporary_files_are_removed(tmp_path: Path) -> None:
    old, fresh, other = tmp_path / ".a.png.1.00.segtmp", tmp_path / ".b.png.1.00.segtmp", tmp_path / "c.segtmp"
    for path in (old, fresh, other):
        path.write_bytes(b"x")
    for path in (old, other):
        os.utime(path, (time.time() - 7200,) * 2)
    assert remove_stale_temporaries(tmp_path) == 1
    assert names(tmp_path) == [fresh.name, other.name]
    assert remove_stale_temporaries(tmp_path / "gone") == 0
