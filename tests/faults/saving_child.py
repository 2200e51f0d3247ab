"""A program that paints and saves until it is killed, as often as it is told to: one start, many deaths.

Reads a line from standard input for each life, forks, and lets the child paint in a real session. The child's lines on
standard output: ``painted KEY HASH`` before each save, ``saved KEY REVISION`` when the session has heard of it.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

# Before the fork, so that a life costs no imports.
import numpy as np

from segtool.app import make_application
from segtool.gui.session import Session
from tests.faults.painting import paint_at_random


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def _live(folder: Path, seed: int) -> None:
    app = make_application()
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    session.mask_written.connect(lambda key, revision: _say(f"saved {key} {revision}"))
    assert session.open_folder(folder)
    rng = np.random.default_rng(seed)
    keys = [entry.key for entry in session.project.entries]
    count = 0
    while True:
        key = keys[count % len(keys)]
        assert session.open_image(key)
        while session.document is None or session.document.entry.key != key:
            app.processEvents()
        paint_at_random(session, rng)
        document = session.document
        _say(f"painted {key} {document.revision} {hashlib.sha256(document.mask.tobytes()).hexdigest()}")
        session.save()
        while session.is_dirty:
            app.processEvents()
        count += 1


def main() -> None:
    """Fork a life for each line; say ``dead`` when it has ended."""
    folder = Path(sys.argv[1])
    for seed, _ in enumerate(iter(sys.stdin.readline, "")):
        child = os.fork()
        if child == 0:
            _live(folder, seed)
        _say(f"born {child}")
        os.waitpid(child, 0)
        _say("dead")


if __name__ == "__main__":
    main()
