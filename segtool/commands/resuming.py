"""``segtool train --resume``: what is noted of a run so that it can be asked for again, and asking for it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segtool.core.errors import ModelError, TrainingError
from segtool.core.run_settings import RunSettings
from segtool.models.base import FROM_SCRATCH, resolve_base
from segtool.project.layout import MODELS_FOLDER, ImageEntry
from segtool.project.project import Project
from segtool.project.unfinished import find_unfinished, is_any_under_way, read_state

_DISCARD = "Discard what was kept of it and start a new training."
# What a run was asked to do cannot be changed while it is gone on with.
_FIXED = ("val", "base", "minutes", "epochs", "settings", "kinds")


def request_of(
    arguments: argparse.Namespace,
    project: Project,
    *,
    settings: RunSettings,
    train: Sequence[ImageEntry],
    held_out: Sequence[ImageEntry],
    base: Path | None,
    more_settings: dict[str, Any],
) -> dict[str, Any]:
    """Return what it takes to ask for a run again, as JSON holds it.

    Parameters
    ----------
    arguments : argparse.Namespace
        Those of ``segtool train``.
    project : Project
    settings : RunSettings
        As they are used.
    train, held_out : sequence of ImageEntry
    base : Path or None
        Folder of the model that it starts from.
    more_settings : dict
        What a file of settings holds beside those.
    """
    out = Path(os.path.abspath(arguments.out))
    value = settings.to_json() | {"images": [entry.key for entry in train]}
    if arguments.val is None:
        value["held_out"] = [entry.key for entry in held_out]
    return {
        "name": out.name,
        "is_version": out.parent == project.data_root / MODELS_FOLDER,
        "base": FROM_SCRATCH if base is None else _name_of(project, base),
        "settings": value,
        "more settings": more_settings,
        "val": None if arguments.val is None else os.path.abspath(arguments.val),
        "kinds": None if arguments.kinds is None else os.path.abspath(arguments.kinds),
        "compare": arguments.compare,
    }


def resumed(arguments: argparse.Namespace, project: Project) -> tuple[argparse.Namespace, Path]:
    """Return the arguments of the run that is to be gone on with, and its checkpoint.

    Raises
    ------
    TrainingError
        If there is none, if it cannot be gone on with, or if it is asked to be another run.
    """
    if given := [f"--{name}" for name in _FIXED if getattr(arguments, name) is not None]:
        raise TrainingError(f"a training is resumed as it was begun: leave {' and '.join(given)} off")
    path = _checkpoint(arguments, project)
    state = read_state(path)
    try:
        request = state["request"]
        out = arguments.out or _own_place(request, project)
        settings = dict(request["settings"]) | dict(request["more settings"])
        gone = [key for key in settings["images"] if not project.has(key)]
        values = {name: request[name] for name in ("base", "val", "kinds")}
        compare = arguments.compare or request["compare"]
    except (KeyError, TypeError, ValueError) as exc:
        raise TrainingError("what was kept of the training is not complete", path=path, remedy=_DISCARD) from exc
    if gone:
        images = f"{gone[0]} is" if len(gone) == 1 else f"{len(gone)} of its images are"
        raise TrainingError(
            f"the training cannot be resumed, because {images} gone", path=project.root, remedy=_DISCARD
        )
    asked = {**vars(arguments), **values, "out": out, "settings": settings, "compare": compare}
    return argparse.Namespace(**asked), path


def _checkpoint(arguments: argparse.Namespace, project: Project) -> Path:
    if arguments.checkpoint is not None:
        path = Path(arguments.checkpoint)
        if not path.is_file():
            raise TrainingError("there is no such checkpoint", path=path)
        return path
    run = find_unfinished(project.data_root)
    if run is None:
        if is_any_under_way(project.data_root):
            raise TrainingError("a training of this folder is under way", path=project.root, remedy="Wait for its end.")
        raise TrainingError("there is no training to be resumed", path=project.root, remedy="Start one with --out.")
    return run.path


def _own_place(request: dict[str, Any], project: Project) -> str:
    """Return where the model of a run was to go: a version of the folder, under another number if that is taken."""
    if request["is_version"] is not True:
        raise TrainingError("say with --out where its model is to go", path=project.root)
    name = str(request["name"])
    if "/" in name or os.sep in name or name.startswith("."):
        raise ValueError(name)
    models = project.data_root / MODELS_FOLDER
    return os.fspath(models / (project.store.next_version_name(name) if (models / name).exists() else name))


def _name_of(project: Project, folder: Path) -> str:
    """Return a model by its name where that leads to it, else by its folder."""
    try:
        found = resolve_base(project.store, folder.name)
    except ModelError:
        return os.path.abspath(folder)
    return folder.name if found == folder else os.path.abspath(folder)
