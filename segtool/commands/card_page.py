"""``segtool card``: the page of a model card, from an evaluation on images that the model has not seen."""

from __future__ import annotations

import argparse
from pathlib import Path

from segtool.commands.choosing import open_project
from segtool.commands.evaluating import drain, labelled_images, warn_of_left_out
from segtool.commands.reporting import Reporter
from segtool.inference.runtime import Runtime
from segtool.report.card_page import CardPage, check_page_path, write_card_page


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Write the page as the arguments say; return the exit code."""
    out = Path(arguments.out)
    check_page_path(out)
    project = open_project(arguments.folder, reporter)
    images = labelled_images(project, None if arguments.kinds is None else Path(arguments.kinds))
    folder = project.store.resolve(arguments.model)
    runtime = Runtime.load(folder)
    classes = project.classes if project.has_classes else runtime.card.classes
    done: CardPage = drain(write_card_page(out, images, classes, runtime, model_folder=folder), reporter)
    warn_of_left_out(done.evaluation, images, reporter)
    if done.differences:
        reporter.warning(f"the scores are not those on the model's card: {'; '.join(done.differences)}")
    reporter.line(str(done.page))
    return 0
