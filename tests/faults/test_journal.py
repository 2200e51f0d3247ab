"""R2: whatever moment the program is killed at while a person paints, at most two seconds of painting are lost."""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from segtool.app import make_application
from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask
from segtool.gui.dialogs import ask
from segtool.gui.main_window import MainWindow
from segtool.gui.recovery_choice import Answer, FoundChanges
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.project.project import Project
from segtool.project.recovery import find_recoverable, journal_paths
from segtool.sample import draw_nuclei
from tests.faults.counting import FaultCount, Times

ROOT = Path(__file__).parent.parent.parent
MOST_S = 2.0
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the painters are forked")


@dataclass(slots=True)
class Said:
    """What a painter has said: when the mask was what, and what was coming next."""

    steps: list[tuple[float, int]] = field(default_factory=list)
    coming: tuple[float, int] | None = None

    def hear(self, line: str) -> None:
        word, *rest = line.split()
        if word == "step":
            self.steps.append((float(rest[0]), int(rest[1])))
            self.coming = None
        elif word == "coming":
            self.coming = float(rest[0]), int(rest[1])

    def loss(self, crc: int, *, killed: float) -> float | None:
        """Return for how long the mask had been another one when the painter was killed; None if it never was that."""
        if self.coming is not None and self.coming[1] == crc:
            return 0.0
        over = killed
        for when, state in reversed(self.steps):
            if state == crc:
                return max(0.0, killed - over)
            over = when
        return None


class Painters:
    """The program that forks painters, and what it says."""

    def __init__(self, home: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": os.fspath(ROOT), "HOME": os.fspath(home)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.painter"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._rest = b""
        assert self.line() == "ready"

    def line(self, *, until: float = float("inf")) -> str | None:
        """Return the next line, None if there is none before a time of the monotonic clock."""
        assert self._process.stdout is not None
        while b"\n" not in self._rest:
            left = None if until == float("inf") else max(0.0, until - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                return None
            found = os.read(self._process.stdout.fileno(), 65536)
            assert found, "the program that forks painters has ended"
            self._rest += found
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def paint(self, folder: Path, *, seed: int, seconds: float, autosave_ms: int) -> tuple[Said, float]:
        """Let one paint for so long and kill it; return what it has said, and when it was killed."""
        assert self._process.stdin is not None
        task = {"folder": os.fspath(folder), "seed": seed, "autosave_ms": autosave_ms}
        self._process.stdin.write(json.dumps(task).encode() + b"\n")
        word, pid = (self.line() or "").split()
        assert word == "forked"
        said = Said()
        while not said.steps:
            said.hear(self.line() or "")
        until = time.monotonic() + seconds
        while (line := self.line(until=until)) is not None:
            said.hear(line)
        os.kill(int(pid), signal.SIGKILL)
        killed = time.monotonic()
        while not (line := self.line() or "").startswith("gone"):
            said.hear(line)
        assert line == f"gone {int(signal.SIGKILL)}", "a painter has ended by itself"
        return said, killed

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def painters(tmp_path: Path) -> Iterator[Painters]:
    painters = Painters(tmp_path)
    yield painters
    painters.close()


@pytest.fixture
def large_image(tmp_path: Path) -> Path:
    """A drawn image of twelve megapixels."""
    pixels, _ = draw_nuclei(5, size=(300, 400))
    path = tmp_path / "large.png"
    cv2.imwrite(os.fspath(path), np.tile(pixels, (10, 10)), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return path


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setattr("segtool.gui.loading.loader.PATIENCE_MS", 60_000)
    make_application()
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    training = TrainingControl(session)
    window = MainWindow(session, training, log_file=tmp_path / "log")
    window._asks_on_close = False
    window.show()
    yield window
    window.close()


def test_a_kill_while_painting_costs_two_seconds_at_most(
    painters: Painters,
    window: MainWindow,
    large_image: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    times: Times,
    counted: Callable[[FaultCount], None],
) -> None:
    offered: list[int] = []

    def restore(parent: object, *, found: list[FoundChanges]) -> list[Answer]:
        offered.append(len(found))
        return [Answer.RESTORE] * len(found)

    monkeypatch.setattr(ask, "ask_recovery", restore)
    chance, session = random.Random(2), window._session
    rounds, bad, losses, restored = times(quick=2, full=200), [], [], 0
    for number in range(rounds):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        os.link(large_image, folder / "a.png")
        seconds = chance.uniform(0.02, 1.2 if rounds < 10 else 4.0)
        said, killed = painters.paint(folder, seed=number, seconds=seconds, autosave_ms=chance.choice((150, 600, 3000)))
        offered.clear()
        assert window.opener.open(folder)
        assert session.document is not None
        mask = session.document.mask
        loss = said.loss(zlib.crc32(np.ascontiguousarray(mask)), killed=killed)
        restored += sum(offered)
        if loss is None or loss > MOST_S or sum(offered) > 1:
            bad.append(f"{number}: lost {loss}, {offered} offered, after {seconds:.2f} s")
        else:
            losses.append(loss)
        # The journal goes once the mask is saved, not before.
        assert session.project is not None
        qtbot.waitUntil(lambda: not session.has_unsaved() and not journal_paths(session.project), timeout=60_000)
        path = session.document.entry.mask_path
        if (session.document.mask_file is not None) and not np.array_equal(read_mask(path), mask):
            bad.append(f"{number}: the mask file is another one than was restored")
        shutil.rmtree(folder)
    counted(
        FaultCount(
            test="R2",
            done="kill -9 at a random moment while a person paints 12 megapixels, saves in between",
            times=rounds,
            bad=len(bad),
            promise="the recovered mask is one that was there at most 2 s before",
            found=f"largest loss {max(losses, default=0):.2f} s, {restored} restored from a journal"
            + "".join(f"; {text}" for text in bad[:3]),
        )
    )


def test_a_damaged_journal_gives_back_a_state_that_was_there_or_is_kept_aside(
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    times: Times,
    counted: Callable[[FaultCount], None],
) -> None:
    monkeypatch.setattr("segtool.gui.loading.loader.PATIENCE_MS", 60_000)
    folder = tmp_path / "photos"
    folder.mkdir()
    pixels, _ = draw_nuclei(5, size=(280, 300))
    cv2.imwrite(os.fspath(folder / "a.png"), pixels)
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    assert session.open_folder(folder)
    assert session.open_image("a.png")
    assert session.document is not None
    chance = random.Random(3)
    states = set()
    for value in range(8):
        x = chance.randrange(280)
        assert session.apply_pixels("Fill", Rect(x, 0, 20, 280), np.full((280, 20), value % 2, np.uint8))
        states.add(zlib.crc32(np.ascontiguousarray(session.document.mask)))
    session.close()
    (path,) = journal_paths(Project.open(folder))
    whole = path.read_bytes()
    # A signature, the length and the check sum of the header, and the header.
    header_size = 16 + 8 + int.from_bytes(whole[16:20], "little")
    rounds, bad, offered = times(quick=25, full=1000), [], 0
    for number in range(rounds):
        data = bytearray(whole)
        for _ in range(chance.choice((0, 1, 1, 3))):
            place = chance.randrange(len(data))
            data[place : place + chance.choice((1, 1, 8, 300))] = chance.randbytes(chance.choice((0, 1, 8)))
        written = bytes(data[: chance.choice((len(data), len(data), chance.randrange(len(data) + 1)))])
        path.write_bytes(written)
        try:
            found = find_recoverable(Project.open(folder))
        except Exception as exc:
            bad.append(f"{number}: {exc!r}")
            continue
        offered += len(found.items)
        aside = list(path.parent.glob("*.damaged"))
        wrong = [item for item in found.items if zlib.crc32(np.ascontiguousarray(item.mask())) not in states]
        holds_nothing = len(written) <= header_size and whole.startswith(written)
        is_kept = bool(found.items or aside or holds_nothing)
        if wrong or len(found.damaged) != len(aside) or not is_kept:
            bad.append(f"{number}: {len(wrong)} states that never were, {len(aside)} kept aside")
        for one in aside:
            one.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
    counted(
        FaultCount(
            test="R2",
            done="a journal with bytes changed, put in, taken out or cut off",
            times=rounds,
            bad=len(bad),
            promise="a state that was there is offered, or the file is kept aside",
            found=f"{offered} offered" + "".join(f"; {text}" for text in bad[:3]),
        )
    )
