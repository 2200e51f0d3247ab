"""Speed and memory of the program, beside the bare libraries where there is something to compare with.

The canvas and opening images have a benchmark of their own, ``benchmarks.canvas``.

``python -m benchmarks.bench_program [--quick] [--write docs/benchmarks.md]``
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.harness import Row, machine, measure, peak_memory_mib, ratio, table
from segtool.core.normalisation import normalise
from segtool.core.reduction import reduce_pixels
from segtool.core.run_settings import RunSettings
from segtool.formats.mask_png import write_mask
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.session_state import Overwrite
from segtool.gui.training_control import TrainingControl
from segtool.inference.runtime import Runtime, import_openvino
from segtool.inference.segmenter import segment_to_end
from segtool.models.store import DEFAULT_MODEL, ModelEntry, ModelStore
from segtool.project.project import Project
from segtool.project.status import Status
from segtool.sample import draw_nuclei

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
LARGE = (3000, 4000)
TICK_MS = 2


class GapMeter(QObject):
    """Notes the longest times between two turns of the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def __enter__(self) -> GapMeter:
        self._last = time.perf_counter()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self._last) * 1000)
        self._last = now

    def row(self, name: str) -> Row:
        return Row(name, tuple(self.gaps), f"longest {max(self.gaps):.0f} ms (goal 50)")


def wait_for(condition: object, *, seconds: float = 600) -> None:
    """Turn the event loop until ``condition()`` holds."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)
        if time.monotonic() > end:
            raise TimeoutError("the benchmark waited too long")


def open_folder(rounds: int) -> Row:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "masks").mkdir()
        for number in range(10_000):
            (folder / f"image {number}.png").touch()
            (folder / "masks" / f"image {number}.png").touch()
        return Row("find 10,000 images and their masks", measure(lambda: Project.open(folder), rounds=rounds))


def start_to_window(rounds: int) -> tuple[Row, Row]:
    child = HERE / "start_child.py"
    durations = []
    memory = 0.0
    for _ in range(rounds + 1):
        begun = time.monotonic()
        run = subprocess.run([sys.executable, str(child)], cwd=ROOT, capture_output=True, text=True, check=True)
        shown, memory_text = run.stdout.split()[-2:]
        durations.append((float(shown) - begun) * 1000)
        memory = float(memory_text)
    return (
        Row("start of the process to painted window", tuple(durations[1:])),
        Row("memory of the empty window", (memory,), unit="MiB"),
    )


def segmenting(entry: ModelEntry, side: int, rounds: int) -> tuple[Row, Row]:
    """Segment a drawn image by tiles, beside one call of the bare runtime on the whole of it, reduced if need be."""
    runtime = Runtime.load(entry.folder)
    pixels = drawn_square(side)
    core = import_openvino().Core()
    bare = core.compile_model(
        core.read_model(entry.folder / "network.xml"),
        "CPU",
        {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"},
    )
    batch = reduce_pixels(normalise(pixels, entry.card.normalisation), entry.card.network.reduction)[None]
    ours, theirs = [], []
    for number in range(rounds + 1):
        for work, durations in ((lambda: segment_to_end(pixels, runtime), ours), (lambda: bare(batch), theirs)):
            duration = measure(work, rounds=1, warm_up=0)
            if number:
                durations += duration
    return (
        Row(f"segment {side}² ({entry.name})", tuple(ours), ratio(ours, theirs)),
        Row(f"bare: OpenVINO on {side}² at once ({entry.name})", tuple(theirs)),
    )


def segmenting_with_tta(entry: ModelEntry, side: int, rounds: int) -> Row:
    runtime = Runtime.load(entry.folder)
    pixels = drawn_square(side)
    once = measure(lambda: segment_to_end(pixels, runtime), rounds=rounds)
    values = measure(lambda: segment_to_end(pixels, runtime, tta=True), rounds=rounds)
    remark = f"{np.median(values) / np.median(once):.1f} × once"
    return Row(f"segment {side}² with flips and quarter turns ({entry.name})", values, remark)


def drawn_square(side: int) -> np.ndarray:
    return cv2.resize(draw_nuclei(1, size=(512, 512))[0], (side, side))


def training_rows(rounds: int) -> list[Row]:
    """Time training steps in a child process: the window's process never loads TensorFlow."""
    run = subprocess.run(
        [sys.executable, str(HERE / "training_child.py"), str(rounds)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    ours, bare, memory = (tuple(map(float, line.split())) for line in run.stdout.strip().splitlines()[-3:])
    speed = f"{1000 / np.median(ours):.2f} steps/s"
    return [
        Row("training step, 2 crops of 256², with drawing and augmenting them", ours, f"{speed}, {ratio(ours, bare)}"),
        Row("bare: the same step on a batch that is there", bare, f"{1000 / np.median(bare):.2f} steps/s"),
        Row("memory of a training process", memory, unit="MiB"),
    ]


def gap_while_segmenting(session: Session) -> Row:
    assert session.document is not None
    with GapMeter() as meter:
        session.segment([session.document.entry.key], policy=Overwrite.REPLACE)
        wait_for(lambda: session.job is None)
    return meter.row("event-loop turn while segmenting 12 MP")


def gap_while_retraining(session: Session, training: TrainingControl, minutes: float) -> Row:
    with GapMeter() as meter:
        settings = RunSettings(minutes=minutes, steps_per_epoch=5, batch=2)
        if not training.start(settings, base="nuclei", name="0001-bench"):
            raise RuntimeError("the training did not start")
        wait_for(lambda: not training.is_running)
    return meter.row("event-loop turn while retraining")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds: does it run at all?")
    parser.add_argument("--write", type=Path, help="also write the table into this file")
    arguments = parser.parse_args()
    few = 3 if arguments.quick else 12
    rows = [*start_to_window(2 if arguments.quick else 7)]
    rows.append(open_folder(few))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large = "large.jpg"
        pixels = cv2.resize(draw_nuclei(0, size=(750, 1000))[0], LARGE[::-1])
        cv2.imwrite(str(folder / large), cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))
        for number in range(4):
            pixels, mask = draw_nuclei(number, size=(256, 256))
            cv2.imwrite(str(folder / f"small-{number}.png"), pixels)
            write_mask(folder / "masks" / f"small-{number}.png", mask)
        app = QApplication.instance() or QApplication([])
        session = Session()
        training = TrainingControl(session)
        window = MainWindow(session, training, log_file=folder / "log")
        window.resize(1600, 1000)
        window.show()
        session.open_folder(folder)
        wait_for(lambda: session.project is not None)
        session.open_image(large)
        wait_for(lambda: session.document is not None and session.document.entry.key == large)
        rows.append(gap_while_segmenting(session))
        for number in range(4):
            session.set_status(f"small-{number}.png", Status.APPROVED)
        rows.append(gap_while_retraining(session, training, 0.1 if arguments.quick else 0.5))
        rows.append(Row("memory of the window after all this, image of 12 MP open", (peak_memory_mib(),), unit="MiB"))
        session.wait_until_saved()
        session.close()
        window.close()
        del app
    for entry in ModelStore().entries():
        for side in (512, 2048):
            rows += segmenting(entry, side, few if side == 2048 else 2 * few)
        if entry.name == DEFAULT_MODEL:
            rows.append(segmenting_with_tta(entry, 512, few))
    rows += training_rows(5 if arguments.quick else 25)
    text = f"{machine()}\n\n{table(rows)}\n"
    print(text)
    if arguments.write is not None:
        arguments.write.write_text(f"# Speed and memory\n\nWritten by `make bench`. {text}", encoding="utf-8")


if __name__ == "__main__":
    main()
