"""Making the pages of the open image into files of their own: only the first page of a file is shown and segmented."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from segtool.formats.pages import short_stem
from segtool.gui.documents import Documents
from segtool.gui.jobs.runner import JobEnd, JobRunner
from segtool.gui.jobs.split_job import TITLE, SplitPages, split_job
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import JobState, Level


class Splitting:
    """Starts the job that writes the pages, and tells what came of it."""

    def __init__(self, session: SessionSignals, documents: Documents, jobs: JobRunner) -> None:
        self._session, self._documents, self._jobs = session, documents, jobs
        self._done: SplitPages | None = None

    @property
    def pages(self) -> int:
        """How many pages the open image has; 0 if none is open."""
        current = self._documents.current
        return 0 if current is None else current.image.pages

    def why_not(self) -> str:
        """Return why there is nothing to split, "" if there is."""
        if self._documents.current is None:
            return "Open an image first"
        return "" if self.pages > 1 else "This image has one page only"

    def start(self, into: Path, *, open_folder: Callable[[Path], object]) -> bool:
        """Write the pages into a new folder in ``into``; False, with a message, if that cannot start.

        The person is offered to open it afterwards, by ``open_folder``.
        """
        current = self._documents.current
        if current is None or self.why_not() or self._jobs.refuses():
            return False
        path = current.entry.path
        self._done = None
        return self._jobs.start(
            split_job(path, _new_folder(into, path)),
            state=JobState(TITLE, 0, self.pages),
            on_item=self._on_item,
            on_end=partial(self._on_end, path.name, open_folder),
        )

    def _on_item(self, item: object) -> None:
        if isinstance(item, SplitPages):
            self._done = item

    def _on_end(self, name: str, open_folder: Callable[[Path], object], how: JobEnd, error: Exception | None) -> None:
        if error is not None:
            self._session.report(error)
        elif how is JobEnd.CANCELLED:
            self._session.info("Stopped: no page was written.")
        elif self._done is not None:
            text = f"The {self._done.count} pages of {name} are now files in {self._done.folder}."
            self._session.ask(text, Level.INFO, [("Open that folder", partial(open_folder, self._done.folder))])


def _new_folder(into: Path, path: Path) -> Path:
    """Return a folder that is not there yet."""
    name, number = f"{short_stem(path)}-pages", 1
    folder = into / name
    while folder.exists() or folder.is_symlink():
        number += 1
        folder = into / f"{name}-{number}"
    return folder
