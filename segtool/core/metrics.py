"""Pixel metrics: F1, IoU, accuracy, precision and recall, pooled, per image and per class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID, ClassSet, is_background
from segtool.core.confusion import pair_counts

METRICS = ("f1", "iou", "accuracy", "precision", "recall")


@dataclass(frozen=True, slots=True)
class Counts:
    """Pixels of one class, one against the rest: true and false positives and negatives."""

    tp: int
    fp: int
    fn: int
    tn: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)

    @property
    def is_absent(self) -> bool:
        """Whether neither mask nor prediction holds the class."""
        return self.tp + self.fp + self.fn == 0

    def scores(self) -> dict[str, float]:
        """Return the five metrics, each 0…1; a class that is absent scores 1 throughout.

        A ratio with nothing to divide by is 0 where there was something to find or something false.
        F1 is the Dice coefficient.
        """
        if self.is_absent:
            return dict.fromkeys(METRICS, 1.0)
        total = self.tp + self.fp + self.fn + self.tn
        return {
            "f1": 2 * self.tp / (2 * self.tp + self.fp + self.fn),
            "iou": self.tp / (self.tp + self.fp + self.fn),
            "accuracy": (self.tp + self.tn) / total,
            "precision": self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0,
            "recall": self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0,
        }


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one image (or of several added up), one for each class id."""

    ids: tuple[int, ...]
    counts: tuple[Counts, ...]

    def __add__(self, other: Tally) -> Tally:
        if self.ids != other.ids:
            raise ValueError(f"tallies of different classes cannot be added: {self.ids} and {other.ids}")
        return Tally(self.ids, tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)))


def tally(prediction: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8], ids: Sequence[int]) -> Tally:
    """Count a prediction against a mask.

    Parameters
    ----------
    prediction, mask : ndarray of uint8, shape (H, W)
        Class ids. Pixels that are void (255) in the mask, or none of ``ids``, never count; a void prediction is
        wrong wherever the mask has a class.
    ids : sequence of int
        The classes of the mask.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    matrix = pair_counts(prediction, mask)
    matrix[np.setdiff1d(np.arange(VOID), ids)] = 0
    total = int(matrix.sum())
    in_mask, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    counts = []
    for class_id in ids:
        tp = int(matrix[class_id, class_id])
        fp, fn = int(predicted[class_id]) - tp, int(in_mask[class_id]) - tp
        counts.append(Counts(tp, fp, fn, total - tp - fp - fn))
    return Tally(tuple(ids), tuple(counts))


def summarise(tallies: Sequence[Tally], classes: ClassSet) -> dict[str, Any]:
    """Turn the tallies of several images into the metrics that are reported.

    Parameters
    ----------
    tallies : sequence of Tally
        One for each image, each over ``classes.ids``.
    classes : ClassSet

    Returns
    -------
    dict
        ``{"images", "pooled", "mean", "per_class"}``. *pooled* adds up pixels over all images and
        takes the plain mean over the classes; *mean* does so image by image and averages over the
        images. A class named background is left out of both, and so is a class that is absent from both mask
        and prediction; where that leaves none, the score is 1. *per_class* lists every class, pooled.
    """
    absent = Tally(classes.ids, tuple(Counts(0, 0, 0, 0) for _ in classes))
    total = sum(tallies, start=absent)
    images = [mean_over_classes(item, classes) for item in tallies]
    return {
        "images": len(tallies),
        "pooled": mean_over_classes(total, classes),
        "mean": {name: _mean([scores[name] for scores in images]) for name in METRICS},
        "per_class": [
            {"id": item.id, "name": item.name, **counts.scores()}
            for item, counts in zip(classes, total.counts, strict=True)
        ],
    }


def summarise_kinds(tallies: Sequence[Tally], kinds: Sequence[str], classes: ClassSet) -> list[dict[str, Any]]:
    """Turn the tallies of images of several kinds into metrics for each kind.

    Parameters
    ----------
    tallies : sequence of Tally
        One for each image, each over ``classes.ids``.
    kinds : sequence of str
        The kind of each image.
    classes : ClassSet

    Returns
    -------
    list of dict
        ``{"kind", "images", "pooled", "mean"}``, in the order of the kinds' names; see ``summarise``.
    """
    rows = []
    for kind in sorted(set(kinds)):
        summary = summarise([item for item, of in zip(tallies, kinds, strict=True) if of == kind], classes)
        rows.append({"kind": kind, **{name: summary[name] for name in ("images", "pooled", "mean")}})
    return rows


def mean_over_classes(counted: Tally, classes: ClassSet) -> dict[str, float]:
    """Return the metrics of a tally over ``classes.ids``, averaged over the classes as in ``summarise``."""
    pairs = zip(classes, counted.counts, strict=True)
    present = [counts.scores() for item, counts in pairs if not is_background(item) and not counts.is_absent]
    return {name: _mean([scores[name] for scores in present]) for name in METRICS}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 1.0
