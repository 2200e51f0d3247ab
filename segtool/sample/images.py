"""The sample images that come with the program: their names, looks and seeds."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from segtool.core.errors import SaveError
from segtool.formats.atomic import write_atomic
from segtool.sample.nuclei import Look, Stain, draw_nuclei


@dataclass(frozen=True, slots=True)
class SampleImage:
    """One sample image.

    Attributes
    ----------
    name : str
        File name, with its suffix.
    pixels : ndarray, shape (H, W) or (H, W, 3)
        uint8, or uint16 of values up to 4095.
    mask : ndarray of uint8, shape (H, W)
        Its true mask: 1 is nucleus, 0 background.
    """

    name: str
    pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
    mask: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Recipe:
    name: str
    seed: int
    size: tuple[int, int]
    look: Look


_RECIPES = (
    _Recipe(
        "nuclei-01-sparse.png",
        101,
        (400, 520),
        Look(coverage=0.12, diameter=(28.0, 40.0), touching=0.1, blur=1.1, texture=0.14, glow=0.08),
    ),
    _Recipe(
        "nuclei-02-touching.png",
        202,
        (512, 512),
        Look(
            coverage=0.3,
            diameter=(18.0, 30.0),
            touching=0.45,
            deformation=0.16,
            elongation=1.7,
            texture=0.15,
            blur=0.8,
        ),
    ),
    _Recipe(
        "nuclei-03-faint.png",
        303,
        (400, 520),
        Look(
            coverage=0.16,
            diameter=(20.0, 34.0),
            elongation=1.35,
            touching=0.25,
            condensed=0.0,
            brightness=(0.14, 0.75),
            texture=0.13,
            blur=1.5,
            glow=0.1,
            uneven=0.08,
            noise=0.07,
        ),
    ),
    _Recipe(
        "nuclei-04-16-bit.png",
        404,
        (400, 400),
        Look(
            stain=Stain.FLUORESCENCE_12_BIT,
            coverage=0.26,
            diameter=(34.0, 42.0),
            elongation=1.6,
            touching=0.25,
            condensed=0.0,
            brightness=(0.4, 0.7),
            texture=0.16,
            blur=1.0,
            glow=0.1,
            noise=0.02,
        ),
    ),
    _Recipe(
        "nuclei-05-colour.png",
        505,
        (384, 480),
        Look(
            stain=Stain.BRIGHT_FIELD,
            coverage=0.2,
            diameter=(18.0, 32.0),
            elongation=2.0,
            deformation=0.08,
            touching=0.25,
            condensed=0.03,
            brightness=(0.45, 1.0),
            texture=0.15,
            blur=0.9,
            glow=0.06,
            noise=0.02,
        ),
    ),
    _Recipe(
        "nuclei-06-large.png",
        606,
        (1000, 1400),
        Look(coverage=0.17, diameter=(14.0, 30.0), touching=0.25, deformation=0.1, texture=0.17, blur=0.9, noise=0.012),
    ),
)


def sample_images() -> list[SampleImage]:
    """Draw the sample images and their true masks, the same at each call; takes about a second."""
    return [
        SampleImage(recipe.name, *draw_nuclei(recipe.seed, size=recipe.size, look=recipe.look)) for recipe in _RECIPES
    ]


def write_sample(folder: Path) -> list[Path]:
    """Write the sample images (without masks) as PNG files and return their paths.

    Parameters
    ----------
    folder : Path
        Made if it is missing; files of the same names are replaced.

    Raises
    ------
    SaveError
        If the folder cannot be made or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SaveError(f"the folder cannot be made ({exc.strerror})", path=folder) from exc
    paths = []
    for sample in sample_images():
        data = io.BytesIO()
        Image.fromarray(sample.pixels).save(data, format="PNG", optimize=True)
        path = folder / sample.name
        write_atomic(path, data.getvalue())
        paths.append(path)
    return paths
