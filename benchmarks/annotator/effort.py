"""What a model is worth: IoU and boundary F1. What correcting costs is measured by ``segtool.core.effort``.

Void (255) is no class: it has no boundary, and nothing counts where the true mask is void.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID, ClassSet, is_background
from segtool.core.metrics import mean_over_classes, tally

Mask = npt.NDArray[np.uint8]

_TOLERANCE, _TOLERANCE_DIAGONAL = 2.0, 256 * math.sqrt(2)


@dataclass(frozen=True, slots=True)
class Scores:
    """How good predictions are, pooled over images; each 0…1.

    Attributes
    ----------
    iou, boundary_f1 : float
        Plain means over the classes that are there and not called background.
    iou_of, boundary_f1_of : dict
        By class name; a class found neither in masks nor in predictions is left out.
    """

    iou: float
    boundary_f1: float
    iou_of: dict[str, float]
    boundary_f1_of: dict[str, float]


def score(pairs: Iterable[tuple[Mask, Mask]], classes: ClassSet) -> Scores:
    """Score predictions against true masks.

    Parameters
    ----------
    pairs : iterable of (prediction, mask)
        uint8 arrays of class ids, shape (H, W) within a pair.
    classes : ClassSet

    Returns
    -------
    Scores
        From true and false positives and negatives added up over all images, those of boundary pixels for the
        boundary F1.

    Raises
    ------
    ValueError
        If the shapes of a pair differ or there is no pair.
    """
    total = None
    hits = np.zeros((len(classes), 4), dtype=np.int64)
    for prediction, mask in pairs:
        counted = tally(prediction, mask, classes.ids)
        total = counted if total is None else total + counted
        hits += np.array([_boundary_hits(prediction, mask, class_id) for class_id in classes.ids])
    if total is None:
        raise ValueError("there is nothing to score")
    ious = {
        item.name: counts.scores()["iou"]
        for item, counts in zip(classes, total.counts, strict=True)
        if not counts.is_absent
    }
    found = {item.name: _f1(*row) for item, row in zip(classes, hits.tolist(), strict=True) if row[1] + row[3]}
    named = [found[item.name] for item in classes if item.name in found and not is_background(item)]
    return Scores(mean_over_classes(total, classes)["iou"], float(np.mean(named)) if named else 1.0, ious, found)


def boundary_tolerance(shape: tuple[int, ...]) -> float:
    """Return how far, in pixels, a boundary may be off: 2 in an image of 256 × 256, by the diagonal in larger ones."""
    return max(_TOLERANCE, _TOLERANCE * math.hypot(shape[0], shape[1]) / _TOLERANCE_DIAGONAL)


def boundary(mask: Mask) -> npt.NDArray[np.bool_]:
    """Return the pixels next to one of another class, above, below, left or right.

    The edge of the image is none, and neither is the edge towards void: nobody draws these.
    """
    found = np.zeros(mask.shape, dtype=np.bool_)
    for a, b in (
        ((slice(1, None),), (slice(None, -1),)),
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
    ):
        differs = (mask[a] != mask[b]) & (mask[a] != VOID) & (mask[b] != VOID)
        found[a] |= differs
        found[b] |= differs
    return found


def _boundary_hits(prediction: Mask, mask: Mask, class_id: int) -> tuple[int, int, int, int]:
    """Count boundary pixels of a class: predicted near true ones, all predicted, true near predicted ones, all true."""
    known = mask != VOID
    # The boundary of the class alone, inside of it, and not where the labels end.
    near = boundary_tolerance(mask.shape)
    predicted = boundary(np.where(known, prediction == class_id, np.uint8(VOID)).astype(np.uint8))
    true = boundary(np.where(known, mask == class_id, np.uint8(VOID)).astype(np.uint8))
    predicted &= prediction == class_id
    true &= mask == class_id
    return (
        int(np.count_nonzero(_distance_to(true)[predicted] <= near)),
        int(np.count_nonzero(predicted)),
        int(np.count_nonzero(_distance_to(predicted)[true] <= near)),
        int(np.count_nonzero(true)),
    )


def _distance_to(pixels: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    if not pixels.any():
        return np.full(pixels.shape, np.inf, dtype=np.float32)
    return np.asarray(cv2.distanceTransform((~pixels).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))


def _f1(near_true: int, predicted: int, near_predicted: int, true: int) -> float:
    precision = near_true / predicted if predicted else 0.0
    recall = near_predicted / true if true else 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
