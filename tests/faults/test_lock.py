"""Two programs on one folder, and locks that nobody is sure about (R6)."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from segtool.app import make_application
from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask
from segtool.gui.session import Session
from segtool.gui.session_state import LockAnswer
from segtool.project.holder import Holder
from segtool.project.lock import LOCK_FILE, LockFound
from segtool.project.project import Project
from tests.faults.counting import FaultCount, Times
from tests.faults.lock_child import IMAGE, IMAGES_EACH, ROWS

Counted = Callable[[FaultCount], None]
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs fork and signals of Unix")


@pytest.fixture(autouse=True)
def images_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segtool.gui.loading.loader.PATIENCE_MS", 20_000)


@pytest.fixture
def session(qapp: QApplication) -> Iterator[Session]:
    make_application()
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    yield session
    session.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in [IMAGE, *(f"{who}{number}.png" for who in ROWS for number in range(IMAGES_EACH))]:
        assert cv2.imwrite(os.fspath(folder / name), np.full((2, 300), 90, dtype=np.uint8))
    return folder


class _Program:
    """A program that forks a life for each order."""

    def __init__(self, folder: Path, name: str) -> None:
        elsewhere = folder.parent / f"elsewhere of {name}"
        elsewhere.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "tests.faults.lock_child", os.fspath(folder), os.fspath(elsewhere), name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": "."}
        )
        self.name, self.saved, self.refused = name, 0, 0

    def order(self, *, count: int, dies: bool) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{self.saved} {count} {int(dies)}\n".encode())
        self._process.stdin.flush()

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().decode().strip()

    def wait(self) -> str:
        """Wait until the life has ended and count what it has saved; return what is wrong with its end, or ""."""
        while not (line := self.line()).startswith("dead") and line:
            self.saved += line.startswith("saved")
            self.refused += line == "refused"
        return "" if line == "dead" else line or "no word"

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def test_two_programs_that_save_by_turns_lose_nothing(folder: Path, times: Times, counted: Counted) -> None:
    saves, each = times(quick=8, full=500), times(quick=2, full=10)
    programs, wrong, kills = [_Program(folder, name) for name in ROWS], [], 0
    for turn in range(saves // (2 * each)):
        # In most turns one of them is killed with the folder in its hands.
        victim = turn % 3
        for number, program in enumerate(programs):
            program.order(count=each, dies=number == victim)
        kills += victim < len(programs)
        wrong += [f"{program.name} ended: {end}" for program in programs if (end := program.wait())]
    for program in programs:
        program.end()
    mask, project, lost = read_mask(folder / "masks" / IMAGE), Project.open(folder), 0
    for program in programs:
        lost += int(np.count_nonzero(mask[ROWS[program.name], : program.saved] != 1))
        for number in range(max(0, program.saved - IMAGES_EACH), program.saved):
            told = project.predicted_by(f"{program.name}{number % IMAGES_EACH}.png")
            lost += told != f"{program.name} {number}"
    done, refused = sum(program.saved for program in programs), sum(program.refused for program in programs)
    counted(
        FaultCount(
            test="R6",
            done="saves of one mask and of segtool.json by two programs that take the folder from each other",
            times=saves,
            bad=lost + abs(saves - done) + len(wrong),
            promise="every change of either is in the files at the end",
            found="; ".join(
                [f"{kills} kill -9 with the folder in hand", f"{refused} times read-only at first", *wrong[:3]]
            ),
        )
    )


def test_programs_that_know_no_lock_merge_what_they_write(folder: Path, times: Times, counted: Counted) -> None:
    each, lost = times(quick=20, full=500) // 2, 0
    keys = [entry.key for entry in Project.open(folder).entries]

    def work(name: str) -> None:
        project = Project.open(folder)
        for number in range(each):
            own = [key for key in keys if key.startswith(name)]
            project.note_prediction(own[number % len(own)], f"{name} {number}")
            project.save_state()

    threads = [threading.Thread(target=work, args=(name,)) for name in ROWS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    project = Project.open(folder)
    for name in ROWS:
        own = [key for key in keys if key.startswith(name)]
        last = {own[number % len(own)]: f"{name} {number}" for number in range(each)}
        lost += sum(project.predicted_by(key) != told for key, told in last.items())
    counted(
        FaultCount(
            test="R6",
            done="saves of segtool.json from two sides at once, without the lock of the folder",
            times=2 * each,
            bad=lost,
            promise="what either has written last is in the file at the end",
        )
    )


def test_a_second_window_is_read_only_until_the_first_is_killed(
    session: Session, folder: Path, tmp_path: Path, times: Times, counted: Counted
) -> None:
    rounds, wrong, program = times(quick=2, full=50), [], _Program(folder, "a")
    for turn in range(rounds):
        assert session.open_folder(tmp_path)
        program.order(count=0, dies=False)
        pid = int(program.line().removeprefix("born "))
        assert program.line() == "open"
        assert session.open_folder(folder)
        assert session.open_image(IMAGE)
        before = session.project.writable_reason
        session.holding.edit_here()
        if not (f"process {pid}" in before and before == session.project.writable_reason and not session.may_edit()):
            wrong.append(f"not refused: {before!r}")
        os.kill(pid, signal.SIGKILL)
        program.wait()
        session.holding.edit_here()
        if session.project.writable_reason or not session.begin_stroke("Stroke"):
            wrong.append(f"not given: {session.project.writable_reason!r}")
            continue
        session.paint(Rect(turn, 0, 1, 1), np.array([[True]]), 1)
        session.end_stroke()
        if not session.wait_until_saved() or read_mask(folder / "masks" / IMAGE)[0, turn] != 1:
            wrong.append("not saved")
    program.end()
    counted(
        FaultCount(
            test="R6",
            done="a second window on a folder, whose first is then killed",
            times=rounds,
            bad=len(wrong),
            promise="the second names the first and is read-only; after the kill it edits and saves",
            found="; ".join(wrong[:3]),
        )
    )


def _doubtful_lock(rng: random.Random) -> bytes:
    """Return a lock of another computer, or a damaged one."""
    value = json.loads(Holder.here(Path("photos"), doing="window").to_bytes())
    match rng.randrange(4):
        case 0:
            return json.dumps({**value, "host": f"attic-{rng.random()}"}).encode()
        case 1:
            return json.dumps({**value, "format": rng.randrange(2, 99)}).encode()
        case 2:
            return json.dumps(value).encode()[: rng.randrange(150)]
        case _:
            return rng.randbytes(rng.randrange(300))


def test_a_lock_that_nobody_is_sure_about_leads_to_a_question(
    session: Session, folder: Path, tmp_path: Path, times: Times, counted: Counted
) -> None:
    rounds, wrong, rng = times(quick=6, full=300), [], random.Random(6)
    asked: list[LockFound] = []
    answer: LockAnswer | None = None

    def ask(found: LockFound) -> LockAnswer | None:
        asked.append(found)
        return answer

    session.holding.ask_lock = ask
    for turn in range(rounds):
        assert session.open_folder(tmp_path)
        asked.clear()
        answer = (None, LockAnswer.VIEW, LockAnswer.EDIT)[turn % 3]
        data = _doubtful_lock(rng)
        (folder / LOCK_FILE).parent.mkdir(exist_ok=True)
        (folder / LOCK_FILE).write_bytes(data)
        is_open = session.open_folder(folder)
        is_editable = is_open and not session.project.writable_reason
        is_kept = (folder / LOCK_FILE).read_bytes() == data
        wanted = (answer is not None, answer is LockAnswer.EDIT, answer is not LockAnswer.EDIT)
        if len(asked) != 1 or (is_open, is_editable, is_kept) != wanted:
            wrong.append(f"{data[:40]!r} {answer}: asked {len(asked)} times, {(is_open, is_editable, is_kept)}")
    counted(
        FaultCount(
            test="R6",
            done="opening a folder with the lock of another computer, or a damaged one",
            times=rounds,
            bad=len(wrong),
            promise="a person is asked, what they answer is done, and the lock is not touched unasked",
            found="; ".join(wrong[:3]),
        )
    )
