"""Going from one image of the open folder to another, while the one that is shown stays usable."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer, Slot

from segtool.core.errors import SegToolError
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.documents import Documents
from segtool.gui.loading import memory
from segtool.gui.loading.load_job import Loaded, LoadProgress, LoadRequest, LoadTask, Outcome, TooLarge
from segtool.gui.loading.loader import Loader
from segtool.gui.loading.neighbours import neighbours
from segtool.gui.loading.route import Route
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.saving import Saving
from segtool.gui.session_signals import SessionSignals, error_text
from segtool.gui.session_state import JobState, Level
from segtool.project.document import Document

TITLE = "Open"


class Navigation(QObject):
    """Shows images; one that cannot be read never takes the place of the one that is shown.

    Images are loaded in a thread of their own; a newer wish takes the place of an older one. Those beside the shown
    one are loaded ahead.

    Attributes
    ----------
    ask_large : callable
        Called with a key and a TooLarge before an image is opened that takes much of the memory; answers whether to.
    """

    def __init__(self, session: SessionSignals, documents: Documents, edits: MaskEdits, saving: Saving) -> None:
        super().__init__(session)
        self._session, self._documents, self._edits, self._saving = session, documents, edits, saving
        self.ask_large: Callable[[str, TooLarge], bool] = lambda key, found: True
        self._told = ""
        self._route: Route | None = None
        self._direction = 1
        self._declined: set[str] = set()
        self._loader = Loader(self)
        self._loader.loaded.connect(self._on_loaded)
        self._loader.progressed.connect(self._on_progress)
        # From the event loop: what was asked for is painted before the next one is thought of.
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._load_ahead)
        session.project_changed.connect(self._forget)

    @property
    def opening(self) -> JobState | None:
        """The image that is being loaded, None if none is."""
        route = self._route
        return None if route is None else JobState(TITLE, route.progress, 100, route.key)

    @property
    def pyramid(self) -> ImagePyramid | None:
        """What the canvas paints of the shown image."""
        current = self._documents.current
        return None if current is None else self._documents.pyramid(current)

    @property
    def loader(self) -> Loader:
        """The thread, and what it has loaded ahead."""
        return self._loader

    def open_image(self, key: str) -> bool:
        """Show an image, now or once it is loaded; False, with a message, if it cannot be shown."""
        return self._follow(Route(iter((key,))))

    def open_any(
        self,
        keys: Iterable[str],
        *,
        on_shown: Callable[[str], None] = lambda key: None,
        on_none: Callable[[], None] = lambda: None,
    ) -> bool:
        """Show the first of some images that can be read; False if none can be, or is being tried.

        Parameters
        ----------
        keys : iterable of str
            Asked for one at a time, as far as is needed.
        on_shown : callable
            Called with the key of the one that is shown, when it is.
        on_none : callable
            Called if there is none.
        """
        return self._follow(Route(iter(keys), on_shown, on_none, passes_large=True))

    def step_image(self, delta: int) -> None:
        """Show the image ``delta`` places further, or the next beyond it that can be read.

        While an image is being loaded, it counts from there: a key that is held down goes on through the list.
        """
        if self._edits.ends_by_itself():
            self._edits.after_stroke(lambda: self.step_image(delta))
            return
        project, current = self._documents.project, self._documents.current
        if project is None or not project.entries or delta == 0:
            return
        entries = project.entries
        here = self._route.key if self._route is not None else "" if current is None else current.entry.key
        place = (project.index(here) if here else -1 if delta > 0 else len(entries)) + delta
        if 0 <= place < len(entries):
            places = range(place, len(entries)) if delta > 0 else range(place, -1, -1)
            keys = (entries[index].key for index in places)
            self._follow(Route(key for key in keys if key not in self._declined))

    def reload_current(self) -> None:
        """Read the shown image again if what is in memory is not what is on disk."""
        # Whoever is on the way to another one finds this one read again when they come back.
        if self._documents.current is not None and self._route is None:
            self.open_image(self._documents.current.entry.key)

    def show_again(self, document: Document) -> None:
        """Show an image in place of the object that is shown of it, which is not in memory any more, if that is so."""
        current = self._documents.current
        if current is not None and current is not document and current.entry.key == document.entry.key:
            self._put_up(document)

    def cancel(self) -> None:
        """Stay with the image that is shown."""
        if self._route is not None:
            self._leave()
            self._session.loading_changed.emit()

    def close(self) -> None:
        """End the thread."""
        self._soon.stop()
        self._route = None
        self._loader.close()

    # On the way --------------------------------------------------------------------------------

    def _follow(self, route: Route) -> bool:
        if self._documents.project is None:
            return False
        if self._edits.ends_by_itself():
            # What is being found for a click is painted first.
            self._edits.after_stroke(lambda: self._follow(route))
            return True
        self._edits.end_stroke()
        if self._route is not None:
            self._documents.give_up(self._route.key)
        self._route = route
        is_going_on = self._go_on(route)
        self._session.loading_changed.emit()
        return is_going_on

    def _go_on(self, route: Route) -> bool:
        """Try the images that are left; True once one is shown or being loaded."""
        while route.go_on():
            try:
                found = self._documents.find(route.key)
            except SegToolError as exc:
                self._note_failure(route, exc)
                continue
            if self._arrive(route, found if isinstance(found, Document) else self._load(found)):
                return True
            if self._route is not route:
                return False
        self._end(route)
        route.on_none()
        return False

    def _load(self, request: LoadRequest) -> Outcome | None:
        """Load an image; None if that takes its time."""
        task = self._loader.load(request, limit=None if self._is_consented(request) else memory.large_limit())
        return task.outcome if task.is_taken else None

    def _arrive(self, route: Route, outcome: Outcome | Document | None) -> bool:
        """Deal with what has come of an image; True if it is shown, or still being loaded."""
        match outcome:
            case None:
                return True
            case Document():
                self._show(route, outcome)
                return True
            case Loaded():
                document = self._documents.take(outcome, anyway=route.was_outdated)
                route.was_outdated = True
                return self._arrive(route, self._again(route) if document is None else document)
            case TooLarge():
                # One that was being loaded ahead had less room.
                is_large = outcome.is_swollen or outcome.needs > memory.large_limit()
                if is_large and not self.ask_large(route.key, outcome):
                    self._decline(route)
                    return False
                route.may_be_large = True
                return self._route is route and self._arrive(route, self._again(route))
            case _:
                self._note_failure(route, outcome)
                return False

    def _again(self, route: Route) -> Outcome | Document | None:
        found = self._documents.find(route.key)
        return found if isinstance(found, Document) else self._load(found)

    def _is_consented(self, request: LoadRequest) -> bool:
        key, route = request.entry.key, self._route
        # One that is read again is in memory already.
        is_there = self._documents.get(key) is not None
        return is_there or (route is not None and route.may_be_large and route.key == key)

    def _decline(self, route: Route) -> None:
        """Stay, as a person has answered; stepping on from here passes over the image."""
        self._declined.add(route.key)
        if not route.passes_large and self._route is route:
            self._leave()

    def _show(self, route: Route, document: Document) -> None:
        documents, key = self._documents, route.key
        self._route = None
        self._loader.cancel()
        self._declined.discard(key)
        if documents.reasons.pop(key, ""):
            self._session.entries_changed.emit(frozenset((key,)))
        if document is not documents.current:
            self._put_up(document)
        self._report(route)
        route.on_shown(key)

    def _put_up(self, document: Document) -> None:
        """Make an image in memory the shown one, and tell everybody."""
        session, key = self._session, document.entry.key
        if self._saving.is_dirty:
            self._saving.save_all()
        self._take_back(other_reason=document.read_only_reason)
        self._note_direction(key)
        self._documents.show(document)
        session.document_changed.emit()
        session.history_changed.emit()
        session.saved_changed.emit()
        if document.read_only_reason and document.image.damage:
            choices = [("Edit it all the same", lambda: self._accept_damage(key))]
            session.ask(document.read_only_reason, Level.WARNING, choices)
        elif document.read_only_reason and document.question is None:
            session.warn(document.read_only_reason)
        self._soon.start()

    def _accept_damage(self, key: str) -> None:
        """Read an image that is cut short again, its mask to be edited."""
        self._documents.damage_accepted.add(key)
        self.open_image(key)

    def _end(self, route: Route) -> None:
        """Give up: none of the images could be shown."""
        self._route = None
        self._loader.cancel()
        self._report(route)

    def _leave(self) -> None:
        if self._route is not None:
            self._documents.give_up(self._route.key)
        self._route = None
        self._loader.cancel()

    def _note_failure(self, route: Route, error: Exception) -> None:
        self._documents.give_up(route.key)
        self._documents.reasons[route.key] = error_text(error)
        self._session.entries_changed.emit(frozenset((route.key,)))
        route.first_error = route.first_error or error

    def _report(self, route: Route) -> None:
        """Say why what was wanted first is not shown, in place of what was said about another image."""
        text = "" if route.first_error is None else error_text(route.first_error)
        if self._told and self._told != text:
            self._session.message_over.emit(self._told)
        self._told = text
        if route.first_error is not None:
            self._session.report(route.first_error)

    def _take_back(self, *, other_reason: str) -> None:
        """Say that what was told about the image that is left, or could not be opened, is of no interest any more."""
        current = self._documents.current
        over = [self._told] if current is None else [self._told, current.read_only_reason]
        self._told = ""
        for text in over:
            if text and text != other_reason:
                self._session.message_over.emit(text)

    # What the thread says ----------------------------------------------------------------------

    @Slot(object)
    def _on_loaded(self, task: LoadTask) -> None:
        route = self._route
        if route is not None and route.key == task.key:
            # The shown image stays usable up to here: a stroke is not broken off.
            self._edits.after_stroke(lambda: self._resume(route, task.outcome))

    def _resume(self, route: Route, outcome: Outcome | None) -> None:
        if self._route is not route or outcome is None:
            return
        if not self._arrive(route, outcome) and self._route is route:
            self._go_on(route)
        self._session.loading_changed.emit()

    @Slot(object)
    def _on_progress(self, progress: LoadProgress) -> None:
        route = self._route
        if route is not None and route.key == progress.key:
            route.progress = progress.done
            self._session.loading_changed.emit()

    # Ahead -------------------------------------------------------------------------------------

    def _note_direction(self, key: str) -> None:
        project, current = self._documents.project, self._documents.current
        if project is not None and current is not None and current.entry.key != key:
            self._direction = 1 if project.index(key) > project.index(current.entry.key) else -1

    @Slot()
    def _load_ahead(self) -> None:
        documents, project = self._documents, self._documents.project
        if project is None or documents.current is None or self._route is not None:
            return
        here, entries = project.index(documents.current.entry.key), project.entries
        keys = [entries[place].key for place in neighbours(here, len(entries), direction=self._direction)]
        found = [documents.find(key) for key in keys if key not in documents.reasons]
        self._loader.prefetch([item for item in found if isinstance(item, LoadRequest)])

    @Slot()
    def _forget(self) -> None:
        self._route, self._direction = None, 1
        self._declined.clear()
        self._loader.forget()
