from __future__ import annotations

import io

import numpy as np
import pytest

from segtool.formats.png_chunks import ColourType, PngLayout, scan_png
from segtool.formats.source import DamagedFileError
from tests.formats.file_makers import chunk, noise, orientation_exif, png_of

GREY = png_of(noise((5, 7), "u1"), colour_type=0)


def scan(data: bytes, *, verify: bool = True) -> PngLayout:
    return scan_png(io.BytesIO(data), verify=verify)


@pytest.mark.parametrize("verify", [True, False])
def test_layout(verify: bool) -> None:
    exif = chunk(b"eXIf", orientation_exif(6)[6:])
    animated = chunk(b"acTL", (3).to_bytes(4, "big") + bytes(4))
    data = png_of(noise((5, 7, 3), "u2"), colour_type=2, before=animated, after=exif)
    assert scan(data, verify=verify) == PngLayout(7, 5, 16, ColourType.RGB, 3, True, True, len(data))
    assert not scan(png_of(noise((5, 7), "u1"), colour_type=0, before=exif)).exif_after_pixels


def test_what_follows_the_end_is_passed_over() -> None:
    layout = scan(GREY + b"trailing bytes")
    assert (layout.complete, layout.end) == (True, len(GREY))


def test_every_flipped_bit_of_a_block_is_noticed() -> None:
    for place in range(8, len(GREY)):
        for bit in range(8):
            damaged = bytearray(GREY)
            damaged[place] ^= 1 << bit
            try:
                layout = scan(bytes(damaged))
            except DamagedFileError:
                continue
            # Only the length or the type of the end marker can change without touching the pixels.
            assert place >= len(GREY) - 12, (place, bit)
            assert not layout.complete, (place, bit)


@pytest.mark.parametrize("verify", [True, False])
def test_a_file_that_is_cut_short(verify: bool) -> None:
    for length in range(len(GREY)):
        try:
            layout = scan(GREY[:length], verify=verify)
        except DamagedFileError:
            assert length < len(GREY) - 12
            continue
        assert length >= len(GREY) - 12
        assert not layout.complete
        assert layout.end == len(GREY) - 12


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"x"),
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"x") + chunk(b"IDAT", b"x"),
        GREY[:33] + GREY[8:],
        GREY[:33] + chunk(b"IEND", b""),
        png_of(noise((2, 2), "u1"), colour_type=5),
        b"GIF89a",
    ],
    ids=["no header", "short header", "two headers", "no pixels", "colour type", "not a PNG"],
)
def test_nonsense_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedFileError):
        scan(data)


def test_blocks_larger_than_a_piece_are_verified() -> None:
    data = bytearray(png_of(np.random.default_rng(0).integers(0, 256, (1100, 1100), dtype=np.uint8), colour_type=0))
    assert len(data) > 1 << 20
    scan(bytes(data))
    data[-100] ^= 1
    with pytest.raises(DamagedFileError, match="check sum"):
        scan(bytes(data))
