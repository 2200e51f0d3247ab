"""Retraining from the window: checks before a run, what it reports, and what becomes of its model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from segtool.core.errors import SegToolError
from segtool.core.run_events import RunDone, RunEpoch, RunEvent, RunProgress, RunStarted
from segtool.core.run_settings import RunSettings
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.session import Session
from segtool.gui.session_state import SaveKind
from segtool.gui.training_child import UNCHANGED
from segtool.gui.training_plan import FROM_SCRATCH, Checked, RunPlan, check_job, choose_images
from segtool.gui.training_run import RunRequest, TrainingRun
from segtool.gui.training_state import Comparison, Phase, RunState, Scores, duration_text
from segtool.models.card import CARD_FILE

_TICK_MS = 1000
_QUIET_SECONDS = 60.0
# A double click on Stop asks once.
_DOUBLE_CLICK_SECONDS = 1.5
_STOPPING = "Stopping: the best weights so far are kept"
_STAGES = {"training": "Training", "validating": "Scoring", "exporting": "Writing the model"}


class TrainingControl(QObject):
    """Starts runs, follows them and decides about their models; there is one run at a time.

    Signals
    -------
    state_changed()
        ``state`` is another one.
    """

    state_changed = Signal()

    def __init__(
        self, session: Session, *, program: Sequence[str] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._program = program
        self._state = RunState()
        self._plan: RunPlan | None = None
        self._run: TrainingRun | None = None
        self._held_out: tuple[str, ...] = ()
        self._started = self._last_news = self._stop_asked = 0.0
        self._worker = WorkerThread("training")
        self._worker.worker.finished.connect(self._on_worker_finished)
        self._worker.worker.failed.connect(self._on_worker_failed)
        self._ticks = QTimer(self, interval=_TICK_MS)
        self._ticks.timeout.connect(self._tick)
        session.saved_changed.connect(self._go_on_when_saved)
        session.project_changed.connect(self._forget_last_run)

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
        if self.is_running or project is None:
            self._session.warn("A training is running already." if self.is_running else "Open a folder first.")
            return False
        if project.writable_reason:
            self._session.warn(project.writable_reason)
            return False
        active = self._session.model
        compare = active.name if active is not None else "" if base == FROM_SCRATCH else base
        self._plan = RunPlan(project, settings, base, name, compare)
        self._held_out = ()
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
            self._end(Phase.CANCELLED, "The training was stopped before it began.")

    def shut_down(self) -> None:
        """End the run at once and wait until its process is gone; the window calls this before it closes."""
        self._worker.close()
        if self._run is not None:
            self._run.shut_down()
        if self.is_running:
            self._end(Phase.CANCELLED, "The training was stopped before it began.")

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
        self._worker.submit(check_job(plan, train, held_out, self._session.classes))

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
        # A plan that was given up has been replaced: what the worker still says about it is passed over.
        if isinstance(last, Checked) and last.plan is self._plan:
            if last.problem:
                self._fail(last.problem)
            else:
                self._launch(last.plan)

    @Slot(object)
    def _on_worker_failed(self, error: Exception) -> None:
        if self._state.phase is Phase.CHECKING:
            self._fail(f"The masks could not be checked ({type(error).__name__}: {error}).")

    # While it runs -----------------------------------------------------------------------------

    @Slot(object)
    def _on_reported(self, event: RunEvent) -> None:
        self._last_news = time.monotonic()
        state = self._state
        if isinstance(event, RunStarted):
            self._held_out = event.held_out
            state = replace(state, stage="Training")
        elif isinstance(event, RunProgress):
            stage = _STAGES.get(event.stage, event.stage.capitalize())
            state = replace(state, stage=stage, fraction=event.fraction, remaining=event.remaining)
        elif isinstance(event, RunEpoch):
            state = replace(state, epochs=(*state.epochs, event))
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
        """Take the new model into the list and make it the active one unless it is worse."""
        plan = self._plan
        assert plan is not None
        comparison = Comparison(
            new=plan.name,
            old=plan.compare,
            new_scores=Scores.from_metrics(done.metrics),
            old_scores=Scores.from_metrics(done.base_metrics),
            held_out=len(self._held_out),
        )
        self._set(replace(self._state, comparison=comparison, fraction=1.0))
        project = self._session.project
        if project is None or project.data_root != plan.project.data_root:
            self._end(Phase.FINISHED, f"{plan.name} is ready in {plan.out}. Open its folder to use it.")
            return
        self._session.refresh_models()
        if comparison.is_accepted and not self._session.set_active_model(plan.name):
            self._end(Phase.FINISHED, f"{plan.name} is ready in {plan.out}, but could not be made the active model.")
            return
        self._end(Phase.FINISHED, comparison.message(), is_warning=not comparison.is_accepted)

    @Slot()
    def _on_cancelled(self) -> None:
        kept = self._keep_whole_model()
        self._end(Phase.CANCELLED, f"The training was ended. {kept or f'Nothing of it was kept. {UNCHANGED}'}")

    @Slot(str)
    def _fail(self, message: str) -> None:
        self._end(Phase.FAILED, f"{message} {self._keep_whole_model()}".rstrip(), is_warning=True)

    def _keep_whole_model(self) -> str:
        """Say what became of a model that was whole when its run was broken off; "" if there is none."""
        if self._run is None or self._plan is None or not (self._plan.out / CARD_FILE).exists():
            return ""
        self._session.refresh_models()
        return f"{self._plan.name} was written before that: it is kept as a version, but not active."

    def _end(self, phase: Phase, message: str, *, is_warning: bool = False) -> None:
        log = self._run.log if self._run is not None and phase is Phase.FAILED else ""
        if self._run is not None:
            self._run.deleteLater()
        self._run = self._plan = None
        self._ticks.stop()
        elapsed = time.monotonic() - self._started
        self._set(
            replace(self._state, phase=phase, stage="", message=message, log=log, elapsed=elapsed, remaining=None)
        )
        if is_warning:
            self._session.warn(message)
        else:
            self._session.info(message)

    def _set(self, state: RunState) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit()
