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

Arrays = list[npt.NDArray[Any]]
_STATE = "state"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that the rest of a run depends on, after a whole epoch.

    Attributes
    ----------
    run : dict
        What the run was asked to do; a checkpoint of another run is refused.
    step : int
        Optimiser steps taken. Batches depend on seed and step alone, so they go on as they would have.
    seconds : float
        Time spent training.
    best_loss : float or None
    best_epoch : int
    curves : list of dict
        One ``RunEpoch`` each.
    arrays : dict of str to list of ndarray
        ``model``, ``average``, ``best`` weights and the ``optimiser``'s variables.
    """

    run: dict[str, Any]
    step: int
    seconds: float
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
    entries: dict[str, Any] = {_STATE: np.frombuffer(json.dumps(state).encode(), dtype=np.uint8)}
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
    try:
        with np.load(path, allow_pickle=False) as data:
            state = json.loads(data[_STATE].tobytes())
            arrays: dict[str, Arrays] = {}
            for name in sorted(data.files):
                if name != _STATE:
                    arrays.setdefault(name.rpartition("_")[0], []).append(data[name])
        checkpoint = Checkpoint(arrays=arrays, **state)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as exc:
        raise TrainingError(
            f"the checkpoint cannot be read ({exc})", path=path, remedy="Remove it to start the run anew."
        ) from exc
    if checkpoint.run != run:
        changed = sorted(name for name in {*run, *checkpoint.run} if run.get(name) != checkpoint.run.get(name))
        raise TrainingError(
            f"the checkpoint is one of another run: {', '.join(changed)} differ",
            path=path,
            remedy="Give the run its own checkpoint, or remove this one to start anew.",
        )
    return checkpoint
