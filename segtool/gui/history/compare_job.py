"""The job that segments one image with two models and tells where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import ClassSet
from segtool.core.difference import difference_map, differing_pixels
from segtool.core.metrics import mean_over_classes, tally
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.jobs.worker import Job
from segtool.gui.session_state import JobState
from segtool.gui.training_state import Scores
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Prediction, segment

TITLE = "Compare"
STEPS = 500
"""Steps of progress for each model."""

Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Side:
    """How one side of a comparison is predicted: two that are equal give the same mask.

    Attributes
    ----------
    name : str
        The model.
    folder : Path
        Its folder.
    table : bytes
        From the model's class ids to those of the comparison, 256 of them.
    tta : bool
        Whether its prediction is averaged over flips and turns.
    """

    name: str
    folder: Path
    table: bytes
    tta: bool


@dataclass(frozen=True, slots=True, eq=False)
class CompareRequest:
    """What to compare.

    Attributes
    ----------
    number : int
        Goes into the answer: one that comes late is known by it.
    pixels : ndarray, shape (H, W) or (H, W, 3)
        The image.
    sides : tuple of two Side
    labels : tuple of two str
        What lists call the two models.
    classes : ClassSet
        The folder's, and what the two models know beside them.
    mask : ndarray of uint8, shape (H, W), or None
        A person's mask to measure both against. Read while the person may go on painting in it: then it is
        measured again.
    before : Compared or None
        The last comparison on the same image: what is in it is not made again.
    """

    number: int
    pixels: npt.NDArray[np.generic]
    sides: tuple[Side, Side]
    labels: tuple[str, str]
    classes: ClassSet
    mask: Mask | None
    before: Compared | None


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What two models say of an image.

    Attributes
    ----------
    number : int
        That of the request.
    sides : tuple of two Side
    masks : tuple of two ndarray of uint8, shape (H, W)
        Class ids of ``classes``.
    difference : ndarray of uint8, shape (H, W)
        A ``Difference`` for each pixel.
    differing : int
        Pixels on which they differ.
    classes : ClassSet
    pyramid : ImagePyramid
        The image for the screen.
    scores : tuple of two Scores, or None
        Agreement with the person's mask; None without one.
    """

    number: int
    sides: tuple[Side, Side]
    masks: tuple[Mask, Mask]
    difference: Mask
    differing: int
    classes: ClassSet
    pyramid: ImagePyramid
    scores: tuple[Scores, Scores] | None

    @property
    def pixels(self) -> int:
        """Pixels of the image."""
        return self.difference.size


@dataclass(frozen=True, slots=True)
class Rescored:
    """The scores of a comparison after the person's mask has changed; None without such a mask."""

    number: int
    scores: tuple[Scores, Scores] | None


def compare_job(request: CompareRequest) -> Job:
    """Segment an image with two models; closing the generator between two tiles cancels.

    Yields
    ------
    JobState
        Progress over both models.
    Compared
        At the end.

    Raises
    ------
    ModelError
        If one of the models cannot be loaded.
    SegToolError
        If a network cannot be run.
    """
    known = {} if request.before is None else dict(zip(request.before.sides, request.before.masks, strict=True))
    total = 2 * STEPS
    for index, (side, label) in enumerate(zip(request.sides, request.labels, strict=True)):
        if side in known:
            continue
        done = index * STEPS
        yield JobState(TITLE, done, total, f"Loading {label}")
        runtime = Runtime.load(side.folder)
        for item in segment(request.pixels, runtime, tta=side.tta):
            if isinstance(item, Prediction):
                # Unlike indexing, this leaves the window's thread the interpreter.
                table = np.frombuffer(side.table, dtype=np.uint8)
                known[side] = np.asarray(cv2.LUT(item.class_ids, table), dtype=np.uint8)
            else:
                yield JobState(TITLE, done + STEPS * item.done // item.total, total, f"Segmenting with {label}")
    yield JobState(TITLE, total, total, "Looking for differences")
    first, second = (known[side] for side in request.sides)
    if request.before is None:
        pyramid = ImagePyramid(request.pixels)
        pyramid.make_all()
    else:
        pyramid = request.before.pyramid
    difference = difference_map(first, second)
    yield Compared(
        number=request.number,
        sides=request.sides,
        masks=(first, second),
        difference=difference,
        differing=differing_pixels(difference),
        classes=request.classes,
        pyramid=pyramid,
        scores=scores_against((first, second), request.mask, request.classes),
    )


def rescore_job(compared: Compared, mask: Mask | None) -> Job:
    """Measure both sides of a comparison against a person's mask (H, W), or against none, and yield ``Rescored``."""
    yield Rescored(compared.number, scores_against(compared.masks, mask, compared.classes))


def scores_against(masks: tuple[Mask, Mask], mask: Mask | None, classes: ClassSet) -> tuple[Scores, Scores] | None:
    """Return how well two masks agree with a person's, pooled over the classes as an evaluation does; void is left out.

    None without a mask, and where all of it is void.
    """
    if mask is None:
        return None
    found = []
    for item in masks:
        counted = tally(item, mask, classes.ids)
        one = counted.counts[0]
        scores = Scores.from_metrics({"pooled": mean_over_classes(counted, classes)})
        if scores is None or one.tp + one.fp + one.fn + one.tn == 0:
            return None
        found.append(scores)
    return found[0], found[1]
