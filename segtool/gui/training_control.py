"""Retraining from the window: checks before a run, what it reports, and what becomes of its model."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from segtool.core.errors import SegToolError
from segtool.core.run_events import RunDone, RunEvent
from segtool.core.run_settings import RunSettings
from segtool.gui.jobs.worker import Job, WorkerThread
from segtool.gui.session import Session
from segtool.gui.session_state import SaveKind
from segtool.gui.training_child import UNCHANGED
from segtool.gui.training_plan import (
    Checked,
    Looked,
    RunPlan,
    check_job,
    choose_images,
    look_job,
)
from segtool.gui.training_run import RunRequest, TrainingRun
from segtool.gui.training_state import Comparison, Phase, RunState, duration_text
from segtool.models.card import CARD_FILE

_TICK_MS = 1000
_QUIET_SECONDS = 60.0
# A double click on Stop asks once.
_DOUBLE_CLICK_SECONDS = 1.5
_NOT_BEGUN = "The training was stopped before it began."
_STOPPING = "Stopping: the best weights so far are kept"


class TrainingControl(QObject):
    """Starts runs, follows them and decides about their models; there is one run at a time.

    Signals
    -------
    state_changed()
        ``state`` is another one.
    refused(str)
        The new model did not become active: what a person is told. ``take_other`` makes it the active one anyway.
    version_activated(str)
        A run has brought another model into use, or a person has answered to its outcome: the model's name.
    """

    state_changed = Signal()
    refused = Signal(str)
    version_activated = Signal(str)

    def __init__(
        self, session: Session, *, program: Sequence[str] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._program = program
        self._state = RunState()
        self._plan: RunPlan | None = None
        self._run: TrainingRun | None = None
        self._started = self._last_news = self._stop_asked = 0.0
        self._worker = WorkerThread("training")
        # Plans of what the worker has been given and not ended yet, in that order.
        self._given: deque[RunPlan] = deque()
        self._worker.worker.finished.connect(self._on_worker_finished)
        self._worker.worker.failed.connect(self._on_worker_failed)
        self._worker.worker.cancelled.connect(self._on_worker_cancelled)
        self._ticks = QTimer(self, interval=_TICK_MS)
        self._ticks.timeout.connect(self._tick)
        session.saved_changed.connect(self._go_on_when_saved)
        session.project_changed.connect(self._forget_last_run)
        session.model_changed.connect(self._follow_model)

    @property
    def state(self) -> RunState:
        """The run that is under way or was the last one."""
        return self._state

    @property
    def is_running(self) -> bool:
        """Whether a run is under way."""
        return self._state.is_active

    def start(self, settings: RunSettings, *, base: str, name: str) -> bool:
        """Save every mask, check the masks and start a run; False, with a message, if that is not possible.

        After ``close`` nothing is started any more.

        Parameters
        ----------
        settings : RunSettings
            ``images`` and ``held_out`` narrow down the images; which are held out is for the project to say.
        base : str
            Name of the model to start from, or "none".
        name : str
            Name of the new version, as ``ModelStore.next_version_name`` gives it.
        """
        project = self._session.project
        if self._worker.is_over:
            return False
        if self.is_running or project is None:
            self._session.warn("A training is running already." if self.is_running else "Open a folder first.")
            return False
        if project.writable_reason:
            self._session.warn(project.writable_reason)
            return False
        active = self._session.model
        compare = "" if active is None else active.name
        self._plan = RunPlan(project, settings, base, name, compare)
        self._started = self._last_news = time.monotonic()
        self._ticks.start()
        self._set(RunState(phase=Phase.SAVING, name=name, base=base, stage="Saving masks"))
        self._session.save_all()
        self._go_on_when_saved()
        return self.is_running

    def stop(self) -> None:
        """Ask the run to finish with the best weights so far; asked again later, end it and keep nothing."""
        now = time.monotonic()
        if self._run is not None:
            if self._state.phase is Phase.STOPPING and now - self._stop_asked < _DOUBLE_CLICK_SECONDS:
                return
            self._stop_asked = now
            self._set(replace(self._state, phase=Phase.STOPPING, stage=_STOPPING, remaining=None))
            self._run.stop()
        elif self.is_running:
            self._worker.cancel()
            self._end(Phase.CANCELLED, _NOT_BEGUN)

    def take_other(self) -> None:
        """Segment with the model that the last run's outcome left aside: the one before it, or the candidate."""
        if self._state.other:
            self.take(self._state.other)

    def take(self, name: str) -> None:
        """Segment with the model of that name, which a person has chosen in answer to the outcome of a run."""
        if self._session.set_active_model(name):
            self.version_activated.emit(name)

    def shut_down(self) -> None:
        """End the run at once and wait until its process is gone, as another folder needs it; the next may follow."""
        if self._run is not None:
            # One that has said its last word is finished by this, and then its model is looked at.
            self._run.shut_down()
        self._worker.cancel()
        if self.is_running:
            self._end(Phase.CANCELLED, self._keep_whole_model() or _NOT_BEGUN)

    def close(self) -> None:
        """End the run and the thread for good; the window calls this before it closes."""
        self.shut_down()
        self._worker.close()

    @Slot()
    def _follow_model(self) -> None:
        """Offer the other model no longer once it is the active one, whoever has chosen it."""
        state, active = self._state, self._session.model
        if state.other and active is not None and active.name == state.other:
            self._session.message_over.emit(state.message)
            self._set(replace(state, other="", message=f"{active.name} is now the active model."))

    @Slot()
    def _forget_last_run(self) -> None:
        """Show nothing of the last run in another folder."""
        if not self.is_running:
            self._set(RunState())

    # Before the process ------------------------------------------------------------------------

    @Slot()
    def _go_on_when_saved(self) -> None:
        if self._plan is None or self._state.phase is not Phase.SAVING:
            return
        state = self._session.save_state
        if not self._session.has_unsaved():
            self._check(self._plan)
        elif state.kind is SaveKind.FAILED:
            self._fail(f"The training was not started, because a mask could not be saved. {state.reason}")

    def _check(self, plan: RunPlan) -> None:
        self._set(replace(self._state, phase=Phase.CHECKING, stage="Checking masks"))
        train, held_out = choose_images(plan.project, plan.settings)
        self._submit(plan, check_job(plan, train, held_out, self._session.classes))

    def _submit(self, plan: RunPlan, job: Job) -> None:
        self._given.append(plan)
        self._worker.submit(job)

    def _launch(self, plan: RunPlan) -> None:
        project = plan.project
        project.ensure_held_out()
        if not project.has_classes:
            # The child reads the classes from the folder: these are the ones that the masks were painted with.
            project.set_classes(self._session.classes)
        train, held_out = choose_images(project, plan.settings)
        settings = replace(plan.settings, images=tuple(e.key for e in train), held_out=tuple(e.key for e in held_out))
        request = RunRequest(
            root=project.root,
            base=plan.base,
            out=plan.out,
            settings=settings,
            data_root=None if project.data_root == project.root else project.data_root,
            compare=plan.compare,
        )
        run = TrainingRun(request, program=self._program, parent=self)
        run.reported.connect(self._on_reported)
        run.finished.connect(self._on_done)
        run.failed.connect(self._fail)
        run.cancelled.connect(self._on_cancelled)
        try:
            project.save_state()
            run.start()
        except SegToolError as exc:
            self._fail(str(exc))
            return
        self._run = run
        self._set(replace(self._state, phase=Phase.TRAINING, stage="Starting"))

    @Slot(object)
    def _on_worker_finished(self, last: object) -> None:
        self._given.popleft()
        # A plan that was given up has been replaced: what the worker still says about it is passed over.
        if isinstance(last, Checked) and last.plan is self._plan:
            if last.problem:
                self._fail(last.problem)
            else:
                self._launch(last.plan)
        elif isinstance(last, Looked) and last.plan is self._plan:
            self._decide(last.plan)

    @Slot(object)
    def _on_worker_failed(self, error: Exception) -> None:
        if self._given.popleft() is not self._plan:
            return
        if self._state.phase is Phase.CHECKING:
            self._fail(f"The masks could not be checked ({type(error).__name__}: {error}).")
        elif self._plan is not None and self._state.comparison is not None:
            # Looking ahead has failed, which costs the window a moment and nothing else.
            self._decide(self._plan)

    @Slot()
    def _on_worker_cancelled(self) -> None:
        self._given.popleft()

    # While it runs -----------------------------------------------------------------------------

    @Slot(object)
    def _on_reported(self, event: RunEvent) -> None:
        self._last_news = time.monotonic()
        state = self._state.after(event)
        if state.phase is Phase.STOPPING:
            # How much of the budget is left says nothing any more.
            state = replace(state, stage=_STOPPING, remaining=None)
        self._set(state)

    @Slot()
    def _tick(self) -> None:
        now = time.monotonic()
        state = replace(self._state, elapsed=now - self._started)
        if self._run is not None and now - self._last_news > _QUIET_SECONDS:
            state = replace(state, stage=f"No news for {duration_text(now - self._last_news)}", remaining=None)
        self._set(state)

    # Its end -----------------------------------------------------------------------------------

    @Slot(object)
    def _on_done(self, done: RunDone) -> None:
        plan = self._plan
        assert plan is not None
        comparison = Comparison.of_run(done, new=plan.name, old=plan.compare, held_out=self._state.held_out)
        stage = "Looking at the model"
        self._set(replace(self._state, comparison=comparison, stage=stage, fraction=1.0, remaining=None))
        self._submit(plan, look_job(plan))

    def _decide(self, plan: RunPlan) -> None:
        """Take the new model into the list, and make it the active one if its run says that it may be."""
        comparison, project = self._state.comparison, self._session.project
        assert comparison is not None
        if project is None or project.data_root != plan.project.data_root:
            self._end(Phase.FINISHED, f"{plan.name} is ready in {plan.out}. Open its folder to use it.")
            return
        before = "" if self._session.model is None else self._session.model.name
        self._session.refresh_models()
        if not comparison.is_accepted:
            self._end(Phase.FINISHED, comparison.message(before=before), other=plan.name)
        elif before and before != plan.compare:
            # The verdict is about another model than the one that it would take the place of.
            self._end(Phase.FINISHED, comparison.overtaken_message(active=before), other=plan.name)
        elif self._session.set_active_model(plan.name):
            self._end(Phase.FINISHED, comparison.message(before=before), other=before)
            self.version_activated.emit(plan.name)
        else:
            self._end(Phase.FINISHED, f"{plan.name} is ready in {plan.out}, but could not be made the active model.")

    @Slot()
    def _on_cancelled(self) -> None:
        kept = self._keep_whole_model()
        self._end(Phase.CANCELLED, f"The training was ended. {kept or f'Nothing of it was kept. {UNCHANGED}'}")

    @Slot(str)
    def _fail(self, message: str) -> None:
        self._end(Phase.FAILED, f"{message} {self._keep_whole_model()}".rstrip())

    def _keep_whole_model(self) -> str:
        """Say what became of a model that was whole when its run was broken off; "" if there is none."""
        if self._run is None or self._plan is None or not (self._plan.out / CARD_FILE).exists():
            return ""
        self._session.refresh_models()
        return f"{self._plan.name} was written before that: it is kept as a version, but not active."

    def _end(self, phase: Phase, message: str, *, other: str = "") -> None:
        log = self._run.log if self._run is not None and phase is Phase.FAILED else ""
        if self._run is not None:
            self._run.deleteLater()
        self._run = self._plan = None
        self._ticks.stop()
        elapsed = time.monotonic() - self._started
        state = replace(self._state, phase=phase, stage="", message=message, other=other, log=log)
        self._set(replace(state, elapsed=elapsed, remaining=None))
        if state.has_candidate:
            self.refused.emit(message)
        elif phase is Phase.FAILED:
            self._session.warn(message)
        else:
            self._session.info(message)

    def _set(self, state: RunState) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit()
