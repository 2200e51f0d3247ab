"""The job that measures a model on a folder's masks and writes the report about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segtool.core.classes import ClassSet
from segtool.gui.jobs.segment_job import RuntimeCache
from segtool.gui.jobs.worker import Job
from segtool.gui.session_state import JobState
from segtool.inference.segmenter import Progress
from segtool.report import ReportImage, write_report

TITLE = "Evaluate"


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What to report on.

    Attributes
    ----------
    images : tuple of ReportImage
        Images with the masks to compare with.
    classes : ClassSet
        Those of the masks.
    model_folder : Path
        The model.
    out : Path
        Folder of the report, which must not be there yet.
    title : str
        Heading of the report.
    tta : bool
        Whether predictions are averaged over flips and turns.
    """

    images: tuple[ReportImage, ...]
    classes: ClassSet
    model_folder: Path
    out: Path
    title: str
    tta: bool


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report that is whole, by the page to look at."""

    page: Path


def report_job(request: ReportRequest, runtimes: RuntimeCache) -> Job:
    """Write a report; nothing is left of one that fails or is cancelled.

    Yields
    ------
    JobState
        Progress.
    WrittenReport
        At the end.

    Raises
    ------
    ModelError
        If the model cannot be loaded.
    SaveError
        If the report cannot be written.
    SegToolError
        If no image can be used, or the network cannot be run.
    """
    count = len(request.images)
    yield JobState(TITLE, 0, count, "Loading the model")
    runtime = runtimes.get(request.model_folder)
    page: Path | None = None
    for item in write_report(
        request.out, request.images, request.classes, runtime, title=request.title, tta=request.tta
    ):
        if isinstance(item, Progress):
            yield JobState(TITLE, item.done, item.total, f"{min(item.done + 1, item.total)} of {item.total}")
        else:
            page = item
    assert page is not None
    yield WrittenReport(page)
