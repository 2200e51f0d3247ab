"""What the fault tests of trainings share: a folder, what must hold whatever happens, and how it is looked at."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from segtool.core.run_settings import AugmentationSettings, RunSettings
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.gui.training_state import Phase

TOLD_WITHIN_S = 3.0
# How long the window's thread may work in one go. By its own time: on a busy computer others have their turns too.
BUSY_S = 0.1
TINY = RunSettings(
    minutes=None,
    epochs=6,
    steps_per_epoch=2,
    batch=1,
    crop=32,
    learning_rate=1e-4,
    patience=100,
    augmentation=AugmentationSettings.none(),
)


class Pulse:
    """Measures how long an event loop is held up at a time."""

    def __init__(self) -> None:
        self.busy = 0.0
        self._last = time.thread_time()
        self._timer = QTimer(interval=5)
        self._timer.timeout.connect(self._beat)

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure while the block lasts."""
        self._last = time.thread_time()
        self._timer.start()
        try:
            yield
        finally:
            self._timer.stop()

    def _beat(self) -> None:
        now = time.thread_time()
        self.busy = max(self.busy, now - self._last)
        self._last = now


@dataclass
class Watched:
    """A session in a folder and a training in it, looked at from outside while faults are made."""

    qtbot: QtBot
    session: Session
    control: TrainingControl
    root: Path
    told: list[tuple[float, str]] = field(default_factory=list)
    pulse: Pulse = field(default_factory=Pulse)
    problems: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def __post_init__(self) -> None:
        self.session.message.connect(lambda text, _: self.told.append((time.monotonic(), text)))
        self.session.question.connect(lambda text, *_: self.told.append((time.monotonic(), text)))

    def digests(self) -> dict[str, str]:
        """Return the hash of every file of the active model."""
        model = self.session.model
        assert model is not None
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(model.folder.iterdir())}

    def names(self) -> list[str]:
        """Return what lies in models/, hidden things too."""
        models = self.root / "models"
        return sorted(path.name for path in models.iterdir()) if models.is_dir() else []

    def wait_for_end(self, *, seconds: float = 300) -> None:
        """Wait until the run is over."""
        self.qtbot.waitUntil(lambda: not self.control.is_running, timeout=round(seconds * 1000))

    def check(self, what: str, *, is_so: bool) -> None:
        """Note a promise that has not been kept."""
        if not is_so:
            self.problems.append(what)

    def check_end(self, since: float, *, before: dict[str, str], names: list[str], word: str = "") -> None:
        """Note everything that is not as it must be after a run was broken off at ``since`` (``time.monotonic``)."""
        state = self.control.state
        late = max(0.0, self.told[-1][0] - since) if self.told else 99.0
        self.slowest = max(self.slowest, late)
        self.check(f"told after {late:.1f} s", is_so=late < TOLD_WITHIN_S)
        self.check(f"{state.phase}: {state.message}", is_so=state.phase is Phase.FAILED and word in state.message)
        self.check("the active model has changed", is_so=self.digests() == before)
        self.check(f"left behind: {self.names()}", is_so=self.names() == names)

    def check_pulse(self) -> None:
        """Note if the window was held up."""
        self.check(f"held up for {self.pulse.busy:.2f} s of work", is_so=self.pulse.busy < BUSY_S)

    @property
    def found(self) -> str:
        """What the table is told: figures, and the first problems."""
        text = (
            f"slowest message {self.slowest:.1f} s, longest work of the window's thread at a time "
            f"{self.pulse.busy * 1000:.0f} ms"
        )
        return "; ".join([text, *self.problems[:3]])


def real_training(folder: Path, *lines: str) -> tuple[str, ...]:
    """Write a program that is the real training, after some lines of Python of its own."""
    script = folder / "training.py"
    end = ("from segtool.cli import main", 'sys.exit(main(["train", *sys.argv[1:]]))')
    script.write_text("\n".join(("import os, pathlib, resource, sys", *lines, *end)), encoding="utf-8")
    return (sys.executable, str(script))
