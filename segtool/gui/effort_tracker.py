"""Follows what a person does to each image: keeps what was shown before the first edit, and records what it took."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Slot

from segtool.core.effort import EffortClock
from segtool.gui.documents import Documents
from segtool.gui.jobs.effort_jobs import (
    EffortKnown,
    Exported,
    add_visit,
    export,
    forget_classes,
    forget_prediction,
    keep_prediction,
    read_log,
)
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.session_signals import SessionSignals, error_text
from segtool.gui.session_state import Work, WorkKind
from segtool.project.document import Document
from segtool.project.effort import EFFORT_FILE, EffortLog, EffortRecord, Visit
from segtool.project.project import Project
from segtool.project.shown import shown_path
from segtool.project.status import Status

# Someone who stays with one image for long loses no more than this to a crash.
_LONGEST_UNRECORDED_S = 60.0


@dataclass(slots=True, eq=False)
class _Stay:
    """One image while it is open, and what was done to it since that was last recorded."""

    project: Project
    log: EffortLog
    document: Document
    since: float
    clock: EffortClock = field(default_factory=EffortClock)
    strokes: int = 0
    undos: int = 0
    is_worked_on: bool = False
    is_due: bool = False


class EffortTracker(QObject):
    """Listens to the session and keeps the record of a person's work; whatever fails here, the work goes on.

    Per stroke it takes the time and counts. The prediction is copied once for each image, at its first edit or its
    approval; everything else (writing, reading, comparing) happens in a thread of its own, after the mask was saved.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    documents : Documents
        What is open.
    now : callable
        Seconds of a clock that never goes back.
    """

    def __init__(
        self, session: SessionSignals, documents: Documents, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(session)
        self._session, self._documents, self._now = session, documents, now
        self._log: EffortLog | None = None
        self._records: tuple[EffortRecord, ...] = ()
        self._stay: _Stay | None = None
        self._left: list[_Stay] = []
        self._class_ids: frozenset[int] = frozenset()
        self._has_told_failure = False
        self._thread = WorkerThread("segtool-effort")
        self._thread.worker.finished.connect(self._on_done)
        self._thread.worker.failed.connect(self._on_failed)
        session.project_changed.connect(self._on_project)
        session.document_changed.connect(self._on_document)
        session.classes_changed.connect(self._on_classes)
        session.worked.connect(self._on_work)
        session.saved_changed.connect(self._record_what_is_saved)
        for signal in (session.mask_changed, session.active_class_changed, session.tool_changed):
            signal.connect(self.note_activity)

    @property
    def records(self) -> tuple[EffortRecord, ...]:
        """What is recorded of the open folder, in the order in which images were first worked on."""
        return self._records

    @Slot()
    def note_activity(self) -> None:
        """Note that the person does something with the open image, if only looking at another part of it."""
        if self._stay is not None:
            self._stay.clock.note(self._now())

    def export(self, path: Path) -> None:
        """Start writing the records of the open folder as CSV; the person is told what came of it."""
        self._thread.submit(export(path, self._records))

    def close(self) -> None:
        """Record the open image if it is saved, and end the thread once everything is written."""
        self._leave()
        self._thread.close(cancel=False)
        # No event loop may follow that would deliver what the thread has said last.
        QCoreApplication.sendPostedEvents(self, QEvent.Type.MetaCall.value)

    # What the session says ---------------------------------------------------------------------

    @Slot()
    def _on_project(self) -> None:
        self._leave()
        # Every mask of the other folder that was to be saved is saved by now.
        self._left.clear()
        project = self._documents.project
        self._log = None if project is None else EffortLog(project.data_root / EFFORT_FILE)
        self._records, self._has_told_failure = (), False
        self._class_ids = frozenset(() if project is None else project.classes.ids)
        if project is not None and self._log is not None and (project.data_root / EFFORT_FILE).exists():
            self._thread.submit(read_log(self._log))
        self._session.effort_changed.emit()

    @Slot()
    def _on_document(self) -> None:
        project, document = self._documents.project, self._documents.current
        if self._stay is not None and self._stay.document is document:
            return
        self._leave()
        if project is not None and document is not None and self._log is not None and not document.read_only_reason:
            self._stay = _Stay(project, self._log, document, since=self._now())
            self.note_activity()

    @Slot()
    def _on_classes(self) -> None:
        project = self._documents.project
        if project is None:
            return
        gone = self._class_ids - set(project.classes.ids)
        self._class_ids = frozenset(project.classes.ids)
        if gone:
            self._thread.submit(forget_classes(project.data_root, gone))

    @Slot(object)
    def _on_work(self, work: Work) -> None:
        stay = self._stay
        if stay is None:
            return
        self.note_activity()
        self._keep_shown(stay, work)
        stay.is_worked_on = True
        stay.strokes += work.kind is WorkKind.EDIT
        stay.undos += work.kind is WorkKind.UNDO
        if work.kind is WorkKind.APPROVAL or self._now() - stay.since > _LONGEST_UNRECORDED_S:
            stay.is_due = True
            self._record_what_is_saved()

    def _keep_shown(self, stay: _Stay, work: Work) -> None:
        if work.kind not in (WorkKind.EDIT, WorkKind.APPROVAL):
            return
        path = shown_path(stay.project, stay.document.entry)
        if work.status_before is Status.PREDICTED:
            # The one copy of a whole mask: strokes after this one find the status corrected.
            self._thread.submit(keep_prediction(path, stay.document.mask.copy(), edit=work.edit))
        elif work.status_before is Status.UNTOUCHED:
            self._thread.submit(forget_prediction(path))

    # Recording ---------------------------------------------------------------------------------

    def _leave(self) -> None:
        stay, self._stay = self._stay, None
        if stay is not None and stay.is_worked_on:
            stay.clock.note(self._now())
            stay.is_due = True
            self._left.append(stay)
            self._record_what_is_saved()

    @Slot()
    def _record_what_is_saved(self) -> None:
        """Hand over what is due of images whose masks are on disk; the others wait for their save."""
        ready = [stay for stay in self._left if not stay.document.is_dirty]
        self._left = [stay for stay in self._left if stay.document.is_dirty]
        for stay in ready:
            self._record(stay)
        here = self._stay
        if here is not None and here.is_due and not here.document.is_dirty:
            self._record(here)
            # What follows is recorded as a visit of its own and added up.
            self._stay = _Stay(here.project, here.log, here.document, since=self._now())
            self.note_activity()

    def _record(self, stay: _Stay) -> None:
        project, entry = stay.project, stay.document.entry
        status = project.status(entry.key)
        # A prediction that came over the edits, or edits that were all undone: there is nothing to compare.
        if not status.is_persons_work:
            return
        visit = Visit(
            entry.key,
            seconds=stay.clock.seconds,
            strokes=stay.strokes,
            undos=stay.undos,
            status=status,
            model=project.predicted_by(entry.key),
        )
        self._thread.submit(
            add_visit(
                stay.log,
                visit,
                mask_path=entry.mask_path,
                shown_path=shown_path(project, entry),
                classes=project.classes,
            )
        )

    @Slot(object)
    def _on_done(self, result: object) -> None:
        if isinstance(result, EffortKnown) and result.log is self._log:
            self._records = result.records
            self._session.effort_changed.emit()
        elif isinstance(result, Exported) and result.error is not None:
            self._session.report(result.error)
        elif isinstance(result, Exported):
            self._session.info(f"The effort was exported to {result.path}.")

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not self._has_told_failure:
            self._has_told_failure = True
            self._session.info(f"The effort of this work is not recorded: {error_text(error)}")
