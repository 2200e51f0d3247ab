"""Masks as PNG files: one class id per pixel, read and written without changing a single one."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from segtool.core.classes import VOID
from segtool.core.errors import MaskError, SaveError
from segtool.core.palette import voc_palette
from segtool.formats.atomic import write_atomic
from segtool.formats.decoders import array_of
from segtool.formats.png_chunks import PNG_SIGNATURE, ColourType, PngLayout, scan_png
from segtool.formats.png_pixels import check_pixels
from segtool.formats.source import DamagedFileError, open_regular, refuse_size, why

_REMEDY = "Save it as an 8-bit indexed or grey PNG whose values are class ids."
_AGAIN = "Save again, or choose another place."
_ODD_REMEDY = "Open its image in the window and say what its values mean, or save it as an indexed PNG of class ids."
_BACKUP = "Take it from a backup, or move it away to start with an empty mask."
_COMPRESS_LEVEL = 3
_BAND_ROWS = 1024
_WHITE = (255, 255, 255)

Result = TypeVar("Result")


def read_mask(path: Path) -> npt.NDArray[np.uint8]:
    """Read a mask.

    Indexed PNGs give their indices, grey ones their stored values (a 1-bit one 0 and 1); colours and
    orientation in the file are passed over. Every check sum is compared: a flipped bit is an error.

    Parameters
    ----------
    path : Path
        A PNG, indexed or grey, with at most 8 bits per pixel.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Class ids, 255 for void; the caller's own, writable.

    Raises
    ------
    MaskError
        If the file cannot be opened, is damaged or holds anything but class ids. Refused too are a grey one with
        nothing but 0 and 255 in it (``is_two_valued``), and an indexed one whose colours say otherwise
        (``coded_colours``).
    """
    return read_png(path, _decode)


def read_png(path: Path, decode: Callable[[BinaryIO], Result]) -> Result:
    """Return what ``decode`` makes of an open file; whatever it raises becomes a MaskError that names the file."""
    with open_regular(path, error=MaskError) as stream:
        try:
            return decode(stream)
        except MaskError as error:
            error.path = path
            raise
        except DamagedFileError as cause:
            raise MaskError(str(cause), path=path, remedy=_BACKUP) from cause
        except Exception as cause:
            # A decoder fed with hostile or damaged bytes may raise nearly anything.
            raise MaskError(f"cannot be read ({cause})", path=path, remedy=_BACKUP) from cause


def _decode(stream: BinaryIO) -> npt.NDArray[np.uint8]:
    layout = inspect_mask(stream)
    if layout.colour_type not in (ColourType.INDEXED, ColourType.GREY):
        raise MaskError("holds colours, not class ids", remedy=_ODD_REMEDY)
    if layout.bit_depth > 8:
        raise MaskError(f"has {layout.bit_depth} bits per pixel, and class ids have 8", remedy=_ODD_REMEDY)
    ids, palette = decode_ids(stream, layout)
    if is_two_valued(ids, palette):
        raise MaskError("holds nothing but 0 and 255, and 255 may be void or a class", remedy=_ODD_REMEDY)
    if coded_colours(ids, palette):
        raise MaskError("has colours of other class ids than its numbers", remedy=_ODD_REMEDY)
    return ids


def inspect_mask(stream: BinaryIO) -> PngLayout:
    """Compare every check sum of a PNG that may hold a mask, count its pixels, and return its layout.

    Raises
    ------
    MaskError
        Without a path, if the file is of a kind that can hold no mask.
    DamagedFileError
        If its bytes contradict each other.
    """
    head = stream.read(8)
    if head != PNG_SIGNATURE:
        if head.startswith(b"\xff\xd8"):
            raise MaskError("is a JPEG, which changes class ids when it compresses", remedy=_REMEDY)
        raise MaskError("is not a PNG", remedy=_REMEDY)
    layout = scan_png(stream, verify=True)
    if layout.frames > 1:
        raise MaskError(f"is an animation of {layout.frames} frames", remedy=_REMEDY)
    refuse_size(layout.width, layout.height, error=MaskError)
    check_pixels(stream, layout)
    return layout


def decode_ids(stream: BinaryIO, layout: PngLayout) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8] | None]:
    """Decode an indexed or grey PNG of at most 8 bits.

    Returns
    -------
    ids : ndarray of uint8, shape (H, W)
        Indices, or stored grey values.
    palette : ndarray of uint8, shape (n, 3), or None
        The colours of the indices; None for a grey one, whose value 255 is white.
    """
    stream.seek(0)
    with PillowImage.open(stream, formats=("PNG",)) as image:
        image.load()
        # An indexed PNG of less than 8 bits is unpacked by the decoder; 1-bit grey becomes 0 and 1.
        ids = array_of(image, mode=image.mode).astype(np.uint8, copy=False)
        colours = image.getpalette("RGB") if layout.colour_type is ColourType.INDEXED else None
    if layout.colour_type is ColourType.GREY and layout.bit_depth in (2, 4):
        # The decoder stretches these to 0…255; the stored values are the ids.
        ids //= 255 // (2**layout.bit_depth - 1)
    if ids.shape != (layout.height, layout.width):
        raise MaskError(f"decodes to {ids.shape}, not to the {layout.height}×{layout.width} pixels of its header")
    return ids, None if colours is None else np.array(colours, dtype=np.uint8).reshape(-1, 3)


def is_two_valued(ids: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8] | None) -> bool:
    """Tell whether a mask holds 0 and 255 and nothing else, and does not say by its colours that 255 is void.

    Many programs write 255 for what they have found. Where 255 is not white, as in every file that is written here,
    it is void.
    """
    if palette is not None and (len(palette) <= VOID or tuple(palette[VOID]) != _WHITE):
        return False
    present: set[int] = set()
    for top in range(0, len(ids), _BAND_ROWS):
        band = ids[top : top + _BAND_ROWS]
        # 255 and 0 wrap to 0 and 1.
        if ((band + np.uint8(1)) > 1).any():
            return False
        present.update((int(band.min()), int(band.max())))
    return present == {0, VOID}


def coded_colours(ids: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8] | None) -> dict[int, tuple[int, ...]]:
    """Return the colour of each index in use, if those are colours of other ids of the usual palette; else nothing.

    A mask of colours that was made smaller by another program has its indices in some order, and means by a colour
    what it has always meant. Any other colours are a matter of taste.
    """
    usual = voc_palette()
    if palette is None or np.array_equal(palette, usual[: len(palette)]):
        return {}
    used = [int(index) for index in np.flatnonzero(np.bincount(ids.ravel(), minlength=256))]
    colours = {index: tuple(map(int, palette[index])) for index in used if index < len(palette)}
    of_colour = {tuple(map(int, colour)): index for index, colour in enumerate(usual)}
    meant = [of_colour.get(colour) for colour in colours.values()]
    is_coded = len(colours) == len(used) == len(set(meant)) and None not in meant
    # One colour alone tells too little.
    return colours if is_coded and meant != used and len(used) > 1 else {}


def encode_mask(mask: npt.NDArray[np.uint8]) -> bytes:
    """Encode a mask as an 8-bit indexed PNG with the VOC palette.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        Class ids, 255 for void; any memory layout.

    Returns
    -------
    bytes
        The file's content; the same for the same mask.

    Raises
    ------
    MaskError
        If the array is not H×W uint8 with at least one pixel.
    """
    if mask.dtype != np.uint8 or mask.ndim != 2 or mask.size == 0:
        raise MaskError(f"a mask must be H×W uint8 with at least one pixel, not {mask.dtype} of shape {mask.shape}")
    image = PillowImage.fromarray(np.ascontiguousarray(mask))
    image.putpalette(voc_palette().tobytes())
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", bits=8, compress_level=_COMPRESS_LEVEL)
    return buffer.getvalue()


def write_mask(
    path: Path, mask: npt.NDArray[np.uint8], *, about_to_replace: Callable[[str], None] = lambda digest: None
) -> os.stat_result:
    """Write a mask, replacing the old file only by one that reads back the same.

    Parameters
    ----------
    path : Path
        Where to; missing folders are made.
    mask : ndarray of uint8, shape (H, W)
        Class ids, 255 for void.
    about_to_replace : callable
        Called with the SHA-256 of the new file, in hex, at the last moment before it takes the place of the old
        one; what it raises leaves the old one there.

    Returns
    -------
    os.stat_result
        Of the new file.

    Raises
    ------
    SaveError
        If it could not be written; an old file is untouched. Only if the disk gave no error and something else
        than was written stands there now, the old one is gone.
    MaskError
        If the array is not H×W uint8 with at least one pixel.
    """
    data = encode_mask(mask)
    if not _reads_back(data, mask):
        raise SaveError("could not be saved: the encoded mask did not read back the same", path=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise SaveError(
            f"could not be saved: its folder cannot be made ({why(cause)})",
            path=path,
            remedy="Check that the folder may be written to, or choose another place.",
        ) from cause
    digest = hashlib.sha256(data).hexdigest()
    written = write_atomic(path, data, before_replace=lambda: about_to_replace(digest))
    _check_on_disk(path, data)
    return written


def _check_on_disk(path: Path, data: bytes) -> None:
    """Catch a drive that takes everything and keeps something else: some network drives fill with zeros."""
    try:
        found = path.read_bytes()
    except OSError as cause:
        raise SaveError(f"was saved, but cannot be read back ({why(cause)})", path=path, remedy=_AGAIN) from cause
    if found != data:
        raise SaveError("was saved, but something else stands there now", path=path, remedy=_AGAIN)


def _reads_back(data: bytes, mask: npt.NDArray[np.uint8]) -> bool:
    """Catch a fault of the encoder or the memory before it replaces a good file."""
    try:
        found = _decode(io.BytesIO(data))
    except (DamagedFileError, MaskError, OSError, SyntaxError, ValueError):
        return False
    # In bands: the comparison of a whole mask would be as large as the mask.
    bands = (slice(top, top + _BAND_ROWS) for top in range(0, mask.shape[0], _BAND_ROWS))
    return found.shape == mask.shape and all(np.array_equal(found[rows], mask[rows]) for rows in bands)
