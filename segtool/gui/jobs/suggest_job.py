"""The job that looks which of the bundled models suits the images of a folder best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from segtool.gui.jobs.worker import Job
from segtool.inference.suggestion import Suggestion, suggest_model


@dataclass(frozen=True, slots=True)
class SuggestedModel:
    """What came of it.

    Attributes
    ----------
    number : int
        Which question this answers: an answer that was on its way when the job was cancelled is known by it.
    folder : Path or None
        The model that suits the images best; None if that cannot be told.
    """

    number: int
    folder: Path | None


def suggest_job(number: int, candidates: Sequence[Path], images: Sequence[Path]) -> Job:
    """Compare models on a few images; closing the generator between two steps cancels.

    Yields
    ------
    Progress
        While it compares.
    SuggestedModel
        At the end.

    Raises
    ------
    SegToolError
        If the models cannot be compared.
    """
    for item in suggest_model(candidates, images):
        if isinstance(item, Suggestion):
            yield SuggestedModel(number, item.best)
        else:
            yield item
