"""Small PNG and TIFF files of kinds that Pillow and OpenCV read but do not write, or write only whole."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

_SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return one PNG chunk with the right check sum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    rows: list[bytes],
    *,
    width: int,
    bit_depth: int,
    colour_type: int,
    before: bytes = b"",
    after: bytes = b"",
    height: int | None = None,
    idat_bytes: int | None = None,
) -> bytes:
    """Return a PNG of packed rows; ``before`` and ``after`` are chunks around the pixels."""
    header = struct.pack(">IIBBBBB", width, len(rows) if height is None else height, bit_depth, colour_type, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row for row in rows))
    step = idat_bytes or max(1, len(packed))
    pixels = b"".join(chunk(b"IDAT", packed[at : at + step]) for at in range(0, len(packed), step))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + pixels + after + chunk(b"IEND", b"")


def png_of(array: npt.NDArray[Any], *, colour_type: int, **options: Any) -> bytes:
    """Return an 8- or 16-bit PNG of an array (H, W) or (H, W, C)."""
    stored = array.astype(array.dtype.newbyteorder(">"))
    return png(
        [row.tobytes() for row in stored],
        width=array.shape[1],
        bit_depth=array.dtype.itemsize * 8,
        colour_type=colour_type,
        **options,
    )


def orientation_exif(orientation: int) -> bytes:
    """Return an EXIF block that says how an image is turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def pillow_bytes(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return an image as Pillow writes it."""
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def tiff(
    array: npt.NDArray[Any],
    *,
    order: str = "<",
    orientation: int | None = None,
    photometric: int | None = None,
    extra: tuple[int, ...] = (),
    separate: bool = False,
    pages: int = 1,
    size: tuple[int, int] | None = None,
) -> bytes:
    """Return an uncompressed TIFF of an array (H, W) or (H, W, C); all pages share the pixels."""
    height, width = array.shape[:2]
    samples = 1 if array.ndim == 2 else array.shape[2]
    stored = array.astype(array.dtype.newbyteorder("<" if order == "<" else ">"))
    planes = [stored[:, :, c].tobytes() for c in range(samples)] if separate else [stored.tobytes()]
    out = bytearray(struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 0))
    offsets = []
    for plane in planes:
        offsets.append(len(out))
        out += plane
    out += b"\0" * (len(out) % 2)
    told_width, told_height = size or (width, height)
    tags: dict[int, tuple[str, list[int]]] = {
        256: ("I", [told_width]),
        257: ("I", [told_height]),
        258: ("H", [array.dtype.itemsize * 8] * samples),
        259: ("H", [1]),
        262: ("H", [(2 if samples >= 3 else 1) if photometric is None else photometric]),
        273: ("I", offsets),
        277: ("H", [samples]),
        278: ("I", [told_height]),
        279: ("I", [len(plane) for plane in planes]),
        284: ("H", [2 if separate else 1]),
        339: ("H", [_SAMPLE_FORMATS[array.dtype.kind]] * samples),
    }
    if orientation is not None:
        tags[274] = ("H", [orientation])
    if extra:
        tags[338] = ("H", list(extra))
    entries = b"".join(_tiff_entry(out, order, tag, *tags[tag]) for tag in sorted(tags))
    link = 4
    for _ in range(pages):
        struct.pack_into(order + "I", out, link, len(out))
        out += struct.pack(order + "H", len(tags)) + entries
        link = len(out)
        out += bytes(4)
    return bytes(out)


def _tiff_entry(out: bytearray, order: str, tag: int, letter: str, values: list[int]) -> bytes:
    raw = struct.pack(f"{order}{len(values)}{letter}", *values)
    if len(raw) > 4:
        place = len(out)
        out += raw + b"\0" * (len(raw) % 2)
        raw = struct.pack(order + "I", place)
    return struct.pack(order + "HHI", tag, {"H": 3, "I": 4}[letter], len(values)) + raw.ljust(4, b"\0")


def noise(shape: tuple[int, ...], dtype: str, *, high: int = 250, seed: int = 0) -> npt.NDArray[Any]:
    """Return repeatable values from 0 to ``high``."""
    return np.random.default_rng(seed).integers(0, high + 1, shape).astype(dtype)
