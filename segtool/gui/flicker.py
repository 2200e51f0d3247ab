"""Another mask in place of the open one, for as long as a key is held."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from segtool.gui.documents import Documents
from segtool.gui.jobs.mask_jobs import FoundMask, Mask, mask_before, mask_of_prediction
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.prediction_map import PredictionMap
from segtool.gui.saved_mask import SavedMask
from segtool.gui.tool_state import ToolState
from segtool.gui.view_options import OtherMask

TITLES: dict[OtherMask, str] = {
    OtherMask.SAVED: "As last saved",
    OtherMask.PREDICTED: "As predicted",
    OtherMask.BEFORE_EDIT: "Before the last edit",
}


class Flicker(QObject):
    """Finds the mask that a person wants to compare the open one with; nothing may be painted meanwhile.

    What is shown is in memory only while the key is held. Every change emits ``overlay_changed``. A mask that is
    changed in the meantime, by a job for example, is shown again at once.

    Parameters
    ----------
    session : ToolState
        Owner; its view options say which mask.
    documents : Documents
    saved : SavedMask
    prediction : PredictionMap
    """

    def __init__(
        self, session: ToolState, documents: Documents, *, saved: SavedMask, prediction: PredictionMap
    ) -> None:
        super().__init__(session)
        self._session, self._documents, self._saved, self._prediction = session, documents, saved, prediction
        self._source: OtherMask | None = None
        self._shown: Mask | None = None
        self._number = 0
        self._thread = WorkerThread("segtool-flicker")
        self._thread.worker.progressed.connect(self._on_found)
        saved.changed.connect(self._on_saved)
        session.document_changed.connect(self._let_go)
        session.mask_changed.connect(self._let_go)

    @property
    def is_held(self) -> bool:
        """Whether another mask is to be shown: then nothing may be painted."""
        return self._source is not None

    @property
    def shown(self) -> Mask | None:
        """The other mask, uint8 of the shape of the open one; None while there is none to show."""
        return self._shown

    @property
    def title(self) -> str:
        """What the mask that is shown is, "" if there is none."""
        return "" if self._shown is None or self._source is None else TITLES[self._source]

    def hold(self, held: bool) -> None:
        """Show the other mask as soon as it is known, or the open one again."""
        if held is self.is_held or (held and (self._documents.current is None or self._documents.is_in_stroke)):
            return
        if not held:
            self._let_go()
            return
        self._source = self._session.view_options.compared_with
        self._number += 1
        match self._source:
            case OtherMask.SAVED:
                is_known = self._saved.mask is not None or bool(self._saved.problem)
                self._saved.want(self, True)
                if is_known:
                    self._on_saved()
            case OtherMask.BEFORE_EDIT:
                self._ask_for_mask_before()
            case OtherMask.PREDICTED:
                self._ask_for_prediction()
        self._session.overlay_changed.emit()

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    def _ask_for_mask_before(self) -> None:
        document = self._documents.current
        assert document is not None
        edit = document.history.last
        if edit is None:
            self._session.info(f"The mask of {document.entry.key} has not been edited since it was opened.")
        else:
            self._thread.submit(mask_before(document.mask, edit, number=self._number))

    def _ask_for_prediction(self) -> None:
        document = self._documents.current
        assert document is not None
        known = self._prediction.in_memory()
        if known is None or known.class_ids is None:
            self._session.info(f"No prediction for {document.entry.key} is in memory: segment it first.")
        else:
            table = self._prediction.project_ids()
            self._thread.submit(mask_of_prediction(known.class_ids, table, number=self._number))

    @Slot()
    def _on_saved(self) -> None:
        if self._source is OtherMask.SAVED:
            if self._saved.problem:
                self._session.info(self._saved.problem)
            self._show(self._saved.mask)

    @Slot(object)
    def _on_found(self, item: object) -> None:
        if isinstance(item, FoundMask) and item.number == self._number and self.is_held:
            self._show(item.mask)

    def _show(self, mask: Mask | None) -> None:
        if mask is not self._shown:
            self._shown = mask
            self._session.overlay_changed.emit()

    @Slot()
    @Slot(object)
    def _let_go(self, _rect: object = None) -> None:
        if self._source is not None:
            self._source, self._shown = None, None
            self._number += 1
            self._thread.cancel()
            self._saved.want(self, False)
            self._session.overlay_changed.emit()
