"""A program that paints in the real window until it is killed, and says after each step what the mask is then.

It imports everything once, then forks for each folder that it is told on its standard input, a JSON object per line.
Its lines are ``ready``, ``forked PID``, and ``gone`` when a painter has ended. A painter says ``step TIME CRC`` after
each step, and ``coming TIME CRC`` before one that changes the mask and hands it to the journal at once. TIME is that
of the monotonic clock, the same for all processes.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
import zlib
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from segtool.app import make_application
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


class Painter:
    """Paints strokes, takes some back, undoes and redoes, and saves in between."""

    def __init__(self, folder: Path, *, seed: int, autosave_ms: int) -> None:
        self.random = random.Random(seed)
        for settings_format in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
            QSettings.setPath(settings_format, QSettings.Scope.UserScope, os.fspath(folder / ".settings"))
        self.app = make_application()
        self.session = Session(autosave_ms=autosave_ms, suggest_models=False)
        training = TrainingControl(self.session)
        self.window = MainWindow(self.session, training, log_file=folder / ".log")
        self.window.resize(1200, 800)
        self.window.show()
        assert self.window.opener.open(folder)
        while self.session.document is None:
            self.app.processEvents()
        self.mask = self.session.document.mask
        self.session.set_brush_size(60)
        # The state of the mask at each place in the history: undo and redo lead to one that was there.
        self.states = [self.crc()]
        self.here = 0

    def crc(self) -> int:
        return zlib.crc32(np.ascontiguousarray(self.mask))

    def run(self) -> None:
        self.say_step()
        while True:
            choice = self.random.random()
            if choice < 0.12 and self.here > 0:
                self.go(-1)
            elif choice < 0.18 and self.here < len(self.states) - 1:
                self.go(1)
            elif choice < 0.25:
                self.session.save()
                self.rest(self.random.randrange(1, 30))
            else:
                self.stroke(self.random.choice((3, 10, 40, 200)), is_cancelled=choice > 0.9)

    def say_step(self) -> int:
        crc = self.crc()
        say(f"step {time.monotonic()} {crc}")
        self.app.processEvents()
        return crc

    def say_coming(self, crc: int) -> None:
        say(f"coming {time.monotonic()} {crc}")

    def rest(self, turns: int) -> None:
        for _ in range(turns):
            self.say_step()

    def go(self, by: int) -> None:
        self.here += by
        self.say_coming(self.states[self.here])
        self.session.undo() if by < 0 else self.session.redo()
        assert self.say_step() == self.states[self.here]

    def stroke(self, moves: int, *, is_cancelled: bool) -> None:
        canvas = self.window.canvas
        self.session.set_active_class(self.random.choice((0, 1, 255)))
        place = QPoint(self.random.randrange(50, canvas.width() - 50), self.random.randrange(50, canvas.height() - 50))
        QTest.mousePress(canvas, LEFT, NONE, place)
        crc = self.say_step()
        for _ in range(moves):
            step = QPoint(self.random.randrange(-40, 41), self.random.randrange(-40, 41))
            place = QPoint(
                min(max((place + step).x(), 5), canvas.width() - 5),
                min(max((place + step).y(), 5), canvas.height() - 5),
            )
            QTest.mouseMove(canvas, place)
            crc = self.say_step()
        if is_cancelled:
            self.say_coming(self.states[self.here])
            QTest.keyClick(canvas, Qt.Key.Key_Escape)
            QTest.mouseRelease(canvas, LEFT, NONE, place)
            assert self.say_step() == self.states[self.here]
            return
        QTest.mouseRelease(canvas, LEFT, NONE, place)
        assert self.say_step() == crc
        if crc != self.states[self.here]:
            del self.states[self.here + 1 :]
            self.states.append(crc)
            self.here += 1


def main() -> None:
    say("ready")
    for line in sys.stdin:
        task = json.loads(line)
        child = os.fork()
        if child == 0:
            Painter(Path(task["folder"]), seed=task["seed"], autosave_ms=task["autosave_ms"]).run()
        say(f"forked {child}")
        _, status = os.waitpid(child, 0)
        say(f"gone {status}")


if __name__ == "__main__":
    assert QApplication.instance() is None
    main()
