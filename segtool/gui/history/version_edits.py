"""What a person does with versions: rename, note, export, delete, and going back to the one before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from segtool.core.errors import SegToolError
from segtool.gui.documents import Documents
from segtool.gui.jobs.runner import JobRunner
from segtool.gui.jobs.worker import Job, WorkerThread
from segtool.gui.model_choice import ModelChoice
from segtool.gui.session_signals import SessionSignals
from segtool.models.card import one_line
from segtool.models.lineage import before, name_before
from segtool.models.store import ModelEntry
from segtool.models.versions import annotate, delete_version, export_version
from segtool.project.layout import MODELS_FOLDER


@dataclass(frozen=True, slots=True)
class _Changed:
    """What was done, as a sentence, and whether the list of models is another one now."""

    text: str
    is_list_changed: bool = True


class VersionEdits(QObject):
    """Changes versions in a thread of its own, one after the other, and tells what came of it.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    documents : Documents
    models : ModelChoice
        Reads the list of models again after a change.
    jobs : JobRunner
        Whatever it runs may be using a version.

    Signals
    -------
    rolled_back(str)
        A person has gone back to the model of that name.
    """

    rolled_back = Signal(str)

    def __init__(self, session: SessionSignals, documents: Documents, *, models: ModelChoice, jobs: JobRunner) -> None:
        super().__init__(session)
        self._session, self._documents, self._models, self._jobs = session, documents, models, jobs
        self._thread = WorkerThread("segtool-versions")
        self._thread.worker.finished.connect(self._on_finished)
        self._thread.worker.failed.connect(self._on_failed)

    # Going back --------------------------------------------------------------------------------

    def why_not_roll_back(self) -> str:
        """Return why there is nothing to go back to, "" if there is."""
        active = self._models.active
        if active is None or self._documents.project is None:
            return "Open a folder with a model first"
        name = name_before(active)
        if not name:
            return f"There was no model before {active.label}"
        if before(active, self._models.entries) is None:
            return f"{name}, which came before {active.label}, is not there any more"
        return ""

    def roll_back(self) -> bool:
        """Make the model active that the active one took the place of; False, with a message, if that cannot be."""
        reason, active = self.why_not_roll_back(), self._models.active
        earlier = None if active is None else before(active, self._models.entries)
        if reason or active is None or earlier is None:
            self._session.warn(f"{reason}.")
            return False
        if not self._models.activate(earlier.name):
            return False
        self._session.info(f"Back to {earlier.label}. {active.label} is kept in the history.")
        self.rolled_back.emit(earlier.name)
        return True

    # Title and note ----------------------------------------------------------------------------

    def why_not_annotate(self, entry: ModelEntry) -> str:
        """Return why a model can have no other title or note, "" if it can."""
        return f"{entry.label} comes with the program" if entry.bundled else self._why_not_write()

    def rename(self, name: str, title: str) -> bool:
        """Start giving a version another title ("": none); False, with a message, if that is not possible."""
        entry, wanted = self._entry(name), one_line(title)
        if entry is None or self._refused(self.why_not_annotate(entry)) or self._is_lost():
            return False
        wanted = "" if wanted == entry.name else wanted
        taken = {item.label.casefold() for item in self._models.entries if item is not entry}
        taken |= {item.name.casefold() for item in self._models.entries if item is not entry}
        if wanted.casefold() in taken:
            self._session.warn(f"There is a model called {wanted} already. Choose another title.")
            return False
        self._thread.submit(_annotate_job(entry.folder, title=wanted, text=f"Renamed to {wanted or entry.name}."))
        return True

    def set_note(self, name: str, note: str) -> bool:
        """Start giving a version another note; False, with a message, if that is not possible."""
        entry = self._entry(name)
        if entry is None or self._refused(self.why_not_annotate(entry)) or self._is_lost():
            return False
        self._thread.submit(_annotate_job(entry.folder, note=note, text=f"The note on {entry.label} is saved."))
        return True

    # Export and deletion -----------------------------------------------------------------------

    def export(self, name: str, target: Path) -> bool:
        """Start copying a model into ``target``, which must not exist; False, with a message, if there is no model."""
        entry = self._entry(name)
        if entry is None:
            return False
        self._thread.submit(_export_job(entry, target))
        return True

    def why_not_delete(self, entry: ModelEntry) -> str:
        """Return why a version cannot be deleted now, "" if it can."""
        active = self._models.active
        if entry.bundled:
            return f"{entry.label} comes with the program"
        if active is not None and entry.name == active.name:
            return "Make another model active first"
        if self._jobs.state is not None:
            return "Wait for the running job"
        return self._why_not_write()

    def delete(self, name: str) -> bool:
        """Start deleting a version for good; False, with a message, if that is not possible. Ask the person first."""
        entry, project, active = self._entry(name), self._documents.project, self._models.active
        if entry is None or project is None or self._refused(self.why_not_delete(entry)) or self._is_lost():
            return False
        models_root = project.data_root / MODELS_FOLDER
        self._thread.submit(_delete_job(entry, models_root, active="" if active is None else active.name))
        return True

    def close(self) -> None:
        """End the thread once it has done what was asked of it."""
        self._thread.close(cancel=False)

    def _entry(self, name: str) -> ModelEntry | None:
        entry = next((item for item in self._models.entries if item.name == name), None)
        if entry is None:
            self._session.warn(f"There is no model called {name} any more.")
        return entry

    def _why_not_write(self) -> str:
        project = self._documents.project
        return "Open a folder first" if project is None else project.writable_reason.rstrip(".")

    def _is_lost(self) -> bool:
        """Tell whether somebody has taken the folder over, and tell the person so."""
        project = self._documents.project
        try:
            if project is not None:
                project.confirm_lock()
        except SegToolError as exc:
            self._session.report(exc)
            return True
        return False

    def _refused(self, reason: str) -> bool:
        if reason:
            self._session.warn(f"{reason}.")
        return bool(reason)

    @Slot(object)
    def _on_finished(self, last: object) -> None:
        assert isinstance(last, _Changed)
        if last.is_list_changed:
            self._models.refresh()
        self._session.info(last.text)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._session.report(error)
        # A model that is damaged or half gone is found out now.
        self._models.refresh()


def _annotate_job(folder: Path, *, text: str, title: str | None = None, note: str | None = None) -> Job:
    annotate(folder, title=title, note=note)
    yield _Changed(text)


def _delete_job(entry: ModelEntry, models_root: Path, *, active: str) -> Job:
    delete_version(entry.folder, models_root=models_root, active=active)
    yield _Changed(f"{entry.label} was deleted.")


def _export_job(entry: ModelEntry, target: Path) -> Job:
    export_version(entry.folder, target)
    yield _Changed(f"{entry.label} was exported to {target}.", is_list_changed=False)
