from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from segtool.core.errors import ModelError
from segtool.inference import probe
from segtool.inference.probe import end_trials, ensure_tried
from segtool.inference.runtime import Runtime
from segtool.models.card import NETWORK_FILE
from segtool.models.network_file import NetworkFiles, read_network


@pytest.fixture
def folder(tiny_model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model_folder, tmp_path / "model"))


@pytest.fixture
def files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> NetworkFiles:
    """A network that nothing is known about yet."""
    monkeypatch.setattr(probe, "_tried", set())
    return read_network(folder)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of the children."""
    commands: list[list[str]] = []
    real = subprocess.Popen

    def popen(command: list[str], **options: object) -> object:
        commands.append(command)
        return real(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", popen)
    return commands


def use_child(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Have another program for a child."""
    real = subprocess.Popen
    command = [sys.executable, "-c", program]
    monkeypatch.setattr(subprocess, "Popen", lambda _command, **options: real(command, **options))


def test_a_network_from_elsewhere_is_tried_once_on_a_machine(
    folder: Path, files: NetworkFiles, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
):
    assert Runtime.load(folder).card == files.card
    assert len(started) == 1
    Runtime.load(folder)
    monkeypatch.setattr(probe, "_tried", set())
    Runtime.load(folder)
    assert len(started) == 1
    monkeypatch.setattr(probe, "_tried", set())
    other = replace(files, data=files.data[:-1] + b"x")
    with pytest.raises(ModelError, match="was replaced while it was tried"):
        ensure_tried(folder, other)
    assert len(started) == 2


def test_what_this_process_has_written_is_not_tried(folder: Path, files: NetworkFiles, started: list[list[str]]):
    Runtime.load(folder, is_own=True)
    Runtime.load(folder)
    assert started == []


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("print('started', flush=True); import os; os.abort()", "brought the process down"),
        ("print('started', flush=True); print('[1]')", "brought the process down"),
        ("print('started', flush=True)\nwhile True: pass", "was not ready in time"),
        ("print('started', flush=True); x = b'x' * 300_000_000; input()\nwhile True: pass", "GB of memory"),
        ('print(\'started\', flush=True); print(\'{"reason": "no", "path": "/a"}\')', "a: no"),
    ],
)
def test_a_child_that_fails_is_the_networks_fault(
    folder: Path, files: NetworkFiles, monkeypatch: pytest.MonkeyPatch, program: str, reason: str
):
    monkeypatch.setattr(probe, "CPU_LIMIT_S", 0.3)
    monkeypatch.setattr(probe, "MEMORY_LIMIT_BYTES", 2**30 if "x =" not in program else 10**8)
    use_child(monkeypatch, program)
    with pytest.raises(ModelError, match=reason) as caught:
        ensure_tried(folder, files)
    assert caught.value.path is not None
    assert caught.value.path == folder / NETWORK_FILE or reason == "a: no"


def test_a_machine_that_starts_no_child_is_not_the_networks_fault(
    folder: Path, files: NetworkFiles, monkeypatch: pytest.MonkeyPatch
):
    use_child(monkeypatch, "raise ImportError")
    ensure_tried(folder, files)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    ensure_tried(folder, files)


def test_closing_the_window_does_not_wait_for_a_child(
    folder: Path, files: NetworkFiles, monkeypatch: pytest.MonkeyPatch
):
    use_child(monkeypatch, "print('started', flush=True); import time; time.sleep(600)")
    said: list[str] = []

    def load() -> None:
        try:
            ensure_tried(folder, files)
        except ModelError as error:
            said.append(error.reason)

    thread = threading.Thread(target=load)
    thread.start()
    while thread.is_alive():
        end_trials()
    thread.join()
    # Ended before or after its first word: refused, or given up.
    assert said in ([], ["the network brought the process down in which it was tried (-9)"])


def test_one_that_cannot_be_watched_is_tried_all_the_same_and_not_for_ever(
    folder: Path, files: NetworkFiles, monkeypatch: pytest.MonkeyPatch
):
    # As in a container without /proc.
    monkeypatch.setattr(psutil, "PROCFS_PATH", "/nowhere", raising=False)
    ensure_tried(folder, files)
    monkeypatch.setattr(probe, "_tried", set())
    monkeypatch.setattr(probe, "_remembered", list)
    monkeypatch.setattr(probe, "TIME_LIMIT_S", 0.2)
    use_child(monkeypatch, "print('started', flush=True)\nwhile True: pass")
    with pytest.raises(ModelError, match="not ready in time"):
        ensure_tried(folder, files)
