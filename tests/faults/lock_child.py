"""A program that shares a folder with another one of its kind: each paints its own pixels of one mask.

Usage: ``python -m tests.faults.lock_child FOLDER ELSEWHERE NAME``. For each line ``FIRST COUNT DIES`` on standard input
a child is forked, which saves so many times, giving the folder back after each save, and then ends, or kills itself
while it has the folder. With a count of 0 it opens the folder, says ``open`` and waits to be killed. Its lines on
standard output: ``born PID``, ``saved N``, ``refused`` when the other one had the folder, ``dead``.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

# Before the fork, so that a life costs no imports.
import numpy as np
from PySide6.QtWidgets import QApplication

from segtool.app import make_application
from segtool.core.geometry import Rect
from segtool.gui.session import Session

IMAGE = "shared.png"
IMAGES_EACH = 20
ROWS = {"a": 0, "b": 1}


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def _get_folder(app: QApplication, session: Session, folder: Path) -> None:
    assert session.open_folder(folder)
    was_refused = False
    while session.project.writable_reason:
        was_refused = True
        session.holding.edit_here()
        app.processEvents()
    if was_refused:
        _say("refused")
    session.open_image(IMAGE)
    while session.document is None or session.document.entry.key != IMAGE:
        app.processEvents()


def _live(folder: Path, elsewhere: Path, name: str, *, first: int, count: int, dies: bool) -> None:
    app = make_application()
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    if count == 0:
        assert session.open_folder(folder)
        _say("open")
        while True:
            signal.pause()
    for number in range(first, first + count):
        _get_folder(app, session, folder)
        assert session.begin_stroke("Stroke")
        session.paint(Rect(number, ROWS[name], 1, 1), np.array([[True]]), 1)
        session.end_stroke()
        session.project.note_prediction(f"{name}{number % IMAGES_EACH}.png", f"{name} {number}")
        assert session.wait_until_saved()
        _say(f"saved {number}")
        if number < first + count - 1 or not dies:
            assert session.open_folder(elsewhere)
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    session.close()


def main() -> None:
    """Fork a life for each line; say ``dead`` when it has ended."""
    folder, elsewhere, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    for line in iter(sys.stdin.readline, ""):
        first, count, dies = map(int, line.split())
        child = os.fork()
        if child == 0:
            _live(folder, elsewhere, name, first=first, count=count, dies=bool(dies))
            os._exit(0)
        _say(f"born {child}")
        _, status = os.waitpid(child, 0)
        is_expected = os.WIFSIGNALED(status) if dies or count == 0 else status == 0
        _say("dead" if is_expected else f"dead with {status}")


if __name__ == "__main__":
    main()
