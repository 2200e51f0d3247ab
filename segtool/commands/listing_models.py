"""``segtool models``: the bundled models and the versions trained in a folder."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from segtool.commands.reporting import Reporter
from segtool.models.store import ModelEntry, ModelStore
from segtool.project.project import Project


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """List the models; return the exit code."""
    store = ModelStore() if arguments.folder is None else Project.open(Path(arguments.folder)).store
    entries = store.entries()
    for problem in store.problems():
        reporter.warning(str(problem))
    if arguments.json:
        reporter.line(json.dumps([_as_json(entry) for entry in entries], indent=1, ensure_ascii=False))
        return 0
    for entry in entries:
        names = ", ".join(item.name for item in entry.card.classes)
        origin = "bundled" if entry.bundled else "trained here"
        title = f"  “{entry.card.title}”" if entry.card.title else ""
        reporter.line(f"{entry.name}{title}  ({origin}, {entry.card.created[:10]})  {names}  {_score(entry)}")
    return 0


def _score(entry: ModelEntry) -> str:
    metrics = entry.card.metrics
    if metrics is None:
        return "not scored"
    try:
        return f"F1 {metrics['pooled']['f1']:.3f} on {metrics['images']} held out"
    except (KeyError, TypeError, ValueError):  # a card from elsewhere may say anything
        return "score not readable"


def _as_json(entry: ModelEntry) -> dict[str, Any]:
    card = entry.card
    return {
        "name": entry.name,
        "title": card.title,
        "note": card.note,
        "folder": str(entry.folder),
        "bundled": entry.bundled,
        "created": card.created,
        "classes": [{"id": item.id, "name": item.name} for item in card.classes],
        "network": card.network.to_json(),
        "metrics": card.metrics,
        "training": card.training,
    }
