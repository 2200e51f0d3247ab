"""``segtool evaluate``: how a model's predictions agree with the masks of a folder."""

from __future__ import annotations

import argparse
import json
from typing import Any

from segtool.commands.choosing import load_runtime, open_project, require_images
from segtool.commands.reporting import Reporter
from segtool.core.errors import ProjectError
from segtool.core.metrics import METRICS
from segtool.inference.evaluate import Evaluation, evaluate_images


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Evaluate as the arguments say; return the exit code."""
    project = open_project(arguments.folder, reporter)
    pairs = [(entry.path, entry.mask_path) for entry in require_images(project) if entry.mask_path.is_file()]
    if not pairs:
        raise ProjectError("there are no masks to compare with", path=project.masks_root)
    runtime = load_runtime(project, arguments.model)
    classes = project.classes if project.has_classes else runtime.card.classes
    metrics: dict[str, Any] = {}
    for item in evaluate_images(pairs, classes, runtime):
        if isinstance(item, Evaluation):
            metrics = item.metrics
        else:
            reporter.progress(item.done / item.total, f"image {item.done} of {item.total}")
    reporter.finish()
    if arguments.json:
        reporter.line(json.dumps(metrics, indent=1, allow_nan=False))
    else:
        _print_table(metrics, runtime.card.name, reporter)
    return 0


def _print_table(metrics: dict[str, Any], model: str, reporter: Reporter) -> None:
    reporter.line(f"{model} on {metrics['images']} images")
    rows = [("pooled over pixels", metrics["pooled"]), ("mean over images", metrics["mean"])]
    rows += [(f"class {row['id']} {row['name']}", row) for row in metrics["per_class"]]
    width = max(len(name) for name, _ in rows)
    reporter.line(" " * width + "".join(f"{name:>11}" for name in METRICS))
    for name, row in rows:
        reporter.line(f"{name:<{width}}" + "".join(f"{row[metric]:>11.4f}" for metric in METRICS))
