"""Scoring a model on images whose masks are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.calibration import Reliability, reliability
from segtool.core.classes import VOID, ClassSet, match_classes
from segtool.core.confusion import confusion_matrix
from segtool.core.errors import ImageError, MaskError, SegToolError
from segtool.core.metrics import Tally, summarise, tally
from segtool.core.normalisation import void_without_value
from segtool.formats.isolated import read_image
from segtool.formats.mask_png import read_mask
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Prediction, Progress, segment


@dataclass(frozen=True, slots=True, eq=False)
class ImageScore:
    """How one prediction agrees with its mask.

    Attributes
    ----------
    index : int
        Which of the pairs that were given.
    tally : Tally
        Over the ids of the folder's classes.
    confusion : ndarray of int64, shape (K, K + 1)
        See ``segtool.core.confusion.confusion_matrix``.
    reliability : Reliability
    """

    index: int
    tally: Tally
    confusion: npt.NDArray[np.int64]
    reliability: Reliability


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One image with its mask and its prediction, and how these two agree.

    Attributes
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
    mask, class_ids : ndarray of uint8, shape (H, W)
        Ids of the folder's classes. A class of the model that the folder lacks has an id of its own in ``class_ids``:
        that which ``match_classes`` adds.
    score : ImageScore
    """

    pixels: npt.NDArray[np.generic]
    mask: npt.NDArray[np.uint8]
    class_ids: npt.NDArray[np.uint8]
    score: ImageScore


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An image that does not count: which of the pairs it is, why, and whether a person must mend something."""

    index: int
    reason: SegToolError
    unusable: bool


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How a model's predictions agree with masks.

    Attributes
    ----------
    metrics : dict
        ``{"images", "pooled", "mean", "per_class", "calibration"}``, see ``segtool.core.metrics.summarise``;
        *calibration* is ``{"ece"}``, the expected calibration error over all pixels.
    images : tuple of ImageScore
        One for each image that counted, in the order of the pairs.
    left_out : tuple of LeftOut
        The images that did not count.
    """

    metrics: dict[str, Any]
    images: tuple[ImageScore, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """One for each image that counted."""
        return tuple(item.tally for item in self.images)

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """Pixels of all images: rows the mask's class, columns the predicted one, the last for no class (K×(K + 1))."""
        total: npt.NDArray[np.int64] = np.sum([item.confusion for item in self.images], axis=0, dtype=np.int64)
        return total

    @property
    def reliability(self) -> Reliability:
        """Pixels of all images by confidence."""
        return sum((item.reliability for item in self.images), start=Reliability.none())


def evaluate_images(
    pairs: Iterable[tuple[Path, Path]],
    classes: ClassSet,
    runtime: Runtime,
    *,
    tta: bool = False,
    pass_over: bool = False,
) -> Iterator[Progress | Evaluation]:
    """Segment images and compare with their masks; closing the generator between two tiles cancels.

    Parameters are those of ``compare_images``.

    Yields
    ------
    Progress
        Images done, after each tile and each image.
    Evaluation
        At the end.

    Raises
    ------
    ImageError, MaskError
        Unless ``pass_over``: naming a file that cannot be read, or a mask that is not the size of its image.
    SegToolError
        If no image counts.
    """
    scores: list[ImageScore] = []
    left_out: list[LeftOut] = []
    for item in compare_images(pairs, classes, runtime, tta=tta, pass_over=pass_over):
        match item:
            case Progress():
                yield item
            case Comparison():
                scores.append(item.score)
            case LeftOut():
                left_out.append(item)
    yield summarise_scores(scores, left_out, classes)


def compare_images(
    pairs: Iterable[tuple[Path, Path]],
    classes: ClassSet,
    runtime: Runtime,
    *,
    tta: bool = False,
    pass_over: bool = False,
) -> Iterator[Progress | Comparison | LeftOut]:
    """Segment images one after the other and compare each with its mask.

    Classes of the model and of the folder are the same if their names are. Where the model predicts a class
    that the folder does not have, the folder's class is missed; the metrics are those of the folder's
    classes. Ids of a mask that no class has count as void. Images whose mask is void throughout say nothing and do
    not count.

    Parameters
    ----------
    pairs : iterable of (image path, mask path)
    classes : ClassSet
        Those of the masks.
    runtime : Runtime
        The model.
    tta : bool
        Average over flips and quarter turns.
    pass_over : bool
        Leave images and masks out that cannot be used instead of raising.

    Yields
    ------
    Progress
        Images done, after each tile and each image.
    Comparison, LeftOut
        One of them for each image.

    Raises
    ------
    ImageError, MaskError
        As ``evaluate_images``.
    """
    listed = list(pairs)
    _, table = match_classes(runtime.card.classes, classes)
    for index, (image_path, mask_path) in enumerate(listed):
        try:
            # What has no class cannot be compared with anything.
            mask = classes.without_unknown(read_mask(mask_path))
            pixels = read_image(image_path).pixels if (mask != VOID).any() else None
            if pixels is not None:
                _check_size(mask, mask_path, pixels.shape[:2])
                mask = void_without_value(mask, pixels)
                pixels = pixels if (mask != VOID).any() else None
        except (ImageError, MaskError) as exc:
            if not pass_over:
                raise
            yield LeftOut(index, exc, unusable=True)
            yield Progress(index + 1, len(listed))
            continue
        if pixels is None:
            yield LeftOut(index, MaskError("the mask labels no pixel with a class", path=mask_path), unusable=False)
        else:
            for item in segment(pixels, runtime, tta=tta):
                if isinstance(item, Prediction):
                    yield _compare(
                        index,
                        pixels,
                        mask,
                        np.asarray(cv2.LUT(item.class_ids, table), dtype=np.uint8),
                        item.confidence,
                        classes,
                    )
                else:
                    yield Progress(index, len(listed))
        yield Progress(index + 1, len(listed))


def summarise_scores(scores: Sequence[ImageScore], left_out: Sequence[LeftOut], classes: ClassSet) -> Evaluation:
    """Put the images' scores together; SegToolError if there are none, naming the first file that is at fault."""
    if not scores:
        unusable = [item.reason for item in left_out if item.unusable]
        if unusable:
            raise SegToolError(
                f"none of the {len(left_out)} images can be used, the first because {unusable[0].reason}",
                path=unusable[0].path,
                remedy=unusable[0].remedy,
            )
        raise SegToolError(
            "there is no image with a mask to compare predictions with", remedy="Correct or approve some masks first."
        )
    pooled = sum((item.reliability for item in scores), start=Reliability.none())
    metrics = summarise([item.tally for item in scores], classes)
    metrics["calibration"] = {"ece": pooled.expected_error()}
    return Evaluation(metrics, tuple(scores), tuple(left_out))


def _compare(
    index: int,
    pixels: npt.NDArray[np.generic],
    mask: npt.NDArray[np.uint8],
    class_ids: npt.NDArray[np.uint8],
    confidence: npt.NDArray[np.uint8],
    classes: ClassSet,
) -> Comparison:
    score = ImageScore(
        index,
        tally(class_ids, mask, classes.ids),
        confusion_matrix(class_ids, mask, classes.ids),
        reliability(class_ids, confidence, mask),
    )
    return Comparison(pixels, mask, class_ids, score)


def _check_size(mask: npt.NDArray[np.uint8], path: Path, shape: tuple[int, ...]) -> None:
    if mask.shape != shape:
        raise MaskError(
            f"the mask has {mask.shape[1]}×{mask.shape[0]} pixels but its image {shape[1]}×{shape[0]}",
            path=path,
            remedy="Replace the mask by one of the image's size, or remove it.",
        )
