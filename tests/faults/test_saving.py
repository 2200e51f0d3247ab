"""Saving, put through kills, full disks, failing calls, lost power and other programs (R1, R3, R4, R7, R16)."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.app import make_application
from segtool.formats.mask_png import encode_mask, read_mask, write_mask
from segtool.gui.session import Session
from segtool.gui.session_state import SaveKind
from tests.faults.counting import FaultCount, Times
from tests.faults.painting import paint_at_random

Counted = Callable[[FaultCount], None]
ROOT = Path(__file__).parents[2]
posix_only = pytest.mark.skipif(os.name == "nt", reason="needs signals and limits of Unix")


def make_folder(folder: Path, sizes: dict[str, tuple[int, int]]) -> Path:
    """Make a folder of plain images by name and (height, width)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (height, width) in sizes.items():
        assert cv2.imwrite(os.fspath(folder / name), np.full((height, width), 90, dtype=np.uint8))
    return folder


@pytest.fixture
def session(qapp: QApplication) -> Iterator[Session]:
    make_application()
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    yield session
    session.close()


def settled(session: Session, qtbot: QtBot) -> SaveKind:
    """Wait until the save that was asked for has ended, well or not."""
    qtbot.waitUntil(lambda: session.save_state.kind is not SaveKind.SAVING, timeout=20_000)
    return session.save_state.kind


# R1 --------------------------------------------------------------------------------------------


class _Lives:
    """The program that paints and saves, and what it has said in its present life."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.faults.saving_child", os.fspath(folder)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": "."}
        )
        self.painted: dict[str, list[str]] = defaultdict(list)
        self.saved: dict[str, int] = defaultdict(int)

    def live_and_die(self, *, saves: int, then: float) -> None:
        """Let it save a number of times and wait for that many seconds more, then kill it."""
        assert self._process.stdin is not None
        self.painted.clear()
        self.saved.clear()
        self._process.stdin.write(b"live\n")
        self._process.stdin.flush()
        child = int(self._line()[1])
        while sum(self.saved.values()) < saves:
            self._note(self._line())
        # A random moment inside what follows; nothing is waited for here but time, on purpose.
        deadline = time.monotonic() + then
        while time.monotonic() < deadline:
            pass
        os.kill(child, signal.SIGKILL)
        while (words := self._line()) != ["dead"]:
            self._note(words)

    def close(self) -> None:
        self._process.communicate(timeout=60)

    def _line(self) -> list[str]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the program has ended by itself"
        return line.decode().split()

    def _note(self, words: list[str]) -> None:
        if words[0] == "painted":
            self.painted[words[1]].append(words[3])
        elif words[0] == "saved":
            # One save for each stroke, in their order.
            self.saved[words[1]] += 1


@posix_only
def test_kills_while_masks_are_saved(tmp_path: Path, times: Times, counted: Counted, session: Session) -> None:
    folder = make_folder(tmp_path / "photos", {"s.png": (90, 120), "m.png": (600, 800), "l.png": (1500, 2000)})
    count, rng = times(quick=4, full=1000), random.Random(1)
    lives, bad, orphans = _Lives(folder), [], 0
    on_disk: dict[str, str] = {}
    for number in range(count):
        lives.live_and_die(saves=rng.randrange(0, 4), then=rng.uniform(0, 0.15))
        for key in ("s.png", "m.png", "l.png"):
            path = folder / "masks" / key
            # What a later life finds there is what it starts from.
            allowed = [on_disk.get(key, ""), *lives.painted[key]][lives.saved[key] :]
            try:
                found = hashlib.sha256(read_mask(path).tobytes()).hexdigest() if path.exists() else ""
            except Exception as exc:
                bad.append(f"life {number}: {exc}")
                continue
            if found not in allowed:
                bad.append(f"life {number}: {key} is older than its last save")
            on_disk[key] = found
    lives.close()
    # Few kills leave one, and there has to be one to be swept.
    (folder / "masks" / ".s.png.1.ab.segtmp").write_bytes(b"cut sh")
    for path in (folder / "masks").glob(".*.segtmp"):
        orphans += 1
        os.utime(path, (time.time() - 7200,) * 2)
    assert session.open_folder(folder)
    session.troubles.close()
    left = len(list((folder / "masks").glob(".*.segtmp")))
    counted(
        FaultCount(
            "R1",
            "kill -9 at a random moment while masks of three sizes are saved",
            count,
            len(bad) + left,
            "every mask reads back and is none older than the last save that was told; leftovers are swept",
            "; ".join(bad[:3]) or f"{orphans} temporary files left behind, {left} after the next start",
        )
    )


# R3 --------------------------------------------------------------------------------------------


@contextmanager
def small_disk(place: Path, *, kind: str) -> Iterator[Path]:
    """Mount a disk of 1 MB (tmpfs) or 8 MB (ext4 in a file); the test is skipped where that is not allowed."""
    place.mkdir()
    if kind == "tmpfs":
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", os.fspath(place)]
    else:
        image = place.with_suffix(".ext4")
        image.write_bytes(bytes(8 << 20))
        made = subprocess.run(["mkfs.ext4", "-q", os.fspath(image)], capture_output=True, check=False)
        if made.returncode:
            pytest.skip("an ext4 file system cannot be made here")
        command = ["mount", "-o", "loop", os.fspath(image), os.fspath(place)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", os.fspath(place)], check=True, capture_output=True)


class _Ballast:
    """A file that takes all the space there is."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast.bin"

    def fill(self) -> None:
        with self._path.open("wb", buffering=0) as file:
            for size in (1 << 16, 1 << 10, 1):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def remove(self) -> None:
        self._path.unlink()


class _Quota:
    """A limit on the size of files in place of a full disk, for systems where nothing can be mounted."""

    def fill(self) -> None:
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, self._before[1]))

    def remove(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)


def _fill_again_and_again(
    session: Session, folder: Path, space: _Ballast | _Quota, count: int, qtbot: QtBot
) -> list[str]:
    """Fail to save a number of times, each time another mask, and save once there is space; return what was bad."""
    rng, bad = np.random.default_rng(5), []
    questions: set[str] = set()
    session.question.connect(lambda text, level, choices: questions.add(text))
    session.message_over.connect(questions.discard)
    assert session.open_folder(folder)
    assert session.open_image("a.png")
    paint_at_random(session, rng)
    assert session.wait_until_saved()
    path, state = folder / "masks" / "a.png", folder / "segtool.json"
    for number in range(count):
        old, old_state = path.read_bytes(), state.read_bytes()
        space.fill()
        try:
            paint_at_random(session, rng)
            session.approve()
            if session.wait_until_saved():
                bad.append(f"{number}: a save on a full disk was taken for a success")
            if path.read_bytes() != old or state.read_bytes() != old_state:
                bad.append(f"{number}: the old file was touched")
            if not session.is_dirty or len(questions) != 1:
                bad.append(f"{number}: dirty {session.is_dirty}, questions {sorted(questions)}")
        finally:
            space.remove()
        session.troubles.retry()
        qtbot.waitUntil(lambda: not session.is_dirty, timeout=20_000)
        if questions or not np.array_equal(read_mask(path), session.document.mask):
            bad.append(f"{number}: not saved once there was space")
    return bad


@posix_only
@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
def test_a_full_disk(tmp_path: Path, session: Session, times: Times, counted: Counted, qtbot: QtBot, kind: str) -> None:
    count = times(quick=3, full=50)
    with small_disk(tmp_path / "disk", kind=kind) as place:
        folder = make_folder(place / "photos", {"a.png": (300, 400)})
        bad = _fill_again_and_again(session, folder, _Ballast(place), count, qtbot)
        session.close()
    counted(
        FaultCount(
            "R3",
            f"save on a full disk ({kind})",
            count,
            len(bad),
            "old mask and segtool.json bit-identical, the mask stays unsaved, one message, saved once there is space",
            "; ".join(bad[:3]),
        )
    )


@posix_only
def test_a_quota(tmp_path: Path, session: Session, times: Times, counted: Counted, qtbot: QtBot) -> None:
    count = times(quick=3, full=50)
    folder = make_folder(tmp_path / "photos", {"a.png": (300, 400)})
    bad = _fill_again_and_again(session, folder, _Quota(), count, qtbot)
    counted(
        FaultCount(
            "R3",
            "save past a quota",
            count,
            len(bad),
            "old mask and segtool.json bit-identical, the mask stays unsaved, one message, saved once there is space",
            "; ".join(bad[:3]),
        )
    )


# R4 --------------------------------------------------------------------------------------------

_CALLS = ("open", "write", "fsync", "fchmod", "close", "replace", "stat", "fstat", "mkdir", "access")


class _Calls:
    """Counts the calls of the system that a save makes in its thread, and lets one of them fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        self._fail_at, self._number = -1, 0
        for name in _CALLS:
            if hasattr(os, name):
                monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def begin(self, *, fail_at: int = -1, number: int = 0) -> None:
        self.made, self._fail_at, self._number = [], fail_at, number

    def _wrapped(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            if threading.current_thread() is threading.main_thread():
                return real(*args, **kwargs)
            place = len(self.made)
            self.made.append(name)
            if place != self._fail_at:
                return real(*args, **kwargs)
            if name == "close":
                real(*args, **kwargs)
            if name == "write" and self._number == 0:
                return real(args[0], args[1][: len(args[1]) // 2])
            raise OSError(self._number or errno.EIO, os.strerror(self._number or errno.EIO))

        return call


@posix_only
def test_each_call_of_the_system_failing_once(
    tmp_path: Path,
    session: Session,
    times: Times,
    counted: Counted,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    folder = make_folder(tmp_path / "photos", {"a.png": (60, 80)})
    path, rng = folder / "masks" / "a.png", np.random.default_rng(6)
    assert session.open_folder(folder)
    assert session.open_image("a.png")
    paint_at_random(session, rng)
    assert session.wait_until_saved()
    document = session.document
    assert document is not None
    calls, tried, bad = _Calls(monkeypatch), 0, []
    numbers = [0, errno.EIO, errno.ENOSPC, errno.EACCES, errno.EINTR, errno.EROFS][: times(quick=2, full=6)]
    calls.begin()
    paint_at_random(session, rng)
    session.save()
    assert settled(session, qtbot) is SaveKind.SAVED
    for fail_at, name in enumerate(list(calls.made)):
        for number in numbers:
            old = path.read_bytes()
            calls.begin(fail_at=fail_at, number=number)
            paint_at_random(session, rng)
            session.save()
            kind = settled(session, qtbot)
            tried += 1
            found, new = path.read_bytes(), encode_mask(document.mask)
            if found not in (old, new) or (kind is SaveKind.SAVED) != (not session.is_dirty):
                bad.append(f"call {fail_at} ({name}, {os.strerror(number)}): neither old nor new")
            if kind is SaveKind.SAVED and found != new:
                bad.append(f"call {fail_at} ({name}): called saved and is not")
            calls.begin()
            session.troubles.keep_mine("a.png")
            if settled(session, qtbot) is not SaveKind.SAVED or path.read_bytes() != new:
                bad.append(f"call {fail_at} ({name}): not saved by the next save")
    left = [item.name for item in path.parent.iterdir() if item.name != "a.png"]
    counted(
        FaultCount(
            "R4",
            "each call of the system that a save makes fails once, in each way",
            tried,
            len(bad) + len(left),
            "the old or the new mask is there whole, what is not saved stays unsaved, the next save works",
            "; ".join([*bad, *left][:3]) or f"{len(calls.made)} calls a save",
        )
    )


# R7 --------------------------------------------------------------------------------------------


class _Disk:
    """What a disk may hold after the power was lost: what was synced, and of the rest anything."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log: list[tuple[str, str, bytes]] = []
        self._names: dict[int, str] = {}
        real_open, real_write, real_fsync, real_replace = os.open, os.write, os.fsync, os.replace

        def opened(path: os.PathLike[str] | str, flags: int, *args: int, **kwargs: int) -> int:
            descriptor = real_open(path, flags, *args, **kwargs)
            self._names[descriptor] = os.fspath(path)
            return descriptor

        def written(descriptor: int, data: bytes) -> int:
            size = real_write(descriptor, data)
            self.log.append(("write", self._names[descriptor], bytes(data[:size])))
            return size

        def synced(descriptor: int) -> None:
            real_fsync(descriptor)
            is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            self.log.append(("sync folder" if is_folder else "sync", self._names[descriptor], b""))

        def replaced(source: Path, target: Path) -> None:
            real_replace(source, target)
            self.log.append(("replace", os.fspath(source), os.fspath(target).encode()))

        for name, function in (("open", opened), ("write", written), ("fsync", synced), ("replace", replaced)):
            monkeypatch.setattr(os, name, function)

    def worlds(self, steps: int, target: Path, old: bytes | None) -> Iterator[bytes | None]:
        """Yield each content that a file may have if the power goes after so many steps of the log."""
        contents: dict[str, bytes] = {}
        synced: set[str] = set()
        candidates: list[bytes | None] = [old]
        for kind, name, data in self.log[:steps]:
            if kind == "write":
                contents[name] = contents.get(name, b"") + data
                synced.discard(name)
            elif kind == "sync":
                synced.add(name)
            elif kind == "replace" and data.decode() == os.fspath(target):
                whole = contents[name]
                parts = [whole] if name in synced else [b"", whole[: len(whole) // 2], bytes(len(whole)), whole]
                # Until the folder is synced, the old name may still be what is found.
                candidates = [*candidates, *parts]
                last = parts
            elif kind == "sync folder" and name == os.fspath(target.parent):
                candidates = list(last)
        yield from candidates


@posix_only
def test_power_lost_after_each_step(
    tmp_path: Path, times: Times, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, bad, tried = np.random.default_rng(7), [], 0
    disk = _Disk(monkeypatch)
    for number in range(times(quick=5, full=200)):
        path = tmp_path / f"{number % 20}.png"
        old = path.read_bytes() if path.exists() else None
        mask = rng.integers(0, 3, size=(40, 50), dtype=np.uint8)
        disk.log.clear()
        write_mask(path, mask)
        new = encode_mask(mask)
        for steps in range(len(disk.log) + 1):
            tried += 1
            if any(world not in (old, new) for world in disk.worlds(steps, path, old)):
                bad.append(f"save {number}, after {steps} steps: neither old nor new")
        if any(world != new for world in disk.worlds(len(disk.log), path, old)):
            bad.append(f"save {number}: told as saved, and may be gone")
    counted(
        FaultCount(
            "R7",
            "power lost after each step of a save (every order in which a disk may have written it)",
            tried,
            len(bad),
            "the old or the new mask, never a mixture; the new one once the save is told",
            "; ".join(bad[:3]),
        )
    )


# R16 -------------------------------------------------------------------------------------------


def test_masks_changed_by_another_program(
    tmp_path: Path, session: Session, times: Times, counted: Counted, qtbot: QtBot
) -> None:
    count, rng = times(quick=6, full=100), np.random.default_rng(16)
    folder = make_folder(tmp_path / "photos", {"a.png": (60, 80)})
    path = folder / "masks" / "a.png"
    assert session.open_folder(folder)
    assert session.open_image("a.png")
    bad = []
    for number in range(count):
        if rng.random() < 0.5:
            paint_at_random(session, rng)
            assert session.wait_until_saved()
        paint_at_random(session, rng)
        theirs = rng.integers(0, 2, size=(60, 80), dtype=np.uint8)
        how = number % 3
        if how == 0:
            write_mask(path, theirs)
        elif how == 1:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(encode_mask(theirs))
        else:
            # Of another size, in pixels.
            write_mask(path, theirs[:50])
        content, mine = path.read_bytes(), session.document.mask.copy()
        session.save()
        settled(session, qtbot)
        if path.read_bytes() != content or not session.save_state.can_force or not session.is_dirty:
            bad.append(f"{number}: overwritten or not asked about")
        session.troubles.keep_mine("a.png")
        if settled(session, qtbot) is not SaveKind.SAVED or not np.array_equal(read_mask(path), mine):
            bad.append(f"{number}: not kept when asked to")
    counted(
        FaultCount(
            "R16",
            "another program changes a mask between its opening and its saving",
            count,
            len(bad),
            "the person is asked, and nothing is overwritten before they have answered",
            "; ".join(bad[:3]),
        )
    )
