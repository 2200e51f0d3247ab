"""Evaluating a model on a folder and writing what came out as a page with pictures, in one pass over the images."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from segtool.core.classes import VOID, ClassSet
from segtool.core.metrics import mean_over_classes
from segtool.formats.rgb_png import write_rgb
from segtool.inference.evaluate import Comparison, Evaluation, ImageScore, LeftOut, compare_images, summarise_scores
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Progress
from segtool.report.contents import ReportImage, images_csv, report_contents
from segtool.report.error_picture import ErrorPicture
from segtool.report.folder import DATA_FILE, PAGE_FILE, TABLE_FILE, picture_name, report_folder
from segtool.report.page import render_page

MAX_PICTURES = 100


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A report that is written: its page, and the evaluation that it shows."""

    page: Path
    evaluation: Evaluation


def write_report(
    out: Path, images: Sequence[ReportImage], classes: ClassSet, runtime: Runtime, *, title: str, tta: bool = False
) -> Iterator[Progress | Path]:
    """Evaluate a model and write a report; see ``evaluate_and_report``, of which this gives the page's path.

    Yields
    ------
    Progress
        Images done.
    Path
        At the end: ``index.html``.
    """
    for item in evaluate_and_report(out, images, classes, runtime, title=title, tta=tta):
        yield item.page if isinstance(item, Report) else item


def evaluate_and_report(
    out: Path, images: Sequence[ReportImage], classes: ClassSet, runtime: Runtime, *, title: str, tta: bool = False
) -> Iterator[Progress | Report]:
    """Segment images, compare them with their masks, and write the comparison as a page with pictures.

    Images and masks that cannot be used are left out and listed. Closing the generator leaves ``out`` as it was.

    Parameters
    ----------
    out : Path
        Folder for ``index.html``, ``report.json``, ``images.csv`` and ``pictures/``: new, empty, or with an earlier
        report, which is replaced.
    images : sequence of ReportImage
    classes : ClassSet
        Those of the masks.
    runtime : Runtime
        The model.
    title : str
        Heading of the page.
    tta : bool
        Average over flips and quarter turns.

    Yields
    ------
    Progress
        Images done, after each tile and each image.
    Report
        At the end.

    Raises
    ------
    SaveError
        If ``out`` holds anything else, or the report cannot be written.
    SegToolError
        If no image counts.
    """
    drawing = ErrorPicture(classes, runtime.card.classes)
    with report_folder(out) as folder:
        scores: list[ImageScore] = []
        left_out: list[LeftOut] = []
        pictures = _WorstPictures(folder, MAX_PICTURES)
        has_void = False
        pairs = [(item.image_path, item.mask_path) for item in images]
        for item in compare_images(pairs, classes, runtime, tta=tta, pass_over=True):
            match item:
                case Progress():
                    yield item
                case LeftOut():
                    left_out.append(item)
                case Comparison():
                    scores.append(item.score)
                    has_void |= bool((item.mask == VOID).any())
                    pictures.add(item, drawing, f1=mean_over_classes(item.score.tally, classes)["f1"])
        evaluation = summarise_scores(scores, left_out, classes)
        contents = report_contents(
            evaluation,
            images,
            classes,
            runtime.card,
            title=title,
            tta=tta,
            created=datetime.now().astimezone().isoformat(timespec="minutes"),
            pictures=pictures.names(),
        )
        contents["files"] = [PAGE_FILE, DATA_FILE, TABLE_FILE, *pictures.names().values()]
        page = render_page(contents, curves=runtime.card.curves, legend=drawing.legend(with_void=has_void))
        # A name on disk may hold bytes that are no text; a page must still be written.
        (folder / PAGE_FILE).write_text(page, encoding="utf-8", errors="xmlcharrefreplace")
        (folder / TABLE_FILE).write_text(images_csv(contents), encoding="utf-8", errors="backslashreplace")
        (folder / DATA_FILE).write_text(json.dumps(contents, indent=1, allow_nan=False), encoding="utf-8")
    yield Report(out / PAGE_FILE, evaluation)


class _WorstPictures:
    """Writes the pictures of the worst images so far; one that is no longer among them is removed again."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._limit = folder, limit
        self._kept: list[tuple[float, int]] = []

    def add(self, compared: Comparison, drawing: ErrorPicture, *, f1: float) -> None:
        # The heap's first is the best of those kept: its F1 is the highest.
        ranked = (-f1, compared.score.index)
        if len(self._kept) == self._limit:
            if ranked <= self._kept[0]:
                return
            _, index = heapq.heapreplace(self._kept, ranked)
            (self._folder / picture_name(index)).unlink()
        else:
            heapq.heappush(self._kept, ranked)
        picture = drawing.over_image(compared.pixels, compared.mask, compared.class_ids)
        write_rgb(self._folder / picture_name(compared.score.index), picture)

    def names(self) -> dict[int, str]:
        return {index: picture_name(index) for _, index in sorted(self._kept, key=lambda item: item[1])}
