"""Trainings that were broken off: where their state is kept, which there is, and whether it is still under way.

Beside the masks of a folder, ``.segtool/runs/`` holds the checkpoint of the run that was begun last and has not come to
its end. One is kept: that of a newer run takes its place as soon as it is written.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from segtool.core.errors import SegToolError, TrainingError
from segtool.core.run_settings import RunSettings
from segtool.formats.atomic import remove_stale_temporaries
from segtool.models.card import read_card
from segtool.models.drafts import remove_drafts
from segtool.project.layout import MODELS_FOLDER

RUNS_FOLDER = Path(".segtool", "runs")
STATE_ENTRY = "state"
# How a card says that a person has ended the run early.
STOPPED = "stopped"
_NUMBERED = re.compile(r"(\d{4,})\.npz")
_LARGEST_STATE = 64 << 20
# A process on another computer cannot be asked; one that has written nothing for so long counts as gone.
_FOREIGN_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run that can be gone on with.

    Attributes
    ----------
    path : Path
        Its checkpoint.
    when : datetime
        Local time at which its last epoch was done.
    name : str
        What its model was to be called.
    is_version : bool
        Whether that was to be a version in the folder's ``models/``.
    base : str
        Model that it started from, by name or folder; "none" for random weights.
    settings : RunSettings
    epochs : int
        Epochs that are done.
    problem : str
        Why it cannot be gone on with, as a clause; "" as far as is known. Of the rest only ``path`` and ``when`` hold
        then.
    """

    path: Path
    when: datetime
    name: str = ""
    is_version: bool = False
    base: str = ""
    settings: RunSettings = field(default_factory=RunSettings)
    epochs: int = 0
    problem: str = ""


def new_checkpoint(data_root: Path) -> Path:
    """Return where a run that starts now keeps its state; nothing is written."""
    taken = [*_numbered(data_root), *(int(lock.stem) for lock in _locks(data_root))]
    return data_root / RUNS_FOLDER / f"{max(taken, default=0) + 1:04d}.npz"


def find_unfinished(data_root: Path) -> UnfinishedRun | None:
    """Return the newest run of a folder that was broken off, None if there is none, or while one is under way.

    What killed processes have left beside it is removed.
    """
    if is_any_under_way(data_root):
        return None
    for lock in _locks(data_root):
        with contextlib.suppress(OSError):
            lock.unlink()
    remove_stale_temporaries(data_root / RUNS_FOLDER, older_than_s=0)
    _remove_empty(data_root / RUNS_FOLDER)
    for _, path in sorted(_numbered(data_root).items(), reverse=True):
        run = _described(path)
        if run is None:
            continue
        if run.is_version:
            out = data_root / MODELS_FOLDER / run.name
            remove_drafts(out)
            if _has_ended(run, out):
                # Killed between its last two breaths.
                discard(path)
                continue
        return run
    return None


def is_any_under_way(data_root: Path) -> bool:
    """Tell whether a process is at work on a run of a folder."""
    return any(is_under_way(lock.with_suffix(".npz")) for lock in _locks(data_root))


def read_state(path: Path) -> dict[str, Any]:
    """Read what a checkpoint says about its run, without the weights; TrainingError if it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(f"{STATE_ENTRY}.npy")
            if entry.file_size > _LARGEST_STATE or entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError("its state is too large")
            state = json.loads(np.load(io.BytesIO(archive.read(entry)), allow_pickle=False).tobytes())
        if not isinstance(state, dict):
            raise ValueError("its state is no JSON object")
    except Exception as exc:  # zipfile and NumPy raise many kinds for a damaged file
        first = str(exc).strip().partition("\n")[0][:200] or type(exc).__name__
        raise TrainingError(
            f"what was kept of the training cannot be read ({first})",
            path=path,
            remedy="Discard it and start a new training.",
        ) from exc
    return state


@contextlib.contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Mark a checkpoint as that of a run that is under way, for as long as this process lives and the block lasts.

    Raises
    ------
    TrainingError
        If another process is at work on it.
    """
    if is_under_way(path):
        raise TrainingError("this training is under way already", path=path, remedy="Wait for it to end.")
    lock = _lock_of(path)
    owner = {"pid": os.getpid(), "started": psutil.Process().create_time(), "host": platform.node()}
    with contextlib.suppress(OSError):
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.write_text(json.dumps(owner), encoding="utf-8")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()
        _remove_empty(path.parent)


def is_under_way(path: Path) -> bool:
    """Tell whether a process is at work on the run of a checkpoint."""
    lock = _lock_of(path)
    try:
        owner = json.loads(lock.read_text(encoding="utf-8"))
        if owner["host"] != platform.node():
            newest = max(item.stat().st_mtime for item in (lock, path) if item.exists())
            return time.time() - newest < _FOREIGN_SECONDS
        if owner["pid"] == os.getpid():
            return False
        process = psutil.Process(owner["pid"])
        return bool(process.create_time() == owner["started"]) and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return False


def discard(path: Path) -> None:
    """Remove a checkpoint and what lies beside it."""
    for item in (path, _lock_of(path)):
        with contextlib.suppress(OSError):
            item.unlink()
    _remove_empty(path.parent)


def drop_older(path: Path) -> None:
    """Remove the checkpoints of earlier runs of the same folder, but for those that are under way."""
    if path.parent.parts[-2:] != RUNS_FOLDER.parts:
        return
    for other in _numbered(path.parent.parent.parent).values():
        if other != path and not is_under_way(other):
            discard(other)


def _numbered(data_root: Path) -> dict[int, Path]:
    try:
        names = os.listdir(data_root / RUNS_FOLDER)
    except OSError:
        return {}
    matches = [match for name in names if (match := _NUMBERED.fullmatch(name))]
    return {int(match[1]): data_root / RUNS_FOLDER / match[0] for match in matches}


def _locks(data_root: Path) -> list[Path]:
    return [lock for lock in (data_root / RUNS_FOLDER).glob("*.lock") if lock.stem.isdecimal()]


def _described(path: Path) -> UnfinishedRun | None:
    try:
        when = datetime.fromtimestamp(path.stat().st_mtime)
    except OSError:
        return None
    try:
        state = read_state(path)
        request = state["request"]
        return UnfinishedRun(
            path,
            when,
            name=_plain_name(request["name"]),
            is_version=request["is_version"] is True,
            base=str(request["base"]),
            settings=RunSettings.from_json(request["settings"]),
            epochs=len(state["curves"]),
        )
    except SegToolError as exc:
        return UnfinishedRun(path, when, problem=exc.reason)
    except (KeyError, TypeError, ValueError) as exc:
        return UnfinishedRun(path, when, problem=f"what was kept of the training is not complete ({exc!r})")


def _has_ended(run: UnfinishedRun, out: Path) -> bool:
    """Tell whether a run has come to its end in the model ``out``; one that was stopped before can be gone on with."""
    try:
        card = read_card(out)
        return card.training.get("ended_by") != STOPPED and datetime.fromisoformat(card.created).timestamp() > (
            run.when.timestamp() - 1
        )
    except (SegToolError, ValueError):
        return False


def _plain_name(name: object) -> str:
    """Return a name that stays in its folder; ValueError for any other."""
    if not isinstance(name, str) or not name or name.startswith(".") or set(name) & set("/\\:\0") or len(name) > 200:
        raise ValueError(name)
    return name


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _remove_empty(folder: Path) -> None:
    """Remove a folder of runs that nothing lies in any more."""
    with contextlib.suppress(OSError):
        if folder.parts[-2:] == RUNS_FOLDER.parts:
            folder.rmdir()
            folder.parent.rmdir()
