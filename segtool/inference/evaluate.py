"""Scoring a model on images whose masks are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID, ClassSet, match_classes
from segtool.core.errors import MaskError, SegToolError
from segtool.core.metrics import Tally, summarise, tally
from segtool.formats.image import read_image
from segtool.formats.mask_png import read_mask
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Prediction, Progress, segment


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a model's predictions agree with masks.

    Attributes
    ----------
    metrics : dict
        ``{"images", "pooled", "mean", "per_class"}``, see ``segtool.core.metrics.summarise``.
    tallies : tuple of Tally
        One for each image that counted, over the ids of the folder's classes.
    """

    metrics: dict[str, Any]
    tallies: tuple[Tally, ...]


def evaluate_images(
    pairs: Iterable[tuple[Path, Path]], classes: ClassSet, runtime: Runtime
) -> Iterator[Progress | Evaluation]:
    """Segment images and compare with their masks; closing the generator between two tiles cancels.

    Classes of the model and of the folder are the same if their names are. Where the model predicts a class
    that the folder does not have, the folder's class is missed; the metrics are those of the folder's
    classes. Images whose mask is void throughout say nothing and do not count.

    Parameters
    ----------
    pairs : iterable of (image path, mask path)
    classes : ClassSet
        Those of the masks.
    runtime : Runtime
        The model.

    Yields
    ------
    Progress
        Images done, after each tile and each image.
    Evaluation
        At the end.

    Raises
    ------
    ImageError, MaskError
        Naming a file that cannot be read, a mask that is not the size of its image, or one that holds ids of no class.
    SegToolError
        If no image counts.
    """
    listed = list(pairs)
    _, table = match_classes(runtime.card.classes, classes)
    tallies: list[Tally] = []
    for index, (image_path, mask_path) in enumerate(listed):
        mask = read_mask(mask_path)
        if (mask != VOID).any():
            pixels = read_image(image_path).pixels
            _check_mask(mask, mask_path, classes, pixels.shape[:2])
            for item in segment(pixels, runtime):
                if isinstance(item, Prediction):
                    tallies.append(tally(table[item.class_ids], mask, classes.ids))
                else:
                    yield Progress(index, len(listed))
        yield Progress(index + 1, len(listed))
    if not tallies:
        raise SegToolError(
            "there is no image with a mask to compare predictions with", remedy="Correct or approve some masks first."
        )
    yield Evaluation(summarise(tallies, classes), tuple(tallies))


def _check_mask(mask: npt.NDArray[np.uint8], path: Path, classes: ClassSet, shape: tuple[int, ...]) -> None:
    if mask.shape != shape:
        raise MaskError(
            f"the mask has {mask.shape[1]}×{mask.shape[0]} pixels but its image {shape[1]}×{shape[0]}",
            path=path,
            remedy="Replace the mask by one of the image's size, or remove it.",
        )
    if unknown := classes.unknown_ids(mask):
        raise MaskError(
            f"the mask holds ids of no class: {', '.join(map(str, unknown))}",
            path=path,
            remedy="Add these classes to the folder.",
        )
