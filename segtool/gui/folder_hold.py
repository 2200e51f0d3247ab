"""Holding the folder that is open, so that one window at a time changes it; and what keeps it from being changed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from segtool.core.errors import SaveError, SegToolError
from segtool.gui.documents import Documents
from segtool.gui.navigation import Navigation
from segtool.gui.save_troubles import SaveTroubles
from segtool.gui.saving import Saving
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import Level, LockAnswer
from segtool.gui.turning_to import TurningTo
from segtool.project.backups import GoodBackup, newest_good, put_back
from segtool.project.layout import MASKS_FOLDER, STATE_FILE
from segtool.project.lock import FolderHeldError, FolderLock, FolderLostError, LockFound
from segtool.project.places import why_not_writable
from segtool.project.project import Project
from segtool.project.state_file import NewerFileError, read_state_file

_DOING = "window"
Choices = Sequence[tuple[str, Callable[[], object]]]


class FolderHold(QObject):
    """Takes the lock of a folder when it is opened, and gives it back.

    A folder that somebody else has, or whose ``segtool.json`` cannot be used, is opened read-only; a message says why
    and offers the way out, and does so again whenever the reason is told.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    documents : Documents
    saving : Saving
    troubles : SaveTroubles
        Its question about masks that could not be saved leads here once the folder is somebody else's.
    navigation : Navigation
    open_folder : callable
        Saves everything, then opens a folder: ``Session.open_folder``.

    Attributes
    ----------
    ask_lock : callable
        Asks a person what to do about a lock that only they can judge; None if they have cancelled.
    choose_place : callable
        Lets a person choose where the masks of a folder go that cannot be written to.

    Signals
    -------
    read_again()
        The open folder was opened once more, as it may be changed now.
    """

    read_again = Signal()

    def __init__(
        self,
        session: SessionSignals,
        documents: Documents,
        *,
        saving: Saving,
        troubles: SaveTroubles,
        navigation: Navigation,
        open_folder: Callable[..., bool],
    ) -> None:
        super().__init__(session)
        self._session, self._documents, self._saving = session, documents, saving
        self._navigation, self._open_folder = navigation, open_folder
        self.ask_lock: Callable[[LockFound], LockAnswer | None] = lambda found: LockAnswer.VIEW
        self.choose_place: Callable[[], object] = lambda: None
        self._lock: FolderLock | None = None
        self._told = ""
        self._choices: Choices = ()
        troubles.take_folder = self.edit_here
        saving.failures_changed.connect(self._look_for_loss)
        self._turning = TurningTo(self.look_whose, self)

    def open(self, root: Path, *, data_root: Path | None) -> Project | None:
        """Take and read a folder that is about to be the open one; None if it stays closed, which a message explains.

        The lock comes first: what is read then nobody else changes any more. Where nothing can be written, there is
        none, and nobody can change anything.
        """
        place = Path(os.path.abspath(root if data_root is None else data_root))
        lock, reason = self._lock_of(place), ""
        if (
            lock is None
            and os.path.isdir(root)
            and not (why_not_writable(place / MASKS_FOLDER) or why_not_writable(place))
        ):
            try:
                lock, reason = self._take(place)
            except _CancelledError:
                return None
        try:
            project = Project.open(root, data_root=data_root, for_viewing=True)
        except SegToolError as exc:
            self._session.report(exc)
            if lock is not None and lock is not self._lock:
                lock.release()
            return None
        project.lock = lock
        project.withhold(reason)
        return project

    def opened(self, project: Project) -> None:
        """Give the folder back that was open before, and say what keeps this one from being changed."""
        if self._lock is not None and self._lock is not project.lock:
            self._lock.release()
        self._lock = project.lock
        self._told, self._choices = "", ()
        self._say(project)

    def close(self) -> None:
        """Give the folder back."""
        self._turning.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def answers_to(self, text: str) -> Choices:
        """Return what a person can do if they are told that: something if it is why the folder is read-only."""
        return self._choices if text == self._told and not self._is_asked_elsewhere() else ()

    def edit_here(self) -> None:
        """Take the open folder if nobody has it any more, then read everything again."""
        project = self._documents.project
        if project is None:
            return
        before = project.writable_reason
        if self._lock_of(project.data_root) is None:
            try:
                lock, reason = self._take(project.data_root)
            except _CancelledError:
                lock, reason = None, before
            if lock is None:
                self._withhold(project, reason)
                if reason == before:
                    # The same sentence is there again: a person is to see that something was tried.
                    self._session.info(f"{_name(project)} cannot be edited here yet.")
                return
            project.lock = self._lock = lock
        self._read_again(project)

    def _lock_of(self, place: Path) -> FolderLock | None:
        """Return the lock of the open folder if it is that folder and still ours."""
        project = self._documents.project
        if project is None or project.lock is None or not _is_same(project.data_root, place):
            return None
        try:
            project.lock.confirm()
        except FolderLostError:
            return None
        return project.lock

    def _take(self, place: Path) -> tuple[FolderLock | None, str]:
        """Take a folder; without its lock, also return why it is read-only."""
        name, broken = place.name or str(place), None
        while True:
            try:
                return FolderLock.take(place, doing=_DOING, instead_of=broken), ""
            except FolderHeldError as exc:
                found = exc.found
            except SaveError as exc:
                return None, f"{exc} Until then the folder is read-only."
            if found.needs_a_person:
                answer = self.ask_lock(found)
                if answer is None:
                    raise _CancelledError
                if answer is LockAnswer.EDIT:
                    # If it is another lock by then, that one is asked about.
                    broken = found
                    continue
            wait = "" if found.needs_a_person else " Close it there, then choose Edit here."
            return None, f"{name} is read-only here: {found.text()}.{wait}"

    def _read_again(self, project: Project) -> None:
        """Open the open folder once more, at the image that is shown."""
        shown = self._documents.current
        key = "" if shown is None else shown.entry.key
        # What is unsaved is saved first; if somebody else has changed it meanwhile, the person is asked.
        project.withhold("")
        data_root = None if project.data_root == project.root else project.data_root
        if self._open_folder(project.root, data_root=data_root):
            now = self._documents.project
            assert now is not None
            keys = (entry.key for entry in now.entries)
            self._navigation.open_any(chain([key] if now.has(key) else [], keys))
            self.read_again.emit()
        else:
            self._withhold(project, f"{_name(project)} is read-only until it is known whose masks are to be kept.")

    # What keeps the folder from being changed --------------------------------------------------

    def _say(self, project: Project) -> None:
        """Tell the person why the folder is read-only."""
        reason = project.writable_reason
        if not reason:
            return
        if self._told:
            self._session.message_over.emit(self._told)
        self._told = reason
        self._choices = [("Edit here", self.edit_here)]
        if reason == project.place_reason:
            self._choices = [("Choose a folder…", self.choose_place)]
        elif project.damage is not None and project.lock is not None and not project.lock.is_lost:
            good = newest_good(project.data_root)
            mend = partial(self._mend, project)
            backup = [(f"Use the backup of {good.time_text}", partial(mend, good))] if good is not None else []
            self._choices = [*backup, ("Start anew", partial(mend, None))]
        if not self._is_asked_elsewhere():
            self._session.ask(reason, Level.WARNING, self._choices)

    def _is_asked_elsewhere(self) -> bool:
        """Tell whether there is a question already about the masks that cannot be saved for the same reason."""
        return any(isinstance(error, FolderLostError) for error in self._saving.failures.values())

    def _mend(self, project: Project, backup: GoodBackup | None) -> None:
        """Keep the damaged file under another name, put something whole in its place, and read everything again."""
        aside: Path | None = None
        try:
            project.confirm_lock()
            if not self._is_mended(project):
                word = "newer" if isinstance(project.damage, NewerFileError) else "damaged"
                aside = put_back(project.data_root, backup, word=word)
        except SegToolError as exc:
            self._session.report(exc)
            self._say(project)
            return
        self._read_again(project)
        if aside is not None:
            self._session.info(f"What was in {STATE_FILE} is kept in {aside.name}.")

    def _is_mended(self, project: Project) -> bool:
        """Tell whether somebody has corrected the file meanwhile."""
        try:
            return read_state_file(project.data_root / STATE_FILE) is not None
        except SegToolError:
            return False

    def _withhold(self, project: Project, reason: str) -> None:
        project.withhold(reason)
        documents = list(self._documents)
        for document in documents:
            document.read_only_reason = reason
        self._say(project)
        self._session.saved_changed.emit()
        self._session.entries_changed.emit(frozenset(document.entry.key for document in documents))

    # When it is taken from us ------------------------------------------------------------------

    @Slot()
    def _look_for_loss(self) -> None:
        lost = next((error for error in self._saving.failures.values() if isinstance(error, FolderLostError)), None)
        if lost is not None:
            self._lose(lost.found)

    def look_whose(self) -> None:
        """Look whether the folder is still ours: before something begins there that does not look by itself."""
        project = self._documents.project
        if project is None or project.lock is None or self._lock is None:
            return
        try:
            project.confirm_lock()
        except FolderLostError as exc:
            self._lose(exc.found)

    def _lose(self, found: LockFound) -> None:
        """Change nothing any more: somebody has taken the folder over. What is unsaved stays in memory."""
        project = self._documents.project
        if project is None:
            return
        reason = f"{_name(project)} was taken over and is read-only here now: {found.text()}."
        if project.writable_reason != reason:
            self._withhold(project, reason)


def _is_same(first: Path, second: Path) -> bool:
    """Tell whether two paths lead to one folder."""
    with contextlib.suppress(OSError):
        return first == second or os.path.samefile(first, second)
    return False


def _name(project: Project) -> str:
    return project.data_root.name or str(project.data_root)


class _CancelledError(Exception):
    """A person does not want to open the folder after all."""
