"""Measuring the active model on the masks of the open folder: which images, where the report goes, what is told."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QStandardPaths

from segtool.core.errors import ModelError, SegToolError
from segtool.formats.kinds_csv import read_kinds
from segtool.gui.documents import Documents
from segtool.gui.jobs.report_job import TITLE, ReportRequest, WrittenReport, report_job
from segtool.gui.jobs.runner import JobEnd, JobRunner
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.model_choice import ModelChoice
from segtool.gui.saving import Saving
from segtool.gui.segmenting import Segmenting
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import JobState
from segtool.models.store import ModelEntry
from segtool.project.layout import REPORTS_FOLDER
from segtool.project.project import Project
from segtool.project.training_images import usable_images
from segtool.report import ReportImage

KINDS_FILE = "kinds.csv"
_SAVE_SECONDS = 20.0


class Evaluating:
    """Starts the job that writes a report and tells what came of it."""

    def __init__(
        self,
        session: SessionSignals,
        documents: Documents,
        *,
        edits: MaskEdits,
        saving: Saving,
        models: ModelChoice,
        segmenting: Segmenting,
        jobs: JobRunner,
    ) -> None:
        self._session, self._documents, self._edits = session, documents, edits
        self._saving, self._models, self._segmenting, self._jobs = saving, models, segmenting, jobs
        self._page: Path | None = None

    def start(self, *, tta: bool) -> bool:
        """Start measuring, averaged over flips and turns if ``tta``; False, with a message, if that is not possible."""
        project, model = self._documents.project, self._models.active
        if project is None or model is None or self._jobs.refuses():
            return False
        self._edits.end_stroke()
        if not self._saving.save_all_and_wait(timeout=_SAVE_SECONDS):
            self._session.warn("The model was not evaluated, because not every mask could be saved.")
            return False
        images = self._images(project, model)
        if not images:
            self._session.warn("There is no corrected or approved mask to compare predictions with.")
            return False
        request = ReportRequest(
            images=images,
            classes=project.classes,
            model_folder=model.folder,
            out=_report_folder(project, model),
            title=f"{model.name} on {project.root.name or project.root}",
            tta=tta,
        )
        self._page = None
        return self._jobs.start(
            report_job(request, self._segmenting.runtimes),
            state=JobState(TITLE, 0, len(images)),
            on_item=self._on_item,
            on_end=self._on_end,
        )

    def _images(self, project: Project, model: ModelEntry) -> tuple[ReportImage, ...]:
        by_stem: dict[str, str] = {}
        path = project.root / KINDS_FILE
        if path.is_file():
            try:
                by_stem = read_kinds(path)
            except SegToolError as exc:
                self._session.warn(f"{exc} The report is made without them.")
        # Those that cannot be read now are named in the report.
        entries = usable_images(project)
        kinds = {entry.key: by_stem.get(entry.path.stem, "") for entry in entries}
        if not by_stem and not model.bundled:
            # Scores on images that a version may have learned by heart say little: the report keeps them apart.
            trained = set(project.state.known).difference(project.state.held_out)
            kinds = {key: "may have been trained on" if key in trained else "not trained on" for key in kinds}
        return tuple(ReportImage(entry.key, entry.path, entry.mask_path, kinds[entry.key]) for entry in entries)

    def _on_item(self, item: object) -> None:
        if isinstance(item, WrittenReport):
            self._page = item.page

    def _on_end(self, how: JobEnd, error: Exception | None) -> None:
        if error is not None:
            self._session.report(error)
        if isinstance(error, ModelError):
            self._models.model_failed(error)
        if how is JobEnd.CANCELLED:
            self._session.info("Stopped: no report was written.")
        elif self._page is not None:
            self._session.info(f"The report is in {self._page.parent}.")
            self._session.report_written.emit(self._page)


def _report_folder(project: Project, model: ModelEntry) -> Path:
    """Return a folder that is not there yet, beside the masks; in the program's own if nothing can be saved there."""
    place = project.data_root / REPORTS_FOLDER
    if project.writable_reason:
        own = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)
        place = Path(own or ".") / REPORTS_FOLDER / (project.root.name or "root")
    safe = re.sub(r"[^\w-]+", "-", model.name)
    name = f"{safe}-{datetime.now():%Y-%m-%d-%H%M%S}"
    number, folder = 1, place / name
    while folder.exists():
        number += 1
        folder = place / f"{name}-{number}"
    return folder
