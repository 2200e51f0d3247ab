"""Of a file that is cut short or damaged, what is there can be looked at, and nothing else is taken for pixels."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from segtool.core.errors import ImageError
from segtool.formats import isolated
from segtool.formats.image import probe_image, read_image
from tests.faults.corpus import upright
from tests.formats.file_makers import chunk, noise, orientation_exif, pillow_bytes, png, png_of

RGB8 = noise((64, 48, 3), "u1")


def partial_of(folder: Path, data: bytes):
    path = folder / "a.png"
    path.write_bytes(data)
    with pytest.raises(ImageError):
        read_image(path)
    image = read_image(path, partial=True)
    header = probe_image(path, partial=True)
    assert (header.height, header.width, header.dtype) == (*image.pixels.shape[:2], image.pixels.dtype)
    return image


def test_the_rows_before_the_end_are_exact_and_the_share_is_told(tmp_path: Path) -> None:
    data = png_of(RGB8, colour_type=2)
    image = partial_of(tmp_path, data[: len(data) // 2])
    rows = int((image.pixels == RGB8).all(axis=(1, 2)).sum())
    assert 20 < rows < 40
    np.testing.assert_array_equal(image.pixels[:rows], RGB8[:rows])
    assert not image.pixels[rows:].any()
    assert image.damage == f"cut short: the lower {round(100 * (64 - rows) / 64)} % are missing"


def test_a_flipped_bit_costs_what_follows_it(tmp_path: Path) -> None:
    data = bytearray(png_of(RGB8, colour_type=2, idat_bytes=500))
    data[len(data) // 2] ^= 1
    image = partial_of(tmp_path, bytes(data))
    is_true = (image.pixels == RGB8).all(axis=(1, 2))
    assert 10 < is_true.sum() < 40
    assert image.damage.startswith("damaged: the lower")
    assert not image.pixels[~is_true].any()


@pytest.mark.parametrize(("orientation", "side"), [(1, "lower"), (3, "upper"), (6, "left"), (8, "right")])
def test_the_side_is_that_of_the_upright_image(tmp_path: Path, orientation: int, side: str) -> None:
    exif = chunk(b"eXIf", orientation_exif(orientation)[6:])
    data = png_of(RGB8, colour_type=2, before=exif)
    image = partial_of(tmp_path, data[: len(data) // 2])
    assert f"the {side} " in image.damage
    missing = ~image.pixels.any(axis=2)
    ends = upright(np.arange(64)[:, None] * np.ones((1, 48)), orientation)
    assert missing[ends == 63].all()
    assert not missing[ends == 0].any()


def test_a_jpeg(tmp_path: Path) -> None:
    data = pillow_bytes(PillowImage.fromarray(RGB8), "JPEG", quality=90)
    (tmp_path / "whole.jpg").write_bytes(data)
    whole = read_image(tmp_path / "whole.jpg").pixels
    image = partial_of(tmp_path, data[: len(data) * 2 // 3])
    np.testing.assert_array_equal(image.pixels[:16], whole[:16])
    assert "cut short: the lower" in image.damage
    rough = pillow_bytes(PillowImage.fromarray(RGB8), "JPEG", progressive=True)
    assert partial_of(tmp_path, rough[: len(rough) * 2 // 3]).damage == "cut short: only a rough version of it is there"


def test_too_little_is_refused(tmp_path: Path) -> None:
    data = png_of(RGB8, colour_type=2)
    for part in (data[:60], pillow_bytes(PillowImage.fromarray(RGB8), "JPEG")[:640]):
        path = tmp_path / "a.png"
        path.write_bytes(part)
        with pytest.raises(ImageError):
            read_image(path, partial=True)


def test_a_few_bytes_that_claim_much_are_not_mended(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png([bytes(19_000)] * 50, width=19_000, height=19_000, bit_depth=8, colour_type=0)[:-30])
    with pytest.raises(ImageError):
        read_image(path, partial=True)


def test_the_header_of_a_large_one_takes_no_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    # 240 MB when it is unpacked: more than a decoder may take for a header.
    data = png([bytes(3 * 10_000)] * 4, width=10_000, bit_depth=8, colour_type=2, height=8000)
    at = data.index(b"IDAT") - 4
    packed = zlib.compress(bytes(8000 * (1 + 3 * 10_000)), 1)
    path.write_bytes(data[:at] + chunk(b"IDAT", packed)[:-100])
    header = isolated.probe_image(path, partial=True)
    assert (header.width, header.height, header.channels) == (10_000, 8000, 3)
