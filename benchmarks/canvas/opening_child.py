"""What `opening` measures in a process of its own: a real window without a screen, told what to do by its arguments.

Prints one line of JSON: lists of numbers by name.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import psutil
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.harness import peak_memory_mib
from segtool.app import make_application
from segtool.formats.decoder_pool import POOL, Lane
from segtool.gui.actions import ActionId
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl

_DEADLINE_S = 120.0
Figures = dict[str, list[float]]


class Window:
    """A shown window, and the loop that waits for what it does."""

    def __init__(self, folder: Path) -> None:
        # As segtool.launch does.
        POOL.start(Lane.FRONT)
        self.app = make_application()
        self.session = Session(suggest_models=False)
        self.window = MainWindow(self.session, TrainingControl(self.session), log_file=folder / "log")
        self.window.resize(1600, 1000)
        self.window.show()
        self._tick = QTimer(interval=5)
        self.settle()

    def settle(self) -> None:
        """Deal with all events that are there."""
        self.app.processEvents()
        self.app.processEvents()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Deal with events until something holds."""
        deadline = time.monotonic() + _DEADLINE_S
        self._tick.start()
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{condition} has not come true")
            # Asleep until something happens: whoever asks again and again takes the processor from the threads.
            self.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        self._tick.stop()

    def shown(self) -> str:
        """Return the key of the shown image, "" if none is."""
        return "" if self.session.document is None else self.session.document.entry.key

    def is_ready(self) -> bool:
        """Whether nothing is being loaded, ahead or otherwise."""
        loader = self.session.navigation.loader
        return self.session.navigation.opening is None and not loader.is_busy

    def paint(self) -> None:
        """Paint the canvas now."""
        self.window.canvas.repaint()


def peak_mib() -> float:
    """Return the largest resident size so far of this process in MiB."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_memory_mib()
    # What getrusage says begins with the size of the process that has started this one.
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def rss_mib() -> float:
    """Return the resident size of this process in MiB."""
    return psutil.Process().memory_info().rss / 2**20


def open_one(window: Window, folder: Path) -> Figures:
    """Open a folder with one image; until its first paint."""
    empty = peak_mib()
    begun, worked = time.perf_counter(), time.process_time()
    window.window.opener.open(folder)
    window.wait_for(lambda: bool(window.shown()))
    window.paint()
    painted = (time.perf_counter() - begun) * 1000
    cpu = (time.process_time() - worked) * 1000
    return {"ms": [painted], "cpu": [cpu], "peak": [peak_mib()], "empty": [empty], "rss": [rss_mib()]}


def step(window: Window, folder: Path) -> Figures:
    """Press the key for the next image, from one to the next, each time when its neighbours are loaded."""
    window.window.opener.open(folder)
    window.wait_for(lambda: bool(window.shown()))
    window.paint()
    project = window.session.project
    assert project is not None
    action = window.window.action_set[ActionId.NEXT_IMAGE]
    durations, cpu = [], []
    for entry in project.entries[1:]:
        # The event that starts loading ahead, then its end.
        window.settle()
        window.wait_for(window.is_ready)
        window.settle()
        begun, worked = time.perf_counter(), time.thread_time()
        action.trigger()
        window.wait_for(lambda key=entry.key: window.shown() == key)
        window.paint()
        durations.append((time.perf_counter() - begun) * 1000)
        cpu.append((time.thread_time() - worked) * 1000)
    return {"ms": durations, "cpu": cpu, "peak": [peak_mib()]}


def walk(window: Window, folder: Path) -> Figures:
    """Go through every image; the resident size after each hundred."""
    window.window.opener.open(folder)
    window.wait_for(lambda: bool(window.shown()))
    project = window.session.project
    assert project is not None
    sizes = []
    for number, entry in enumerate(project.entries[1:], start=1):
        window.window.action_set[ActionId.NEXT_IMAGE].trigger()
        window.wait_for(lambda key=entry.key: window.shown() == key)
        window.paint()
        window.settle()
        if number % 100 == 0:
            sizes.append(rss_mib())
    return {"rss": sizes, "peak": [peak_mib()]}


def list_folder(window: Window, folder: Path) -> Figures:
    """Open a folder of many names; until the list of images can be used and is painted."""
    begun, worked = time.perf_counter(), time.process_time()
    window.window.opener.open(folder)
    opened = (time.perf_counter() - begun) * 1000
    window.window.images.view.viewport().repaint()
    window.settle()
    listed = (time.perf_counter() - begun) * 1000
    cpu = (time.process_time() - worked) * 1000
    return {"opened": [opened], "ms": [listed], "cpu": [cpu], "peak": [peak_mib()]}


_MODES: dict[str, Callable[[Window, Path], Figures]] = {
    "open_one": open_one,
    "step": step,
    "walk": walk,
    "list_folder": list_folder,
}


def main() -> None:
    """Measure what the first argument says in the folder of the second."""
    mode, folder = sys.argv[1], Path(sys.argv[2])
    window = Window(folder)
    figures = _MODES[mode](window, folder)
    print(json.dumps(figures))
    window.window.images.close_thread()
    window.session.close()
    QApplication.processEvents()


if __name__ == "__main__":
    main()
