"""Runs that start by themselves whenever a person has approved some images more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, QTimer, Slot

from segtool.core.errors import SegToolError
from segtool.gui.dialogs.retrain_jobs import remembered_settings
from segtool.gui.preferences import Preferences
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.gui.training_plan import fitting_rate
from segtool.gui.training_state import Phase
from segtool.models.base import FROM_SCRATCH, default_base
from segtool.project.project import Project
from segtool.project.status import Status


class AutoRetrain(QObject):
    """Starts a run after every so many newly approved images; it asks nothing and takes no focus.

    An image is newly approved if it was not approved when the last run was started, however that run has ended:
    one that has failed is not tried again before as many images more are approved. In a folder that was just
    opened, approved images count that no run has been offered yet (``ProjectState.known``). What is approved
    while a run is under way counts for the next one, which then starts when that run ends, unless the person has
    stopped it: then with the next approval. While a run that was broken off waits to be resumed or discarded, none is
    started: what is kept of it would be given up for the new one's. After that the next approval counts.

    Parameters
    ----------
    session : Session
    training : TrainingControl
        Runs the trainings, with the settings that the Retrain dialog remembers.
    preferences : Preferences
        Knows for which folders a person has agreed to this.
    """

    def __init__(
        self, session: Session, training: TrainingControl, preferences: Preferences, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._training, self._preferences = session, training, preferences
        self._unfinished = training.unfinished
        self._after = 0
        self._counted: frozenset[str] = frozenset()
        self._approved: tuple[Project, Mapping[str, Status], frozenset[str]] | None = None
        self._is_running = self._was_stopped = self._is_mine = False
        session.project_changed.connect(self._begin_anew)
        training.state_changed.connect(self._follow_run)
        # From the event loop: an approval is put away first.
        session.entries_changed.connect(self._look_at, Qt.ConnectionType.QueuedConnection)
        self._begin_anew()

    @property
    def after(self) -> int:
        """After how many newly approved images the open folder's model is retrained; 0: never by itself."""
        return self._after

    def set_after(self, count: int) -> None:
        """Retrain after that many newly approved images from now on, at once if there are as many; 0: never."""
        project = self._session.project
        if project is not None:
            self._after = count
            self._preferences.set_retrain_after(project.root, count)
            self._look()

    def newly_approved(self) -> int:
        """Return how many images have been approved since the last run was started."""
        project = self._session.project
        if project is None:
            return 0
        statuses, known = project.state.statuses, self._approved
        # Menus ask whenever anything changes, and there may be 10,000 images.
        if known is None or known[0] is not project or known[1] is not statuses:
            known = self._approved = project, statuses, project.approved()
        return len(known[2] - self._counted)

    def text(self) -> str:
        """Return in a sentence what holds for the open folder."""
        if not self._after:
            return "Start runs in the background as you approve images"
        if self._unfinished.waits_for_answer:
            return "Waits until the training that was broken off is resumed or discarded"
        every = "every newly approved image" if self._after == 1 else f"every {self._after} newly approved images"
        return f"After {every}; {self.newly_approved()} since the last run"

    @Slot()
    def _begin_anew(self) -> None:
        project = self._session.project
        self._after = 0 if project is None else self._preferences.retrain_after(project.root)
        self._counted = frozenset() if project is None else project.approved() & set(project.state.known)

    @Slot(object)
    def _look_at(self, keys: frozenset[str]) -> None:
        project = self._session.project
        if self._after and project is not None:
            statuses = project.state.statuses
            if any(statuses.get(key) is Status.APPROVED for key in keys):
                self._look()

    @Slot()
    def _follow_run(self) -> None:
        state = self._training.state
        if state.is_active and not self._is_running:
            project = self._session.project
            self._is_running, self._was_stopped = True, False
            self._counted = frozenset() if project is None else project.approved()
        elif state.phase is Phase.STOPPING:
            self._was_stopped = True
        elif not state.is_active and self._is_running:
            self._is_running = self._is_mine = False
            if state.phase is Phase.FINISHED and not self._was_stopped:
                # From the event loop: what became of this run is told before the next one starts.
                QTimer.singleShot(0, self, self._look)
        if self._is_mine and state.train_images:
            self._is_mine = False
            images = "1 image" if state.train_images == 1 else f"{state.train_images} images"
            self._session.info(f"Retraining on {images} in the background.")

    @Slot()
    def _look(self) -> None:
        if self._is_due():
            # A run saves every mask first, which would end a stroke in the middle.
            self._session.after_stroke(self._start)

    def _is_due(self) -> bool:
        project = self._session.project
        return (
            self._after > 0
            and project is not None
            and not self._training.is_running
            and not self._unfinished.waits_for_answer
            and not project.writable_reason
            and len(self._session.classes) > 1
            and self.newly_approved() >= self._after
        )

    def _start(self) -> None:
        project = self._session.project
        if project is None or not self._is_due():
            return
        classes = self._session.classes
        base = default_base(self._session.models, classes)
        settings = remembered_settings()
        rate = fitting_rate(settings.learning_rate, base=base, store=project.store, classes=classes)
        settings = replace(settings, learning_rate=rate)
        try:
            name = project.store.next_version_name("model" if base == FROM_SCRATCH else base)
        except SegToolError as exc:
            self._counted = project.approved()
            self._session.report(exc)
            return
        self._is_mine = self._training.start(settings, base=base, name=name)
