"""Which images can be trained on, and whether a training on them can work."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID, ClassSet
from segtool.core.errors import ImageError, SegToolError, TrainingError
from segtool.formats.isolated import probe_image
from segtool.formats.mask_png import read_mask
from segtool.project.layout import ImageEntry
from segtool.project.status import PERSONS_WORK, Status

if TYPE_CHECKING:
    from segtool.project.project import Project


def usable_images(project: Project, *, statuses: Collection[Status] = PERSONS_WORK) -> list[ImageEntry]:
    """Return the images of some statuses that have a mask file now, in the project's order."""
    return [entry for entry in project.entries if project.status(entry.key) in statuses and entry.mask_path.is_file()]


def check_trainable(entries: Sequence[ImageEntry], classes: ClassSet) -> None:
    """Tell in advance what would stop a training.

    Only headers are read, and masks in full until two classes have been met; a training reads the rest anyway.

    Parameters
    ----------
    entries : sequence of ImageEntry
        Images to train on.
    classes : ClassSet
        Classes of the project.

    Raises
    ------
    TrainingError
        If there is no image, an image or a mask cannot be read, a mask has not the size of its image, or all the
        masks together hold fewer than two classes. Ids without a class count as void.
    """
    if not entries:
        raise TrainingError("there are no masks to train on", remedy="Correct or approve the masks of some images.")
    seen: set[int] = set()
    for entry in entries:
        try:
            with left_out_is_a_way():
                image = probe_image(entry.path)
            if len(seen) < 2:
                mask = read_mask(entry.mask_path)
                width, height = mask.shape[1], mask.shape[0]
                seen |= _classes_in(mask, classes)
            else:
                header = probe_image(entry.mask_path)
                width, height = header.width, header.height
        except TrainingError:
            raise
        except SegToolError as exc:
            raise TrainingError(exc.reason, path=exc.path or entry.path, remedy=exc.remedy) from exc
        if (width, height) != (image.width, image.height):
            raise TrainingError(
                f"the mask has {width} × {height} pixels, its image {entry.key} {image.width} × {image.height}",
                path=entry.mask_path,
                remedy="Put the right mask in its place, or leave the image out.",
            )
    if len(seen) < 2:
        only = f"only {classes.label(seen.pop())}" if seen else "nothing but void"
        raise TrainingError(
            f"the masks hold {only}, and a model learns from at least two classes",
            remedy="Label some pixels of another class too; background counts as one.",
        )


@contextmanager
def left_out_is_a_way() -> Iterator[None]:
    """Say of an image that cannot be read, and without which a training could go on, that it can be left out."""
    try:
        yield
    except ImageError as error:
        error.remedy = f"{error.remedy} Or leave the image out of the training.".lstrip()
        raise


def _classes_in(mask: npt.NDArray[np.uint8], classes: ClassSet) -> set[int]:
    present: Any = np.flatnonzero(np.bincount(mask.ravel(), minlength=VOID + 1)[:VOID])
    return {int(value) for value in present if int(value) in classes}
