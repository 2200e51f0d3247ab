"""What is left of a file that is cut short or damaged: the part before the damage, made into a whole file again.

A mended file is decoded like any other; the rows that are missing are black in a PNG and grey in a JPEG.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from segtool.core.errors import ImageError
from segtool.formats.inspection import Decoder, ImageHeader, Plan, inspect
from segtool.formats.jpeg_markers import JPEG_SIGNATURE, scan_jpeg
from segtool.formats.png_chunks import PNG_SIGNATURE, ColourType, chunk_of, sound_chunks
from segtool.formats.samples import Pixels, turn_upright
from segtool.formats.source import refuse_size

_SAMPLES = {
    ColourType.GREY: 1,
    ColourType.RGB: 3,
    ColourType.INDEXED: 1,
    ColourType.GREY_ALPHA: 2,
    ColourType.RGBA: 4,
}
# The pixels, the end, and the frames of an animation.
_REPLACED = frozenset({b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"})
_JPEG_END = b"\xff\xd9"
# Blocks whose bytes are missing come out as this grey in all channels.
_NEVER_DECODED = 128
# The highest row of blocks that is common: what of the last one is there may be only a part of it.
_BLOCK_ROWS = 16
# A few bytes may claim to be an image of gigabytes.
_MOST_PIXELS = 100_000_000
_ROUGH = "cut short: only a rough version of it is there"


@dataclass(frozen=True, slots=True)
class Mended:
    """A file that decodes again.

    Attributes
    ----------
    stream : BinaryIO
        The file.
    plan : Plan
        How to decode it.
    height : int
        Rows of the file before it is turned upright.
    rows : int or None
        How many of them are there; None if only the pixels can tell.
    is_damaged : bool
        Whether bytes in it are wrong; else its end is missing.
    is_rough : bool
        Whether all rows are there, but without their details.
    """

    stream: BinaryIO
    plan: Plan
    height: int
    rows: int | None
    is_damaged: bool = False
    is_rough: bool = False


def mend(stream: BinaryIO) -> Mended | None:
    """Make what is left of a PNG or a JPEG into a whole file; None if too little is left or it is another format.

    Raises
    ------
    ImageError
        Without a path, if the image is of a kind or size that cannot be read.
    Exception
        Whatever a decoder raises for a damaged header.
    """
    stream.seek(0)
    head = stream.read(8)
    if head == PNG_SIGNATURE:
        return _mend_png(stream)
    if head.startswith(JPEG_SIGNATURE):
        return _mend_jpeg(stream)
    return None


def mended_header(stream: BinaryIO) -> ImageHeader | None:
    """Return the header that a mended file will have, as far as that can be told without its pixels; see ``mend``.

    Raises
    ------
    ImageError
        Without a path, if the image is of a kind or size that cannot be read.
    Exception
        Whatever a decoder raises for a damaged header.
    """
    stream.seek(0)
    head = stream.read(8)
    if head == PNG_SIGNATURE:
        found = _sound_png(stream)
        # To unpack the pixels of a large one takes seconds and gigabytes.
        return None if found is None else inspect(_png_of(found, b""), verify=False).header
    mended = _mend_jpeg(stream) if head.startswith(JPEG_SIGNATURE) else None
    return None if mended is None else mended.plan.header


def damage_of(mended: Mended, decoded: Pixels) -> str:
    """Return what is wrong with a mended file, such as "cut short: the lower 49 % are missing".

    Parameters
    ----------
    mended : Mended
    decoded : ndarray, shape (H, W) or (H, W, 3)
        Its pixels before they are turned upright.

    Raises
    ------
    ImageError
        Without a path, if nothing of it is there.
    """
    if mended.is_rough:
        return _ROUGH
    rows = _rows_decoded(decoded) if mended.rows is None else mended.rows
    if rows <= 0:
        raise ImageError("is cut short: it holds no pixels", remedy="Copy it again from where it came.")
    # A part of a percent is no “0 %”, and a single row is more than nothing.
    percent = min(99, max(1, round(100 * (mended.height - rows) / mended.height)))
    what, side = "damaged" if mended.is_damaged else "cut short", _side_of_the_end(mended.plan.orientation)
    return f"{what}: the {side} {percent} % are missing"


def _mend_png(stream: BinaryIO) -> Mended | None:
    found = _sound_png(stream)
    if found is None:
        return None
    packed = b"".join(body for kind, body in found.chunks if kind == b"IDAT")
    rows, packed = _whole_rows(packed, found.row_bytes, found.height)
    if rows == 0:
        return None
    whole = _png_of(found, packed)
    return Mended(whole, _without_shortcut(inspect(whole, verify=True)), found.height, rows, found.is_damaged)


@dataclass(frozen=True, slots=True)
class _SoundPng:
    """What is sound of a PNG: its chunks (kind and content), whether one that is not follows, and what a row takes."""

    chunks: list[tuple[bytes, bytes]]
    is_damaged: bool
    height: int
    row_bytes: int


def _sound_png(stream: BinaryIO) -> _SoundPng | None:
    chunks, is_damaged = sound_chunks(stream)
    if not chunks or chunks[0][0] != b"IHDR":
        return None
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    refuse_size(width, height, error=ImageError)
    if interlaced or colour not in set(ColourType) or width * height > _MOST_PIXELS:
        return None
    row_bytes = 1 + -(-width * depth * _SAMPLES[ColourType(colour)] // 8)
    return _SoundPng(chunks, is_damaged, height, row_bytes)


def _png_of(found: _SoundPng, packed: bytes) -> BinaryIO:
    before = b"".join(chunk_of(kind, body) for kind, body in found.chunks if kind not in _REPLACED)
    return io.BytesIO(PNG_SIGNATURE + before + chunk_of(b"IDAT", packed) + chunk_of(b"IEND", b""))


def _whole_rows(packed: bytes, row_bytes: int, height: int) -> tuple[int, bytes]:
    """Unpack as many whole rows as there are; return their number, and all rows packed with empty ones behind them."""
    unpacker, wanted = zlib.decompressobj(), row_bytes * height
    try:
        rows = unpacker.decompress(packed, wanted)
    except zlib.error:
        rows = _up_to_the_fault(packed, wanted)
    count = min(height, len(rows) // row_bytes)
    # Not bit-flipped zeros: an empty row says that nothing is filtered, and that all samples are 0.
    return count, zlib.compress(rows[: count * row_bytes].ljust(wanted, b"\0"), 1)


def _up_to_the_fault(packed: bytes, wanted: int) -> bytes:
    """Unpack in small pieces, so that all before a fault comes out."""
    unpacker, rows = zlib.decompressobj(), bytearray()
    try:
        for at in range(0, len(packed), 256):
            rows += unpacker.decompress(packed[at : at + 256], wanted - len(rows))
            if len(rows) >= wanted:
                break
    except zlib.error:
        pass
    return bytes(rows)


def _mend_jpeg(stream: BinaryIO) -> Mended | None:
    layout = scan_jpeg(stream)
    if layout.complete or layout.bits != 8:
        # Whole, and refused for another reason; or of a kind that fills missing rows in some other way.
        return None
    stream.seek(0)
    whole = io.BytesIO(stream.read().rstrip(b"\xff") + _JPEG_END)
    plan = inspect(whole, verify=False)
    height, width = plan.header.height, plan.header.width
    if width * height > _MOST_PIXELS:
        return None
    stored = width if plan.orientation >= 5 else height
    return Mended(whole, plan, stored, None, is_rough=layout.is_progressive)


def _rows_decoded(pixels: Pixels) -> int:
    """Return how many rows of a mended JPEG were decoded, without a last row of blocks that may be half a row."""
    flat = pixels.reshape(pixels.shape[0], -1)
    is_there = np.flatnonzero((flat != _NEVER_DECODED).any(axis=1))
    return 0 if is_there.size == 0 else int(is_there[-1]) // _BLOCK_ROWS * _BLOCK_ROWS


def _side_of_the_end(orientation: int) -> str:
    """Return where the last rows of a file lie once the image is upright."""
    ends = turn_upright(np.array([[0, 0], [1, 1]], dtype=np.uint8), orientation)
    if ends[0, 0] == ends[0, 1]:
        return "lower" if ends[1, 0] else "upper"
    return "right" if ends[0, 1] else "left"


def _without_shortcut(plan: Plan) -> Plan:
    """Return a plan for a file that lies in memory only."""
    return replace(plan, decoder=Decoder.PILLOW) if plan.decoder is Decoder.LEAN else plan
