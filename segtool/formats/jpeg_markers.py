"""The markers of a JPEG file: how it stores a pixel, and whether its last scan is followed by the end marker.

Source: ITU-T T.81, "Digital compression and coding of continuous-tone still images", annex B.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

from segtool.formats.source import DamagedFileError

JPEG_SIGNATURE = b"\xff\xd8"

MAX_SCANS = 200
"""Sound files have ten to sixty. Each costs as much work as decoding the image, and takes a hundred bytes."""

_PIECE = 1 << 20
_SCAN, _END, _PROGRESSIVE = 0xDA, 0xD9, 0xC2
# Huffman coded, not lossless: baseline, extended, progressive. Everything else is rare enough to be left to Pillow.
_COMMON_FRAMES = frozenset({0xC0, 0xC1, _PROGRESSIVE})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Within a scan a byte of 255 is followed by 0, or belongs to a restart marker; 255 before a marker is filling.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class JpegLayout:
    """What the markers of a JPEG say about it.

    Attributes
    ----------
    bits, components : int
        Bits per sample and samples per pixel; 0 if no frame of a common kind was found.
    complete : bool
        Whether the end marker stands behind a scan: without it rows are missing. In a file that is not progressive
        nothing else may stand there: a decoder has all rows by then, and may not look at it.
    is_progressive : bool
        Whether details of the whole image follow a rough version of it.
    """

    bits: int
    components: int
    complete: bool
    is_progressive: bool = False


def scan_jpeg(stream: BinaryIO) -> JpegLayout:
    """Walk the markers of a JPEG up to its end marker; a thumbnail inside of it does not count.

    Parameters
    ----------
    stream : BinaryIO
        A file that can seek; read from its start in pieces.

    Raises
    ------
    DamagedFileError
        If it has more scans than any sound file.
    """
    stream.seek(0)
    bits = components = 0
    is_progressive = False
    scans = 0
    if stream.read(2) != JPEG_SIGNATURE:
        return JpegLayout(0, 0, complete=False)
    position = 2
    while (found := _next_marker(stream, position)) is not None:
        position, marker = found
        if marker == _END:
            return JpegLayout(bits, components, complete=scans > 0, is_progressive=is_progressive)
        if scans and not is_progressive:
            break
        stream.seek(position)
        head = stream.read(8)
        length = int.from_bytes(head[:2], "big")
        if len(head) < 8 or length < 2:
            break
        if marker in _FRAMES:
            is_progressive = marker == _PROGRESSIVE
            # A second frame belongs to a hierarchical file.
            bits, components = (head[2], head[7]) if marker in _COMMON_FRAMES and not bits else (0, 0)
        scans += marker == _SCAN
        if scans > MAX_SCANS:
            raise DamagedFileError(f"draws its image more than {MAX_SCANS} times over, to keep the processor busy")
        position += length
    return JpegLayout(bits, components, complete=False, is_progressive=is_progressive)


def _next_marker(stream: BinaryIO, position: int) -> tuple[int, int] | None:
    """Return the offset behind the next marker, and the marker; None if there is none."""
    stream.seek(position)
    before = b""
    while piece := stream.read(_PIECE):
        piece = before + piece
        found = _MARKER.search(piece)
        if found is not None:
            return position + found.end(), piece[found.end() - 1]
        # A marker may lie across two pieces.
        before = piece[-1:]
        position += len(piece) - 1
    return None
