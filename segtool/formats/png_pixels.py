"""Whether a PNG holds as many pixels as its header says: decoders fill what is missing without a word.

Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", sections 7.2, 8.1 and 10.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from segtool.formats.png_chunks import ColourType, PngLayout
from segtool.formats.source import DamagedFileError

_SAMPLES = {
    ColourType.GREY: 1,
    ColourType.RGB: 3,
    ColourType.INDEXED: 1,
    ColourType.GREY_ALPHA: 2,
    ColourType.RGBA: 4,
}
# First column, first row, and steps between columns and rows of the seven passes of an interlaced image.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_WHOLE = ((0, 0, 1, 1),)
# Deflate makes data at most 1,032 times smaller.
_MOST_COMPRESSED = 1032
_PIECE = 1 << 20
_CUT = "is cut short: it holds fewer pixels than its header says"


def check_pixels(stream: BinaryIO, layout: PngLayout) -> None:
    """Unpack the pixels of a PNG without keeping them, and count them.

    Parameters
    ----------
    stream : BinaryIO
        A file that can seek.
    layout : PngLayout
        What ``scan_png`` has found in it.

    Raises
    ------
    DamagedFileError
        If there are too few.
    """
    stream.seek(28)
    passes = _PASSES if stream.read(1) == b"\x01" else _WHOLE
    bits = layout.bit_depth * _SAMPLES[layout.colour_type]
    expected = sum(_bytes_of(layout, bits, *step) for step in passes)
    if expected > _MOST_COMPRESSED * layout.end:
        raise DamagedFileError(_CUT)
    if _unpacked(stream, layout.end, at_most=expected) < expected:
        raise DamagedFileError(_CUT)


def _bytes_of(layout: PngLayout, bits: int, x: int, y: int, right: int, down: int) -> int:
    width, height = -(-(layout.width - x) // right), -(-(layout.height - y) // down)
    # One byte before each row says how it is filtered.
    return height * (1 + -(-width * bits // 8)) if width > 0 and height > 0 else 0


def _unpacked(stream: BinaryIO, end: int, *, at_most: int) -> int:
    inflate, found = zlib.decompressobj(), 0
    position = stream.seek(8)
    while position + 12 <= end and found < at_most and not inflate.eof:
        length, kind = struct.unpack(">I4s", stream.read(8))
        left = length if kind == b"IDAT" else 0
        while left and not inflate.eof:
            packed = stream.read(min(left, _PIECE))
            left -= len(packed)
            while packed and found < at_most and not inflate.eof:
                try:
                    found += len(inflate.decompress(packed, _PIECE))
                except zlib.error as cause:
                    raise DamagedFileError("is damaged: its pixels cannot be unpacked") from cause
                packed = inflate.unconsumed_tail
        position += 12 + length
        stream.seek(position)
    # What was read last may have more in it than one piece.
    while found < at_most and (more := inflate.decompress(b"", _PIECE)):
        found += len(more)
    return found
