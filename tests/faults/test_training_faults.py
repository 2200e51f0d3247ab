"""R13: whatever happens to the process of a training, the window lives, the model stays and the next run can start."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from segtool.core.run_events import RunEpoch, RunEvent, RunProgress
from segtool.core.run_settings import RunSettings
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.gui.training_state import Phase
from tests.faults.counting import FaultCount, Times
from tests.faults.training_faults import TINY, Watched, real_training
from tests.gui.conftest import make_window, messages, qapp_cls, session  # noqa: F401 - fixtures
from tests.gui.training_fixtures import (
    PROGRESS,
    STARTED,
    WAIT_FOR_STOP,
    add_version,
    child,
    epoch,
    keep,
    make_folder,
    say,
    write_kept,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of Unix")
Counted = Callable[[FaultCount], None]
Make = Callable[..., Watched]
# A few seconds, and what other programs take of a busy computer.
ENDS_WITHIN_S = 30
NO_PROGRAM = ("/no/such/program",)
PROMISE = (
    "the window answers, the active model is byte for byte what it was, a message within 3 s, nothing left in models/, "
    "the next run starts"
)


@pytest.fixture
def make(
    qtbot: QtBot,
    tmp_path: Path,
    session: Session,  # noqa: F811
    request: pytest.FixtureRequest,
) -> Iterator[Make]:
    """Builds a session in a folder and a training with a program of its own; a real one has a tiny version to go on."""
    made: list[TrainingControl] = []
    root = make_folder(tmp_path / "photos")

    def build(program: tuple[str, ...] | None = None, **options: int) -> Watched:
        if program is None:
            add_version(root, request.getfixturevalue("tiny_model_folder"), "0001-tiny")
        assert session.open_folder(root)
        assert session.set_active_model("nuclei" if program else "0001-tiny")
        made.append(TrainingControl(session, program=program, **options))
        return Watched(qtbot, session, made[-1], root)

    yield build
    for control in made:
        control.close()


def test_endings_of_a_process_that_is_no_training(
    make: Make, tmp_path: Path, times: Times, counted: Counted, qtbot: QtBot
) -> None:
    """Small programs in the place of the training end in every way in which a process can."""
    kept = write_kept(tmp_path / "kept.npz", name="0002-test")
    begun = ('out.with_name(f".{out.name}.x").mkdir(parents=True)', say(STARTED), keep(kept), say(epoch(1)))
    garbage = "import os; [sys.stdout.buffer.write(os.urandom(1 << 16)) for _ in range(2000)]; sys.stdout.flush()"
    lies = '[say(\'{"event": "epoch", "epoch": "x"}\') for _ in range(20000)]; sys.exit(0)'
    ways = {
        "SIGKILL": ("os.kill(os.getpid(), 9)", "memory"),
        "garbage on its output": (f"{garbage}; time.sleep(60)", "wrote something else"),
        "SIGSEGV": ("os.kill(os.getpid(), 11)", "crashed"),
        "an exception": ("raise ValueError('of nobody')", "ValueError: of nobody"),
        "MemoryError": ("raise MemoryError", "out of memory"),
        "an event that lies": (lies, "ended before"),
        "SIGTERM": ("os.kill(os.getpid(), 15)", "ended by another program"),
        "an error, then silence": ('say(\'{"event": "error", "message": "no"}\'); time.sleep(60)', "no"),
    }
    count = times(quick=2, full=len(ways) * 3)
    watched = make(NO_PROGRAM)
    before, names = watched.digests(), watched.names()
    ended: list[float] = []
    with watched.pulse.measured():
        for number in range(count):
            body, word = list(ways.values())[number % len(ways)]
            watched.control._program = child(tmp_path, "import os", *begun, say(epoch(2)), body)
            watched.check("not started", is_so=watched.control.start(TINY, base="nuclei", name="0002-test"))
            qtbot.waitUntil(lambda: len(watched.control.state.epochs) == 2, timeout=30_000)
            ended.append(time.monotonic())
            watched.wait_for_end()
            watched.check_end(ended[-1], before=before, names=names, word=word)
            watched.check("cannot be resumed", is_so=watched.control.unfinished.run is not None)
    watched.control._program = NO_PROGRAM
    began = time.monotonic()
    watched.control.start(TINY, base="nuclei", name="0002-test")
    watched.wait_for_end()
    watched.check_end(began, before=before, names=names, word="could not be started")
    watched.check_pulse()
    counted(
        FaultCount(
            "R13",
            f"ending of a training's process: {', '.join(ways)}, one that cannot be started",
            count + 1,
            len(watched.problems),
            PROMISE,
            watched.found,
        )
    )


def test_a_process_that_stands_still(make: Make, tmp_path: Path, times: Times, counted: Counted, qtbot: QtBot) -> None:
    seconds = times(quick=0, full=60)
    program = child(tmp_path, say(STARTED), say(PROGRESS), WAIT_FOR_STOP, say(epoch(1)), WAIT_FOR_STOP)
    watched = make(program) if seconds else make(program, silence_ms=200)
    before, names = watched.digests(), watched.names()
    watch, over = watched.control._watch, []
    watched.session.message_over.connect(over.append)
    with watched.pulse.measured():
        watched.control.start(TINY, base="nuclei", name="0002-test")
        qtbot.waitUntil(lambda: watched.control.state.step > 0, timeout=30_000)
        process = psutil.Process(watched.control._run._process.processId())
        process.suspend()
        over.clear()
        began = time.monotonic()
        qtbot.waitUntil(lambda: watch.is_silent and time.monotonic() - began >= seconds, timeout=100_000)
        watched.check("not told", is_so=watch.text in [text for _, text in watched.told])
        qtbot.waitUntil(lambda: "No sign of life" in watched.control.state.stage, timeout=5_000)
        process.resume()
        watched.control._run._process.write(b"go on\n")
        qtbot.waitUntil(lambda: len(watched.control.state.epochs) == 1, timeout=30_000)
        watched.check("not taken back", is_so=watch.text in over)
        process.suspend()
        qtbot.waitUntil(lambda: watch.is_silent, timeout=100_000)
        began = time.monotonic()
        watched.control.end_now()
        watched.wait_for_end(seconds=5)
    watched.check("not ended", is_so=watched.control.state.phase is Phase.CANCELLED and not process.is_running())
    watched.check("slow", is_so=time.monotonic() - began < 3)
    watched.check("changed", is_so=watched.digests() == before and watched.names() == names)
    watched.check_pulse()
    counted(
        FaultCount(
            "R13",
            "SIGSTOP of a training's process, for 60 s, then again until it is stopped from the window",
            2,
            len(watched.problems),
            "“no sign of life for 30 s” with Stop it, taken back when it goes on; stopping it ends it at once",
            watched.found,
        )
    )


# With the real training ------------------------------------------------------------------------


def weights(folder: Path) -> list[np.ndarray]:
    from segtool.training.export import load_model

    return load_model(folder)[0].get_weights()


def run_to_its_end(watched: Watched, name: str) -> Path:
    watched.control._program = None
    assert watched.control.start(TINY, base="0001-tiny", name=name)
    watched.wait_for_end(seconds=240)
    assert watched.control.state.phase is Phase.FINISHED, watched.control.state
    assert watched.session.set_active_model("0001-tiny")
    return watched.root / "models" / name


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kills_at_any_moment(make: Make, times: Times, counted: Counted, qtbot: QtBot) -> None:
    """The real training is killed again and again and resumed; in the end it has the weights of one left alone."""
    kills, seed = times(quick=3, full=50), 13
    rng, watched = random.Random(seed), make()
    expected = weights(run_to_its_end(watched, "0002-straight"))
    before, finished, resumed, killed = watched.digests(), 0, 0, 0
    control, session = watched.control, watched.session  # noqa: F811
    moment: dict[str, object] = {}

    def kill() -> None:
        if control._run is not None and control._run.is_running and "when" not in moment:
            moment["when"] = time.monotonic()
            os.kill(control._run._process.processId(), signal.SIGKILL)

    def follow(event: RunEvent) -> None:
        if isinstance(event, RunEpoch):
            moment["epochs"] = event.epoch
        wanted = isinstance(event, RunProgress) and event.stage in ("exporting", "scoring")
        if moment["at"] == "epoch":
            wanted = isinstance(event, RunEpoch) and event.epoch > moment["from"]
        if wanted and moment["at"] != "start":
            QTimer.singleShot(round(rng.uniform(0, moment["spread"])), kill)

    while killed < kills:
        names = watched.names()
        run = control.unfinished.run
        at = rng.choice(["start", "epoch", "epoch", "export"])
        moment.clear()
        moment |= {"at": at, "epochs": 0, "spread": 1500 if at == "export" else 60}
        moment["from"] = 0 if run is None else run.epochs
        if run is None:
            watched.check("not started", is_so=control.start(TINY, base="0001-tiny", name=f"{killed + 3:04d}-run"))
        else:
            resumed += 1
            watched.check("not resumed", is_so=control.resume(run))
        qtbot.waitUntil(lambda: control._run is not None or not control.is_running, timeout=30_000)
        control._run.reported.connect(follow)
        if at == "start":
            QTimer.singleShot(round(rng.uniform(0, 9000)), kill)
        with watched.pulse.measured():
            watched.wait_for_end(seconds=240)
        if control.state.phase is Phase.FINISHED:
            finished += 1
            made = watched.root / "models" / control.state.name
            same = all(np.array_equal(a, b) for a, b in zip(weights(made), expected, strict=True))
            watched.check(f"{made.name} has other weights", is_so=same)
            assert session.set_active_model("0001-tiny")
            continue
        killed += 1
        whole = f"{control.state.name} was written before" in control.state.message
        if whole:
            names = sorted([*names, control.state.name])
            assert session.model.name == "0001-tiny"
        watched.check_end(moment["when"], before=before, names=names)
        left = control.unfinished.run
        # An epoch is told before it is kept: the last one may be missing.
        least = moment["epochs"] - 1
        watched.check(
            f"{least} epochs are lost", is_so=whole or least < 1 or (left is not None and left.epochs >= least)
        )
    watched.check_pulse()
    counted(
        FaultCount(
            "R13",
            "kill -9 of a real training at random moments from its start to its export, then Resume or a new run",
            killed,
            len(watched.problems),
            f"{PROMISE}; at most the epoch under way is lost, and what was resumed ends with the very weights of a run "
            "that was left alone",
            f"{resumed} resumed, {finished} came to their end; {watched.found}",
        )
    )


# What happens, which lines make it happen in the process, a word of the message, whether it can be resumed.
FAULTS: dict[str, tuple[tuple[str, ...], str, bool]] = {
    "too little memory (RLIMIT_AS)": (("resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))",), "memory", False),
    "memory runs out in a step": (
        (
            "import tensorflow as tf, segtool.training.step as step",
            "old = step.Stepper.train",
            "def train(self, *args, **named):",
            "    if self._steps == 5: raise_it()",
            "    return old(self, *args, **named)",
            "def raise_it():",
            "    with step._explained(): raise tf.errors.ResourceExhaustedError(None, None, 'OOM when allocating')",
            "step.Stepper.train = train",
        ),
        "memory ran out",
        True,
    ),
    "an exception in the third epoch": (
        (
            "import segtool.training.trainer as trainer",
            "old = trainer.Preview.event",
            "def event(self, network, *, step):",
            "    if step >= 6: raise RuntimeError('out of order')",
            "    return old(self, network, step=step)",
            "trainer.Preview.event = event",
        ),
        "RuntimeError: out of order",
        True,
    ),
    "a loss that is not a number": (
        (
            "import segtool.training.trainer as trainer, numpy as np",
            "old = trainer.training_batches",
            "def batches(*args, first_step, **named):",
            "    for step, batch in enumerate(old(*args, first_step=first_step, **named), first_step):",
            "        yield (batch[0] * np.float32('nan'), *batch[1:]) if step == 5 else batch",
            "trainer.training_batches = batches",
        ),
        "lower learning rate",
        False,
    ),
    "no room for the model (RLIMIT_FSIZE)": (
        (
            "import segtool.training.export as export",
            "old = export.make_draft",
            "def make_draft(out):",
            "    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))",
            "    return old(out)",
            "export.make_draft = make_draft",
        ),
        "could not be written",
        True,
    ),
}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_faults_inside_a_real_training(make: Make, tmp_path: Path, counted: Counted) -> None:
    watched = make()
    before, names, control = watched.digests(), watched.names(), watched.control
    with watched.pulse.measured():
        for what, (lines, word, can_resume) in FAULTS.items():
            control._program = real_training(tmp_path, *lines)
            known = len(watched.problems)
            watched.check("not started", is_so=control.start(TINY, base="0001-tiny", name="0002-test"))
            last_news: list[float] = [time.monotonic()]
            watched.qtbot.waitUntil(lambda: control._run is not None or not control.is_running, timeout=30_000)
            control._run.reported.connect(lambda event, last=last_news: last.append(time.monotonic()))
            control._run.failed.connect(lambda _, last=last_news: last.append(time.monotonic()))
            watched.wait_for_end()
            watched.check_end(last_news[-1], before=before, names=names, word=word)
            left = control.unfinished.run is not None
            watched.check(f"resumable: {left}", is_so=left is can_resume)
            if len(watched.problems) > known:
                watched.problems[known] = f"{what}: {watched.problems[known]}"
            if left:
                control.unfinished.discard()
    watched.check_pulse()
    counted(FaultCount("R13", ", ".join(FAULTS), len(FAULTS), len(watched.problems), PROMISE, watched.found))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_files_that_go_away_under_a_real_training(make: Make, tmp_path: Path, counted: Counted) -> None:
    """The images, then models/, then the whole folder of the data are taken away after the first epoch."""
    watched = make()
    control, root, before = watched.control, watched.root, watched.digests()
    aside = tmp_path / "aside"

    def at_the_first_epoch(act: Callable[[], object]) -> None:
        is_done = []

        def follow(event: RunEvent) -> None:
            if isinstance(event, RunEpoch) and not is_done:
                is_done.append(True)
                act()

        watched.qtbot.waitUntil(lambda: control._run is not None, timeout=30_000)
        control._run.reported.connect(follow)

    def take_images() -> None:
        aside.mkdir()
        for path in root.glob("*.png"):
            path.rename(aside / path.name)

    # A run is not lost because its images are.
    control.start(TINY, base="0001-tiny", name="0002-test")
    at_the_first_epoch(take_images)
    watched.wait_for_end(seconds=300)
    watched.check(f"images: {control.state.message}", is_so=control.state.phase is Phase.FINISHED)
    watched.check("left behind", is_so=watched.names() == ["0001-tiny", "0002-test"])
    for path in aside.iterdir():
        path.rename(root / path.name)
    assert watched.session.set_active_model("0001-tiny")

    # Without models/, it is made again.
    control.start(TINY, base="0001-tiny", name="0003-test")
    at_the_first_epoch(lambda: (root / "models").rename(tmp_path / "models"))
    watched.wait_for_end()
    watched.check(f"models: {control.state.message}", is_so=control.state.phase is Phase.FINISHED)
    watched.check("left behind", is_so=watched.names() == ["0003-test"])
    (root / "models" / "0003-test").rename(tmp_path / "models" / "0003-test")
    (root / "models").rmdir()
    (tmp_path / "models").rename(root / "models")
    watched.session.refresh_models()
    assert watched.session.set_active_model("0001-tiny")

    # A file where the folder was: nothing can be written.
    def block() -> None:
        (root / "models").rename(tmp_path / "models")
        (root / "models").write_text("in the way")

    control.start(TINY, base="0001-tiny", name="0004-test")
    at_the_first_epoch(block)
    watched.wait_for_end()
    message = control.state.message
    watched.check(f"blocked: {message}", is_so="could not be written" in message and "can be resumed" in message)
    (root / "models").unlink()
    (tmp_path / "models").rename(root / "models")
    watched.session.refresh_models()
    watched.check("cannot go on", is_so=control.resume(control.unfinished.run))
    watched.wait_for_end()
    watched.check(f"resumed: {control.state.message}", is_so=control.state.phase is Phase.FINISHED)
    assert watched.session.set_active_model("0001-tiny")
    watched.check("changed", is_so=watched.digests() == before)
    counted(
        FaultCount(
            "R13",
            "images removed, models/ removed, models/ made unusable while a real training runs",
            3,
            len(watched.problems),
            "a run that needs none of it any more comes to its end; one that cannot write its model says so, is "
            "resumed when it can, and has only its export left to do",
            "; ".join(watched.problems[:3]),
        )
    )


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("size", ["checkpoint", "export"])
def test_a_full_disk(
    make: Make, tmp_path: Path, tiny_model_folder: Path, counted: Counted, times: Times, size: str
) -> None:
    """The folder of masks and models lies on a small disk, which is full when the state, or the model, is written."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    tries = [0, 8, 16, 40, 80, 120][: times(quick=1, full=6)] if size == "export" else [0]
    watched = make()
    control, session = watched.control, watched.session  # noqa: F811
    try:
        shutil.copytree(watched.root / "masks", disk / "masks")
        shutil.copytree(watched.root / "models", disk / "models")
        assert session.open_folder(watched.root, data_root=disk)
        watched.root = disk
        assert session.set_active_model("0001-tiny")
        before, names = watched.digests(), watched.names()
        for number, free in enumerate(tries):
            at = 2 if size == "checkpoint" else TINY.epochs
            _fill_at(watched, disk / "fill", epoch=at, free=free << 10, name=f"{number + 2:04d}-test")
            message = control.state.message
            if size == "checkpoint":
                notes = [text for _, text in watched.told if "could not be kept" in text]
                watched.check(f"not told: {watched.told}", is_so=len(notes) == 1)
            watched.check(f"{free} kB: {message}", is_so="could not be written" in message)
            watched.check(f"left behind: {watched.names()}", is_so=watched.names() == names)
            watched.check("changed", is_so=watched.digests() == before)
            (disk / "fill").unlink()
            run = control.unfinished.run
            watched.check("cannot go on", is_so=run is not None and control.resume(run))
            watched.wait_for_end()
            watched.check(f"resumed: {control.state.message}", is_so=control.state.phase is Phase.FINISHED)
            assert session.set_active_model("0001-tiny")
            names = watched.names()
    finally:
        control.close()
        session.close()
        subprocess.run(["umount", "-l", str(disk)], check=False)
    counted(
        FaultCount(
            "R13",
            f"disk full (4 MB tmpfs) when a real training writes its {'state' if size == 'checkpoint' else 'model'}",
            len(tries),
            len(watched.problems),
            "told at once; nothing half written is left, the model before is untouched, and Resume ends the run once "
            "there is room",
            "; ".join(watched.problems[:3]),
        )
    )


def _fill_at(watched: Watched, file: Path, *, epoch: int, free: int, name: str) -> None:  # noqa: F811
    """Start a run and fill its disk when an epoch is told, but for so many bytes; wait for its end."""
    control = watched.control

    def follow(event: RunEvent) -> None:
        is_it = isinstance(event, RunProgress) and event.stage == "exporting"
        if epoch < TINY.epochs:
            is_it = isinstance(event, RunEpoch) and event.epoch == epoch
        if is_it and not file.exists():
            left = shutil.disk_usage(file.parent).free - free
            file.write_bytes(bytes(max(0, left)))

    control.start(TINY, base="0001-tiny", name=name)
    watched.qtbot.waitUntil(lambda: control._run is not None, timeout=30_000)
    control._run.reported.connect(follow)
    watched.wait_for_end()


WINDOW = """
import os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.core.run_events import RunEpoch, RunProgress
from tests.faults.training_faults import TINY
app = QApplication([])
session = Session(suggest_models=False)
assert session.open_folder(Path(sys.argv[1])) and session.set_active_model("0001-tiny")
control = TrainingControl(session)
assert control.start(TINY, base="0001-tiny", name="0002-test")
def look():
    if control._run is not None and control._run._process.processId():
        print("child", control._run._process.processId(), flush=True)
        control._run.reported.connect(tell)
        timer.stop()
def tell(event):
    if isinstance(event, RunEpoch): print("epoch", event.epoch, flush=True)
    if isinstance(event, RunProgress): print(event.stage, 0, flush=True)
timer = QTimer(interval=5)
timer.timeout.connect(look)
timer.start()
app.exec()
"""


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_window_is_killed(make: Make, tmp_path: Path, times: Times, counted: Counted, qtbot: QtBot) -> None:
    """Its training ends by itself, in all its stages, and is offered at the next opening."""
    moments = [("epoch", "2"), ("exporting", "0"), ("child", ""), ("scoring", "0")][: times(quick=1, full=4)]
    watched = make()
    control, before, names = watched.control, watched.digests(), watched.names()
    script, slowest = tmp_path / "window.py", 0.0
    script.write_text(WINDOW)
    for moment, number in moments:
        window = subprocess.Popen(
            [sys.executable, str(script), str(watched.root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": os.getcwd()},
        )
        process: psutil.Process | None = None
        for line in window.stdout:
            what, value = line.split()
            if what == "child":
                process = psutil.Process(int(value))
            if what == moment and number in ("", value):
                break
        window.kill()
        window.communicate()
        began = time.monotonic()
        assert process is not None
        gone, _ = psutil.wait_procs([process], timeout=ENDS_WITHIN_S)
        slowest = max(slowest, time.monotonic() - began)
        watched.check(f"{moment}: still there", is_so=bool(gone))
        watched.check(f"{moment}: left behind: {watched.names()}", is_so=watched.names() == names)
        watched.check(f"{moment}: changed", is_so=watched.digests() == before)
        assert watched.session.open_folder(watched.root)
        if moment != "child":
            qtbot.waitUntil(lambda: control.unfinished.run is not None, timeout=10_000)
            watched.check(f"{moment}: {watched.told[-1:]}", is_so="was broken off" in watched.told[-1][1])
            control.unfinished.discard()
    counted(
        FaultCount(
            "R13",
            "kill -9 of the window while its training starts, learns, exports and scores",
            len(moments),
            len(watched.problems),
            "the process of the training ends within seconds, no half model, and the next opening offers to resume it",
            f"the process was gone after {slowest:.1f} s at most; {'; '.join(watched.problems[:3])}".rstrip("; "),
        )
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_closing_window(
    make_window,  # noqa: F811
    tmp_path: Path,
    tiny_model_folder: Path,
    counted: Counted,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real training is ended by the window's close, and by a system that does not wait for answers."""
    from segtool.gui.dialogs import ask

    monkeypatch.setattr(ask, "ask_stop_training", lambda *_, epochs: epochs >= 2)
    problems: list[str] = []
    for way in ("close", "end_now"):
        root = make_folder(tmp_path / way)
        add_version(root, tiny_model_folder, "0001-tiny")
        window = make_window()
        assert window.opener.open(root)
        assert window._session.set_active_model("0001-tiny")
        training = window._training
        assert training.start(RunSettings(minutes=30, steps_per_epoch=2, crop=32), base="0001-tiny", name="0002-test")
        qtbot.waitUntil(lambda training=training: len(training.state.epochs) >= 3, timeout=300_000)
        process = psutil.Process(training._run._process.processId())
        began = time.monotonic()
        (window.close if way == "close" else window.ending.end_now)()
        if process.is_running() or time.monotonic() - began > 5:
            problems.append(f"{way}: after {time.monotonic() - began:.1f} s")
        if sorted(path.name for path in (root / "models").iterdir()) != ["0001-tiny"]:
            problems.append(f"{way}: something is left in models/")
        if training.unfinished.run is None or training.unfinished.run.epochs < 2:
            problems.append(f"{way}: cannot be resumed")
    counted(
        FaultCount(
            "R13",
            "window closed, or ended by the system, while a real training runs",
            2,
            len(problems),
            "closed within 5 s, no process and no half model left, and the run can be resumed",
            "; ".join(problems),
        )
    )
