"""The state of a run on disk, so that a run that was stopped or killed can be gone on with."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segtool.core.errors import TrainingError
from segtool.formats.atomic import write_atomic
from segtool.project.unfinished import STATE_ENTRY, read_state

Arrays = list[npt.NDArray[Any]]
_ARRAYS = frozenset({"model", "average", "best", "optimiser"})


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that the rest of a run depends on, after a whole epoch.

    Attributes
    ----------
    run : dict
        What the run was asked to do; a checkpoint of another run is refused.
    contents : dict of str to str
        Key of each image, training or held out → hash of image and mask as they were.
    request : dict
        What it takes to ask for the same run again.
    step : int
        Optimiser steps taken. Batches depend on seed and step alone, so they go on as they would have.
    seconds, lead : float
        Time spent, and what of it passed before the first step.
    best_loss : float or None
    best_epoch : int
    curves : list of dict
        One ``RunEpoch`` each.
    arrays : dict of str to list of ndarray
        ``model``, ``average``, ``best`` weights and the ``optimiser``'s variables; all finite.
    """

    run: dict[str, Any]
    contents: dict[str, str]
    request: dict[str, Any]
    step: int
    seconds: float
    lead: float
    best_loss: float | None
    best_epoch: int
    curves: list[dict[str, Any]]
    arrays: dict[str, Arrays]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint whole or not at all, in place of the one before.

    Raises
    ------
    SaveError
        If it cannot be written; the one before is kept.
    """
    state = {field.name: getattr(checkpoint, field.name) for field in fields(checkpoint) if field.name != "arrays"}
    entries: dict[str, Any] = {STATE_ENTRY: np.frombuffer(json.dumps(state).encode(), dtype=np.uint8)}
    for name, arrays in checkpoint.arrays.items():
        entries |= {f"{name}_{index:04d}": array for index, array in enumerate(arrays)}
    data = io.BytesIO()
    np.savez(data, **entries)
    path.absolute().parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, data.getvalue())


def read_checkpoint(path: Path, run: dict[str, Any]) -> Checkpoint:
    """Read the checkpoint of a run.

    Parameters
    ----------
    path : Path
    run : dict
        What the run is asked to do now; must equal what it was asked before.

    Raises
    ------
    TrainingError
        If the file is damaged or belongs to another run.
    """
    state = read_state(path)
    try:
        checkpoint = Checkpoint(arrays=_read_arrays(path), **state)
    except Exception as exc:  # zipfile and NumPy raise many kinds for a damaged file
        first = str(exc).strip().partition("\n")[0][:200] or type(exc).__name__
        raise TrainingError(
            f"what was kept of the training cannot be read ({first})",
            path=path,
            remedy="Discard it and start a new training.",
        ) from exc
    if checkpoint.run != run:
        changed = sorted(name for name in {*run, *checkpoint.run} if run.get(name) != checkpoint.run.get(name))
        raise TrainingError(
            f"the training cannot be gone on with, because it was another one: {', '.join(changed)} differ",
            path=path,
            remedy="Discard what was kept of it and start a new training.",
        )
    return checkpoint


def _read_arrays(path: Path) -> dict[str, Arrays]:
    with zipfile.ZipFile(path) as archive:
        # Before NumPy takes a damaged header at its word. Nothing here is compressed, so nothing is larger than the
        # file itself.
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("it is compressed")
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} is damaged")
    arrays: dict[str, Arrays] = {name: [] for name in _ARRAYS}
    with np.load(path, allow_pickle=False) as data:
        for name in sorted(data.files):
            if name != STATE_ENTRY:
                arrays[name.rpartition("_")[0]].append(data[name])
    if not all(np.isfinite(array).all() for parts in arrays.values() for array in parts):
        raise ValueError("it holds numbers that are not finite")
    return arrays
