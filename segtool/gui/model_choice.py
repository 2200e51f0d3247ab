"""The models to choose from and the one that segments."""

from __future__ import annotations

from segtool.core.classes import ClassSet
from segtool.core.errors import ModelError
from segtool.core.printable import printable
from segtool.gui.documents import Documents
from segtool.gui.saving import Saving
from segtool.gui.session_signals import SessionSignals
from segtool.models.base import base_problems
from segtool.models.card import ModelCard
from segtool.models.store import ModelEntry, ModelStore, default_model
from segtool.project.project import Project


class ModelChoice:
    """Knows the models of the open folder; without one, those that come with the program.

    Attributes
    ----------
    entries : list of ModelEntry
        Bundled ones first.
    """

    def __init__(self, session: SessionSignals, documents: Documents, saving: Saving) -> None:
        self._session, self._documents, self._saving = session, documents, saving
        self._bundled = ModelStore()
        self._chosen = ""
        self._lent: ClassSet | None = None
        self._reported: set[str] = set()
        # The one that was active before the chosen one: it takes over again if that turns out to be damaged.
        self._before = ""
        # Whole, but their networks cannot be loaded: by name, with the cards that they had then.
        self._failed: dict[str, ModelCard] = {}
        self.entries: list[ModelEntry] = self._bundled.entries()
        self._default = default_model(self.entries)

    @property
    def active(self) -> ModelEntry | None:
        """The chosen model; if that cannot be used the one that was active before; else the default one."""
        return self._find(self._chosen) or self._find(self._before) or self._default

    def project_opened(self) -> None:
        """Read the models of the folder that was just opened; one without classes gets those of the active model.

        Nothing is told yet: views learn of the folder first.
        """
        project = self._documents.project
        assert project is not None
        self._chosen, self._before = project.active_model, ""
        self._failed.clear()
        self._reported.clear()
        self._read()
        self._lent = None
        if not project.has_classes and self.active is not None:
            self._lent = self.active.card.classes
            project.set_classes(self._lent)

    def refresh(self) -> None:
        """Look for models again."""
        self._read()
        self._session.model_changed.emit()
        self.report_problems()

    def model_failed(self, error: ModelError) -> None:
        """Look for models again after one could not be loaded; one that seems whole is passed over from now on.

        The person's choice stays on record: with another card, or once the folder is opened again, it is tried again.
        """
        self._read()
        place = error.path
        for entry in self.entries:
            if place is not None and entry.folder in (place, *place.parents):
                self._failed[entry.name] = entry.card
        self.refresh()

    def report_problems(self) -> None:
        """Tell the person, once for each, about models that are damaged or gone."""
        if self._chosen and self._find(self._chosen) is None:
            rest = "There is none to segment with." if self.active is None else f"{self.active.name} is used instead."
            self._warn_once(f"The model {self._chosen} cannot be used. {rest}")
        found = [item for item in (*self._store.problems(), *base_problems()) if str(item) not in self._reported]
        if not found:
            return
        first, *others = found
        self._reported.update(map(str, found))
        # In one sentence: a row for each would push out what else there is to be told.
        names = ", ".join(_name(problem) for problem in others)
        self._session.warn(f"{first} Nor can {names} be used." if others else str(first))

    def activate(self, name: str) -> bool:
        """Segment with another model from now on; False, with a message, if there is none of that name.

        A folder that has its classes from a model only, and no mask yet, gets those of the new model instead.
        """
        if self._find(name) is None:
            self.refresh()
        if self._find(name) is None:
            self._session.warn(f"There is no model called {name}.")
            return False
        if self.active is not None and self.active.name != name:
            self._before = self.active.name
        self._chosen = name
        if self._documents.project is not None:
            self._documents.project.set_active_model(name)
            self._lend_classes(self._documents.project)
            self._saving.schedule()
        self._session.model_changed.emit()
        return True

    def keep_classes(self) -> None:
        """Keep the folder's classes from now on, whatever model is chosen: masks with their ids are on their way."""
        self._lent = None

    def _lend_classes(self, project: Project) -> None:
        active = self.active
        if self._lent is None or active is None or project.classes != self._lent:
            return
        # Ids in a mask, or in one that a person can bring back by undo, mean the classes of now.
        if project.is_new and not project.state.statuses and active.card.classes != self._lent:
            self._lent = active.card.classes
            project.set_classes(self._lent)
            self._session.classes_changed.emit()

    def _find(self, name: str) -> ModelEntry | None:
        return next((entry for entry in self.entries if entry.name == name), None)

    @property
    def _store(self) -> ModelStore:
        project = self._documents.project
        return self._bundled if project is None else project.store

    def _read(self) -> None:
        self.entries = [entry for entry in self._store.entries() if self._failed.get(entry.name) != entry.card]
        self._default = default_model(self.entries)

    def _warn_once(self, text: str) -> None:
        if text not in self._reported:
            self._reported.add(text)
            self._session.warn(text)


def _name(problem: ModelError) -> str:
    """Return which model or file it is about, as far as a person needs it to find it."""
    path = problem.path
    return "another model" if path is None else printable(f"{path.parent.name}/{path.name}")
