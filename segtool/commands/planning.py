"""What ``segtool train`` is asked to do: arguments, settings and folders, checked before TensorFlow is loaded."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segtool.commands.choosing import open_project
from segtool.commands.reporting import Reporter
from segtool.commands.resuming import request_of, resumed
from segtool.core.classes import VOID, ClassInfo, ClassSet, is_background, match_classes
from segtool.core.errors import SaveError, TrainingError
from segtool.core.palette import default_colour
from segtool.core.run_settings import RunSettings
from segtool.formats.kinds_csv import read_kinds
from segtool.formats.mask_png import read_mask
from segtool.models.base import FROM_SCRATCH, default_base, fitting_rate, resolve_base
from segtool.models.card import NETWORK_FILE
from segtool.models.network_config import NetworkConfig
from segtool.project.held_out import choose_held_out
from segtool.project.layout import ImageEntry
from segtool.project.project import Project
from segtool.project.shown import shown_pairs
from segtool.project.sources import Source
from segtool.project.status import Status
from segtool.project.training_images import check_trainable
from segtool.project.unfinished import new_checkpoint


def plan_run(arguments: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    """Turn the arguments of ``segtool train`` into the fields of a ``RunPlan``.

    Raises
    ------
    SegToolError
        For whatever would stop the run and can be found without TensorFlow. Nothing is written.
    """
    project = open_project(arguments.folder, reporter, data_root=arguments.data)
    checkpoint = None if arguments.checkpoint is None else Path(arguments.checkpoint)
    if arguments.resume:
        arguments, checkpoint = resumed(arguments, project)
    out = Path(arguments.out)
    check_out(out)
    if checkpoint is not None:
        _check_writable(checkpoint, "the checkpoint", "--checkpoint")
    settings, network, data, colours, has_rate = _read_settings(arguments)
    labelled = _with_mask(project)
    if settings.images is not None:
        labelled = [project.entry(key) for key in settings.images]
    other: Project | None = None
    if arguments.val is None:
        training, validation = _split(project, labelled, settings)
    else:
        other = open_project(arguments.val, reporter)
        # What the folder itself holds out is never trained on, whatever else there is to score on.
        training = [entry for entry in labelled if entry.key not in project.state.held_out]
        validation = _with_mask(other)
        if not validation:
            raise TrainingError("there are no masks to validate on", path=arguments.val)
    classes, held_out_classes = _classes(project, other, [*training, *validation])
    classes = _coloured(classes, colours)
    check_trainable(training, classes)
    base = _base_folder(project, arguments.base, classes)
    if not has_rate:
        settings = replace(settings, learning_rate=fitting_rate(base, classes))
    compare = _compared(project, arguments.compare, base)
    return {
        "out": out,
        "classes": classes,
        "train": _sources(project, training, classes, settings),
        "held_out": _sources(other or project, validation, held_out_classes or classes, settings),
        "held_out_classes": held_out_classes,
        "settings": settings,
        "base": base,
        "compare": compare,
        "network": network,
        "data": data,
        "kinds": _kinds(arguments, training),
        "checkpoint": new_checkpoint(project.data_root) if checkpoint is None else checkpoint,
        "request": request_of(
            arguments,
            project,
            settings=settings,
            train=training,
            held_out=validation,
            base=base,
            more_settings={"network": network.to_json(), "data": data, "colours": colours},
        ),
    }


def check_out(out: Path) -> None:
    """Refuse a place where the model could not be written, before hours of training rather than after them."""
    if os.path.lexists(out):
        raise SaveError("there is something of that name already", path=out, remedy="Choose another --out.")
    _check_writable(out, "the model", "--out")


def _check_writable(path: Path, what: str, option: str) -> None:
    parent = Path(os.path.abspath(path)).parent
    while not os.path.lexists(parent):
        parent = parent.parent
    try:
        os.rmdir(tempfile.mkdtemp(prefix=".segtool-", dir=parent))
    except OSError as exc:
        raise SaveError(
            f"{what} could not be written here ({exc.strerror})", path=path, remedy=f"Choose another {option}."
        ) from exc


def _read_settings(
    arguments: argparse.Namespace,
) -> tuple[RunSettings, NetworkConfig, dict[str, Any], dict[str, Any], bool]:
    value: Any = {}
    if isinstance(arguments.settings, dict):
        value = dict(arguments.settings)
    elif arguments.settings is not None:
        path = Path(arguments.settings)
        try:
            value = json.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as exc:
            raise TrainingError(f"the settings cannot be read ({exc.strerror})", path=path) from exc
        except (ValueError, RecursionError) as exc:
            raise TrainingError(f"the settings are not valid JSON ({exc})", path=path) from exc
        if not isinstance(value, dict):
            raise TrainingError("the settings must be a JSON object", path=path)
    network = NetworkConfig.from_json(value.pop("network")) if "network" in value else NetworkConfig()
    data = value.pop("data", {})
    if not isinstance(data, dict):
        raise TrainingError(f"data must be a JSON object that describes the training data, not {data!r}")
    colours = value.pop("colours", {})
    if not isinstance(colours, dict):
        raise TrainingError(f"colours must be a JSON object of class names and [red, green, blue], not {colours!r}")
    settings = RunSettings.from_json(value)
    if arguments.minutes is not None:
        settings = settings.with_time(arguments.minutes)
    if arguments.epochs is not None:
        settings = settings.with_epochs(arguments.epochs)
    return settings, network, data, colours, "learning_rate" in value


def _with_mask(project: Project) -> list[ImageEntry]:
    """Return the images with a mask, but for those that only a model has seen: it would learn from itself."""
    return [
        entry
        for entry in project.entries
        if entry.mask_path.is_file() and project.status(entry.key) is not Status.PREDICTED
    ]


def _split(
    project: Project, labelled: list[ImageEntry], settings: RunSettings
) -> tuple[list[ImageEntry], list[ImageEntry]]:
    """Part the images into those to train on and those held out; the folder is not written to."""
    keys = [entry.key for entry in labelled]
    if settings.held_out is not None:
        held = set(settings.held_out)
        validation = [project.entry(key) for key in settings.held_out]
    else:
        held = set(choose_held_out(keys, held=project.state.held_out, known=project.state.known, seed=settings.seed))
        validation = [entry for entry in labelled if entry.key in held]
    return [entry for entry in labelled if entry.key not in held], validation


def _classes(project: Project, other: Project | None, entries: list[ImageEntry]) -> tuple[ClassSet, ClassSet | None]:
    """Return the classes to learn, and those of the folder given with --val where it names its own."""
    theirs = other.classes if other is not None and other.has_classes else None
    classes = project.classes if project.has_classes else theirs or _classes_in_masks(entries)
    if other is not None and theirs is not None:
        merged, _ = match_classes(theirs, classes)
        if extra := [item.name for item in merged if item.id not in classes]:
            raise TrainingError(
                f"the images to validate on have classes that those to train on do not have: {', '.join(extra)}",
                path=other.root,
                remedy="Give the classes the same names in both folders.",
            )
    return classes, theirs


def _classes_in_masks(entries: list[ImageEntry]) -> ClassSet:
    """Return classes named after the ids that the masks hold, for folders that name none."""
    present = np.zeros(VOID + 1, dtype=bool)
    present[0] = True
    for entry in entries:
        present[read_mask(entry.mask_path).ravel()] = True
    return ClassSet(
        tuple(
            ClassInfo(int(i), f"class {i}" if i else "background", default_colour(int(i)))
            for i in np.flatnonzero(present[:VOID])
        )
    )


def _coloured(classes: ClassSet, colours: dict[str, Any]) -> ClassSet:
    """Return the classes in the colours that the settings give them by name, for the model's card."""
    if unknown := sorted(set(colours) - {item.name for item in classes}):
        raise TrainingError(f"the settings give colours to classes that there are not: {', '.join(unknown)}")
    return ClassSet.from_json(
        [item | ({"colour": colours[item["name"]]} if item["name"] in colours else {}) for item in classes.to_json()]
    )


def _base_folder(project: Project, name_or_dir: str | None, classes: ClassSet) -> Path | None:
    """Return the folder of what to start from: what fits the classes if none is named, None for random weights."""
    if name_or_dir is None:
        name_or_dir = default_base(project.store.entries(), classes)
    return None if name_or_dir == FROM_SCRATCH else resolve_base(project.store, name_or_dir)


def _compared(project: Project, name_or_dir: str | None, base: Path | None) -> Path | None:
    """Return the folder of the model to compare with: the one to start from if none is named and it can segment."""
    if name_or_dir is not None:
        return project.store.resolve(name_or_dir)
    return base if base is not None and (base / NETWORK_FILE).exists() else None


def _kinds(arguments: argparse.Namespace, training: list[ImageEntry]) -> dict[str, str]:
    if arguments.kinds is None:
        return {}
    kinds = read_kinds(Path(arguments.kinds))
    return {entry.key: kinds.get(entry.path.stem, "other") for entry in training}


def _sources(project: Project, entries: list[ImageEntry], classes: ClassSet, settings: RunSettings) -> list[Source]:
    """Return the files of images, with what had been shown of them and what their void counts as."""
    background = next((item.id for item in classes if is_background(item)), VOID)
    if settings.void_is_background and background == VOID:
        raise TrainingError(
            "void of approved images cannot count as background, because no class is called background",
            remedy="Leave that choice off, or call a class background.",
        )
    shown = dict(shown_pairs(project, [entry.key for entry in entries]))
    approved = {entry.key for entry in entries if project.status(entry.key) is Status.APPROVED}
    return [
        Source(
            entry.key,
            entry.path,
            entry.mask_path,
            shown=shown.get(entry.key),
            void_is=background if settings.void_is_background and entry.key in approved else VOID,
        )
        for entry in entries
    ]
