from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from segtool.formats.mask_png import encode_mask
from segtool.formats.png_chunks import scan_png
from segtool.formats.png_pixels import check_pixels
from segtool.formats.source import DamagedFileError
from tests.formats.file_makers import chunk, noise, png, png_of


def check(data: bytes) -> None:
    stream = io.BytesIO(data)
    check_pixels(stream, scan_png(stream, verify=True))


def taller(data: bytes, height: int) -> bytes:
    """Return a PNG whose header says another height, with the right check sum."""
    header = data[12:20] + struct.pack(">I", height) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


@pytest.mark.parametrize(
    "data",
    [
        encode_mask(noise((37, 41), "u1")),
        encode_mask(np.zeros((3000, 3000), np.uint8)),
        png_of(noise((5, 7, 4), "u2", high=65535), colour_type=6),
        png_of(noise((50, 70), "u1"), colour_type=0, idat_bytes=11),
        png([b"\xff"] * 3, width=3, bit_depth=1, colour_type=0, after=chunk(b"tEXt", b"a\0b")),
    ],
)
def test_whole_files_have_as_many_pixels_as_they_say_and_not_one_row_more(data: bytes) -> None:
    check(data)
    (height,) = struct.unpack(">I", data[20:24])
    with pytest.raises(DamagedFileError, match="fewer pixels"):
        check(taller(data, height + 1))


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (8, 8), (17, 30)])
def test_interlaced_files_are_counted_pass_by_pass(size: tuple[int, int]) -> None:
    width, height = size
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    pixels = noise((height, width), "u1")
    rows = [pixels[y::down, x::right] for x, y, right, down in passes]
    raw = b"".join(b"\0" + line.tobytes() for part in rows if part.size for line in part)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 1)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(data))), pixels)
    check(data)
    with pytest.raises(DamagedFileError):
        check(taller(data, height + 1))


def test_a_header_that_lies_grossly_is_not_unpacked() -> None:
    with pytest.raises(DamagedFileError, match="fewer pixels"):
        check(taller(encode_mask(np.zeros((4, 20000), np.uint8)), 20000))
