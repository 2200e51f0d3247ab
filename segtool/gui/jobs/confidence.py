"""How sure a model is of an image: what every job that predicts one has to say of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segtool.core.uncertainty import expected_error
from segtool.inference.segmenter import Prediction
from segtool.models.card import ModelCard
from segtool.project.document import FilePrint
from segtool.project.expected_errors import model_print


@dataclass(frozen=True, slots=True, eq=False)
class KnownConfidence:
    """How sure a model is of an image.

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
    confidence : ndarray of uint8, shape (H, W), or None
        The probability of each pixel's class as 0…255; None if it was not kept.
    """

    key: str
    path: Path
    file: FilePrint | None
    model: str
    classes: int
    averaged: bool
    error: float
    confidence: npt.NDArray[np.uint8] | None


def known_confidence(
    key: str,
    path: Path,
    prediction: Prediction,
    card: ModelCard,
    *,
    file: FilePrint | None,
    averaged: bool,
    is_kept: bool = True,
) -> KnownConfidence:
    """Return what a prediction says of how sure a model is; ``is_kept``: with the confidence of each pixel."""
    error = expected_error(prediction.class_ids, prediction.confidence, classes=card.classes)
    confidence = prediction.confidence if is_kept else None
    return KnownConfidence(key, path, file, model_print(card), len(card.classes), averaged, error, confidence)
