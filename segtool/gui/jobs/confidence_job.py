"""The job that finds out how sure a model is of every pixel of the open image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segtool.gui.jobs.confidence import known_confidence
from segtool.gui.jobs.segment_job import RuntimeCache
from segtool.gui.jobs.worker import Job
from segtool.gui.session_state import JobState
from segtool.inference.segmenter import Prediction, segment
from segtool.project.document import FilePrint

TITLE = "Uncertainty"


@dataclass(frozen=True, slots=True, eq=False)
class ConfidenceRequest:
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
    """

    key: str
    path: Path
    pixels: npt.NDArray[np.generic]
    model_folder: Path
    averaged: bool


def confidence_job(request: ConfidenceRequest, runtimes: RuntimeCache) -> Job:
    """Find out how sure a model is of every pixel of an image; closing the generator between two tiles cancels.

    Yields
    ------
    JobState
        Progress.
    KnownConfidence
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
    for item in segment(request.pixels, runtime, tta=request.averaged):
        if isinstance(item, Prediction):
            yield known_confidence(request.key, request.path, item, runtime.card, file=file, averaged=request.averaged)
        else:
            yield JobState(TITLE, item.done, item.total, request.key)
