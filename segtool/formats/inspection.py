"""How an image file is to be decoded, found out from its header."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import Enum
from typing import BinaryIO

from PIL import Image as PillowImage

from segtool.core.errors import ImageError
from segtool.formats.jpeg_markers import JPEG_SIGNATURE, scan_jpeg
from segtool.formats.png_chunks import PNG_SIGNATURE, ColourType, scan_png
from segtool.formats.source import PILLOW_FORMATS, DamagedFileError, refuse_size
from segtool.formats.tiff_header import (
    MAX_PAGES_COUNTED,
    TIFF_SIGNATURES,
    Photometric,
    SampleFormat,
    TiffHeader,
    read_tiff_header,
)

_RIFF = b"RIFF"
_ORIENTATION_TAG = 0x0112
_GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "F"})
_OTHER_COLOURS = frozenset({"CMYK", "YCbCr", "LAB", "HSV"})
_OTHER_TIFF_COLOURS: dict[int, str] = {Photometric.CMYK: "CMYK", Photometric.LAB: "Lab", Photometric.ICC_LAB: "Lab"}
_FLOAT_REMEDY = "Save it as 32-bit float."


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a file's header says about its image.

    Attributes
    ----------
    width, height : int
        Size in pixels after the image is turned upright.
    mode : str
        How the file stores a pixel, such as "RGB", "P", "CMYK" or "RGB;16".
    dtype : str
        Of the pixels that ``read_image`` returns: "uint8", "uint16" or "float32".
    channels : int
        Of the pixels that ``read_image`` returns: 1 or 3.
    notes : tuple of str
        What a person should know, such as "page 1 of 5".
    """

    width: int
    height: int
    mode: str
    dtype: str
    channels: int
    notes: tuple[str, ...]


class Decoder(Enum):
    """Who decodes a file.

    OPENCV returns values of any kind that Pillow would reduce to 8 bits or refuse. LEAN is OpenCV too, for 8-bit
    grey and RGB of which every byte is known to be there: it decodes straight into the one array that is kept.
    """

    PILLOW = "Pillow"
    OPENCV = "OpenCV"
    LEAN = "lean"


@dataclass(frozen=True, slots=True)
class Plan:
    """How to decode one file.

    Attributes
    ----------
    header : ImageHeader
        What will come out.
    orientation : int
        EXIF orientation (1 to 8) that is left to be applied to the decoded pixels.
    decoder : Decoder
        Who decodes it.
    tiff : TiffHeader or None
        The header of a TIFF.
    sound_bytes : int
        How many bytes of a PNG make up whole chunks; 0 for other files.
    """

    header: ImageHeader
    orientation: int
    decoder: Decoder = Decoder.PILLOW
    tiff: TiffHeader | None = None
    sound_bytes: int = 0


def inspect(stream: BinaryIO, *, verify: bool) -> Plan:
    """Read a file's header and decide how to decode it.

    Parameters
    ----------
    stream : BinaryIO
        A file that can seek, at its start.
    verify : bool
        Whether to compare the check sums of a PNG and to look for the end of a JPEG, for which the whole file is read.

    Raises
    ------
    ImageError
        Without a path, if the image is of a kind or size that cannot be read.
    Exception
        Whatever a decoder raises for a damaged header.
    """
    head = stream.read(8)
    if head[:4] in TIFF_SIGNATURES:
        return _inspect_tiff(read_tiff_header(stream))
    if head == PNG_SIGNATURE:
        return _inspect_png(stream, verify=verify)
    if head[:4] == _RIFF and _riff_end(head) > stream.seek(0, os.SEEK_END) + 1:
        raise DamagedFileError("is cut short")
    plan = _inspect_other(stream, orientation_late=False)
    if verify and head.startswith(JPEG_SIGNATURE) and _is_plain_jpeg(stream, plan.header):
        return replace(plan, decoder=Decoder.LEAN)
    return plan


def _riff_end(head: bytes) -> int:
    """Return how many bytes the file of a WebP has, by its own words."""
    return int.from_bytes(head[4:8], "little") + 8


def _is_plain_jpeg(stream: BinaryIO, header: ImageHeader) -> bool:
    """Whether it is an 8-bit grey or YCbCr JPEG that is whole: OpenCV would fill missing rows without a word."""
    layout = scan_jpeg(stream)
    samples = {"L": 1, "RGB": 3}.get(header.mode)
    return layout.complete and layout.bits == 8 and layout.components == samples


def _inspect_png(stream: BinaryIO, *, verify: bool) -> Plan:
    layout = scan_png(stream, verify=verify)
    refuse_size(layout.width, layout.height, error=ImageError)
    plan = _inspect_other(stream, orientation_late=layout.exif_after_pixels)
    header = plan.header
    deep = layout.bit_depth == 16
    if deep:
        grey = layout.colour_type in (ColourType.GREY, ColourType.GREY_ALPHA)
        header = replace(header, mode=f"{layout.colour_type.name};16", dtype="uint16", channels=1 if grey else 3)
    if not layout.complete:
        header = replace(header, notes=(*header.notes, "the end of the file is missing"))
    decoder = Decoder.PILLOW
    if deep:
        # Pillow reduces 16-bit colour to 8 bits.
        decoder = Decoder.OPENCV
    elif verify and layout.is_plain:
        decoder = Decoder.LEAN
    return replace(plan, header=header, decoder=decoder, sound_bytes=layout.end)


def _inspect_other(stream: BinaryIO, *, orientation_late: bool) -> Plan:
    stream.seek(0)
    with PillowImage.open(stream, formats=PILLOW_FORMATS) as image:
        width, height = image.size
        refuse_size(width, height, error=ImageError)
        notes: list[str] = []
        if getattr(image, "is_animated", False):
            # Counting a GIF's frames walks the whole file; the others have the number in their header.
            count = "" if image.format == "GIF" else f" of {getattr(image, 'n_frames', 1)} images"
            notes.append(f"the first{count or ' image'} of an animation")
        if image.mode in _OTHER_COLOURS:
            notes.append(f"converted from {image.mode}")
        if is_broken_profile(image.info.get("icc_profile")):
            notes.append("its colour profile is broken and not used")
        if orientation_late:
            image.load()
        orientation, readable = _orientation(image)
        if not readable:
            notes.append("its EXIF data cannot be read, so it may be turned")
        mode = image.mode
    width, height = _upright_size(width, height, orientation)
    grey, dtype = mode in _GREY_MODES or mode.startswith("I;16"), _dtype_of_mode(mode)
    return Plan(ImageHeader(width, height, mode, dtype, 1 if grey else 3, tuple(notes)), orientation)


def is_broken_profile(profile: object) -> bool:
    """Tell whether what stands in a colour profile's place is none.

    Profiles are not used: class ids do not hang on a shade, and values are to be those of the file.
    Source: ICC.1:2022, section 7.2, "Profile header".
    """
    if not isinstance(profile, bytes) or not profile:
        return False
    return len(profile) < 128 or profile[36:40] != b"acsp" or int.from_bytes(profile[:4], "big") > len(profile)


def _orientation(image: PillowImage.Image) -> tuple[int, bool]:
    """Return the EXIF orientation (1…8), and whether the EXIF data could be read."""
    try:
        # The base method: the one for PNG decodes all pixels to look for data behind them.
        value = PillowImage.Image.getexif(image).get(_ORIENTATION_TAG, 1)
    except Exception:
        # Broken EXIF data raises nearly anything, and the pixels are sound all the same.
        return 1, False
    return (value if isinstance(value, int) and 1 <= value <= 8 else 1), True


def _upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    return (height, width) if orientation >= 5 else (width, height)


def _dtype_of_mode(mode: str) -> str:
    if mode.startswith("I;16"):
        return "uint16"
    return "float32" if mode in ("I", "F") else "uint8"


def _inspect_tiff(tiff: TiffHeader) -> Plan:
    refuse_size(tiff.width, tiff.height, error=ImageError)
    _refuse_unusual(tiff)
    by_pillow = _is_for_pillow(tiff)
    if not by_pillow and tiff.separate_planes and tiff.samples > 1:
        # OpenCV would return the channels mixed up, without a word.
        raise ImageError(
            f"stores each {tiff.bits}-bit channel in a plane of its own, which cannot be read",
            remedy="Save it with the channels of a pixel together (planar configuration 1).",
        )
    dtype = "float32"
    if tiff.sample_format is SampleFormat.UNSIGNED and tiff.bits <= 16:
        dtype = "uint8" if tiff.bits <= 8 or tiff.photometric == Photometric.CMYK else "uint16"
    notes = []
    if tiff.pages > 1:
        more = f"more than {MAX_PAGES_COUNTED}" if tiff.pages > MAX_PAGES_COUNTED else str(tiff.pages)
        notes.append(f"page 1 of {more}")
    if other := _OTHER_TIFF_COLOURS.get(tiff.photometric):
        notes.append(f"converted from {other}")
    colour = tiff.samples > 2 or tiff.photometric == Photometric.PALETTE
    orientation = tiff.orientation if 1 <= tiff.orientation <= 8 else 1
    width, height = _upright_size(tiff.width, tiff.height, orientation)
    header = ImageHeader(width, height, _tiff_mode(tiff), dtype, 3 if colour else 1, tuple(notes))
    # Pillow turns a TIFF upright itself.
    decoder = Decoder.PILLOW if by_pillow else Decoder.OPENCV
    return Plan(header, 1 if by_pillow else orientation, decoder=decoder, tiff=tiff)


def _refuse_unusual(tiff: TiffHeader) -> None:
    grey_alpha = tiff.samples == 2 and tiff.has_alpha and tiff.bits == 8
    if tiff.samples not in (1, 3, 4) and not grey_alpha:
        raise ImageError(
            f"has {tiff.samples} channels of {tiff.bits} bits, and only grey, RGB and RGBA images can be read",
            remedy="Save the channels that you want to see as a grey or RGB image.",
        )
    if tiff.sample_format is SampleFormat.OTHER:
        raise ImageError("has values that are neither whole numbers nor floats", remedy=_FLOAT_REMEDY)
    if tiff.sample_format is SampleFormat.FLOAT and tiff.bits not in (32, 64):
        raise ImageError(f"has {tiff.bits}-bit float values, which cannot be read", remedy=_FLOAT_REMEDY)


def _is_for_pillow(tiff: TiffHeader) -> bool:
    """Whether Pillow decodes it exactly; it knows more compressions than OpenCV, but fewer kinds of values."""
    if tiff.is_big_end_first_64:
        return False
    unsigned = tiff.sample_format is SampleFormat.UNSIGNED
    if unsigned and tiff.bits <= 8:
        return True
    if tiff.photometric == Photometric.CMYK:
        return unsigned and tiff.bits == 16
    return tiff.samples == 1 and (tiff.bits in (12, 16) or (tiff.bits == 32 and not unsigned))


def _tiff_mode(tiff: TiffHeader) -> str:
    if tiff.photometric == Photometric.PALETTE:
        return f"P;{tiff.bits}"
    if tiff.photometric == Photometric.CMYK:
        return f"CMYK;{tiff.bits}"
    return f"{('L', 'LA', 'RGB', 'RGBA')[tiff.samples - 1]};{tiff.bits}"
