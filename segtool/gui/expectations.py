"""What the active model expects to get wrong in the images that nobody has worked on: looked at in the background."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from PySide6.QtCore import QObject, Signal, Slot

from segtool.core.errors import ModelError
from segtool.gui.documents import Documents
from segtool.gui.jobs.expectation_job import LookedAt, expectation_job
from segtool.gui.jobs.known_prediction import KnownPrediction
from segtool.gui.jobs.runner import JobRunner
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.model_choice import ModelChoice
from segtool.gui.segmenting import Segmenting
from segtool.gui.session_signals import SessionSignals
from segtool.project.expected_errors import ByModel, Expected, model_print, read_expected
from segtool.project.layout import ImageEntry
from segtool.project.next_image import shuffled, unworked

# More are not looked at: the worst of 200 random images is nearly as good a choice as the worst of thousands.
MOST_IMAGES = 200


class Expectations(QObject):
    """Looks at images with the active model, in a thread of its own, once it was asked to.

    From then on it looks again with each model that becomes active, until another folder is opened. It rests while a
    job or a training is under way. What segmenting finds out is taken over at any time. Every change emits the
    session's ``expectations_changed``.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    documents : Documents
    models : ModelChoice
    segmenting : Segmenting
        Holds the network.
    jobs : JobRunner
        Has the right of way.

    Signals
    -------
    ended()
        There is nothing left to look at for now.
    """

    ended = Signal()

    def __init__(
        self,
        session: SessionSignals,
        documents: Documents,
        models: ModelChoice,
        *,
        segmenting: Segmenting,
        jobs: JobRunner,
    ) -> None:
        super().__init__(session)
        self._session, self._documents, self._models = session, documents, models
        self._segmenting, self._jobs = segmenting, jobs
        self._is_held_back = self._is_wanted = self._is_running = False
        self._by_model: ByModel = {}
        self._order: list[str] = []
        # Those that the active model has looked at, or could not, since it became active.
        self._seen: set[str] = set()
        self._thread = WorkerThread("segtool-what-next")
        worker = self._thread.worker
        worker.progressed.connect(self._on_item)
        worker.finished.connect(self._on_end)
        worker.cancelled.connect(self._on_cancelled)
        worker.failed.connect(self._on_failed)
        session.prediction_known.connect(self._take_over)
        session.project_changed.connect(self._forget)
        session.model_changed.connect(self._follow_model)
        session.job_changed.connect(self._make_way)

    @property
    def is_looking(self) -> bool:
        """Whether there are images left to look at, now or after a job that is under way."""
        return self._is_wanted and bool(self._left())

    def start(self) -> None:
        """Look at the images of the open folder, and go on doing so."""
        project = self._documents.project
        if project is None:
            return
        if not self._is_wanted:
            self._is_wanted = True
            self._order = shuffled(entry.key for entry in project.entries)
            fresh, self._by_model = self._by_model, read_expected(project.data_root)
            for model, images in fresh.items():
                self._by_model[model] = {**self._by_model.get(model, {}), **images}
            self._session.expectations_changed.emit(frozenset(self._known()))
        self._look()

    def unworked(self) -> Iterator[str]:
        """Yield the images that no person has worked on, in the random order in which they are looked at."""
        project = self._documents.project
        return iter(()) if project is None else unworked(project, self._order)

    def errors(self) -> dict[str, float]:
        """Return what the active model expects 1 - F1 to be, 0…1, by the key of each image that is not a person's work.

        Only images where it is known are among them.
        """
        project = self._documents.project
        if project is None:
            return {}
        here, known = {entry.key for entry in project.entries}, self._known()
        return {key: known[key].error for key in unworked(project, here.intersection(known))}

    def expected_error(self, key: str) -> float | None:
        """Return what the active model expects 1 - F1 to be, 0…1; None if it is not known or a person's work."""
        project, found = self._documents.project, self._known().get(key)
        if project is None or found is None or project.status(key).is_persons_work:
            return None
        return found.error

    def hold_back(self, on: bool) -> None:
        """Rest from now on, for a training needs the processor; or go on."""
        if on is not self._is_held_back:
            self._is_held_back = on
            self._make_way()

    def close(self) -> None:
        """End the thread."""
        self._is_wanted = False
        self._thread.close()

    def _known(self) -> dict[str, Expected]:
        model = self._models.active
        return {} if model is None else self._by_model.get(model_print(model.card), {})

    def _left(self) -> list[ImageEntry]:
        project = self._documents.project
        if project is None or self._models.active is None:
            return []
        chosen = islice(unworked(project, self._order), MOST_IMAGES)
        return [project.entry(key) for key in chosen if key not in self._seen]

    def _look(self) -> None:
        project, model = self._documents.project, self._models.active
        if not self._is_wanted or self._is_running or self._is_held_back or self._jobs.state is not None:
            return
        left = self._left()
        if project is None or model is None or not left:
            self.ended.emit()
            return
        self._is_running = True
        job = expectation_job(
            left,
            dict(self._known()),
            model_folder=model.folder,
            runtimes=self._segmenting.runtimes,
            data_root=None if project.writable_reason else project.data_root,
        )
        self._thread.submit(job)

    @Slot()
    def _forget(self) -> None:
        """Start anew with another folder."""
        self._thread.cancel()
        self._is_wanted = False
        self._by_model, self._order = {}, []
        self._seen.clear()

    @Slot()
    def _follow_model(self) -> None:
        self._thread.cancel()
        self._seen.clear()
        # Of the others nothing was known before and nothing is now: there may be thousands.
        changed = frozenset[str]().union(*self._by_model.values())
        if changed:
            self._session.expectations_changed.emit(changed)
        self._look()

    @Slot()
    def _make_way(self) -> None:
        if self._is_held_back or self._jobs.state is not None:
            self._thread.cancel()
        else:
            self._look()

    # What is found out -------------------------------------------------------------------------

    @Slot(object)
    def _on_item(self, item: object) -> None:
        project, model = self._documents.project, self._models.active
        if not isinstance(item, LookedAt) or project is None or item.entry not in project.entries:
            return
        if model is not None and item.model == model_print(model.card):
            self._seen.add(item.entry.key)
        if item.expected is not None:
            self._note(item.entry.key, item.model, item.expected)

    @Slot(object)
    def _take_over(self, item: KnownPrediction) -> None:
        # Averaged over turns a model is surer or less sure than it is in the others' images.
        if item.file is not None and not item.averaged:
            self._note(item.key, item.model, Expected(item.file, item.error))

    def _note(self, key: str, model: str, expected: Expected) -> None:
        images = self._by_model.setdefault(model, {})
        if images.get(key) != expected:
            images[key] = expected
            self._session.expectations_changed.emit(frozenset((key,)))

    @Slot(object)
    def _on_end(self, _last: object) -> None:
        self._on_cancelled()

    @Slot()
    def _on_cancelled(self) -> None:
        self._is_running = False
        self._look()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        # Not again by itself: the next who asks starts anew.
        self._is_running = self._is_wanted = False
        self._session.report(error)
        if isinstance(error, ModelError):
            self._models.model_failed(error)
