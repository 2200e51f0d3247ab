"""The job that writes the pages of an image into files of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segtool.formats.pages import split_pages
from segtool.gui.jobs.worker import Job
from segtool.gui.session_state import JobState

TITLE = "Split pages"


@dataclass(frozen=True, slots=True)
class SplitPages:
    """Every page is a file now: how many, and the folder that they are in."""

    count: int
    folder: Path


def split_job(path: Path, folder: Path) -> Job:
    """Write the pages of an image into a new folder; nothing is left of it if it fails or is cancelled.

    Yields
    ------
    JobState
        Progress.
    SplitPages
        At the end.

    Raises
    ------
    ImageError
        If a page cannot be read.
    SaveError
        If the files cannot be written.
    """
    count = 0
    for page in split_pages(path, folder):
        count = page.total
        yield JobState(TITLE, page.done, page.total, f"{page.done} of {page.total}  ·  {path.name}")
    yield SplitPages(count, folder)
