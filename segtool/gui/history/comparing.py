"""Comparing two models on the open image: starting it, following the open image, and what came of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot

from segtool.core.classes import match_classes
from segtool.core.errors import SegToolError
from segtool.gui.documents import Documents
from segtool.gui.history.compare_job import TITLE, Compared, CompareRequest, Rescored, Side, compare_job, rescore_job
from segtool.gui.jobs.worker import Job, WorkerThread
from segtool.gui.model_choice import ModelChoice
from segtool.gui.session_signals import SessionSignals, error_text
from segtool.gui.session_state import JobState
from segtool.models.lineage import before
from segtool.models.store import ModelEntry
from segtool.project.document import Document

_NO_IMAGE = "Open an image to compare versions on it."


class CompareStage(Enum):
    """Where a comparison stands."""

    IDLE = "idle"
    RUNNING = "running"
    READY = "ready"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class CompareState:
    """What the views show of a comparison.

    Attributes
    ----------
    stage : CompareStage
    job : JobState
        Progress while it runs.
    compared : Compared or None
        What came of it, once it is ready.
    reason : str
        Why there is nothing to show, if it was stopped.
    """

    stage: CompareStage = CompareStage.IDLE
    job: JobState = JobState(TITLE, 0, 1)
    compared: Compared | None = None
    reason: str = ""


class Comparing(QObject):
    """Segments the open image with two models in a thread of its own; masks and models stay as they are.

    Until it is stopped it starts again whenever another image is open or the classes are others, and measures
    again whenever the person has changed the mask.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    documents : Documents
    models : ModelChoice

    Signals
    -------
    changed()
        ``state`` is another one.
    """

    changed = Signal()

    def __init__(self, session: SessionSignals, documents: Documents, models: ModelChoice) -> None:
        super().__init__(session)
        self._documents, self._models = documents, models
        self._state = CompareState()
        self._names: tuple[str, str] | None = None
        self._tta = False
        self._number = 0
        # Numbers of what the thread has been given and not ended yet, in that order.
        self._given: deque[int] = deque()
        # The image that the last comparison is of, and the state of the mask that it was measured against.
        self._image: object = None
        self._basis: tuple[int, bool] = (0, False)
        self._last: Compared | None = None
        self._thread = WorkerThread("segtool-compare")
        worker = self._thread.worker
        worker.progressed.connect(self._on_progressed)
        worker.finished.connect(self._on_finished)
        worker.failed.connect(self._on_failed)
        worker.cancelled.connect(self._on_cancelled)
        session.document_changed.connect(self._start_again)
        session.classes_changed.connect(self._start_again)
        session.history_changed.connect(self._measure_again)
        session.entries_changed.connect(self._measure_again)

    @property
    def state(self) -> CompareState:
        """How far it is."""
        return self._state

    def why_not(self) -> str:
        """Return why no two models can be compared now, "" if they can."""
        if self._documents.current is None:
            return "Open an image first"
        return "" if len(self._models.entries) > 1 else "There is only one model"

    def proposed(self, name: str = "") -> tuple[str, str] | None:
        """Return the names of two models worth comparing: the one of that name or the active one, and its parent.

        A model is compared with the active one rather than with its parent; what has no parent, with the first other.
        None if there are not two.
        """
        entries, active = self._models.entries, self._models.active
        first = next((item for item in entries if item.name == name), active)
        if first is None:
            return None
        candidates = (active, before(first, entries), *entries)
        second = next((item for item in candidates if item is not None and item.name != first.name), None)
        return None if second is None else (first.name, second.name)

    def start(self, first: str, second: str, *, tta: bool) -> None:
        """Compare two models, by their names, on the open image; what was under way is given up."""
        self._names, self._tta = (first, second), tta
        self._start_again()

    def cancel(self) -> None:
        """Give up what is under way."""
        if self._state.stage is CompareStage.RUNNING:
            self._give_up()
            self._set(CompareState(CompareStage.STOPPED, reason="The comparison was stopped."))

    def stop(self) -> None:
        """Compare no more, and let go of everything."""
        self._give_up()
        self._names = self._last = self._image = None
        self._set(CompareState())

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    # Starting ----------------------------------------------------------------------------------

    @Slot()
    def _start_again(self) -> None:
        if self._names is None:
            return
        self._give_up()
        document = self._documents.current
        entries = [item for name in self._names for item in self._models.entries if item.name == name]
        if document is None or len(entries) != len(self._names):
            self._last = self._image = None
            gone = _NO_IMAGE if document is None else "One of the two models is not there any more."
            self._set(CompareState(CompareStage.STOPPED, reason=gone))
            return
        try:
            request = self._request(document, entries)
        except SegToolError as exc:
            self._set(CompareState(CompareStage.STOPPED, reason=str(exc)))
            return
        self._basis = self._mask_state(document)
        self._set(CompareState(CompareStage.RUNNING))
        self._submit(compare_job(request))

    def _request(self, document: Document, entries: list[ModelEntry]) -> CompareRequest:
        project = self._documents.project
        assert project is not None
        if document.image is not self._image:
            self._last, self._image = None, document.image
        # In memory only: the folder gets no class before something is segmented with it.
        classes, sides = project.classes, []
        for entry in entries:
            classes, table = match_classes(entry.card.classes, classes)
            sides.append(Side(entry.name, entry.folder, table.tobytes(), self._tta))
        return CompareRequest(
            number=self._number,
            pixels=document.image.pixels,
            sides=(sides[0], sides[1]),
            labels=(entries[0].label, entries[1].label),
            classes=classes,
            mask=self._persons_mask(document),
            before=self._last,
        )

    def _submit(self, job: Job) -> None:
        self._given.append(self._number)
        self._thread.submit(job)

    def _give_up(self) -> None:
        self._number += 1
        self._thread.cancel()

    # The person's mask -------------------------------------------------------------------------

    def _persons_mask(self, document: Document) -> npt.NDArray[np.uint8] | None:
        return document.mask if self._mask_state(document)[1] else None

    def _mask_state(self, document: Document) -> tuple[int, bool]:
        """Return the revision of a mask and whether it is a person's work."""
        project = self._documents.project
        return document.revision, project is not None and project.status(document.entry.key).is_persons_work

    @Slot()
    def _measure_again(self) -> None:
        compared, document = self._state.compared, self._documents.current
        if compared is None or document is None or document.image is not self._image:
            return
        basis = self._mask_state(document)
        if basis != self._basis:
            self._basis = basis
            self._submit(rescore_job(compared, self._persons_mask(document)))

    # What the thread says ----------------------------------------------------------------------

    @Slot(object)
    def _on_progressed(self, item: object) -> None:
        if isinstance(item, JobState) and self._state.stage is CompareStage.RUNNING:
            self._set(replace(self._state, job=item))

    @Slot(object)
    def _on_finished(self, last: object) -> None:
        self._given.popleft()
        if isinstance(last, Compared) and last.number == self._number:
            self._last = last
            self._set(CompareState(CompareStage.READY, compared=last))
            self._measure_again()
        elif isinstance(last, Rescored) and last.number == self._number and self._state.compared is not None:
            self._last = replace(self._state.compared, scores=last.scores)
            self._set(replace(self._state, compared=self._last))

    @Slot()
    def _on_cancelled(self) -> None:
        self._given.popleft()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        # One that was given up may have failed before it heard of that.
        if self._given.popleft() == self._number and self._state.stage is CompareStage.RUNNING:
            self._set(CompareState(CompareStage.STOPPED, reason=error_text(error)))

    def _set(self, state: CompareState) -> None:
        self._state = state
        self.changed.emit()
