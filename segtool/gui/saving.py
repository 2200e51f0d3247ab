"""Saving masks: when, from a copy in a thread of its own, and what came of it."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer, Signal, Slot

from segtool.core.errors import SegToolError
from segtool.gui.documents import Documents
from segtool.gui.jobs.save_job import (
    AboutToReplace,
    ChangedOnDiskError,
    SavedMask,
    changed_on_disk,
    refuse_missing,
    save_mask,
)
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import SaveKind, SaveState
from segtool.project.document import Document, FilePrint
from segtool.project.lock import FolderLock
from segtool.project.project import Project
from segtool.project.state import ProjectState

# Someone who never rests still gets a save this long after the first unsaved edit.
_LONGEST_UNSAVED_S = 20.0
# What has failed for want of space or a drive is tried again without being asked to.
_RETRY_MS = 15_000
_PROJECT = ""  # among the keys of images: segtool.json


class Saving(QObject):
    """Saves the masks in memory and ``segtool.json``.

    Whatever fails stays unsaved and is tried again, unless something else has changed the file (see `SaveTroubles`).

    A mask is copied in the window's thread and encoded, checked and written in the saving thread; one of an image
    that changes meanwhile stays unsaved. There is at most one save under way for each image.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    documents : Documents
        What is in memory.
    delay_ms : int
        Milliseconds of quiet after an edit before it is saved.

    Attributes
    ----------
    about_to_replace : callable
        Called in the saving thread before a mask takes the place of its file; see ``AboutToReplace``.

    Signals
    -------
    failures_changed()
        A save has failed, or what had failed is saved or of no interest any more.
    """

    failures_changed = Signal()
    _settled = Signal()

    def __init__(self, session: SessionSignals, documents: Documents, *, delay_ms: int) -> None:
        super().__init__(session)
        self._session = session
        self._documents = documents
        self.about_to_replace: AboutToReplace = lambda key, revision, digest: None
        self._under_way: deque[Document] = deque()
        self._again: dict[str, bool] = {}
        self._failures: dict[str, Exception] = {}
        self._times: dict[str, datetime] = {}
        self._state_on_disk: ProjectState | None = None
        self._unsaved_since: float | None = None
        self._timer = QTimer(self, singleShot=True, interval=delay_ms)
        self._timer.timeout.connect(self._autosave)
        self._retry = QTimer(self, singleShot=True, interval=_RETRY_MS)
        self._retry.timeout.connect(self._autosave)
        self._thread = WorkerThread("segtool-saving")
        self._thread.worker.finished.connect(self._on_saved)
        self._thread.worker.failed.connect(self._on_failed)

    @property
    def is_dirty(self) -> bool:
        """Whether the shown mask has changes that are not on disk."""
        return self._documents.current is not None and self._documents.current.is_dirty

    @property
    def state(self) -> SaveState:
        """Where the shown mask stands; a failed save of any mask goes before."""
        document = self._documents.current
        key = "" if document is None else document.entry.key
        when = self._times.get(key)
        for failed in (key, *self._failures):
            # One that is being saved again has not failed again yet.
            if failed in self._failures and not (failed == key and document in self._under_way):
                error = self._failures[failed]
                can_force = failed == key and isinstance(error, ChangedOnDiskError)
                return SaveState(SaveKind.FAILED, when, str(error), can_force)
        if document is not None and document.read_only_reason:
            return SaveState(SaveKind.READ_ONLY, when, document.read_only_reason)
        if document in self._under_way:
            return SaveState(SaveKind.SAVING, when)
        return SaveState(SaveKind.UNSAVED if self.is_dirty else SaveKind.SAVED, when)

    def unsaved_keys(self) -> frozenset[str]:
        """Return the images whose masks have changes that are not on disk."""
        return frozenset(document.entry.key for document in self._documents if document.is_dirty)

    def has_failed(self, key: str) -> bool:
        """Tell whether the last save of an image has failed."""
        return key in self._failures

    @property
    def failures(self) -> dict[str, Exception]:
        """By key, why the last save has failed; the key "" stands for ``segtool.json``."""
        return dict(self._failures)

    def note_conflict(self, document: Document) -> None:
        """Note that something else has changed the file of a mask with unsaved changes, without trying to save it."""
        if document not in self._under_way:
            self._fail(document.entry.key, changed_on_disk(document))
            self._session.saved_changed.emit()

    def note_reloaded(self, document: Document, *, mask_file: FilePrint | None) -> None:
        """Note that a mask has been made what its file holds now."""
        document.note_saved(document.revision, mask_file=mask_file)
        self._succeed(document.entry.key)
        self._session.saved_changed.emit()
        self._session.entries_changed.emit(frozenset((document.entry.key,)))

    def project_opened(self) -> None:
        """Start anew for the folder that was just opened; nothing is written there before something changes."""
        self._failures.clear()
        self._times.clear()
        self._timer.stop()
        self._retry.stop()
        self.failures_changed.emit()
        self._state_on_disk = None if self._documents.project is None else self._documents.project.state

    def schedule(self) -> None:
        """Save everything after a while in which this is not called again."""
        now = time.monotonic()
        if self._unsaved_since is None:
            self._unsaved_since = now
        if now - self._unsaved_since < _LONGEST_UNSAVED_S or not self._timer.isActive():
            self._timer.start()

    def save(self, document: Document, *, force: bool = False) -> None:
        """Start saving a mask that has changes, after the stroke that is under way on it.

        ``force`` overwrites what something else wrote meanwhile.
        """
        if self._documents.is_in_stroke and document is self._documents.current:
            # A stroke, or a preview, may still be taken back: nobody would notice that the file holds it.
            self.schedule()
        elif document in self._under_way:
            # A person's answer must not get lost because a save that was not told of it is under way.
            self._again[document.entry.key] = force or self._again.get(document.entry.key, False)
        elif document.is_dirty or force:
            project = self._documents.project
            assert project is not None
            self._under_way.append(document)
            self._thread.submit(
                save_mask(
                    document,
                    document.mask.copy(),
                    revision=document.revision,
                    confirm_lock=project.confirm_lock,
                    about_to_replace=self.about_to_replace,
                    folder=project.root,
                    force=force,
                ),
            )
            self._session.saved_changed.emit()

    def save_shown(self) -> None:
        """Save the shown mask; if it must not be changed, the person is told why."""
        document = self._documents.current
        if document is not None and document.read_only_reason:
            self._session.warn(document.read_only_reason)
        elif document is not None:
            self.save(document)

    def save_all(self) -> None:
        """Start saving every mask that has changes, and save ``segtool.json``."""
        self._timer.stop()
        self._retry.stop()
        self._unsaved_since = None
        for document in self._documents:
            self.save(document)
        self.save_project()

    def save_all_and_wait(self, *, timeout: float) -> bool:
        """Save everything and wait up to ``timeout`` seconds; False if some mask is not on disk then.

        Events of the window other than the person's are handled meanwhile.
        """
        self.save_all()
        if self._under_way:
            loop = QEventLoop()
            self._settled.connect(loop.quit)
            limit = QTimer(singleShot=True, interval=int(timeout * 1000))
            limit.timeout.connect(loop.quit)
            limit.start()
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        return self.save_project() and not self._under_way and not self.unsaved_keys()

    def save_project(self) -> bool:
        """Write ``segtool.json`` of the open folder; False, with a message, if that fails."""
        project = self._documents.project
        if project is None or project.writable_reason or project.state is self._state_on_disk:
            return True
        try:
            refuse_missing(project.root)
            project.save_state()
        except SegToolError as exc:
            self._fail(_PROJECT, exc)
            return False
        self._state_on_disk = project.state
        self._succeed(_PROJECT)
        return True

    def save_left(self, project: Project) -> None:
        """Write ``segtool.json`` of a folder that was left while something was at work there; it is taken for that."""
        if project.writable_reason:
            return
        current, lock = self._documents.project, None
        try:
            refuse_missing(project.root)
            if current is not None and current.data_root == project.data_root:
                project.lock = current.lock
            else:
                project.lock = lock = FolderLock.take(project.data_root, doing="window")
            project.save_state()
        except SegToolError as exc:
            self._session.report(exc)
        finally:
            if lock is not None:
                lock.release()

    def close(self) -> None:
        """End the thread once it has finished the saves that are under way."""
        self._timer.stop()
        self._retry.stop()
        self._thread.close(cancel=False)
        # No event loop may follow that would deliver what the thread has said last.
        QCoreApplication.sendPostedEvents(self, QEvent.Type.MetaCall.value)
        self.save_project()

    @Slot()
    def _autosave(self) -> None:
        if self._documents.is_in_stroke:
            self._timer.start()
        else:
            self.save_all()

    @Slot(object)
    def _on_saved(self, last: object) -> None:
        assert isinstance(last, SavedMask)
        document = self._under_way.popleft()
        document.note_saved(last.revision, mask_file=last.mask_file)
        self._times[document.entry.key] = datetime.now()
        self._session.mask_written.emit(document.entry.key, last.revision)
        self._succeed(document.entry.key)
        self._finish(document)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        document = self._under_way.popleft()
        self._fail(document.entry.key, error)
        self._finish(document)

    def _fail(self, key: str, error: Exception) -> None:
        self._failures[key] = error
        if not isinstance(error, ChangedOnDiskError):
            self._retry.start()
        self.failures_changed.emit()

    def _succeed(self, key: str) -> None:
        if self._failures.pop(key, None) is not None:
            self.failures_changed.emit()

    def _finish(self, document: Document) -> None:
        key = document.entry.key
        if key in self._again:
            self.save(document, force=self._again.pop(key))
        if not self._under_way:
            self.save_project()
            self._settled.emit()
        self._session.saved_changed.emit()
        self._session.entries_changed.emit(frozenset((key,)))
