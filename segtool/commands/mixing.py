"""``segtool mix``: a model between a base and what was trained from it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segtool.commands.choosing import open_project
from segtool.commands.listening import requests_heard
from segtool.commands.planning import check_out
from segtool.commands.reporting import Reporter
from segtool.commands.run_output import native_messages_hidden, tell_run
from segtool.core.errors import ProjectError, TrainingError
from segtool.core.run_events import RunEvent, RunStarted
from segtool.models.base import resolve_base
from segtool.models.card import ModelCard, read_card
from segtool.models.mixable import why_not_mix
from segtool.models.store import ModelStore
from segtool.project.held_out import choose_held_out
from segtool.project.layout import ImageEntry
from segtool.project.project import Project
from segtool.project.sources import Source
from segtool.project.training_images import usable_images


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Mix as the arguments say; return the exit code."""

    def opening(event: RunStarted) -> str:
        images = "1 image" if len(event.held_out) == 1 else f"{len(event.held_out)} images"
        return f"Mixing {arguments.amount:.0%} of {arguments.new} into {arguments.base}, {images} to score on"

    return tell_run(
        _events(arguments, reporter),
        reporter,
        as_lines=arguments.events,
        opening=opening,
        compared=Path(arguments.compare or arguments.new).name,
    )


def plan_mix(arguments: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    """Turn the arguments of ``segtool mix`` into the fields of a ``MixPlan``.

    Raises
    ------
    SegToolError
        For whatever would stop it and can be found without TensorFlow. Nothing is written.
    """
    out = Path(arguments.out)
    check_out(out)
    if arguments.folder is None and arguments.data is not None:
        raise ProjectError("--data says where the masks of a folder lie", remedy="Name the folder with --folder.")
    project = None if arguments.folder is None else open_project(arguments.folder, reporter, data_root=arguments.data)
    other = None if arguments.val is None else open_project(arguments.val, reporter)
    store = ModelStore() if project is None else project.store
    base, new = resolve_base(store, arguments.base), store.resolve(arguments.new)
    card = read_card(new)
    if reason := why_not_mix(read_card(base), card):
        raise TrainingError(f"it cannot be mixed with {base.name}: {reason}", path=new)
    scored_in, held_out = _held_out(project, other, card)
    classes = scored_in.classes if scored_in is not None and scored_in.has_classes else card.classes
    return {
        "base": base,
        "new": new,
        "amount": arguments.amount,
        "out": out,
        "held_out": [Source(entry.key, entry.path, entry.mask_path) for entry in held_out],
        "mask_classes": classes,
        "compare": new if arguments.compare is None else store.resolve(arguments.compare),
    }


def _events(arguments: argparse.Namespace, reporter: Reporter) -> Iterator[RunEvent]:
    plan = plan_mix(arguments, reporter)
    with requests_heard(arguments, out=plan["out"]):
        with native_messages_hidden():
            from segtool.training.mix_run import MixPlan, run_mix
        yield from run_mix(MixPlan(**plan))


def _held_out(
    project: Project | None, other: Project | None, new: ModelCard
) -> tuple[Project | None, list[ImageEntry]]:
    """Return the images to score on and the project that they belong to."""
    if other is not None:
        entries = [entry for entry in other.entries if entry.mask_path.is_file()]
        if not entries:
            raise TrainingError("there are no masks to score on", path=other.root)
        return other, entries
    if project is None:
        return None, []
    usable = usable_images(project)
    held = choose_held_out([e.key for e in usable], held=project.state.held_out, known=project.state.known)
    # Whatever the rule says of today's images: what the model has learnt from proves nothing.
    keys = new.training.get("image_keys")
    learnt = keys if isinstance(keys, list) else []
    return project, [entry for entry in usable if entry.key in held and entry.key not in learnt]
