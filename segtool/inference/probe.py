"""Trying a network from elsewhere in a process of its own before it is loaded into this one.

OpenVINO reads a network in C++. Of 5,000 networks that were changed at random and given fitting hashes one ended the
process with a segmentation fault (it did not do so again), a long enough chain of layers keeps it busy for minutes,
and one changed number has it ask for as much memory as there is. A network that was not written by this program on this
machine is therefore loaded and run in a child first, with limits to its time and memory: what has passed is
remembered by its digest.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from platformdirs import user_cache_path

import segtool
from segtool.core.errors import ModelError, SegToolError
from segtool.models.bundled import bundled_key
from segtool.models.card import NETWORK_FILE
from segtool.models.network_file import NetworkFiles, read_network
from segtool.models.plain_file import OTHER_MODEL
from segtool.models.self_test import CHANNELS

# Of the processor, as a network that is busy for ever is, and on the clock, as one that waits for ever. A small
# machine with a training under way needs 2 s and 10 s.
CPU_LIMIT_S, TIME_LIMIT_S = 10.0, 60.0
MEMORY_LIMIT_BYTES = 2 * 1024**3
# A tile of an image, nearly; a network that grows out of bounds does so here too.
_SIDE = 512
_POLL_S = 0.02
_MOST_REMEMBERED = 1000
_STARTED = "started"
_log = logging.getLogger(__name__)
_tried: set[str] = set()
_children: set[subprocess.Popen[bytes]] = set()


def ensure_tried(folder: Path, files: NetworkFiles) -> None:
    """Have a network tried in a child process, unless it came with the program or has been tried on this machine.

    Parameters
    ----------
    folder : Path
        A model folder.
    files : NetworkFiles
        What was read from it.

    Raises
    ------
    ModelError
        If the child did not survive it, took too long or too much memory, or refused it: with the child's reason.
    """
    digest = _digest(files)
    if digest in _tried or bundled_key(folder) or digest in _remembered():
        _tried.add(digest)
        return
    answer = _try_in_child(folder)
    if answer is None:
        return
    if "reason" in answer:
        raise ModelError(str(answer["reason"]), path=answer.get("path"), remedy=str(answer.get("remedy", "")))
    if answer.get("tried") != digest:
        raise _error(folder, "was replaced while it was tried")
    note_tried(files)


def note_tried(files: NetworkFiles) -> None:
    """Remember that a network can be loaded."""
    digest = _digest(files)
    if digest in _tried:
        return
    _tried.add(digest)
    path = _memory()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = [*_remembered(), digest][-_MOST_REMEMBERED:]
        path.write_text("".join(f"{line}\n" for line in kept), encoding="ascii")
    except OSError as exc:
        _log.info("%s cannot be written: %s", path, exc)


def end_trials() -> None:
    """End every child that is trying a network: the window closes and waits for nothing."""
    for child in tuple(_children):
        child.kill()


def _digest(files: NetworkFiles) -> str:
    """Return what tells a network, and what is to be expected of it, from any other."""
    found = hashlib.sha256(repr(files.card.network).encode())
    for data in (files.description, files.data):
        found.update(hashlib.sha256(data).digest())
    return found.hexdigest()


def _memory() -> Path:
    return user_cache_path("segtool", appauthor=False) / "tried-networks.txt"


def _remembered() -> list[str]:
    try:
        return _memory().read_text(encoding="ascii").splitlines()[-_MOST_REMEMBERED:]
    except (OSError, UnicodeDecodeError):
        return []


def _try_in_child(folder: Path) -> dict[str, Any] | None:
    """Return what the child says, None if no child can be started here: that is not the network's fault."""
    place = os.path.dirname(os.path.dirname(segtool.__file__))
    paths = os.pathsep.join(filter(None, (place, os.environ.get("PYTHONPATH", ""))))
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "segtool.inference.probe", os.fspath(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths, "PYTHONSAFEPATH": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as exc:
        _log.warning("%s could not be tried in a process of its own: %s", folder, exc)
        return None
    with child:
        _children.add(child)
        try:
            too_much = _watch(child)
        finally:
            _children.discard(child)
        said = b"" if child.stdout is None else child.stdout.read()
    lines = said.decode("utf-8", errors="replace").splitlines()
    if too_much:
        raise _error(folder, too_much)
    if not lines or lines[0] != _STARTED:
        _log.warning("%s could not be tried: its process ended with %s at once", folder, child.returncode)
        return None
    try:
        answer = json.loads(lines[-1])
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise _error(folder, f"brought the process down in which it was tried ({child.returncode})")
    return answer


def _watch(child: subprocess.Popen[bytes]) -> str:
    """Wait for the child; end it and say why if it takes too much."""
    end = time.monotonic() + TIME_LIMIT_S
    while True:
        try:
            child.wait(_POLL_S)
            return ""
        except subprocess.TimeoutExpired:
            memory, worked = _taken_by(child.pid)
        if memory > MEMORY_LIMIT_BYTES:
            child.kill()
            return f"takes more than {MEMORY_LIMIT_BYTES // 1024**3} GB of memory"
        if worked > CPU_LIMIT_S or time.monotonic() > end:
            child.kill()
            return "was not ready in time"


def _taken_by(pid: int) -> tuple[int, float]:
    """Return the bytes and the seconds of work that a process has taken; 0 where the system does not tell."""
    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        return int(process.memory_info().rss), float(times.user + times.system)
    except (psutil.Error, OSError):
        return 0, 0.0


def _error(folder: Path, what: str) -> ModelError:
    return ModelError(f"the network {what}", path=folder / NETWORK_FILE, remedy=OTHER_MODEL)


def main(folder: Path) -> None:
    """Load a model and run it once, as the child; says on stdout what came of it."""
    from segtool.inference.runtime import Runtime

    out = sys.stdout
    # Nothing else may stand there, whatever the libraries have to say.
    sys.stdout = sys.stderr
    out.write(f"{_STARTED}\n")
    out.flush()
    try:
        files = read_network(folder)
        runtime = Runtime.of(files, folder)
        stride = files.card.network.stride
        side = max(_SIDE // stride, 1) * stride
        runtime.probabilities(np.zeros((1, side, side, CHANNELS), dtype=np.float32))
        answer: dict[str, Any] = {"tried": _digest(files)}
    except SegToolError as exc:
        path = None if exc.path is None else os.fspath(exc.path)
        answer = {"reason": exc.reason, "path": path or os.fspath(folder / NETWORK_FILE), "remedy": exc.remedy}
    out.write(f"{json.dumps(answer)}\n")
    out.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
