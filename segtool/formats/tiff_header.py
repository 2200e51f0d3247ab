"""The header of a TIFF's first page: what its samples are, so that no decoder has to guess.

Source: Adobe, "TIFF Revision 6.0" (1992); the 64-bit variant follows libtiff's BigTIFF design.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from segtool.formats.source import DamagedFileError

TIFF_SIGNATURES = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
MAX_PAGES_COUNTED = 10_000

_MAX_ENTRIES = 4096
_MAX_VALUES = 16
_FORMATS = {1: "B", 3: "H", 4: "I", 16: "Q"}


class Tag(IntEnum):
    """The tags that are read."""

    WIDTH = 256
    HEIGHT = 257
    BITS = 258
    PHOTOMETRIC = 262
    ORIENTATION = 274
    SAMPLES = 277
    PLANAR = 284
    EXTRA_SAMPLES = 338
    SAMPLE_FORMAT = 339


class SampleFormat(IntEnum):
    """What the bits of a sample mean."""

    UNSIGNED = 1
    SIGNED = 2
    FLOAT = 3
    OTHER = 4


class Photometric(IntEnum):
    """How samples become colours; only those that are treated specially."""

    WHITE_IS_ZERO = 0
    BLACK_IS_ZERO = 1
    RGB = 2
    PALETTE = 3
    CMYK = 5
    LAB = 8
    ICC_LAB = 9


@dataclass(frozen=True, slots=True)
class TiffHeader:
    """The first page of a TIFF, before orientation.

    Attributes
    ----------
    bits : int
        Bits of the widest sample.
    photometric : int
        A value of ``Photometric``, or another one of the standard.
    extra_samples : tuple of int
        Meaning of each sample past the colours: 0 something else, 1 and 2 alpha.
    separate_planes : bool
        Whether each channel lies in a block of its own.
    orientation : int
        1 to 8, as in EXIF.
    pages : int
        Number of pages, counted no further than ``MAX_PAGES_COUNTED`` + 1.
    orientation_at, orientation_bytes : int, bytes
        Where the orientation lies in the file and what to write there for "upright"; no bytes if it has none.
    is_big_end_first_64 : bool
        Whether it is of the 64-bit variant with the most significant byte first, which Pillow misreads.
    """

    width: int
    height: int
    bits: int
    samples: int
    sample_format: SampleFormat
    photometric: int
    extra_samples: tuple[int, ...]
    separate_planes: bool
    orientation: int
    pages: int
    orientation_at: int
    orientation_bytes: bytes
    is_big_end_first_64: bool = False

    @property
    def has_alpha(self) -> bool:
        """Whether the last sample says how opaque a pixel is; four samples without a word count as RGBA."""
        if self.extra_samples:
            return self.extra_samples[-1] in (1, 2)
        return self.samples == 4 and self.photometric == Photometric.RGB

    def set_upright(self, data: npt.NDArray[np.uint8]) -> None:
        """Overwrite the orientation in the file's bytes: decoders differ in whether they turn the image."""
        end = self.orientation_at + len(self.orientation_bytes)
        data[self.orientation_at : end] = np.frombuffer(self.orientation_bytes, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class _Variant:
    """Byte order and field widths of one file."""

    order: str
    big: bool

    @property
    def pointer(self) -> str:
        return self.order + ("Q" if self.big else "I")

    @property
    def count(self) -> str:
        return self.order + ("Q" if self.big else "H")

    @property
    def entry_size(self) -> int:
        return 20 if self.big else 12


@dataclass(frozen=True, slots=True)
class PageList:
    """Where the pages of a TIFF are, and what in its head leads to the first of them.

    Attributes
    ----------
    offsets : tuple of int
        Of each page, as far as ``MAX_PAGES_COUNTED`` + 1.
    pointer_at : int
        Where the offset of the first page is stored.
    pointer : str
        Layout of that offset, as ``struct`` writes it.
    """

    offsets: tuple[int, ...]
    pointer_at: int
    pointer: str

    def pointer_to(self, offset: int) -> bytes:
        """Return what to write there to make another page the first one."""
        return struct.pack(self.pointer, offset)


def read_page_list(stream: BinaryIO) -> PageList:
    """Find the pages of a TIFF; DamagedFileError if its head makes no sense."""
    try:
        variant, first = _file_head(stream)
    except struct.error as cause:
        raise DamagedFileError("is damaged: its TIFF header makes no sense") from cause
    return PageList(tuple(_page_offsets(stream, variant, first)), 8 if variant.big else 4, variant.pointer)


def read_tiff_header(stream: BinaryIO) -> TiffHeader:
    """Read the first page's header and count the pages.

    Parameters
    ----------
    stream : BinaryIO
        A file that can seek.

    Raises
    ------
    DamagedFileError
        If the header makes no sense.
    """
    try:
        variant, offset = _file_head(stream)
        values, places = _directory(stream, variant, offset)
        width, height = values[Tag.WIDTH][0], values[Tag.HEIGHT][0]
    except (struct.error, KeyError, IndexError, OverflowError) as cause:
        raise DamagedFileError("is damaged: its TIFF header makes no sense") from cause
    sample_formats = set(values.get(Tag.SAMPLE_FORMAT, (SampleFormat.UNSIGNED,)))
    only = sample_formats.pop() if len(sample_formats) == 1 else SampleFormat.OTHER
    at, upright = places.get(Tag.ORIENTATION, (0, b""))
    return TiffHeader(
        width=width,
        height=height,
        bits=max(values.get(Tag.BITS, (1,))),
        samples=_first(values, Tag.SAMPLES, 1),
        sample_format=SampleFormat(only) if only in set(SampleFormat) else SampleFormat.OTHER,
        photometric=_first(values, Tag.PHOTOMETRIC, Photometric.BLACK_IS_ZERO),
        extra_samples=values.get(Tag.EXTRA_SAMPLES, ()),
        separate_planes=_first(values, Tag.PLANAR, 1) == 2,
        orientation=_first(values, Tag.ORIENTATION, 1),
        pages=sum(1 for _ in _page_offsets(stream, variant, offset)),
        orientation_at=at,
        orientation_bytes=upright,
        is_big_end_first_64=variant.big and variant.order == ">",
    )


def _first(values: dict[int, tuple[int, ...]], tag: Tag, default: int) -> int:
    return (values.get(tag) or (default,))[0]


def _file_head(stream: BinaryIO) -> tuple[_Variant, int]:
    stream.seek(0)
    head = stream.read(16)
    if head[:4] not in TIFF_SIGNATURES:
        raise DamagedFileError("is not a TIFF image")
    variant = _Variant("<" if head[:2] == b"II" else ">", b"+" in head[:4])
    (offset,) = struct.unpack_from(variant.pointer, head, 8 if variant.big else 4)
    return variant, int(offset)


def _directory(
    stream: BinaryIO, variant: _Variant, offset: int
) -> tuple[dict[int, tuple[int, ...]], dict[int, tuple[int, bytes]]]:
    """Return the values of the tags that are read, and where each lies with the bytes of a 1 in its type."""
    stream.seek(offset)
    (count,) = struct.unpack(variant.count, stream.read(struct.calcsize(variant.count)))
    if not 0 < count <= _MAX_ENTRIES:
        raise DamagedFileError(f"is damaged: its TIFF header has {count} entries")
    start = stream.tell()
    table = stream.read(count * variant.entry_size)
    inline = 8 if variant.big else 4
    wanted = {int(tag) for tag in Tag}
    values: dict[int, tuple[int, ...]] = {}
    places: dict[int, tuple[int, bytes]] = {}
    for index in range(count):
        at = index * variant.entry_size
        tag, kind = struct.unpack_from(variant.order + "HH", table, at)
        (number,) = struct.unpack_from(variant.pointer, table, at + 4)
        if tag not in wanted or kind not in _FORMATS or number == 0:
            continue
        letter = _FORMATS[kind]
        layout = f"{variant.order}{min(number, _MAX_VALUES)}{letter}"
        value_at = at + variant.entry_size - inline
        if struct.calcsize(f"{variant.order}{number}{letter}") <= inline:
            raw, place = table[value_at:], start + value_at
        else:
            (place,) = struct.unpack_from(variant.pointer, table, value_at)
            stream.seek(place)
            raw = stream.read(struct.calcsize(layout))
        values[tag] = struct.unpack_from(layout, raw)
        places[tag] = (place, struct.pack(variant.order + letter, 1))
    return values, places


def _page_offsets(stream: BinaryIO, variant: _Variant, first: int) -> Iterator[int]:
    """Yield the offset of each page, stopping where the chain ends, breaks off or bites its tail."""
    seen: set[int] = set()
    offset = first
    while offset and offset not in seen and len(seen) <= MAX_PAGES_COUNTED:
        seen.add(offset)
        yield offset
        try:
            stream.seek(offset)
            (count,) = struct.unpack(variant.count, stream.read(struct.calcsize(variant.count)))
            stream.seek(count * variant.entry_size, 1)
            (offset,) = struct.unpack(variant.pointer, stream.read(struct.calcsize(variant.pointer)))
        except (struct.error, OSError, OverflowError):
            return
