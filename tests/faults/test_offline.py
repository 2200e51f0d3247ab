"""Nothing is fetched from anywhere: the window and the commands work with every way to a network shut (R18)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from segtool.formats.mask_png import write_mask
from segtool.sample import draw_nuclei
from tests.faults.counting import FaultCount

ROOT = Path(__file__).resolve().parent.parent.parent

# Every try to reach another machine, or to look up its name, is written down and fails.
GUARD = """
import os, sys
def forbid(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") and not isinstance(args[1], str | bytes):
        pass
    elif event not in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request", "http.client.connect"):
        return
    with open(os.environ["TRIED"], "a") as file:
        file.write(f"{event} {args!r}\\n")
    raise PermissionError(f"{event} is forbidden")
sys.addaudithook(forbid)
"""
COMMAND = GUARD + "from segtool.cli import main; sys.exit(main(sys.argv[1:]))"
WINDOW = (
    GUARD
    + """
from pathlib import Path
import numpy as np
from segtool.app import make_application
from segtool.core.geometry import Rect
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
app = make_application()
session = Session(autosave_ms=100)
training = TrainingControl(session)
window = MainWindow(session, training, log_file=Path(sys.argv[1]) / "log")
window.show()
assert window.opener.open(Path(sys.argv[1]) / "set")
def until(condition):
    for _ in range(100_000):
        if condition():
            return
        app.processEvents()
        session.thread().msleep(5)
    raise TimeoutError
until(lambda: session.document is not None)
assert session.begin_stroke("Brush stroke")
session.paint(Rect(0, 0, 9, 9), np.ones((9, 9), dtype=bool), 1)
session.end_stroke()
assert session.wait_until_saved()
assert session.segment([session.document.entry.key])
until(lambda: session.job is None)
from PySide6.QtGui import QDesktopServices
QDesktopServices.openUrl = lambda url: True
session.approve()
assert session.evaluate()
until(lambda: session.job is None)
assert list((Path(sys.argv[1]) / "set" / "segtool-reports").iterdir())
window._asks_on_close = False
window.close()
"""
)
TRAINING = {
    "epochs": 1,
    "minutes": 5,
    "steps_per_epoch": 1,
    "batch": 1,
    "crop": 32,
    "network": {"outputs": 1, "widths": [4, 4], "stem": "half", "skip_width": 4, "residual": False},
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two images with masks, and the settings of a short training."""
    (tmp_path / "set").mkdir()
    for number in range(2):
        pixels, mask = draw_nuclei(number, size=(96, 96))
        cv2.imwrite(str(tmp_path / "set" / f"{number}.png"), pixels)
        write_mask(tmp_path / "set" / "masks" / f"{number}.png", mask)
    (tmp_path / "settings.json").write_text(json.dumps({k: v for k, v in TRAINING.items() if k != "epochs"}))
    return tmp_path


def faults_of(code: str, arguments: list[str], place: Path) -> list[str]:
    """Run Python code with the networks shut; return what it tried, and how it failed."""
    tried = place / "tried"
    program = [sys.executable, "-c", code, *arguments]
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode == 0:
        # A machine without any network: native code cannot reach one either.
        program = [unshare, "-rn", *program]
    done = subprocess.run(
        program,
        cwd=ROOT,
        env=os.environ | {"TRIED": str(tried), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    faults = tried.read_text().splitlines() if tried.exists() else []
    return faults + ([] if done.returncode == 0 else [f"ends with {done.returncode}: {done.stderr[-400:]}"])


def row(what: str, faults: list[str]) -> FaultCount:
    return FaultCount(
        test="R18",
        done=f"{what} with every way to a network shut",
        times=1,
        bad=len(faults),
        promise="works, and tries to reach nothing",
        found="; ".join(faults[:3]),
    )


def test_the_guard_notices(place: Path) -> None:
    code = GUARD + "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')"
    assert any("urllib.Request" in fault for fault in faults_of(code, [], place))


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("what", ["segtool segment", "the window", "segtool train"])
def test_nothing_is_fetched(what: str, place: Path, counted: Callable[[FaultCount], None]) -> None:
    folder = str(place / "set")
    match what:
        case "segtool segment":
            faults = faults_of(COMMAND, ["segment", folder, "--overwrite"], place)
        case "segtool train":
            options = ["--base", "none", "--epochs", "1", "--out", str(place / "model")]
            faults = faults_of(COMMAND, ["train", folder, *options, "--settings", str(place / "settings.json")], place)
        case _:
            faults = faults_of(WINDOW, [str(place)], place)
    counted(row(what, faults))
