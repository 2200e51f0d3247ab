"""The chunks of a PNG file: what it holds, and whether its check sums agree with its bytes.

Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", sections 5 and 11.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

from segtool.formats.source import DamagedFileError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"

_PIECE = 1 << 20
_MAX_CHUNK = 2**31 - 1


class ColourType(IntEnum):
    """How a PNG stores a pixel."""

    GREY = 0
    RGB = 2
    INDEXED = 3
    GREY_ALPHA = 4
    RGBA = 6


@dataclass(frozen=True, slots=True)
class PngLayout:
    """What the chunks of a PNG say about it, before orientation.

    Attributes
    ----------
    bit_depth : int
        Bits per sample: 1, 2, 4, 8 or 16.
    frames : int
        1, or the number of frames of an animation.
    exif_after_pixels : bool
        Whether the orientation stands behind the pixels, where a reader of headers does not look.
    complete : bool
        Whether the end marker is there; without it nothing but trailing remarks can be missing
        if the pixels decode.
    end : int
        Offset in bytes of the first byte that belongs to no whole chunk.
    has_clear_colour : bool
        Whether a colour, or an index, is said to be transparent.
    """

    width: int
    height: int
    bit_depth: int
    colour_type: ColourType
    frames: int
    exif_after_pixels: bool
    complete: bool
    end: int
    has_clear_colour: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is one whole image of 8-bit grey or RGB, nothing transparent in it."""
        is_opaque = self.colour_type in (ColourType.GREY, ColourType.RGB) and not self.has_clear_colour
        return self.complete and self.bit_depth == 8 and self.frames == 1 and is_opaque


def scan_png(stream: BinaryIO, *, verify: bool) -> PngLayout:
    """Walk the chunks of a PNG.

    A decoder that passes over check sums returns wrong pixels for one flipped bit: half of an image
    or of a mask can change silently.

    Parameters
    ----------
    stream : BinaryIO
        A file that can seek; read from its start.
    verify : bool
        Read every byte and compare every chunk's CRC; without it only the chunks' headers are read.

    Raises
    ------
    DamagedFileError
        If the file is not a PNG, a check sum is wrong or it ends before its pixels do.
    """
    stream.seek(0)
    if stream.read(8) != PNG_SIGNATURE:
        raise DamagedFileError("is not a PNG image")
    size = stream.seek(0, 2)
    stream.seek(8)
    header: bytes | None = None
    frames, position = 1, 8
    has_pixels = late_exif = complete = has_clear = False
    while not complete:
        length, kind = _chunk_head(stream, first=header is None, has_pixels=has_pixels)
        if kind is None:
            break
        if kind == b"IEND" and position + 12 > size:
            break
        if position + 12 + length > size:
            raise DamagedFileError("is cut short")
        body = _chunk_body(stream, length, kind, verify=verify)
        position += 12 + length
        if kind == b"IHDR":
            header = body
        elif kind == b"acTL":
            frames = max(1, int.from_bytes(body[:4], "big"))
        has_pixels |= kind == b"IDAT"
        has_clear |= kind == b"tRNS"
        late_exif |= kind == b"eXIf" and has_pixels
        complete = kind == b"IEND"
    if header is None or not has_pixels:
        raise DamagedFileError("is cut short: it holds no pixels")
    width, height, bit_depth, colour_type = struct.unpack(">IIBB", header[:10])
    try:
        colours = ColourType(colour_type)
    except ValueError as cause:
        raise DamagedFileError(f"has the unknown colour type {colour_type}") from cause
    return PngLayout(width, height, bit_depth, colours, frames, late_exif, complete, position, has_clear)


def _chunk_head(stream: BinaryIO, *, first: bool, has_pixels: bool) -> tuple[int, bytes | None]:
    """Return length and kind of the chunk at hand; kind None at the end of a file that has its pixels."""
    head = stream.read(8)
    if len(head) < 8:
        if has_pixels:
            return 0, None
        raise DamagedFileError("is cut short: it holds no pixels")
    length, kind = struct.unpack(">I4s", head)
    if length > _MAX_CHUNK or not kind.isalpha():
        raise DamagedFileError("is damaged: one of its blocks has an impossible header")
    if first != (kind == b"IHDR") or (first and length != 13):
        raise DamagedFileError("is damaged: its header block is missing, doubled or too short")
    return length, kind


def _chunk_body(stream: BinaryIO, length: int, kind: bytes, *, verify: bool) -> bytes:
    """Read past a chunk's data and CRC; return the first bytes of its data."""
    kept = b""
    if not verify:
        kept = stream.read(min(length, 16))
        stream.seek(length - len(kept) + 4, 1)
        return kept
    crc, left = zlib.crc32(kind), length
    while left:
        piece = stream.read(min(left, _PIECE))
        if not piece:
            raise DamagedFileError("is cut short")
        kept = kept or piece[:16]
        crc = zlib.crc32(piece, crc)
        left -= len(piece)
    if stream.read(4) != crc.to_bytes(4, "big"):
        raise DamagedFileError(f"is damaged: a check sum is wrong (block {kind.decode('ascii')})")
    return kept


def chunk_of(kind: bytes, body: bytes) -> bytes:
    """Return a chunk with its length and check sum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def sound_chunks(stream: BinaryIO) -> tuple[list[tuple[bytes, bytes]], bool]:
    """Return kind and data of the chunks before the first damage; of a last one that is cut short, what is there.

    A chunk of pixels whose check sum is wrong is left out with all behind it, and True is returned beside them.
    """
    stream.seek(8)
    is_damaged = False
    chunks: list[tuple[bytes, bytes]] = []
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if length > _MAX_CHUNK or not kind.isalpha():
            is_damaged = True
            break
        body, crc = stream.read(length), stream.read(4)
        if len(body) < length or len(crc) < 4:
            if kind == b"IDAT":
                chunks.append((kind, body))
            break
        if zlib.crc32(kind + body) != int.from_bytes(crc, "big"):
            is_damaged = True
            break
        chunks.append((kind, body))
    return chunks, is_damaged
