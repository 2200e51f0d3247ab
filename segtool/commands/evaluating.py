"""``segtool evaluate``: how a model's predictions agree with the masks of a folder."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from segtool.commands.choosing import load_runtime, open_project, require_images
from segtool.commands.reporting import Reporter
from segtool.core.errors import ProjectError, SaveError
from segtool.core.metrics import METRICS
from segtool.core.printable import printable
from segtool.formats.kinds_csv import read_kinds
from segtool.inference.evaluate import Evaluation, evaluate_images
from segtool.inference.segmenter import Progress
from segtool.project.layout import REPORTS_FOLDER
from segtool.project.project import Project
from segtool.report.contents import ReportImage, kind_rows
from segtool.report.folder import check_report_folder
from segtool.report.writing import evaluate_and_report

Result = TypeVar("Result")


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Evaluate as the arguments say; return the exit code."""
    project = open_project(arguments.folder, reporter)
    images = labelled_images(project, None if arguments.kinds is None else Path(arguments.kinds))
    out = None if arguments.report is None else Path(arguments.report)
    if out is not None:
        _check_outside(out, project)
        check_report_folder(out)
    runtime = load_runtime(project, arguments.model)
    classes = project.classes if project.has_classes else runtime.card.classes
    if out is None:
        pairs = [(item.image_path, item.mask_path) for item in images]
        evaluation = drain(evaluate_images(pairs, classes, runtime, tta=arguments.tta, pass_over=True), reporter)
    else:
        title = f"{runtime.card.name} on {project.root.resolve().name}"
        report = drain(evaluate_and_report(out, images, classes, runtime, title=title, tta=arguments.tta), reporter)
        evaluation = report.evaluation
    warn_of_left_out(evaluation, images, reporter)
    kinds = kind_rows(evaluation, [item.kind for item in images], classes)
    if arguments.json:
        metrics = {**evaluation.metrics, "per_kind": kinds} if kinds else evaluation.metrics
        reporter.line(json.dumps(metrics, indent=1, allow_nan=False))
        return 0
    _print_table(evaluation.metrics, kinds, runtime.card.name, reporter)
    if out is not None:
        reporter.line(str(report.page))
    return 0


def labelled_images(project: Project, kinds: Path | None) -> tuple[ReportImage, ...]:
    """Return the images that have a mask, each with its kind if a file names them; ProjectError if there are none."""
    known: Mapping[str, str] = {} if kinds is None else read_kinds(kinds)
    images = tuple(
        ReportImage(entry.key, entry.path, entry.mask_path, known.get(entry.path.stem, ""))
        for entry in require_images(project)
        if entry.mask_path.is_file()
    )
    if not images:
        raise ProjectError("there are no masks to compare with", path=project.masks_root)
    return images


def drain(work: Iterator[Progress | Result], reporter: Reporter) -> Result:
    """Evaluate to the end, showing the progress; return what comes last."""
    result: Result | None = None
    for item in work:
        if isinstance(item, Progress):
            reporter.progress(item.done / item.total, f"image {item.done} of {item.total}")
        else:
            result = item
    reporter.finish()
    assert result is not None
    return result


def warn_of_left_out(evaluation: Evaluation, images: Sequence[ReportImage], reporter: Reporter) -> None:
    """Name each image that did not count, with the reason."""
    for item in evaluation.left_out:
        reporter.warning(f"{printable(images[item.index].key)} is left out: {item.reason}")


def _print_table(metrics: dict[str, Any], kinds: Sequence[dict[str, Any]], model: str, reporter: Reporter) -> None:
    reporter.line(f"{model} on {metrics['images']} images")
    rows = [("pooled over pixels", metrics["pooled"]), ("mean over images", metrics["mean"])]
    rows += [(f"class {row['id']} {row['name']}", row) for row in metrics["per_class"]]
    rows += [(f"mean, {row['kind']} ({row['images']})", row["mean"]) for row in kinds]
    rows += [(f"pooled, {row['kind']} ({row['images']})", row["pooled"]) for row in kinds]
    width = max(len(name) for name, _ in rows)
    reporter.line(" " * width + "".join(f"{name:>11}" for name in METRICS))
    for name, row in rows:
        reporter.line(f"{name:<{width}}" + "".join(f"{row[metric]:>11.4f}" for metric in METRICS))
    reporter.line(f"expected calibration error {metrics['calibration']['ece']:.4f}")


def _check_outside(out: Path, project: Project) -> None:
    """Refuse a report among the images: its pictures would be taken for images the next time."""
    place = out.resolve()
    root = project.root.resolve()
    if place.is_relative_to(root) and not place.is_relative_to(root / REPORTS_FOLDER):
        raise SaveError(
            "the report would lie among the images", path=out, remedy="Choose a folder outside of the images' folder."
        )
