"""How unsure the active model is of each pixel of the open image, for as long as a person wants to see it."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QObject, Slot

from segtool.core.errors import ModelError
from segtool.gui.documents import Documents
from segtool.gui.jobs.confidence import KnownConfidence
from segtool.gui.jobs.confidence_job import TITLE, ConfidenceRequest, confidence_job
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.model_choice import ModelChoice
from segtool.gui.segmenting import Segmenting
from segtool.gui.session_state import JobState
from segtool.gui.tool_state import ToolState
from segtool.project.document import FilePrint
from segtool.project.expected_errors import model_print

# Bytes of the confidence of images that are not shown: enough to go back and forth between a few.
_MOST_BYTES = 64 * 1024 * 1024


class UncertaintyMap(QObject):
    """Has the confidence of the open image's prediction computed while it is on; while it is off, nothing is.

    It has a thread of its own, so that segmenting need not wait for it, and takes what segmenting has found out
    instead of computing it again. It never changes a mask. Every change emits ``uncertainty_changed``.

    Parameters
    ----------
    session : ToolState
        Owner.
    documents : Documents
    models : ModelChoice
    segmenting : Segmenting
        Holds the network.
    """

    def __init__(
        self, session: ToolState, documents: Documents, models: ModelChoice, *, segmenting: Segmenting
    ) -> None:
        super().__init__(session)
        self._session, self._documents, self._models, self._segmenting = session, documents, models, segmenting
        self._is_on = False
        self._shown: KnownConfidence | None = None
        self._progress: JobState | None = None
        self._known: deque[KnownConfidence] = deque()
        self._averaged = session.averages_turns
        # Generators that have been submitted and not ended: all but the last are cancelled.
        self._under_way = 0
        self._thread = WorkerThread("segtool-uncertainty")
        worker = self._thread.worker
        worker.progressed.connect(self._on_item)
        worker.finished.connect(self._on_end)
        worker.cancelled.connect(self._on_end)
        worker.failed.connect(self._on_failed)
        session.confidence_known.connect(self._on_item)
        session.project_changed.connect(self._forget)
        session.document_changed.connect(self._follow)
        session.model_changed.connect(self._follow)
        session.tool_changed.connect(self._follow_averaging)

    @property
    def is_on(self) -> bool:
        """Whether uncertainty is to be shown."""
        return self._is_on

    @property
    def shown(self) -> KnownConfidence | None:
        """How sure the active model is of the open image, with its pixels; None while that is not known, or off."""
        return self._shown

    @property
    def progress(self) -> JobState | None:
        """How far the computation is; None while there is none."""
        return self._progress

    def set_on(self, on: bool) -> None:
        """Show uncertainty from now on, or no longer; what is being computed is given up."""
        if on is not self._is_on:
            self._is_on = on
            self._follow()
            self._session.uncertainty_changed.emit()

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    @Slot()
    def _forget(self) -> None:
        self._known.clear()
        self._follow()

    @Slot()
    def _follow_averaging(self) -> None:
        if self._averaged is not self._session.averages_turns:
            self._averaged = self._session.averages_turns
            self._follow()

    @Slot()
    def _follow(self) -> None:
        """Show what is known of the open image and the active model, or have it computed."""
        self._thread.cancel()
        document, model = self._documents.current, self._models.active
        if not self._is_on or document is None or model is None:
            self._show(None, None)
            return
        file = FilePrint.of_readable(document.entry.path)
        found = next((item for item in self._known if self._fits(item) and item.file == file), None)
        if found is not None:
            self._show(found, None)
            return
        entry = document.entry
        request = ConfidenceRequest(entry.key, entry.path, document.image.pixels, model.folder, self._averaged)
        self._under_way += 1
        self._show(None, JobState(TITLE, 0, 1, entry.key))
        self._thread.submit(confidence_job(request, self._segmenting.runtimes))

    def _fits(self, item: KnownConfidence) -> bool:
        """Tell whether something is about the open image and the active model."""
        document, model = self._documents.current, self._models.active
        return (
            document is not None
            and model is not None
            and item.confidence is not None
            and item.confidence.shape == document.mask.shape
            and (item.path, item.model) == (document.entry.path, model_print(model.card))
            and item.averaged is self._averaged
        )

    def _show(self, shown: KnownConfidence | None, progress: JobState | None) -> None:
        if shown is not self._shown or progress != self._progress:
            self._shown, self._progress = shown, progress
            self._session.uncertainty_changed.emit()

    @Slot(object)
    def _on_item(self, item: object) -> None:
        if isinstance(item, JobState):
            # One that was cancelled may still be saying something.
            if self._progress is not None and item.text == self._progress.text:
                self._show(self._shown, item)
        elif isinstance(item, KnownConfidence) and item.confidence is not None:
            self._keep(item)
            if self._is_on and self._fits(item):
                self._thread.cancel()
                self._show(item, None)

    def _keep(self, item: KnownConfidence) -> None:
        about = (item.path, item.model, item.averaged)
        self._known = deque(known for known in self._known if (known.path, known.model, known.averaged) != about)
        self._known.appendleft(item)
        size = sum(known.confidence.nbytes for known in self._known if known.confidence is not None)
        while self._known and size > _MOST_BYTES:
            last = self._known.pop()
            size -= 0 if last.confidence is None else last.confidence.nbytes

    @Slot()
    @Slot(object)
    def _on_end(self, _last: object = None) -> None:
        self._under_way -= 1

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._under_way -= 1
        if self._under_way or self._progress is None:
            return
        self._session.report(error)
        self.set_on(False)
        if isinstance(error, ModelError):
            self._models.refresh()
