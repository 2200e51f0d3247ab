"""How unsure the active model is of each pixel of the open image, for as long as a person wants to see it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from segtool.gui.jobs.known_prediction import KnownPrediction
from segtool.gui.prediction_map import PredictionMap, PredictionUse
from segtool.gui.session_signals import SessionSignals


class UncertaintyMap(QObject):
    """Shows the confidence of the open image's prediction while it is on. Every change emits ``uncertainty_changed``.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    prediction : PredictionMap
        Has the prediction computed.
    """

    def __init__(self, session: SessionSignals, prediction: PredictionMap) -> None:
        super().__init__(session)
        self._session, self._prediction = session, prediction
        self._told: tuple[bool, KnownPrediction | None] = (False, None)
        session.prediction_changed.connect(self._tell)

    @property
    def is_on(self) -> bool:
        """Whether uncertainty is to be shown."""
        return self._prediction.is_wanted(PredictionUse.UNCERTAINTY)

    @property
    def shown(self) -> KnownPrediction | None:
        """How sure the active model is of the open image, with its pixels; None while that is not known, or off."""
        return self._prediction.known if self.is_on else None

    def set_on(self, on: bool) -> None:
        """Show uncertainty from now on, or no longer; what is being computed for nothing else is given up."""
        if on:
            self._prediction.want(PredictionUse.UNCERTAINTY)
        else:
            self._prediction.drop(PredictionUse.UNCERTAINTY)

    @Slot()
    def _tell(self) -> None:
        if self._told != (self.is_on, self.shown):
            self._told = (self.is_on, self.shown)
            self._session.uncertainty_changed.emit()
