"""Making older predictions anew once a run has brought another model into use, or a person has gone back to one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import islice

from PySide6.QtCore import QObject, QSettings, QTimer, Slot

from segtool.gui.session import Session
from segtool.gui.session_state import Overwrite
from segtool.gui.training_control import TrainingControl
from segtool.project.project import Project
from segtool.project.status import Status

MAX_IMAGES = 500
"""How many images are segmented again unasked: in a large folder the rest would hold the jobs up for hours."""

_REMEMBERED = "retrain/afterwards"


class RefreshScope(StrEnum):
    """Which images are segmented again after a run; those that a person has worked on never are."""

    PREDICTED = "predicted"
    UNTOUCHED = "predicted and untouched"
    NONE = "none"


def remembered_scope() -> RefreshScope:
    """Return what was chosen last: predicted images if nothing was."""
    try:
        return RefreshScope(str(QSettings().value(_REMEMBERED, "")))
    except ValueError:
        return RefreshScope.PREDICTED


def remember_scope(scope: RefreshScope) -> None:
    """Store what was chosen, for this run and the next ones."""
    QSettings().setValue(_REMEMBERED, scope.value)


def images_to_refresh(project: Project, *, current: str, scope: RefreshScope) -> Iterator[str]:
    """Yield the keys of the images to segment again: the shown one first, then those that follow it in the list.

    Parameters
    ----------
    project : Project
        The open folder.
    current : str
        Key of the shown image, "" if none is.
    scope : RefreshScope
        Of which statuses. An untouched image with a mask file, which something else must have put there
        since the folder was opened, is passed over.
    """
    keys = [entry.key for entry in project.entries]
    start = keys.index(current) if current in keys else 0
    for key in (*keys[start:], *keys[:start]):
        status = project.status(key)
        is_untouched = scope is RefreshScope.UNTOUCHED and status is Status.UNTOUCHED
        is_predicted = scope is not RefreshScope.NONE and status is Status.PREDICTED
        if is_predicted or (is_untouched and not project.entry(key).mask_path.exists()):
            yield key


class Refreshing(QObject):
    """Segments images again with the model of a run, as a job like any other that the person can cancel.

    It waits for the job that is under way. Whatever a person corrects or approves before its turn, or while it is
    being segmented, is left alone. If another model becomes active meanwhile, it ends; if the person asks to
    segment something, that goes first and the rest follows.

    Parameters
    ----------
    session : Session
        Segments.
    training : TrainingControl
        Says when a run has brought another model into use.
    """

    def __init__(self, session: Session, training: TrainingControl, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted_with = self._running_with = ""
        self._chosen: list[str] = []
        self._left: frozenset[str] | None = None
        self._first: Callable[[], object] | None = None
        self._is_over = False
        # From the event loop: while a job ends, what belongs to it is still being put away.
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._start)
        training.version_activated.connect(self._want)
        session.versions.rolled_back.connect(self._want)
        session.job_changed.connect(self._follow_job)
        session.model_changed.connect(self._follow_model)
        session.project_changed.connect(self._forget)

    @property
    def is_running(self) -> bool:
        """Whether the job that is under way is this one."""
        return bool(self._running_with)

    def make_way(self, action: Callable[[], object]) -> None:
        """Call something that starts a job: at once, or as soon as this one has stopped; the rest follows it."""
        job = self._session.job
        if not self._running_with or job is None:
            action()
            return
        # The steps of a job with several images are the images.
        done = job.done if len(self._chosen) > 1 else 0
        self._first, self._wanted_with, self._left = action, self._running_with, frozenset(self._chosen[done:])
        self._session.cancel_job()

    def close(self) -> None:
        """Start nothing any more, whatever ends or becomes active while the window closes."""
        self._is_over = True
        self._soon.stop()

    @Slot(str)
    def _want(self, model: str) -> None:
        self._wanted_with, self._left = model, None
        self._soon.start()

    @Slot()
    def _follow_job(self) -> None:
        if self._session.job is None:
            self._running_with = ""
            self._soon.start()

    @Slot()
    def _follow_model(self) -> None:
        active = "" if self._session.model is None else self._session.model.name
        if self._wanted_with != active:
            self._wanted_with = ""
        if self._running_with and self._running_with != active:
            self._session.cancel_job()

    @Slot()
    def _forget(self) -> None:
        # The session itself ends the job of the other folder, which is none of this one's any more.
        self._wanted_with = self._running_with = ""
        self._chosen, self._left, self._first = [], None, None

    @Slot()
    def _start(self) -> None:
        if self._is_over:
            return
        if self._first is not None and self._session.job is None:
            action, self._first = self._first, None
            action()
        session, project, model = self._session, self._session.project, self._wanted_with
        if not model or project is None or session.job is not None:
            return
        self._wanted_with = ""
        current = "" if session.document is None else session.document.entry.key
        found = images_to_refresh(project, current=current, scope=remembered_scope())
        wanted = (key for key in found if not session.entry_reason(key) and (self._left is None or key in self._left))
        keys = list(islice(wanted, MAX_IMAGES + 1))
        chosen = keys[:MAX_IMAGES]
        if not chosen:
            return
        # Before it starts, so that views which look then know whose job it is.
        self._running_with, self._chosen = model, chosen
        if not session.segment(chosen, policy=Overwrite.REFRESH):
            self._running_with = ""
        elif len(keys) > len(chosen):
            label = model if session.model is None else session.model.label
            session.warn(
                f"{label} segments {MAX_IMAGES} images again, from the shown one on. The others keep their "
                "older predictions: “Segment all images” replaces those too."
            )
