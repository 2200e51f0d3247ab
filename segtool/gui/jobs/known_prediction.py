"""What a model says of an image and how sure it is: what every job that predicts one has to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segtool.core.uncertainty import expected_error
from segtool.inference.segmenter import Prediction
from segtool.models.card import ModelCard
from segtool.project.document import FilePrint
from segtool.project.expected_errors import model_print

Levels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class KnownPrediction:
    """What a model says of an image.

    Attributes
    ----------
    key : str
        The image.
    path : Path
        Its file, which tells it from one of the same key in another folder.
    file : FilePrint or None
        The version of that file; None if it could not be told.
    model : str
        Which model; see ``model_print``.
    classes : int
        How many classes the model tells apart.
    averaged : bool
        Whether the prediction is averaged over flips and turns.
    error : float
        What the model expects 1 - F1 to be, 0…1.
    class_ids : ndarray of uint8, shape (H, W), or None
        The class of each pixel, by its id on the model's card; None if pixels were not kept.
    confidence : ndarray of uint8, shape (H, W), or None
        The probability of that class as 0…255; None if pixels were not kept.
    probabilities : mapping of int to ndarray of uint8, shape (H, W)
        By class id, the probability of a class everywhere as 0…255, of those classes that someone has asked for.
    """

    key: str
    path: Path
    file: FilePrint | None
    model: str
    classes: int
    averaged: bool
    error: float
    class_ids: Levels | None
    confidence: Levels | None
    probabilities: Mapping[int, Levels] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of its pixels."""
        arrays = (self.class_ids, self.confidence, *self.probabilities.values())
        return sum(item.nbytes for item in arrays if item is not None)

    def tells_probability(self, class_id: int) -> bool:
        """Tell whether ``probability`` has an answer: of two classes, one is as likely as the other is not."""
        return self.confidence is not None and (self.classes == 2 or class_id in self.probabilities)

    def probability(self, class_id: int) -> Levels:
        """Return the probability of a class everywhere as 0…255, uint8 (H, W); long work for a large image.

        Raises
        ------
        KeyError
            If it is not known; see ``tells_probability``.
        """
        if self.classes != 2 or self.class_ids is None or self.confidence is None:
            return self.probabilities[class_id]
        return np.where(self.class_ids == class_id, self.confidence, 255 - self.confidence)


def known_prediction(
    key: str,
    path: Path,
    prediction: Prediction,
    card: ModelCard,
    *,
    file: FilePrint | None,
    averaged: bool,
    is_kept: bool = True,
    probability_of: int | None = None,
) -> KnownPrediction:
    """Return what a prediction says; ``is_kept``: with its pixels, and with the probability of the class asked for."""
    error = expected_error(prediction.class_ids, prediction.confidence, classes=card.classes)
    probabilities = {}
    if probability_of is not None and prediction.probability is not None:
        probabilities[probability_of] = prediction.probability
    return KnownPrediction(
        key,
        path,
        file,
        model_print(card),
        classes=len(card.classes),
        averaged=averaged,
        error=error,
        class_ids=prediction.class_ids if is_kept else None,
        confidence=prediction.confidence if is_kept else None,
        probabilities=probabilities if is_kept else {},
    )
