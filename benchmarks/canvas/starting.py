"""From the start of the process to a window with its first image painted."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2

from benchmarks.harness import Row
from segtool.sample import draw_nuclei

ROOT = Path(__file__).resolve().parent.parent.parent
SIZE = (768, 1024)


def rows(quick: bool) -> list[Row]:
    """Start the program on a folder with one image, some times over."""
    durations = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "photos"
        folder.mkdir()
        cv2.imwrite(str(folder / "a.png"), draw_nuclei(1, size=SIZE)[0])
        for _ in range(3 if quick else 12):
            begun = time.monotonic()
            run = subprocess.run(
                [sys.executable, str(Path(__file__).with_name("start_child.py")), str(folder)],
                cwd=ROOT,
                env={**os.environ, "XDG_CONFIG_HOME": name},
                capture_output=True,
                text=True,
                check=True,
            )
            durations.append((float(run.stdout.split()[-1]) - begun) * 1000)
    return [Row("start of the process to window with its first image painted", tuple(durations[1:]))]
