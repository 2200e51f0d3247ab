"""What the retrain dialog does beside the window's thread, and what it remembers between two runs."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSettings

from segtool.core.classes import ClassSet
from segtool.core.errors import MaskError, SegToolError
from segtool.core.run_settings import RunSettings
from segtool.formats.isolated import read_image
from segtool.formats.mask_png import read_mask
from segtool.gui.training_plan import find_problem
from segtool.project.layout import ImageEntry

Choice = tuple[tuple[str, ...], tuple[str, ...]]
"""Keys of the images to train on and of those to score on."""

_REMEMBERED = "retrain/settings"


@dataclass(frozen=True, slots=True)
class ChoiceChecked:
    """Why a training on one choice of images cannot work; "" if it can."""

    choice: Choice
    problem: str


@dataclass(frozen=True, slots=True, eq=False)
class PreviewImage:
    """An image as it was read, (H, W) or (H, W, 3), and its mask, (H, W) uint8."""

    key: str
    pixels: npt.NDArray[np.generic]
    mask: npt.NDArray[np.uint8]


def check_job(
    choice: Choice, train: Sequence[ImageEntry], held_out: Sequence[ImageEntry], classes: ClassSet
) -> Generator[ChoiceChecked, None, None]:
    """Yield what was found about one choice of images."""
    yield ChoiceChecked(choice, find_problem(train, held_out, classes))


def load_job(entry: ImageEntry) -> Generator[PreviewImage, None, None]:
    """Yield an image and its mask; ImageError or MaskError if they cannot be read or do not fit."""
    pixels, mask = read_image(entry.path).pixels, read_mask(entry.mask_path)
    if mask.shape != pixels.shape[:2]:
        raise MaskError("the mask has not the size of its image", path=entry.mask_path)
    yield PreviewImage(entry.key, pixels, mask)


def remembered_settings() -> RunSettings:
    """Return the settings of the last run from this window, or the defaults; images are never remembered."""
    try:
        settings = RunSettings.from_json(json.loads(str(QSettings().value(_REMEMBERED, ""))))
    except (ValueError, SegToolError):
        return RunSettings()
    return replace(settings, images=None, held_out=None)


def remember_settings(settings: RunSettings) -> None:
    """Store settings for the next time, but for their images."""
    QSettings().setValue(_REMEMBERED, json.dumps(replace(settings, images=None, held_out=None).to_json()))
