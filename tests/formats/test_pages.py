"""Each page of a TIFF becomes a file with its values; a failure leaves nothing behind, and nothing is written over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from segtool.core.errors import ImageError, SaveError
from segtool.formats.image import read_image
from segtool.formats.pages import split_pages
from tests.formats.file_makers import noise, pillow_bytes, tiff


def stack(pages: list[np.ndarray[Any, Any]], **options: Any) -> bytes:
    first, *others = (PillowImage.fromarray(page) for page in pages)
    return pillow_bytes(first, "TIFF", save_all=True, append_images=others, **options)


@pytest.mark.parametrize(("kind", "big"), [("u1", False), ("u2", True), ("f4", False), ("RGB", True)])
def test_every_page_keeps_its_values(tmp_path: Path, kind: str, big: bool) -> None:
    shape = (9, 13, 3) if kind == "RGB" else (9, 13)
    pages = [noise(shape, "u1" if kind == "RGB" else kind, seed=seed) for seed in range(11)]
    path = tmp_path / "z stack.tif"
    path.write_bytes(stack(pages, big_tiff=big))
    before = path.read_bytes()
    written = [item.path for item in split_pages(path, tmp_path / "out")]
    assert [item.name for item in written][::10] == [
        f"z stack-p01.{'tif' if kind == 'f4' else 'png'}",
        f"z stack-p11.{'tif' if kind == 'f4' else 'png'}",
    ]
    assert sorted((tmp_path / "out").iterdir()) == written
    for file, expected in zip(written, pages, strict=True):
        np.testing.assert_array_equal(read_image(file).pixels, expected)
    assert path.read_bytes() == before


def test_16_bit_colour(tmp_path: Path) -> None:
    pixels = noise((9, 13, 3), "u2", high=65535)
    (tmp_path / "a.tif").write_bytes(tiff(pixels, pages=2))
    for item in split_pages(tmp_path / "a.tif", tmp_path / "out"):
        np.testing.assert_array_equal(read_image(item.path).pixels, pixels)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff(noise((9, 13), "u1"), pages=2))
    (tmp_path / "out").mkdir()
    with pytest.raises(SaveError):
        list(split_pages(tmp_path / "a.tif", tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_page_that_cannot_be_read_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    data = bytearray(tiff(noise((9, 13), "u1"), pages=3))
    # The width of the second page becomes 0.
    first = int.from_bytes(data[4:8], "little")
    size = 2 + 12 * int.from_bytes(data[first : first + 2], "little") + 4
    data[first + size + 2 + 8 : first + size + 2 + 12] = bytes(4)
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(ImageError, match="page 2 has no pixels") as caught:
        list(split_pages(tmp_path / "a.tif", tmp_path / "out"))
    assert caught.value.path == tmp_path / "a.tif"
    assert not (tmp_path / "out").exists()


def test_what_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff(noise((9, 13), "u1"), pages=3))
    work = split_pages(tmp_path / "a.tif", tmp_path / "out")
    next(work)
    work.close()  # type: ignore[attr-defined]
    assert not (tmp_path / "out").exists()


def test_long_names_are_cut(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 125 + ".tif")
    path.write_bytes(tiff(noise((9, 13), "u1"), pages=2))
    assert len(list(split_pages(path, tmp_path / "out"))) == 2
