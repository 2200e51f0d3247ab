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
from segtool.gui.run_watch import PATIENCE_MS, RunWatch
from segtool.gui.session import Session
from segtool.gui.session_state import SaveKind
from segtool.gui.training_child import UNCHANGED
from segtool.gui.training_outcome import keep_whole_model, settle
from segtool.gui.training_plan import (
    Checked,
    Looked,
    RunPlan,
    check_job,
    look_job,
    make_request,
    new_plan,
    resuming_plan,
)
from segtool.gui.training_run import TrainingRun
from segtool.gui.training_state import Comparison, Phase, RunState, duration_text
from segtool.gui.unfinished_training import UnfinishedTraining
from segtool.project.project import Project
from segtool.project.unfinished import UnfinishedRun

_TICK_MS = 1000
# A double click on Stop asks once.
_DOUBLE_CLICK_SECONDS = 1.5
_NOT_BEGUN = "The training was stopped before it began."
_STOPPING = "Stopping: the best weights so far are kept"


class TrainingControl(QObject):
    """Starts runs, follows them and decides about their models; there is one run at a time.

    Attributes
    ----------
    unfinished : UnfinishedTraining
        What can be gone on with.

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
        self,
        session: Session,
        *,
        program: Sequence[str] | None = None,
        silence_ms: int = PATIENCE_MS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._program = program
        self._state = RunState()
        self._plan: RunPlan | None = None
        self._run: TrainingRun | None = None
        self._started = self._stop_asked = 0.0
        self.unfinished = UnfinishedTraining(session, resume=self.resume, parent=self)
        self._watch = RunWatch(
            session,
            subject="The training",
            comfort="If you stop it, it can be resumed from its last epoch.",
            stop=self.end_now,
            patience_ms=silence_ms,
            parent=self,
        )
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
        project, active = self._may_begin(), self._session.model
        return project is not None and self._begin(new_plan(project, settings, base=base, name=name, active=active))

    def resume(self, run: UnfinishedRun) -> bool:
        """Go on with a run of the open folder that was broken off; False, with a message, if that is not possible."""
        project, active = self._may_begin(), self._session.model
        try:
            return project is not None and self._begin(resuming_plan(project, run, active=active))
        except SegToolError as exc:
            self._session.report(exc)
            return False

    def stop(self) -> None:
        """Ask the run to finish with the best weights so far; asked again later, end it at once."""
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

    def end_now(self) -> None:
        """End the run at once; what it had learned up to its last epoch is kept."""
        if self._run is not None:
            self._run.kill()

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
            self._end(Phase.CANCELLED, self._what_is_left() or _NOT_BEGUN)

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

    def _may_begin(self) -> Project | None:
        """Return the project if a run can begin in it now; None, with a message, if not."""
        project = self._session.project
        if self._worker.is_over:
            return None
        self._session.holding.look_whose()
        if self.is_running or project is None:
            self._session.warn("A training is running already." if self.is_running else "Open a folder first.")
        elif project.writable_reason:
            self._session.warn(project.writable_reason)
        else:
            return project
        return None

    def _begin(self, plan: RunPlan) -> bool:
        self.unfinished.take_offer_back()
        self._plan = plan
        self._started = time.monotonic()
        self._ticks.start()
        self._set(plan.first_state)
        self._session.save_all()
        self._go_on_when_saved()
        return self.is_running

    @Slot()
    def _go_on_when_saved(self) -> None:
        if self._plan is None or self._state.phase is not Phase.SAVING:
            return
        state = self._session.save_state
        if not self._session.has_unsaved():
            self._set(replace(self._state, phase=Phase.CHECKING, stage="Checking masks"))
            self._submit(self._plan, check_job(self._plan, self._session.classes))
        elif state.kind is SaveKind.FAILED:
            self._fail(f"The training was not started, because a mask could not be saved. {state.reason}")

    def _submit(self, plan: RunPlan, job: Job) -> None:
        self._given.append(plan)
        self._worker.submit(job)

    def _launch(self, plan: RunPlan) -> None:
        request = make_request(plan, self._session.classes)
        run = TrainingRun(request, program=self._program, parent=self)
        run.reported.connect(self._on_reported)
        run.finished.connect(self._on_done)
        run.failed.connect(self._fail)
        run.cancelled.connect(self._on_cancelled)
        self._run = run  # before its process: one that cannot be started says so at once on some systems
        self._watch.begin()
        self._set(replace(self._state, phase=Phase.TRAINING, stage="Starting"))
        try:
            plan.project.save_state()
            run.start()
        except SegToolError as exc:
            self._fail(str(exc))

    @Slot(object)
    def _on_worker_finished(self, last: object) -> None:
        self._given.popleft()
        # What the worker still says of a plan that was given up is passed over.
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
        self._watch.news(event)
        state = self._state.after(event)
        if state.phase is Phase.STOPPING:
            # How much of the budget is left says nothing any more.
            state = replace(state, stage=_STOPPING, remaining=None)
        self._set(state)

    @Slot()
    def _tick(self) -> None:
        state = replace(self._state, elapsed=time.monotonic() - self._started)
        if self._watch.is_silent:
            silent = duration_text(self._watch.seconds)
            state = replace(state, stage=f"No sign of life for {silent}", remaining=None)
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
        comparison = self._state.comparison
        assert comparison is not None
        outcome = settle(self._session, plan, comparison)
        self._end(Phase.FINISHED, outcome.message, other=outcome.other)
        if outcome.is_activated:
            self.version_activated.emit(plan.name)

    @Slot()
    def _on_cancelled(self) -> None:
        left = self._what_is_left() or "It had not finished its first epoch, so nothing of it is kept."
        self._end(Phase.CANCELLED, f"The training was ended. {UNCHANGED} {left}")

    @Slot(str)
    def _fail(self, message: str) -> None:
        self._end(Phase.FAILED, f"{message} {self._what_is_left()}".rstrip())

    def _what_is_left(self) -> str:
        """Say what there is of the run that is being ended; "" for nothing."""
        if self._run is None or self._plan is None:
            return ""
        return keep_whole_model(self._session, self._plan) or self.unfinished.what_is_left(self._plan.checkpoint)

    def _end(self, phase: Phase, message: str, *, other: str = "") -> None:
        log = self._run.log if self._run is not None and phase is Phase.FAILED else ""
        if self._run is not None:
            self._run.deleteLater()
        self._run = self._plan = None
        self._ticks.stop()
        self._watch.end()
        self.unfinished.look()
        state = replace(self._state, phase=phase, stage="", message=message, other=other, log=log)
        self._set(replace(state, elapsed=time.monotonic() - self._started, remaining=None))
        if state.has_candidate:
            self.refused.emit(message)
        elif phase is Phase.FAILED:
            self.unfinished.offer(message)
        else:
            self._session.info(message)

    def _set(self, state: RunState) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit()
