"""The dialog that sets a class by a threshold of the probability which the active model gives it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from segtool.core.operations.change import Mask
from segtool.gui.canvas.image_view import ImageView
from segtool.gui.dialogs.operation_dialog import OperationDialog
from segtool.gui.jobs.known_prediction import KnownPrediction
from segtool.gui.operations.table import Choice, OperationOptions, OperationSpec
from segtool.gui.prediction_map import PredictionUse
from segtool.gui.session import Session

_USE = PredictionUse.THRESHOLD


class Probability:
    """How probable a class is everywhere: worked out when it is first asked for, which may take a while."""

    def __init__(self, known: KnownPrediction, class_id: int) -> None:
        self.known, self.class_id = known, class_id
        self._levels: Mask | None = None

    def __call__(self) -> Mask:
        """Return it as 0…255, uint8 (H, W)."""
        if self._levels is None:
            self._levels = self.known.probability(self.class_id)
        return self._levels


class ThresholdDialog(OperationDialog):
    """An operation that waits for what the model says of the image.

    Another model, or giving up the prediction in the status bar, closes it. The arguments are those of its base.
    """

    def __init__(
        self,
        session: Session,
        spec: OperationSpec,
        *,
        view: ImageView,
        class_id: int,
        options: OperationOptions,
        parent: QWidget,
    ) -> None:
        self._predictions = session.guidance.prediction
        self._model = "" if session.model is None else session.model.name
        self._probability: Probability | None = None
        super().__init__(session, spec, view=view, class_id=class_id, options=options, parent=parent)
        session.prediction_changed.connect(self._on_prediction)
        session.model_changed.connect(self._on_model)
        self.finished.connect(self._let_go)
        self._revise()

    def _is_offered(self, class_id: int) -> bool:
        """Tell whether the model knows a class too."""
        return super()._is_offered(class_id) and class_id in self._predictions.project_ids()

    def _let_go(self) -> None:
        self._session.prediction_changed.disconnect(self._on_prediction)
        self._session.model_changed.disconnect(self._on_model)
        self._predictions.drop(_USE)

    @Slot()
    def _on_model(self) -> None:
        if self._session.model is None or self._session.model.name != self._model:
            self.reject()

    @Slot()
    def _on_prediction(self) -> None:
        if not self._predictions.is_wanted(_USE):
            self.reject()
            return
        source = self._source()
        if source is not self._probability:
            self._probability = source
            super()._revise()

    def _source(self) -> Probability | None:
        """Return where the probability of the class is found, None while that is not known."""
        known, class_id = self._predictions.known, self._card_id()
        if known is None or class_id is None or not known.tells_probability(class_id):
            return None
        last = self._probability
        return (
            last
            if last is not None and (last.known, last.class_id) == (known, class_id)
            else Probability(known, class_id)
        )

    def _card_id(self) -> int | None:
        """Return the id on the model's card of the class that is chosen, None if there is none."""
        found = np.flatnonzero(self._predictions.project_ids() == self.class_box.currentData())
        return int(found[0]) if self.class_box.count() and found.size else None

    def _revise(self) -> None:
        class_id = self._card_id()
        if class_id is not None:
            self._predictions.want(_USE, probability_of=class_id)
        self._probability = self._source()
        super()._revise()

    def _why_not(self) -> str:
        if not self.class_box.count():
            return "The model knows none of the classes of this folder."
        return super()._why_not() if self._probability is not None else "The model is looking at the image…"

    def _completed(self, choice: Choice) -> Choice:
        return replace(choice, probability=self._probability)
