"""Bringing back what a crash has kept from being saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEventLoop, QObject, Slot

from segtool.core.classes import ClassSet
from segtool.core.errors import SegToolError
from segtool.formats.mask_png import write_mask
from segtool.gui.documents import Documents
from segtool.gui.jobs.worker import Job, WorkerThread
from segtool.gui.loading.load_job import Loaded, LoadTask
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.mask_questions import MaskQuestions
from segtool.gui.navigation import Navigation
from segtool.gui.recovery_choice import FoundChanges, picture_of
from segtool.gui.saving import Saving
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import Level
from segtool.gui.status_trail import MaskRecord
from segtool.project.document import Document
from segtool.project.journal import apply_changes
from segtool.project.project import Project
from segtool.project.recovery import (
    RECOVERED,
    Findings,
    Recoverable,
    copy_path,
    find_recoverable,
    journal_paths,
    remove_journal,
)


@dataclass(frozen=True, slots=True)
class _Look:
    """What the thread has found, and a picture for each."""

    findings: Findings
    pictures: tuple[npt.NDArray[np.uint8], ...]


class Recovering(QObject):
    """Finds the journals that a crash has left in the open folder, and does with them what a person chooses.

    A journal is removed once its changes are saved and verified, or when the person discards it; not before.
    What takes long happens in a thread, and what the person does is not taken in meanwhile.
    """

    def __init__(
        self,
        session: SessionSignals,
        documents: Documents,
        *,
        edits: MaskEdits,
        navigation: Navigation,
        saving: Saving,
        questions: MaskQuestions,
    ) -> None:
        super().__init__(session)
        self._session, self._documents, self._edits = session, documents, edits
        self._navigation, self._saving, self._questions = navigation, saving, questions
        self._restored: dict[str, list[tuple[Path, int]]] = {}
        self._loop: QEventLoop | None = None
        self._result: object = None
        self._thread = WorkerThread("segtool-recovery")
        self._thread.worker.finished.connect(self._on_finished)
        self._thread.worker.failed.connect(self._on_failed)
        session.mask_written.connect(self._note_saved)
        session.project_changed.connect(self._restored.clear)

    def find(self) -> tuple[FoundChanges, ...]:
        """Look for unsaved changes in the open folder, as far as they may be saved there; the newest come last."""
        project = self._documents.project
        if project is None or project.writable_reason or self._loop is not None or not journal_paths(project):
            return ()
        look = self._in_thread(_look(project, project.classes))
        if isinstance(look, Exception):
            self._session.report(look)
        if not isinstance(look, _Look) or project is not self._documents.project:
            return ()
        for reason in look.findings.damaged:
            self._session.warn(
                f"Unsaved changes could not be recovered: {reason}. The journal was kept beside the others."
            )
        for reason in look.findings.unread:
            self._session.warn(f"Unsaved changes cannot be recovered here: {reason} The journal stays as it is.")
        for key, record in look.findings.statuses.items():
            project.set_status(key, record.status)
            project.note_prediction(key, record.predicted_by)
        if look.findings.statuses:
            self._session.entries_changed.emit(frozenset(look.findings.statuses))
            self._saving.schedule()
        return tuple(map(FoundChanges, look.findings.items, look.pictures))

    def restore(self, items: Sequence[Recoverable]) -> None:
        """Make the changes edits of their masks, which can be undone, and save those."""
        before: dict[str, npt.NDArray[np.uint8]] = {}
        counts = Counter(item.key for item in items)
        for item in items:
            document = self._load(item)
            if document is not None:
                # Many masks would fill the memory.
                kept = before if counts[item.key] > 1 else {}
                self._edits.after_stroke(partial(self._apply, item, document, kept))
        shown = [item.key for item in items if item.key in self._restored]
        if shown:
            self._navigation.open_image(shown[-1])
            count = len(set(shown))
            what = shown[0] if count == 1 else f"{count} images"
            self._session.info(f"The unsaved changes of {what} are back. Undo takes them away again.")

    def save_copy(self, item: Recoverable) -> None:
        """Save the recovered mask beside the one that is there, which is not touched."""
        project = self._documents.project
        if project is not None and item.entry is not None:
            path = copy_path(project, item.entry)
            if self.export(item, path):
                self._session.ask(f"The recovered mask of {item.key} is in {path}.", Level.INFO, [])

    def export(self, item: Recoverable, path: Path) -> bool:
        """Save the recovered mask as a PNG; False, with a message, if that fails: the journal is kept then."""
        result = self._in_thread(_write(item, path))
        if isinstance(result, Exception):
            self._session.report(result)
        elif result is not None:
            remove_journal(item.journal.path)
            return True
        return False

    def discard(self, items: Sequence[Recoverable]) -> None:
        """Remove journals, as a person has chosen."""
        for item in items:
            remove_journal(item.journal.path)

    def close(self) -> None:
        """End the thread."""
        self._thread.close()
        if self._loop is not None:
            self._loop.quit()

    def _load(self, item: Recoverable) -> Document | None:
        """Return an image, in memory from now on; None, with a message, if its mask cannot be changed."""
        found = self._loaded(item.key)
        if found is not None and found.image.damage and found.read_only_reason:
            # The person has painted in it although it is cut short.
            self._documents.damage_accepted.add(item.key)
            found = self._loaded(item.key)
        if found is None or (found.question is not None and found.mask.shape == item.shape and item.is_whole_mask):
            # It was painted in, so the question was answered, and the journal holds the answer.
            return found
        if found.read_only_reason or found.mask.shape != item.shape:
            reason = found.read_only_reason or f"{item.key}: the image has another size now."
            self._session.warn(f"{reason} Its unsaved changes stay in the journal.")
            return None
        return found

    def _loaded(self, key: str) -> Document | None:
        """Return an image, in memory from now on; None, with a message, if it cannot be read."""
        try:
            found = self._documents.find(key)
        except SegToolError as exc:
            self._session.report(exc)
            return None
        if not isinstance(found, Document):
            task = LoadTask(found, None, is_wanted=True)
            self._in_thread(task.run())
            # Another program that goes on changing the mask is noticed when it is saved.
            loaded = task.outcome
            document = self._documents.take(loaded, anyway=True) if isinstance(loaded, Loaded) else None
            if document is None:
                self._documents.give_up(key)
                if isinstance(loaded, Exception):
                    self._session.report(loaded)
                return None
            self._navigation.show_again(document)
            found = document
        return found

    def _apply(self, item: Recoverable, document: Document, before: dict[str, npt.NDArray[np.uint8]]) -> None:
        """Make an edit of the changes; ``before`` has the masks, by key, as they were before the first of them."""
        path, last = item.journal.path, item.last
        is_asked = document.question is not None
        base = before.setdefault(item.key, document.mask.copy())
        mask = base.copy()
        try:
            apply_changes(mask, item.changes, path=path)
        except SegToolError as exc:
            self._session.report(exc)
            return
        if not np.array_equal(base, document.mask):
            # Its tiles know nothing of what another journal has brought back: only what it has changed counts.
            mask = np.where(mask != base, mask, document.mask)
        record = MaskRecord(last.status, last.predicted_by)
        edit = partial(self._edits.apply_recovered, document, mask, record, name=RECOVERED)
        if not is_asked:
            edit()
        elif not self._questions.answered_before(document, edit):
            self._session.warn(f"{document.read_only_reason} Its unsaved changes stay in the journal.")
            return
        if document.is_dirty:
            self._restored.setdefault(item.key, []).append((path, document.revision))
            self._saving.save(document)
        else:
            # The mask was that already.
            remove_journal(path)

    @Slot(str, int)
    def _note_saved(self, key: str, revision: int) -> None:
        for path, needed in self._restored.get(key, []):
            if needed <= revision:
                remove_journal(path)

    # The thread --------------------------------------------------------------------------------

    def _in_thread(self, job: Job) -> object:
        """Run a job and wait for its last value or its error; None if the window closes meanwhile."""
        self._result = None
        self._loop = loop = QEventLoop()
        self._thread.submit(job)
        if not self._thread.is_over:
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        self._loop = None
        return self._result

    @Slot(object)
    def _on_finished(self, last: object) -> None:
        self._end_wait(last)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._end_wait(error)

    def _end_wait(self, result: object) -> None:
        self._result = result
        if self._loop is not None:
            self._loop.quit()


def _look(project: Project, classes: ClassSet) -> Job:
    findings = find_recoverable(project)
    yield _Look(findings, tuple(picture_of(item, classes) for item in findings.items))


def _write(item: Recoverable, path: Path) -> Job:
    write_mask(path, item.mask())
    yield path
