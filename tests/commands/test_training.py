"""A training process listens, stops, and says what went wrong in one line and one event."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from segtool.core.run_events import RunDone, RunEpoch, RunFailed, from_line
from segtool.formats.mask_png import write_mask
from segtool.models.card import read_card
from segtool.sample import draw_nuclei

SETTINGS = {
    "minutes": 60,
    "steps_per_epoch": 1,
    "batch": 1,
    "crop": 32,
    "patience": 10_000,
    "network": {"outputs": 1, "widths": [4, 4], "stem": "half", "skip_width": 4, "residual": False},
}


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """A training that would last an hour."""
    for number in range(2):
        pixels, mask = draw_nuclei(number, size=(64, 64))
        (tmp_path / "set").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "set" / f"{number}.png"), pixels)
        write_mask(tmp_path / "set" / "masks" / f"{number}.png", mask)
    (tmp_path / "settings.json").write_text(json.dumps(SETTINGS))
    options = ["--base", "none", "--out", str(tmp_path / "model"), "--settings", str(tmp_path / "settings.json")]
    return [sys.executable, "-m", "segtool", "train", str(tmp_path / "set"), *options]


@pytest.fixture
def start(command: list[str]) -> Iterator[object]:
    running: list[subprocess.Popen[str]] = []

    def begin(*more: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        running.append(subprocess.Popen([*command, *more], stdin=pipe, stdout=pipe, stderr=pipe, text=True))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def test_stop_on_the_standard_input_keeps_the_best_so_far(start, tmp_path: Path) -> None:
    process = start("--events")
    while not isinstance(from_line(process.stdout.readline()), RunEpoch):
        assert process.poll() is None, process.stderr.read()
    process.stdin.write("what?\nstop\n")
    process.stdin.flush()
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors == ""
    done = from_line(output.splitlines()[-1])
    assert isinstance(done, RunDone)
    assert done.reason == read_card(tmp_path / "model").training["ended_by"] == "stopped"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_control_c_keeps_the_best_so_far(start, tmp_path: Path) -> None:
    process = start()
    while not process.stdout.readline().startswith("epoch"):
        assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert read_card(tmp_path / "model").training["ended_by"] == "stopped"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes a stream")
def test_a_closed_standard_input_is_no_reason_to_stop_or_to_complain(command: list[str]) -> None:
    line = " ".join([*command, "--epochs", "2", "--events", "<&-"])
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    last = from_line(done.stdout.splitlines()[-1])
    assert isinstance(last, RunDone)
    assert (last.reason, last.steps) == ("epochs", 2)


def test_a_failure_in_the_middle_is_one_line_and_one_event(command: list[str], tmp_path: Path) -> None:
    # Found only when the masks are read in full, after TensorFlow has been loaded: two others hold both classes.
    pixels, mask = draw_nuclei(5, size=(64, 64))
    cv2.imwrite(str(tmp_path / "set" / "9.png"), pixels)
    damaged = tmp_path / "set" / "masks" / "9.png"
    write_mask(damaged, mask)
    content = bytearray(damaged.read_bytes())
    content[content.index(b"IDAT") + 20] ^= 1
    damaged.write_bytes(content)
    done = subprocess.run(
        [*command, "--epochs", "1", "--events"], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "9.png" in done.stderr
    failed = from_line(done.stdout.splitlines()[-1])
    assert isinstance(failed, RunFailed)
    assert "9.png" in failed.message
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
def test_a_run_that_was_killed_is_resumed_and_ends_with_its_program(start, command: list[str], tmp_path: Path) -> None:
    (tmp_path / "kinds.csv").write_text("stem,kind\n0,dark\n1,bright\n")
    process = start("--events", "--kinds", str(tmp_path / "kinds.csv"))
    before = _first_epochs(process, 3)
    process.kill()
    process.communicate()
    (checkpoint,) = (tmp_path / "set" / ".segtool" / "runs").glob("*.npz")
    # The file of settings may be gone: what it said is known.
    (tmp_path / "settings.json").unlink()
    train = [*command[:5], "--resume", "--events", "--tied"]
    refused = subprocess.run([*train, "--epochs", "3"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert "leave --epochs off" in refused.stderr
    process = subprocess.Popen(
        [*train, "--out", str(tmp_path / "model")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    after = _first_epochs(process, 3)
    assert after[:2] == before[:2]
    # As if the program that has started it were killed.
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert not any(isinstance(from_line(line), RunDone) for line in output.splitlines())
    assert not list(tmp_path.glob("*model*"))
    assert checkpoint.exists()
    assert not checkpoint.with_suffix(".lock").exists()


def _first_epochs(process: subprocess.Popen[str], count: int) -> list[RunEpoch]:
    epochs: list[RunEpoch] = []
    while len(epochs) < count:
        event = from_line(process.stdout.readline())
        assert event is not None or process.poll() is None
        epochs += [event] if isinstance(event, RunEpoch) else []
    return epochs
