"""Versions between a base and what was trained from it: which can be made, and the process that makes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QObject, Signal, Slot

from segtool.core.adaptation import Adaptation
from segtool.core.errors import ModelError, SegToolError
from segtool.core.run_events import RunDone, RunEvent, RunProgress, RunStarted
from segtool.gui.run_watch import RunWatch
from segtool.gui.session import Session
from segtool.gui.training_child import UNCHANGED
from segtool.gui.training_run import TrainingRun
from segtool.gui.training_state import Comparison
from segtool.models.base import bundled_bases
from segtool.models.card import CARD_FILE
from segtool.models.mixable import same_classes, why_not_mix
from segtool.models.store import ModelEntry
from segtool.project.layout import MODELS_FOLDER
from segtool.project.project import Project

_STARTING = "Starting"
_STAGES = {
    "mixing": "Mixing the weights",
    "exporting": "Writing the version",
    "scoring": "Scoring on the held-out images",
}


@dataclass(frozen=True, slots=True)
class AdaptChoice:
    """The two models that a version lies between.

    Attributes
    ----------
    active, base, new : ModelEntry
        The active version; what it was trained from; the fully adapted version, which is the active one unless that
        is a mix itself.
    amount : float
        Share of the weights of ``new`` that the active version has, 0…1.
    adaptation : Adaptation or None
        What was measured in between; None if nothing was.
    """

    active: ModelEntry
    base: ModelEntry
    new: ModelEntry
    amount: float
    adaptation: Adaptation | None

    @property
    def has_base_end(self) -> bool:
        """Whether nothing of the new model is left at 0: not so where its outputs are others."""
        return same_classes(self.base.card.classes, self.new.card.classes)

    def version_name(self, project: Project, amount: float) -> str:
        """Return the name of the version with that share of the new weights."""
        # No training calls a version so: both may be under way at once.
        return project.store.next_version_name(f"{self.new.name} at {amount * 100:.0f}")


def find_choice(models: Sequence[ModelEntry], active: ModelEntry) -> AdaptChoice:
    """Return the models between which the active one can be moved; ModelError with the reason if there are none."""
    if active.bundled:
        raise ModelError("The active model comes with the program. Retrain it first")
    by_name = {entry.name: entry for entry in (*bundled_bases(), *models)}
    training = active.card.training
    new, amount = active, 1.0
    if isinstance(training.get("mixed_with"), str):
        found, share = by_name.get(training["mixed_with"]), training.get("amount")
        if found is None or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ModelError(f"{training['mixed_with']}, which {active.name} was mixed from, is gone")
        new, amount = found, float(share)
    name = training.get("base")
    if not isinstance(name, str) or name == "none":
        raise ModelError(f"{active.name} was trained from scratch, so there is no base to go back towards")
    base = by_name.get(name)
    if base is None:
        raise ModelError(f"{name}, which {active.name} was trained from, is gone")
    if reason := why_not_mix(base.card, new.card):
        raise ModelError(f"{new.name} cannot be mixed with {name}: {reason}")
    adaptation = Adaptation.from_training(new.card.training)
    # Measured between the base and what the card's own model is only if that is fully adapted.
    if adaptation is not None and adaptation.chosen != 1.0:
        adaptation = None
    return AdaptChoice(active, base, new, amount, adaptation)


def why_not_adapt(session: Session) -> str:
    """Return why the active version cannot be moved between its base and what it has become, "" if it can."""
    if session.project is None:
        return "Open a folder with a version trained in it first"
    if session.model is None:
        return "There is no model yet"
    try:
        find_choice(session.models, session.model)
    except ModelError as exc:
        return exc.reason
    return session.project.writable_reason


@dataclass(frozen=True, slots=True)
class MixRequest:
    """What to mix.

    Attributes
    ----------
    root : Path
        The project's folder.
    base, new : str
        Names of two models.
    amount : float
        Share of the weights of ``new``, 0…1.
    out : Path
        Folder of the mix; it must not exist yet.
    compare : str
        Name of the model to score beside it.
    data_root : Path or None
        Where masks and models lie if not in ``root``.
    """

    root: Path
    base: str
    new: str
    amount: float
    out: Path
    compare: str
    data_root: Path | None = None
    command: ClassVar[str] = "mix"
    called: ClassVar[str] = "mixing"

    def arguments(self, _scratch: Path) -> list[str]:
        """Return what follows the command."""
        arguments = [self.base, self.new, "--amount", f"{self.amount:g}", "--out", str(self.out)]
        arguments += ["--folder", str(self.root), "--compare", self.compare, "--events", "--tied"]
        return arguments if self.data_root is None else [*arguments, "--data", str(self.data_root)]


@dataclass(frozen=True, slots=True)
class AdaptState:
    """Where the making of a version stands.

    Attributes
    ----------
    stage : str
        What is being done, as a short phrase; "" while nothing is.
    fraction : float or None
        How much of it is done, 0…1; None while unknown.
    message : str
        What came of the last one, in a sentence or two; "" before.
    is_warning : bool
        Whether that is nothing to be glad of.
    """

    stage: str = ""
    fraction: float | None = None
    message: str = ""
    is_warning: bool = False

    @property
    def is_running(self) -> bool:
        """Whether a version is being made."""
        return bool(self.stage)


class AdaptControl(QObject):
    """Makes versions, one at a time, and decides which become active.

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
        self._session, self._program = session, program
        self._state = AdaptState()
        self._run: TrainingRun | None = None
        self._project: Project | None = None
        self._request: MixRequest | None = None
        self._name = self._compared = ""
        self._held_out = 0
        self._watch = RunWatch(
            session, subject="The mixing", comfort="If you stop it, no version is made.", stop=self.cancel, parent=self
        )

    @property
    def state(self) -> AdaptState:
        """The version that is being made or was the last one."""
        return self._state

    def start(self, choice: AdaptChoice, amount: float) -> bool:
        """Start to make the version with that share of the new weights, 0…1; False, with a message, if that fails."""
        project = self._session.project
        if self._state.is_running or project is None:
            return False
        # The choice may have been on the screen for long.
        self._session.holding.look_whose()
        if project.writable_reason:
            self._session.warn(project.writable_reason)
            return False
        self._project, self._held_out = project, 0
        self._name, self._compared = choice.version_name(project, amount), choice.active.name
        request = MixRequest(
            root=project.root,
            base=choice.base.name,
            new=choice.new.name,
            amount=amount,
            out=project.data_root / MODELS_FOLDER / self._name,
            compare=self._compared,
            data_root=None if project.data_root == project.root else project.data_root,
        )
        self._request = request
        # What is scored on is read from the files, several seconds from now.
        self._session.save_all()
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
            return False
        self._run = run
        self._watch.begin()
        self._set(AdaptState(stage=_STARTING))
        return True

    def forget(self) -> None:
        """Show nothing more of the last one."""
        if not self._state.is_running:
            self._set(AdaptState())

    def cancel(self) -> None:
        """End the one under way and keep nothing of it."""
        if self._run is not None:
            self._run.kill()

    def shut_down(self) -> None:
        """End the one under way and wait until its process is gone; the window calls this before it closes."""
        if self._run is not None:
            self._run.shut_down()

    @Slot(object)
    def _on_reported(self, event: RunEvent) -> None:
        self._watch.news(event)
        if isinstance(event, RunStarted):
            self._held_out = len(event.held_out)
        elif isinstance(event, RunProgress):
            self._set(AdaptState(stage=_STAGES.get(event.stage, event.stage.capitalize()), fraction=event.fraction))

    @Slot(object)
    def _on_done(self, done: RunDone) -> None:
        """Take the version into the list and make it the active one unless it is worse."""
        comparison = Comparison.of_run(done, new=self._name, old=self._compared, held_out=self._held_out)
        project = self._session.project
        if project is None or self._project is None or project.data_root != self._project.data_root:
            self._end(f"{self._name} is ready in {done.model}. Open its folder to use it.")
            return
        active = self._session.model
        self._session.refresh_models()
        if comparison.is_accepted and active is not None and active.name != self._compared:
            # The verdict is about another model than the one that it would take the place of.
            self._end(comparison.overtaken_message(active=active.name), is_warning=True)
            return
        if comparison.is_accepted and not self._session.set_active_model(self._name):
            self._end(f"{self._name} is ready, but could not be made the active model.", is_warning=True)
            return
        before = "" if active is None else active.name
        self._end(comparison.message(before=before), is_warning=not comparison.is_accepted)

    @Slot()
    def _on_cancelled(self) -> None:
        self._end(f"Stopped. {self._keep_whole_version() or 'No version was made.'} {UNCHANGED}")

    @Slot(str)
    def _fail(self, message: str) -> None:
        self._end(f"{message} {self._keep_whole_version()}".rstrip(), is_warning=True)

    def _keep_whole_version(self) -> str:
        """Say what became of a version that was whole when its run was broken off; "" if there is none."""
        if self._run is None or self._request is None or not (self._request.out / CARD_FILE).exists():
            return ""
        self._session.refresh_models()
        return f"{self._name} was written before that and is kept."

    def _end(self, message: str, *, is_warning: bool = False) -> None:
        if self._run is not None:
            self._run.deleteLater()
        self._run = None
        self._watch.end()
        self._set(AdaptState(message=message, is_warning=is_warning))
        if is_warning:
            self._session.warn(message)
        else:
            self._session.info(message)

    def _set(self, state: AdaptState) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit()
