"""Proposing a model for a folder that nothing is known about yet; the person decides."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, QTimer, Slot

from segtool.gui.documents import Documents
from segtool.gui.jobs.suggest_job import SuggestedModel, suggest_job
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.model_choice import ModelChoice
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import ModelOffer
from segtool.models.store import ModelEntry

_log = logging.getLogger(__name__)
_DELAY_MS = 500


class Suggesting(QObject):
    """Compares the bundled models on a few images of a new folder and keeps the offer that comes of it.

    It has a thread of its own, so that a job never waits for it. The comparison is given up, and the offer taken
    back, as soon as the folder is no longer new: another one is open, a model was chosen, or an image has a status.

    Parameters
    ----------
    session : SessionSignals
        Owner; its ``offer_changed`` is emitted.
    documents : Documents
    models : ModelChoice
    is_on : bool
        Whether anything is ever proposed.
    """

    def __init__(self, session: SessionSignals, documents: Documents, models: ModelChoice, *, is_on: bool) -> None:
        super().__init__(session)
        self._session, self._documents, self._models, self._is_on = session, documents, models, is_on
        self._number = 0
        self.offer: ModelOffer | None = None
        # The first image comes first: loading the models would delay it.
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self._compare)
        self._thread = WorkerThread("segtool-suggestion")
        self._thread.worker.finished.connect(self._on_finished)
        self._thread.worker.failed.connect(self._on_failed)
        session.entries_changed.connect(self._drop_if_worked_on)
        session.model_changed.connect(self.drop)

    def project_opened(self) -> None:
        """Compare the bundled models on the images of the folder that was just opened, soon and if it is new."""
        self.drop()
        self._timer.start()

    @Slot()
    def _compare(self) -> None:
        project = self._documents.project
        candidates = [entry for entry in self._models.entries if entry.bundled]
        if not self._is_on or project is None or not project.is_new or len(candidates) < 2:
            return
        paths = [entry.path for entry in project.entries]
        if paths:
            self._thread.submit(suggest_job(self._number, [entry.folder for entry in candidates], paths))

    @Slot()
    def drop(self) -> None:
        """Give the comparison up and take the offer back."""
        self._number += 1
        self._timer.stop()
        self._thread.cancel()
        self._set_offer(None)

    def close(self) -> None:
        """End the thread."""
        self._timer.stop()
        self._thread.close()

    def _set_offer(self, offer: ModelOffer | None) -> None:
        if offer != self.offer:
            self.offer = offer
            self._session.offer_changed.emit()

    @Slot(object)
    def _drop_if_worked_on(self, _keys: object) -> None:
        project = self._documents.project
        if project is not None and project.state.statuses:
            self.drop()

    @Slot(object)
    def _on_finished(self, last: object) -> None:
        if not isinstance(last, SuggestedModel) or last.number != self._number:
            return
        active = self._models.active
        best = next((entry for entry in self._models.entries if entry.folder == last.folder), None)
        if best is None or active is None:
            return
        if best.name == active.name:
            self._session.info(f"Of the models, {active.name} suits these images best.")
        else:
            self._set_offer(ModelOffer(best.name, active.name, _offer_text(best, active)))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        # Nobody has asked for it: what is wrong with an image or a model is told where it is used.
        _log.info("the models could not be compared: %s", error)


def _offer_text(best: ModelEntry, active: ModelEntry) -> str:
    names = ", ".join(item.name for item in best.card.classes)
    return (
        f"These images look like what the model {best.name} was made for ({names}): "
        f"it is more confident on them than {active.name}."
    )
