from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool import launch
from segtool.core.errors import ProjectError
from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask
from segtool.gui.main_window import MainWindow
from segtool.sample.copying import copy_sample

ROOT = Path(__file__).resolve().parent.parent


def _run_without_display(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run(
        [sys.executable, os.fspath(ROOT / "main.py"), *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def _open_windows() -> list[MainWindow]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()]


def test_main_opens_the_folder_it_is_given(qapp: QApplication, sample_folder: Path, qtbot: QtBot) -> None:
    titles: list[str] = []

    def look_and_close() -> None:
        (window,) = _open_windows()
        if window._session.document is not None:
            titles.append(window.windowTitle())
            watch.stop()
            window.close()

    watch = QTimer(interval=20)
    watch.timeout.connect(look_and_close)
    watch.start()
    assert launch.main([os.fspath(sample_folder)]) == 0
    # Nor is any process left that has decoded an image.
    assert [child for child in psutil.Process().children() if "decoder_child" in " ".join(child.cmdline())] == []
    assert titles == ["sample · nuclei-01-sparse.png · untouched[*] — SegTool"]


@pytest.mark.skipif(sys.platform == "win32", reason="the system sends no such signal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_end_saves_without_asking(
    qapp: QApplication, sample_folder: Path, qtbot: QtBot, number: signal.Signals
) -> None:
    def paint_and_end() -> None:
        (window,) = _open_windows()
        session = window._session
        if session.document is not None:
            watch.stop()
            session.apply_pixels("Stroke", Rect(3, 4, 5, 6), np.ones((6, 5), dtype=np.uint8))
            os.kill(os.getpid(), number)

    watch = QTimer(interval=20)
    watch.timeout.connect(paint_and_end)
    watch.start()
    before = signal.getsignal(number)
    assert launch.main([os.fspath(sample_folder)]) == 0
    assert signal.getsignal(number) is before
    mask = read_mask(sample_folder / "masks" / "nuclei-01-sparse.png")
    assert mask[4:10, 3:8].tolist() == [[1] * 5] * 6


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
def test_without_a_display_the_sample_is_worked_on_and_said_where(isolated_home: Path) -> None:
    done = _run_without_display("--sample", cwd=isolated_home)
    assert done.returncode == 0, done.stderr
    assert "There is no display" in done.stderr.splitlines()[0]
    assert "contact sheet" in done.stdout
    (masks,) = isolated_home.rglob("masks")
    assert len(list(masks.glob("*.png"))) == 6


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
def test_without_a_display_a_folder_that_is_not_there_is_said_in_one_line(isolated_home: Path) -> None:
    done = _run_without_display("no-such-folder", cwd=isolated_home)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "no-such-folder" in done.stderr.splitlines()[-1]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
@pytest.mark.parametrize("display", [":987", "localhost:987.0"])
def test_a_display_that_does_not_answer_is_none(monkeypatch: pytest.MonkeyPatch, display: str) -> None:
    for variable in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DISPLAY", display)
    assert not launch.has_display()


def test_help_needs_no_display(isolated_home: Path) -> None:
    done = _run_without_display("--help", cwd=isolated_home)
    assert done.returncode == 0
    assert "--sample" in done.stdout


def test_the_window_starts_without_the_inference_runtime() -> None:
    code = "import sys, segtool.app; print([m for m in ('openvino', 'tensorflow', 'keras') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_copy_of_the_sample_with_work_in_it_is_used_again(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "segtool-sample"
    assert copy_sample(target) == target
    images = sorted(path.name for path in target.iterdir())
    assert len(images) >= 6
    (target / "masks").mkdir()
    (target / "masks" / "work.png").write_bytes(b"work")
    (target / images[0]).unlink()
    assert copy_sample(target) == target
    assert (target / "masks" / "work.png").read_bytes() == b"work"
    assert not (target / images[0]).exists()
    assert [path.name for path in target.parent.iterdir()] == ["segtool-sample"]


def test_a_copy_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ProjectError, match="could not be copied"):
        copy_sample(tmp_path / "file" / "segtool-sample")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_is_not_there_opens_no_window(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch.main([os.fspath(tmp_path / "evalute")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not _open_windows()
