from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from segtool.formats.source import DamagedFileError
from segtool.formats.tiff_header import MAX_PAGES_COUNTED, SampleFormat, TiffHeader, read_tiff_header
from tests.formats.file_makers import noise, pillow_bytes, tiff


def header(data: bytes) -> TiffHeader:
    return read_tiff_header(io.BytesIO(data))


@pytest.mark.parametrize("order", ["<", ">"])
def test_header(order: str) -> None:
    found = header(tiff(noise((5, 7, 3), "u2"), order=order, orientation=6, pages=3))
    assert (found.width, found.height, found.bits, found.samples, found.pages) == (7, 5, 16, 3, 3)
    assert (found.sample_format, found.orientation, found.separate_planes) == (SampleFormat.UNSIGNED, 6, False)
    assert header(tiff(noise((5, 7), "i4"), order=order)).sample_format is SampleFormat.SIGNED
    assert header(tiff(noise((5, 7), "f8"), order=order)).bits == 64
    assert header(tiff(noise((5, 7, 3), "u1"), order=order, separate=True)).separate_planes


def test_large_variant() -> None:
    found = header(pillow_bytes(Image.new("RGB", (7, 5)), "TIFF", big_tiff=True))
    assert (found.width, found.height, found.bits, found.samples, found.pages) == (7, 5, 8, 3, 1)


@pytest.mark.parametrize(
    ("samples", "extra", "photometric", "expected"),
    [
        (4, (), 2, True),
        (4, (2,), 2, True),
        (4, (1,), 2, True),
        (4, (0,), 2, False),
        (3, (), 2, False),
        (4, (), 5, False),
    ],
)
def test_alpha(samples: int, extra: tuple[int, ...], photometric: int, expected: bool) -> None:
    assert header(tiff(noise((5, 7, samples), "u1"), extra=extra, photometric=photometric)).has_alpha is expected


@pytest.mark.parametrize("order", ["<", ">"])
def test_setting_upright_changes_the_orientation_only(order: str) -> None:
    turned = tiff(noise((5, 7), "u2"), order=order, orientation=6)
    data = np.frombuffer(bytearray(turned), dtype=np.uint8)
    header(turned).set_upright(data)
    assert data.tobytes() == tiff(noise((5, 7), "u2"), order=order, orientation=1)
    plain = np.frombuffer(bytearray(tiff(noise((5, 7), "u2"))), dtype=np.uint8)
    header(plain.tobytes()).set_upright(plain)
    assert plain.tobytes() == tiff(noise((5, 7), "u2"))


def test_pages_are_counted_up_to_a_limit_and_never_in_a_circle() -> None:
    assert header(tiff(noise((2, 2), "u1"), pages=MAX_PAGES_COUNTED + 50)).pages == MAX_PAGES_COUNTED + 1
    data = bytearray(tiff(noise((2, 2), "u1"), pages=2))
    data[-4:] = data[4:8]
    assert header(bytes(data)).pages == 2
    data[-4:] = struct.pack("<I", 2**32 - 1)
    assert header(bytes(data)).pages == 3


def test_every_cut_and_every_wild_byte_gives_a_header_or_a_clear_error() -> None:
    good = tiff(noise((3, 3, 3), "u2"), orientation=3)
    rng = np.random.default_rng(0)
    for length in range(len(good)):
        try:
            header(good[:length])
        except DamagedFileError:
            continue
        # The link to the next page may be lost, the header may not.
        assert length >= len(good) - 4
    reasons: set[str] = set()
    for _ in range(500):
        wild = bytearray(good)
        for place in rng.integers(4, len(good), 3):
            wild[place] = rng.integers(0, 256)
        try:
            header(bytes(wild))
        except DamagedFileError as error:
            reasons.add(str(error))
    assert reasons
    assert all(reason.startswith("is ") for reason in reasons)
