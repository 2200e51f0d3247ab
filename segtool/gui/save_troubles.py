"""What a person can do about a mask that could not be saved; and what is done without being asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Slot

from segtool.core.classes import VOID
from segtool.gui.documents import Documents
from segtool.gui.jobs.save_job import ChangedOnDiskError, MaskGoneError
from segtool.gui.jobs.trouble_jobs import (
    CopiesWritten,
    FileRead,
    MaskCopy,
    RereadFailed,
    read_again,
    sweep,
    write_copies,
)
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.navigation import Navigation
from segtool.gui.saving import Saving
from segtool.gui.session_signals import SessionSignals, error_text
from segtool.gui.session_state import ChangedMaskAnswer, Level
from segtool.gui.turning_to import TurningTo
from segtool.project.layout import MASKS_FOLDER, MODELS_FOLDER, OWN_FOLDER
from segtool.project.lock import FolderLostError

_COPY_SUFFIX = " (mine)"


class SaveTroubles(QObject):
    """Offers ways out when a save has failed: once more, somewhere else, or whose mask it shall be.

    It also looks whether something else has changed the open mask whenever the window is turned to again, and removes
    what killed programs have left in a folder.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    documents : Documents
    edits : MaskEdits
    saving : Saving
    navigation : Navigation

    Attributes
    ----------
    ask_whose : callable
        Asks a person whose mask of a key it shall be; None if they have cancelled.
    ask_place : callable
        Asks a person for a folder to save masks in; None if they have cancelled.
    take_folder : callable
        Takes a folder back that somebody else has taken over, then saves.
    """

    def __init__(
        self,
        session: SessionSignals,
        documents: Documents,
        *,
        edits: MaskEdits,
        saving: Saving,
        navigation: Navigation,
    ) -> None:
        super().__init__(session)
        self._session, self._documents, self._edits = session, documents, edits
        self._saving, self._navigation = saving, navigation
        self.ask_whose: Callable[[str], ChangedMaskAnswer | None] = lambda key: None
        self.ask_place: Callable[[], Path | None] = lambda: None
        self.take_folder: Callable[[], object] = self.retry
        self._told: dict[str, str] = {}
        # What was told may have been closed or answered: then it is told again.
        self._is_due = False
        # What is to be reloaded once it has been copied.
        self._reload_after_copy: set[str] = set()
        self._thread = WorkerThread("segtool-troubles")
        self._thread.worker.finished.connect(self._on_finished)
        self._thread.worker.failed.connect(self._on_failed)
        saving.failures_changed.connect(self._tell)
        session.project_changed.connect(self._follow_project)
        self._turning = TurningTo(self.look_again, self)

    def close(self) -> None:
        """End the thread once copies that are being written are whole."""
        self._turning.close()
        self._thread.close(cancel=False)

    def save_shown(self) -> None:
        """Save the shown mask; if something else has changed its file, the person is asked whose it shall be."""
        self._is_due = True
        document = self._documents.current
        if document is None or not self._saving.state.can_force:
            self._saving.save_shown()
            return
        key = document.entry.key
        if isinstance(self._saving.failures[key], MaskGoneError):
            self.keep_mine(key)
            return
        match self.ask_whose(key):
            case ChangedMaskAnswer.RELOAD:
                self.reload(key)
            case ChangedMaskAnswer.KEEP:
                self.keep_mine(key)
            case ChangedMaskAnswer.COPY:
                self.save_copy(key)

    def tell_again(self) -> None:
        """Tell the next failure even if it is the one that was told last: the person may have closed the message."""
        self._is_due = True

    # Answers -----------------------------------------------------------------------------------

    def retry(self) -> None:
        """Save everything that is unsaved once more."""
        self._is_due = True
        self._saving.save_all()

    def keep_mine(self, key: str) -> None:
        """Overwrite what something else has written with what is in memory."""
        document = self._documents.get(key)
        if document is not None:
            self._saving.save(document, force=True)

    def reload(self, key: str) -> None:
        """Take what the file of a mask holds now; what was in memory can be brought back by undo."""
        document = self._documents.get(key)
        if document is not None:
            self._thread.submit(read_again(key, document.entry.mask_path))

    def save_copy(self, key: str) -> None:
        """Save what is in memory in a folder that the person chooses, then take what the mask's file holds."""
        self._write_copies([key], suffix=_COPY_SUFFIX, reload=True)

    def save_elsewhere(self) -> None:
        """Save every mask that could not be saved in a folder that the person chooses; they stay unsaved here."""
        keys = [key for key, error in self._saving.failures.items() if not isinstance(error, ChangedOnDiskError)]
        unsaved = self._saving.unsaved_keys()
        self._write_copies([key for key in keys if key in unsaved] or sorted(unsaved), suffix="", reload=False)

    def look_again(self) -> None:
        """Find out whether something else has changed the open mask: then it is read again, or the person asked."""
        document = self._documents.current
        if document is None or self._documents.is_in_stroke or not document.mask_changed_on_disk():
            return
        if document.is_dirty:
            self._saving.note_conflict(document)
        else:
            self._navigation.reload_current()

    def _write_copies(self, keys: list[str], *, suffix: str, reload: bool) -> None:
        project = self._documents.project
        documents = [found for key in keys if (found := self._documents.get(key)) is not None]
        place = self.ask_place() if documents and project is not None else None
        if place is None or project is None:
            # The question is still there to be answered.
            self._is_due = True
            self._tell()
            return
        copies = []
        for document in documents:
            relative = document.entry.mask_path.relative_to(project.masks_root)
            path = place / relative.with_name(f"{relative.stem}{suffix}{relative.suffix}")
            copies.append((document.entry.key, MaskCopy(document.mask.copy(), path)))
        if reload:
            self._reload_after_copy.update(keys)
        self._thread.submit(write_copies(copies))

    # What is told ------------------------------------------------------------------------------

    @Slot()
    def _tell(self) -> None:
        """Show a question for each mask that something else has changed, and one for all other failures together."""
        failures = self._saving.failures
        conflicts = {key: error for key, error in failures.items() if isinstance(error, ChangedOnDiskError)}
        others = {key: error for key, error in failures.items() if key not in conflicts}
        wanted = {key: error_text(error) for key, error in conflicts.items()}
        if others:
            # A mask is named before segtool.json, which has no key: it is the person's work.
            wanted[""] = _text_of([others[key] for key in sorted(others, key=lambda key: not key)])
        for topic, text in list(self._told.items()):
            if wanted.get(topic) != text:
                self._session.message_over.emit(self._told.pop(topic))
        for topic, text in wanted.items():
            if topic in self._told and not self._is_due:
                continue
            self._told[topic] = text
            self._session.ask(text, Level.ERROR, self._choices(topic, conflicts))
        self._is_due = self._is_due and not wanted

    def _choices(self, topic: str, conflicts: dict[str, ChangedOnDiskError]) -> list[tuple[str, Callable[[], object]]]:
        if isinstance(conflicts.get(topic), MaskGoneError):
            elsewhere = partial(self._write_copies, [topic], suffix="", reload=False)
            return [("Save anew", partial(self.keep_mine, topic)), ("Save elsewhere…", elsewhere)]
        if topic in conflicts:
            answers = {"Reload": self.reload, "Keep mine": self.keep_mine, "Save a copy…": self.save_copy}
            return [(text, partial(answer, topic)) for text, answer in answers.items()]
        is_lost = any(isinstance(error, FolderLostError) for error in self._saving.failures.values())
        again = ("Edit here", self.take_folder) if is_lost else ("Retry", self.retry)
        return [again, ("Save elsewhere…", self.save_elsewhere)]

    @Slot(object)
    def _on_finished(self, last: object) -> None:
        match last:
            case CopiesWritten():
                where = last.paths[0] if len(last.paths) == 1 else last.paths[0].parent
                many = "A copy" if len(last.paths) == 1 else f"Copies of {len(last.paths)} masks"
                self._session.info(f"{many} was saved: {where}" if len(last.paths) == 1 else f"{many} are in {where}")
                for key in last.keys:
                    if key in self._reload_after_copy:
                        self._reload_after_copy.discard(key)
                        self.reload(key)
                self._is_due = True
                self._tell()
            case FileRead():
                self._edits.after_stroke(lambda: self._take(last))
            case RereadFailed():
                self._session.report(last.error)
                self._is_due = True
                self._tell()

    def _take(self, found: FileRead) -> None:
        document, project = self._documents.get(found.key), self._documents.project
        if document is None or project is None:
            return
        mask = np.full_like(document.mask, VOID) if found.mask is None else found.mask
        if mask.shape != document.mask.shape:
            self._session.warn(
                f"{document.entry.mask_path}: it has another size than its image now, so it cannot be reloaded. "
                "Keep yours, or save yours as a copy."
            )
            self._is_due = True
            self._tell()
            return
        document.note_unknown(project.classes.unknown_ids(mask))
        self._edits.replace_mask(document, mask, name="Reload")
        self._saving.note_reloaded(document, mask_file=found.mask_file)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._reload_after_copy.clear()
        self._session.report(error)
        self._is_due = True
        self._tell()

    # By itself ---------------------------------------------------------------------------------

    @Slot()
    def _follow_project(self) -> None:
        self._told.clear()
        project = self._documents.project
        if project is not None and not project.writable_reason:
            trees = [project.data_root / name for name in (MASKS_FOLDER, MODELS_FOLDER, OWN_FOLDER)]
            self._thread.submit(sweep(project.data_root, trees))


def _text_of(errors: list[Exception]) -> str:
    first = error_text(errors[0])
    if len(errors) == 1:
        return first
    return f"{len(errors)} files could not be saved; nothing is lost while this window is open. {first}"
