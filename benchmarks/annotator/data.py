"""Sets of labelled images as arrays, and the chance that every arm of the comparison shares.

A set is a folder with ``classes.json`` and ``train`` and ``val``, each with ``images`` and ``masks`` of the same stems.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from segtool.core.classes import ClassSet

_IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"})
# Modes whose values are kept as they are; other ones become colours.
_GREY_8, _GREY_16, _COLOUR = ("1", "L"), ("I", "I;16", "I;16B", "I;16L"), "RGB"


class Split(StrEnum):
    """The two parts of a set: images to correct, and held-out images that models are scored on."""

    TRAIN = "train"
    VAL = "val"


class Sample(NamedTuple):
    """An image and its true mask.

    Attributes
    ----------
    key : str
        The stem of both files.
    pixels : ndarray of uint8 or uint16, shape (H, W) or (H, W, 3)
    mask : ndarray of uint8, shape (H, W)
        Class ids, 255 for void.
    """

    key: str
    pixels: npt.NDArray[np.generic]
    mask: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A set of labelled images on disk; images are read when asked for."""

    name: str
    folder: Path
    classes: ClassSet

    @classmethod
    def open(cls, folder: Path) -> DataSet:
        """Read the classes of a set folder; its name is the folder's."""
        classes = ClassSet.from_json(json.loads((folder / "classes.json").read_text(encoding="utf-8")))
        return cls(folder.name, folder, classes)

    def keys(self, split: Split) -> tuple[str, ...]:
        """Return the stems of the images that have a mask, sorted."""
        return tuple(sorted(self._images(split)))

    def load(self, split: Split, keys: Iterable[str] | None = None) -> list[Sample]:
        """Read images and masks, in the order of ``keys`` or else sorted.

        Raises
        ------
        ValueError
            If an image and its mask differ in size, or a mask has values that are no class.
        """
        images = self._images(split)
        return [self._sample(split, key, images[key]) for key in (sorted(images) if keys is None else keys)]

    def image_path(self, split: Split, key: str) -> Path:
        """Return the file of an image."""
        return self._images(split)[key]

    def _images(self, split: Split) -> dict[str, Path]:
        masks = {path.stem for path in (self.folder / split.value / "masks").glob("*.png")}
        files = (self.folder / split.value / "images").iterdir()
        return {path.stem: path for path in files if path.suffix.lower() in _IMAGE_SUFFIXES and path.stem in masks}

    def _sample(self, split: Split, key: str, path: Path) -> Sample:
        mask_path = self.folder / split.value / "masks" / f"{key}.png"
        pixels, mask = read_pixels(path), read_ids(mask_path)
        if pixels.shape[:2] != mask.shape:
            raise ValueError(f"{path} is {pixels.shape[:2]} pixels and its mask {mask.shape}")
        if unknown := self.classes.unknown_ids(mask):
            raise ValueError(f"{mask_path} has values {unknown} that are no class of {self.name}")
        return Sample(key, pixels, mask)


def read_pixels(path: Path) -> npt.NDArray[np.generic]:
    """Read an image upright: uint8 or uint16, shape (H, W) where it is grey, else (H, W, 3)."""
    with Image.open(path) as file:
        upright = ImageOps.exif_transpose(file)
        if upright.mode in _GREY_16:
            return np.asarray(upright).astype(np.uint16)
        return np.array(upright.convert("L" if upright.mode in _GREY_8 else _COLOUR))


def read_ids(path: Path) -> npt.NDArray[np.uint8]:
    """Read a mask: the indices of a PNG with a palette, the values of a grey one; uint8, shape (H, W)."""
    with Image.open(path) as file:
        if file.mode not in ("P", "L"):
            raise ValueError(f"{path} has mode {file.mode}, a mask has 8 bits per pixel and no colours")
        return np.array(file, dtype=np.uint8)


def order(keys: Sequence[str], seed: int) -> tuple[str, ...]:
    """Return the keys in the order in which a person corrects them: the same for every arm of a seed."""
    names = sorted(keys)
    return tuple(names[index] for index in generator("order", seed).permutation(len(names)))


def generator(*parts: str | int) -> np.random.Generator:
    """Return a random generator that depends on nothing but its arguments, on every machine.

    The person who corrects an image draws from ``generator(set name, seed, key)``.
    """
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))
