"""The training of the open folder that was broken off: found again, offered, gone on with or discarded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.models.drafts import remove_stale_drafts
from segtool.project.layout import MODELS_FOLDER
from segtool.project.unfinished import STOPPED, UnfinishedRun, discard, find_unfinished, is_any_under_way, is_under_way

_LOOK_AGAIN_MS = 2000


class UnfinishedTraining(QObject):
    """Knows which run of the open folder can be gone on with.

    Parameters
    ----------
    session : Session
    resume : callable
        Goes on with a run; False, with a message, if that is not possible.

    Signals
    -------
    changed()
        ``run`` is another one.
    """

    changed = Signal()

    def __init__(self, session: Session, *, resume: Callable[[UnfinishedRun], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._resume = session, resume
        self._run: UnfinishedRun | None = None
        self._told = ""
        self._again = QTimer(self, singleShot=True, interval=_LOOK_AGAIN_MS)
        self._again.timeout.connect(self._look_and_offer)
        session.project_changed.connect(self._forget)
        # From the event loop: what a folder's opening has to say comes first, and clears what was said before.
        session.project_changed.connect(self._look_and_offer, Qt.ConnectionType.QueuedConnection)

    @property
    def run(self) -> UnfinishedRun | None:
        """The run that can be gone on with, or discarded at least; None if there is none."""
        return self._run

    @property
    def waits_for_answer(self) -> bool:
        """Whether there is a run that can be gone on with and whose model the person has not got."""
        return self._run is not None and not self._run.problem and not self._has_model(self._run)

    def look(self) -> None:
        """Look at the folder again."""
        project = self._session.project
        self._set(None if project is None or project.writable_reason else find_unfinished(project.data_root))

    def offer(self, text: str, level: Level = Level.WARNING) -> None:
        """Tell that a run has ended, with the buttons that go on with it or discard it."""
        self.take_offer_back()
        self._told = text
        if self._run is None:
            self._session.message.emit(text, level)
            return
        choices: list[tuple[str, Callable[[], object]]] = [("Discard", self.discard)]
        self._session.ask(text, level, choices if self._run.problem else [("Resume", self.resume), *choices])

    def take_offer_back(self) -> None:
        """Show the sentence of the last offer no longer."""
        if self._told:
            self._session.message_over.emit(self._told)
            self._told = ""

    def resume(self) -> None:
        """Go on with the run."""
        if self._run is not None and not self._run.problem:
            self._resume(self._run)

    def discard(self) -> None:
        """Remove what was kept of the run, unless the folder or the run is somebody else's by now."""
        project, run = self._session.project, self._run
        if project is None or run is None:
            return
        self._session.holding.look_whose()
        if project.writable_reason:
            self._session.warn(project.writable_reason)
            return
        self.take_offer_back()
        if is_under_way(run.path):
            self._session.warn("A training of this folder is under way, so nothing of it was removed.")
            self._look_and_offer()
            return
        discard(run.path)
        self.look()
        self._session.info("What was kept of the training is removed.")

    def text(self) -> str:
        """Say in a sentence which run there is; "" for none."""
        run = self._run
        if run is None:
            return ""
        if run.problem:
            return f"A training was broken off on {_when(run)}, but {run.problem}. Discard it and train anew."
        stopped = "stopped" if self._has_model(run) else "broken off"
        return f"The training of {run.name} was {stopped} on {_when(run)}, after {epochs_text(run)}."

    def what_is_left(self, checkpoint: Path) -> str:
        """Say how far the run of a checkpoint, which has just ended, can be gone on with; "" if nothing is kept."""
        self.look()
        run = self._run
        if run is None or run.path != checkpoint or run.problem:
            return ""
        are = "is" if run.epochs == 1 and run.settings.epochs is None else "are"
        return f"It can be resumed: {epochs_text(run)} {are} kept."

    def _has_model(self, run: UnfinishedRun) -> bool:
        """Tell whether a person has stopped the run and has its model."""
        model = next((entry for entry in self._session.models if entry.name == run.name), None)
        return model is not None and model.card.training.get("ended_by") == STOPPED

    @Slot()
    def _forget(self) -> None:
        self._told = ""
        self._again.stop()
        self._set(None)

    @Slot()
    def _look_and_offer(self) -> None:
        project = self._session.project
        if project is None or project.writable_reason:
            return
        self.look()
        if self._run is None:
            if is_any_under_way(project.data_root):
                # Of a window that was killed just now, for example: its process needs a moment to end.
                self._again.start()
            else:
                remove_stale_drafts(project.data_root / MODELS_FOLDER)
        elif not self._has_model(self._run):
            self.offer(self.text(), Level.WARNING if self._run.problem else Level.INFO)

    def _set(self, run: UnfinishedRun | None) -> None:
        if run != self._run:
            self._run = run
            self.changed.emit()


def epochs_text(run: UnfinishedRun) -> str:
    """Return how far a run was: "3 of 10 epochs"."""
    if run.settings.epochs is not None:
        return f"{run.epochs} of {run.settings.epochs} epochs"
    return "1 epoch" if run.epochs == 1 else f"{run.epochs} epochs"


def _when(run: UnfinishedRun) -> str:
    return f"{run.when:%d %B at %H:%M}".lstrip("0")
