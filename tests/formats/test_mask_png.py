from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from segtool.core.errors import MaskError, SaveError
from segtool.core.palette import voc_palette
from segtool.formats.mask_png import encode_mask, read_mask, write_mask
from tests.formats.file_makers import chunk, noise, orientation_exif, pillow_bytes, png, png_of

GARBAGE_WITH_RIGHT_SUMS = png([b""], width=4, height=4, bit_depth=8, colour_type=0, before=chunk(b"IDAT", b"garbage"))
ALL_IDS = np.arange(256, dtype=np.uint8).reshape(8, 32)


def saved(folder: Path, data: bytes, name: str = "a.png") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def indexed(mask: np.ndarray) -> Image.Image:
    image = Image.fromarray(mask)
    image.putpalette(list(range(255, -1, -1)) * 3)
    return image


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (301, 1), (97, 103)])
def test_every_id_survives_writing_and_reading(tmp_path: Path, shape: tuple[int, int]) -> None:
    mask = noise(shape, "u1", high=255)
    path = tmp_path / "masks" / "sub" / "a.png"
    write_mask(path, mask)
    found = read_mask(path)
    np.testing.assert_array_equal(found, mask)
    assert found.dtype == np.uint8
    assert found.flags.writeable
    assert found.flags.c_contiguous
    before = path.read_bytes()
    write_mask(path, found)
    assert path.read_bytes() == before


def test_other_programs_see_ids_and_the_usual_colours() -> None:
    data = encode_mask(ALL_IDS)
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.array(image), ALL_IDS)
    assert data[24:26] == bytes([8, 3])
    colours = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(colours, voc_palette()[ALL_IDS])


def test_any_memory_layout_is_written(tmp_path: Path) -> None:
    mask = noise((20, 30), "u1")
    for view in (mask[::2, ::-3], mask.T, np.asfortranarray(mask)):
        write_mask(tmp_path / "a.png", view)
        np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), view)


@pytest.mark.parametrize(
    "mask",
    [
        np.zeros((4, 4), np.int64),
        np.zeros((4, 4), bool),
        np.zeros((4, 4, 3), np.uint8),
        np.zeros((0, 4), np.uint8),
    ],
)
def test_what_is_no_mask_is_not_written(tmp_path: Path, mask: np.ndarray) -> None:
    with pytest.raises(MaskError, match="H×W uint8"):
        write_mask(tmp_path / "a.png", mask)
    assert list(tmp_path.iterdir()) == []


class TestForeignMasks:
    def test_indices_not_colours(self, tmp_path: Path) -> None:
        path = saved(tmp_path, pillow_bytes(indexed(ALL_IDS), "PNG"))
        np.testing.assert_array_equal(read_mask(path), ALL_IDS)

    def test_transparency_is_passed_over(self, tmp_path: Path) -> None:
        path = saved(tmp_path, pillow_bytes(indexed(ALL_IDS), "PNG", transparency=0))
        np.testing.assert_array_equal(read_mask(path), ALL_IDS)

    def test_grey(self, tmp_path: Path) -> None:
        path = saved(tmp_path, pillow_bytes(Image.fromarray(ALL_IDS), "PNG"))
        np.testing.assert_array_equal(read_mask(path), ALL_IDS)

    @pytest.mark.parametrize("depth", [1, 2, 4])
    @pytest.mark.parametrize("colour_type", [0, 3])
    def test_few_bits_give_their_stored_values(self, tmp_path: Path, depth: int, colour_type: int) -> None:
        expected = noise((5, 16), "u1", high=2**depth - 1)
        bits = np.unpackbits(expected[:, :, None], axis=2)[:, :, 8 - depth :].reshape(5, -1)
        palette = chunk(b"PLTE", bytes(range(3 * 2**depth))) if colour_type == 3 else b""
        rows = [row.tobytes() for row in np.packbits(bits, axis=1)]
        path = saved(tmp_path, png(rows, width=16, bit_depth=depth, colour_type=colour_type, before=palette))
        found = read_mask(path)
        assert found.max() == 2**depth - 1
        np.testing.assert_array_equal(found, expected)
        write_mask(path, found)
        np.testing.assert_array_equal(read_mask(path), expected)

    def test_orientation_is_passed_over(self, tmp_path: Path) -> None:
        path = saved(tmp_path, pillow_bytes(indexed(ALL_IDS), "PNG", exif=orientation_exif(6)))
        np.testing.assert_array_equal(read_mask(path), ALL_IDS)

    def test_a_lost_end_marker_costs_no_pixels(self, tmp_path: Path) -> None:
        path = saved(tmp_path, encode_mask(ALL_IDS)[:-10])
        np.testing.assert_array_equal(read_mask(path), ALL_IDS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pillow_bytes(Image.new("RGB", (4, 4)), "PNG"), "holds colours"),
        (pillow_bytes(Image.new("RGBA", (4, 4)), "PNG"), "holds colours"),
        (pillow_bytes(Image.new("LA", (4, 4)), "PNG"), "holds colours"),
        (png_of(noise((4, 4), "u2"), colour_type=0), "16 bits"),
        (pillow_bytes(Image.new("L", (4, 4)), "JPEG"), "is a JPEG"),
        (pillow_bytes(Image.new("L", (4, 4)), "TIFF"), "not a PNG"),
        (pillow_bytes(Image.new("P", (4, 4)), "GIF"), "not a PNG"),
        (
            pillow_bytes(
                Image.new("L", (4, 4)), "PNG", save_all=True, append_images=[Image.new("L", (4, 4), 9)], duration=9
            ),
            "animation of 2",
        ),
        (png([b"\0" * 4], width=20_001, height=20_001, bit_depth=8, colour_type=0), "400 megapixels"),
        (png([b""], width=0, bit_depth=8, colour_type=0), "no pixels"),
        (png([b"\0" * 4] * 3, width=4, height=4, bit_depth=8, colour_type=0), "fewer pixels"),
        (GARBAGE_WITH_RIGHT_SUMS, "cannot be unpacked"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_holds_no_class_ids_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = saved(tmp_path, data)
    with pytest.raises(MaskError, match=reason) as caught:
        read_mask(path)
    assert caught.value.path == path


def test_a_flipped_bit_never_changes_a_mask_silently(tmp_path: Path) -> None:
    data = encode_mask(noise((6, 6), "u1", high=3))
    expected = read_mask(saved(tmp_path, data))
    path = tmp_path / "b.png"
    refused = 0
    # Behind the palette, where the pixels and the end marker lie.
    for place in [*range(8, 40), *range(data.index(b"IDAT") - 8, len(data))]:
        damaged = bytearray(data)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        try:
            np.testing.assert_array_equal(read_mask(path), expected)
        except MaskError:
            refused += 1
    assert refused > 60


def test_a_cut_mask_is_whole_or_refused(tmp_path: Path) -> None:
    mask = np.random.default_rng(0).integers(0, 256, (9, 11), dtype=np.uint8)
    data = png_of(mask, colour_type=0, idat_bytes=20)
    assert data.count(b"IDAT") > 3
    path = tmp_path / "a.png"
    whole = 0
    for length in range(1, len(data) + 1):
        path.write_bytes(data[:length])
        try:
            np.testing.assert_array_equal(read_mask(path), mask)
        except MaskError:
            continue
        whole += 1
    # All of the file, or all but the twelve bytes of the end marker and part of them.
    assert whole == 13


def test_a_failed_write_keeps_the_old_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    write_mask(path, ALL_IDS)

    def full(*_args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(SaveError, match="Free some space"):
            write_mask(path, ALL_IDS[::-1])
    np.testing.assert_array_equal(read_mask(path), ALL_IDS)


def test_an_encoder_that_errs_does_not_replace_the_old_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    write_mask(path, ALL_IDS)
    real_save = Image.Image.save

    def save_something_else(image: Image.Image, target: io.BytesIO, **options: Any) -> None:
        wrong = image.copy()
        wrong.putpixel((0, 0), 9)
        real_save(wrong, target, **options)

    def save_half(image: Image.Image, target: io.BytesIO, **options: Any) -> None:
        real_save(image, target, **options)
        target.truncate(900)

    for fault in (save_something_else, save_half):
        with monkeypatch.context() as patched:
            patched.setattr(Image.Image, "save", fault)
            with pytest.raises(SaveError, match="did not read back"):
                write_mask(path, ALL_IDS[::-1])
        np.testing.assert_array_equal(read_mask(path), ALL_IDS)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "masks").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(SaveError, match="folder cannot be made") as caught:
        write_mask(tmp_path / "masks" / "a.png", ALL_IDS)
    assert caught.value.path == tmp_path / "masks" / "a.png"
