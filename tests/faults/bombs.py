"""Small files that are large, slow or endless for whoever believes what they say."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tests.formats.file_makers import chunk, noise, pillow_bytes, png_of, tiff

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Bomb:
    """A file.

    Attributes
    ----------
    name : str
    data : bytes
    may_open : bool
        Whether there is an image of common size in it that may be shown.
    """

    name: str
    data: bytes
    may_open: bool = False


def packed_zeros(count: int) -> bytes:
    """Return a zlib stream of so many zeros, without packing them: one piece is the same as the next."""
    packer = zlib.compressobj(9)
    head = packer.compress(bytes(_MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(bytes(_MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(_MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    assert piece == again
    whole, rest = divmod(count, _MIB)
    end = zlib.compressobj(9)
    tail = (end.compress(bytes(rest)) + end.flush())[2:-4]
    # Adler-32 of zeros.
    return head + piece * (whole - 1) + tail + struct.pack(">HH", count % 65521, 1)


def png(width: int, height: int, packed: bytes, *, colour_type: int = 0, before: bytes = b"") -> bytes:
    """Return an 8-bit PNG of packed rows."""
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + before + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def progressive(side: int, scans: int) -> bytes:
    """Return a blank JPEG whose last scan stands in it so many times; each costs as much work as the image."""
    data = pillow_bytes(Image.new("L", (side, side), 90), "JPEG", quality=50, progressive=True)
    start, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    return data[:start] + data[start:end] * scans + data[end:]


def jpeg_of_size(width: int, height: int) -> bytes:
    """Return a small JPEG whose header says another size."""
    data = bytearray(pillow_bytes(Image.fromarray(noise((48, 64), "uint8")), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    struct.pack_into(">HH", data, at, height, width)
    return bytes(data)


def gif(frames: int) -> bytes:
    """Return a GIF of so many frames of 65,535² pixels."""
    head = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def small_gif(frames: int) -> bytes:
    """Return a GIF of so many frames of two pixels."""
    head = b"GIF89a" + struct.pack("<HHBBB", 2, 1, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 2, 1, 0) + b"\x02\x02\x04\x0a\x00"
    return head + frame * frames + b"\x3b"


def looping_tiff() -> bytes:
    """Return a TIFF whose second page leads back to the first."""
    data = bytearray(tiff(noise((30, 40), "uint8"), pages=2))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    (second,) = struct.unpack_from("<I", data, first + 2 + 12 * count)
    struct.pack_into("<I", data, second + 2 + 12 * count, first)
    return bytes(data)


def moving_png(frames: int) -> bytes:
    """Return a PNG that says it has so many frames."""
    return png_of(noise((30, 40), "uint8"), colour_type=0, before=chunk(b"acTL", struct.pack(">II", frames, 0)))


def bombs() -> list[Bomb]:
    """Return them all."""
    small = noise((30, 40), "uint8")
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in small))
    zeros = packed_zeros(500 * _MIB)
    webp = pillow_bytes(Image.new("RGB", (16, 16)), "WEBP", lossless=True)
    return [
        Bomb("grey 20000.png", png(20_000, 20_000, packed_zeros(20_001 * 20_000))),
        Bomb("colour 20000.png", png(20_000, 20_000, packed_zeros(60_001 * 20_000), colour_type=2)),
        Bomb("header 33000.png", png(33_000, 33_000, rows)),
        Bomb("header 65000.png", png(65_000, 65_000, rows)),
        Bomb("header 2^31.png", png(2**31 - 1, 2**31 - 1, rows)),
        Bomb("header 20000.png", png(20_000, 20_000, rows)),
        Bomb("header 20000.jpg", jpeg_of_size(20_000, 20_000)),
        Bomb("header 65000.jpg", jpeg_of_size(65_000, 65_000)),
        Bomb("header 2^31.tif", tiff(small, size=(2**31 - 1, 2**31 - 1))),
        Bomb("header 20000.tif", tiff(small, size=(20_000, 20_000))),
        Bomb("header 65000.bmp", _bmp(65_000, 6_000)),
        Bomb("header 2^31.bmp", _bmp(2**31 - 1, 2**31 - 1)),
        Bomb("header 16383.webp", webp[:21] + struct.pack("<I", 16382 | 16382 << 14) + webp[25:]),
        Bomb("text.png", png(40, 30, rows, before=chunk(b"zTXt", b"Comment\0\0" + zeros)), may_open=True),
        Bomb("unicode text.png", png(40, 30, rows, before=chunk(b"iTXt", b"a\0\1\0\0\0" + zeros)), may_open=True),
        Bomb("profile.png", png(40, 30, rows, before=chunk(b"iCCP", b"icc\0\0" + zeros)), may_open=True),
        Bomb("many texts.png", png(40, 30, rows, before=chunk(b"tEXt", b"a\0b") * 20_000), may_open=True),
        Bomb("100000 pages.tif", tiff(small, pages=100_000), may_open=True),
        Bomb("16-bit of 100000 pages.tif", tiff(small.astype(np.uint16), pages=100_000), may_open=True),
        Bomb("looping pages.tif", looping_tiff(), may_open=True),
        Bomb("2^31 frames.png", moving_png(2**31 - 1), may_open=True),
        Bomb("100000 frames.gif", small_gif(100_000), may_open=True),
        Bomb("large frames.gif", gif(1000)),
        Bomb("1000 scans.jpg", progressive(2000, 1000)),
    ]


def _bmp(width: int, height: int) -> bytes:
    data = bytearray(pillow_bytes(Image.fromarray(noise((48, 64), "uint8")), "BMP"))
    struct.pack_into("<ii", data, 18, width, height)
    return bytes(data)
