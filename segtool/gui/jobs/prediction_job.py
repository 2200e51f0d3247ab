"""The job that finds out what a model says of every pixel of the open image, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segtool.gui.jobs.known_prediction import known_prediction
from segtool.gui.jobs.segment_job import RuntimeCache
from segtool.gui.jobs.worker import Job
from segtool.gui.session_state import JobState
from segtool.inference.segmenter import Prediction, segment
from segtool.project.document import FilePrint

TITLE = "Prediction"


@dataclass(frozen=True, slots=True, eq=False)
class PredictionRequest:
    """What to find out about.

    Attributes
    ----------
    key : str
        The image.
    path : Path
        Its file.
    pixels : ndarray, shape (H, W) or (H, W, 3)
    model_folder : Path
        The model.
    averaged : bool
        Whether to average over flips and turns.
    probability_of : int or None
        Id on the model's card of a class whose probability is wanted everywhere, beside that of each pixel's class.
    """

    key: str
    path: Path
    pixels: npt.NDArray[np.generic]
    model_folder: Path
    averaged: bool
    probability_of: int | None = None


def prediction_job(request: PredictionRequest, runtimes: RuntimeCache) -> Job:
    """Find out what a model says of every pixel of an image; closing the generator between two tiles cancels.

    Yields
    ------
    JobState
        Progress.
    KnownPrediction
        At the end.

    Raises
    ------
    ModelError
        If the model cannot be loaded.
    SegToolError
        If the network cannot be run.
    """
    yield JobState(TITLE, 0, 1, request.key)
    runtime = runtimes.get(request.model_folder)
    file = FilePrint.of_readable(request.path)
    wanted = request.probability_of
    for item in segment(request.pixels, runtime, tta=request.averaged, probability_of=wanted):
        if isinstance(item, Prediction):
            yield known_prediction(
                request.key,
                request.path,
                item,
                runtime.card,
                file=file,
                averaged=request.averaged,
                probability_of=wanted,
            )
        else:
            yield JobState(TITLE, item.done, item.total, request.key)
