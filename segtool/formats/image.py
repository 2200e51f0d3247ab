"""The one image decoder: every image that the program shows, segments or trains on comes through here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from segtool.core.errors import ImageError
from segtool.formats.decoders import decode
from segtool.formats.foreign_kinds import foreign_kind
from segtool.formats.inspection import ImageHeader, Plan, inspect
from segtool.formats.mending import damage_of, mend, mended_header
from segtool.formats.samples import (
    final_dtype,
    turn_upright,
    unfinite_count,
    white_is_high,
    without_alpha,
)
from segtool.formats.source import MAX_PIXELS, DamagedFileError, open_regular

__all__ = ["IMAGE_SUFFIXES", "MAX_PIXELS", "Image", "ImageHeader", "probe_image", "read_image"]

IMAGE_SUFFIXES: frozenset[str] = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif"})
"""Lower-case suffixes of files that are taken for images; what is inside decides how they are read."""

_FORMATS_REMEDY = "Save it as PNG, JPEG, TIFF, BMP, WebP or GIF."
_COPY_REMEDY = "Copy it again from where it came."
_SIZE_REMEDY = "Cut it into smaller ones."


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """An image in memory.

    Attributes
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        uint8, uint16 or float32; red, green, blue; upright; read-only, for nothing may change an image.
    path : Path
        Where it was read from.
    notes : tuple of str
        What a person should know, such as "page 1 of 5" or "converted from CMYK".
    damage : str
        What is wrong with the file, such as "cut short: the lower 49 % are missing"; "" for a sound one.
    pages : int
        How many pages a TIFF has, of which this is the first; 1 for other formats.
    """

    pixels: npt.NDArray[np.generic]
    path: Path
    notes: tuple[str, ...]
    damage: str = ""
    pages: int = 1

    @property
    def told(self) -> tuple[str, ...]:
        """All that a person should know, what is wrong first."""
        return (self.damage, *self.notes) if self.damage else self.notes


def probe_image(path: Path, *, partial: bool = False) -> ImageHeader:
    """Read the header of an image file.

    Parameters
    ----------
    path : Path
        The file.
    partial : bool
        As of ``read_image``.

    Returns
    -------
    ImageHeader
        Agrees with what ``read_image`` returns if the rest of the file is sound.

    Raises
    ------
    ImageError
        If the file cannot be opened, or is no image that can be read.
    """
    with _reading(path) as stream:
        try:
            return inspect(stream, verify=False).header
        except MemoryError:
            raise
        except Exception:
            header = mended_header(stream) if partial else None
            if header is None:
                raise
        return header


def read_image(path: Path, *, partial: bool = False) -> Image:
    """Decode an image file.

    The first page or frame is read, turned as its EXIF orientation says. 8-bit and unsigned 16-bit values are
    kept, all others become float32. Palettes, CMYK and other colour spaces become RGB. Where an alpha channel
    varies, the image is put on white; otherwise it is dropped.

    Parameters
    ----------
    path : Path
        A PNG, JPEG, TIFF, BMP, WebP or GIF, whatever its suffix.
    partial : bool
        Whether a PNG or JPEG that is cut short or damaged is read as far as it goes, with ``damage`` saying so: good
        enough for a person to look at, never for a model to learn from.

    Returns
    -------
    Image
        The pixels; the file is closed.

    Raises
    ------
    ImageError
        If the file cannot be opened, is damaged, has more than ``MAX_PIXELS`` pixels or more channels than a
        colour image.
    """
    with _reading(path) as stream:
        try:
            plan = inspect(stream, verify=True)
            return _finished(path, plan, *decode(stream, plan))
        except MemoryError:
            raise
        except Exception:
            mended = mend(stream) if partial else None
            if mended is None:
                raise
        pixels, alpha = decode(mended.stream, mended.plan)
        return _finished(path, mended.plan, pixels, alpha, damage=damage_of(mended, pixels))


def _finished(
    path: Path, plan: Plan, pixels: npt.NDArray[np.generic], alpha: npt.NDArray[np.generic] | None, *, damage: str = ""
) -> Image:
    """Make what a decoder returned into an image."""
    notes = list(plan.header.notes)
    if alpha is not None:
        pixels, changed = without_alpha(pixels, alpha)
        notes += ["transparent parts are put on white"] if changed else []
    pixels = white_is_high(pixels, plan.tiff)
    pixels = turn_upright(final_dtype(pixels), plan.orientation)
    if bad := unfinite_count(pixels):
        notes.append(f"{bad:,} values are no numbers (NaN or infinite): those pixels stay unlabelled")
    if pixels.shape[:2] != (plan.header.height, plan.header.width):
        raise ImageError("is damaged: its header and its pixels have different sizes", path=path)
    if pixels.dtype != plan.header.dtype:
        # A decoder that passes over an entry of a damaged header takes the values for others.
        raise ImageError("is damaged: its header and its pixels have different kinds of values", path=path)
    pixels.setflags(write=False)
    return Image(pixels, path, tuple(notes), damage, 1 if plan.tiff is None else plan.tiff.pages)


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file and turn whatever its decoding raises into an ImageError that names it."""
    with open_regular(path, error=ImageError) as stream:
        try:
            yield stream
        except ImageError as error:
            error.path = path
            raise
        except DamagedFileError as cause:
            raise ImageError(str(cause), path=path, remedy=_COPY_REMEDY) from cause
        except UnidentifiedImageError as cause:
            kind = foreign_kind(stream)
            if kind is None:
                raise ImageError("is not an image that can be read", path=path, remedy=_FORMATS_REMEDY) from cause
            raise ImageError(f"is {kind[0]}, not an image that can be read", path=path, remedy=kind[1]) from cause
        except PillowImage.DecompressionBombError as cause:
            limit = f"has more than {MAX_PIXELS // 1_000_000} megapixels"
            raise ImageError(limit, path=path, remedy=_SIZE_REMEDY) from cause
        except MemoryError as cause:
            raise ImageError("does not fit into memory", path=path, remedy=_SIZE_REMEDY) from cause
        except Exception as cause:
            # A decoder fed with hostile or damaged bytes may raise nearly anything.
            if "truncated" in str(cause).lower():
                raise ImageError("is cut short", path=path, remedy=_COPY_REMEDY) from cause
            raise ImageError(
                f"is damaged or of an unusual kind ({cause})", path=path, remedy=_FORMATS_REMEDY
            ) from cause
