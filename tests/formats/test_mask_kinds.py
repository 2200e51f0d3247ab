from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from segtool.core.classes import DEFAULT_CLASSES, VOID
from segtool.core.errors import MaskError, SaveError
from segtool.formats.mask_kinds import OTHERS, MaskKind, OddMask, guess, nearest_of, read_any_mask
from segtool.formats.mask_png import encode_mask, read_mask
from segtool.formats.originals import keep_original
from tests.faults.odd_masks import asked_kinds, blobs, indexed, plain_kinds, refused_kinds
from tests.formats.file_makers import pillow_bytes, png_of

CLASSES = DEFAULT_CLASSES.with_added("two")


def read(folder: Path, data: bytes) -> OddMask:
    (folder / "a.png").write_bytes(data)
    found = read_any_mask(folder / "a.png")
    assert isinstance(found, OddMask)
    return found


def test_class_ids_are_read_as_they_are(tmp_path: Path) -> None:
    for file in plain_kinds(np.random.default_rng(1)):
        (tmp_path / "a.png").write_bytes(file.data)
        np.testing.assert_array_equal(read_any_mask(tmp_path / "a.png"), file.mask)


def test_what_has_to_be_asked_about_is_guessed_well_and_refused_where_nobody_can_be_asked(tmp_path: Path) -> None:
    for file in asked_kinds(np.random.default_rng(2)):
        if file.kind == "other size":
            continue
        odd = read(tmp_path, file.data)
        table = guess(odd, CLASSES)
        assert odd.covers(table), file.kind
        np.testing.assert_array_equal(odd.to_mask(table), file.mask, err_msg=file.kind)
        assert sum(value.pixels for value in odd.values) == odd.places.size
        with pytest.raises(MaskError, match="a.png"):
            read_mask(tmp_path / "a.png")


def test_what_holds_no_mask_is_refused_with_a_way_out(tmp_path: Path) -> None:
    for file in refused_kinds(np.random.default_rng(3)):
        (tmp_path / "a.png").write_bytes(file.data)
        with pytest.raises(MaskError) as caught:
            read_any_mask(tmp_path / "a.png")
        assert caught.value.remedy, file.kind


def test_values_that_mean_nothing_known_stay_open(tmp_path: Path) -> None:
    colours = np.array([[[0, 0, 0], [128, 0, 0], [10, 200, 250]]], np.uint8).repeat(4, axis=0)
    odd = read(tmp_path, png_of(colours, colour_type=2))
    assert guess(odd, CLASSES) == {"#000000": 0, "#800000": 1}
    # A class's own colour goes before the usual one of its id.
    recoloured = CLASSES.with_recoloured(2, (10, 200, 250))
    assert guess(odd, recoloured)["#0ac8fa"] == 2
    np.testing.assert_array_equal(odd.to_mask({"#800000": 1})[0], [VOID, 1, VOID])


def test_grey_numbers_stored_as_colours_are_taken_for_numbers(tmp_path: Path) -> None:
    mask = blobs(np.random.default_rng(4), [0, 1, 2])
    odd = read(tmp_path, png_of(np.dstack([mask] * 3), colour_type=2))
    np.testing.assert_array_equal(odd.to_mask(guess(odd, CLASSES)), mask)


def test_many_colours_at_blurred_borders_are_taken_for_the_nearest(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    mask = np.zeros((200, 200), np.uint8)
    mask[50:150, 50:150] = 1
    colours = np.array([[0, 0, 0], [128, 0, 0]], np.uint8)[mask]
    edge = rng.integers(0, 100, (200, 3)).astype(np.uint8)
    edge[:100, 0] = rng.integers(90, 128, 100)
    edge[:100, 1:] = rng.integers(0, 8, (100, 2))
    edge[100:] = rng.integers(0, 30, (100, 3))
    colours[0] = edge
    odd = read(tmp_path, png_of(colours, colour_type=2))
    assert [value.key for value in odd.values] == ["#000000", "#800000"]
    assert 190 < odd.inexact <= 200
    np.testing.assert_array_equal(odd.places[0], np.repeat([1, 0], 100))
    np.testing.assert_array_equal(odd.places[1:], mask[1:])
    assert nearest_of(odd.values[1], odd.values[:1]) is odd.values[0]


def test_16_bits_with_many_numbers_are_numbered_objects(tmp_path: Path) -> None:
    wide = np.arange(400, dtype=np.uint16).reshape(20, 20)
    odd = read(tmp_path, png_of(wide, colour_type=0))
    assert [value.key for value in odd.values] == ["0", OTHERS]
    np.testing.assert_array_equal(odd.to_mask(guess(odd, CLASSES)), wide > 0)
    assert read(tmp_path, png_of(wide % 60 + 300, colour_type=0)).values[0].key == "300"


def test_0_and_255_are_asked_about_only_where_255_is_white(tmp_path: Path) -> None:
    mask = blobs(np.random.default_rng(6), [0, 255])
    assert read(tmp_path, png_of(mask, colour_type=0)).kind is MaskKind.TWO_VALUES
    whitish = np.arange(256, dtype=np.uint8).repeat(3).reshape(256, 3)
    assert read(tmp_path, indexed(mask, whitish)).kind is MaskKind.TWO_VALUES
    for data in (encode_mask(mask), png_of(mask | 1, colour_type=0), png_of(np.zeros_like(mask), colour_type=0)):
        (tmp_path / "a.png").write_bytes(data)
        assert isinstance(read_any_mask(tmp_path / "a.png"), np.ndarray)
        assert read_mask(tmp_path / "a.png").shape == mask.shape


def test_clear_pixels_are_one_value_whatever_colour_they_have(tmp_path: Path) -> None:
    pixels = np.random.default_rng(7).integers(0, 255, (30, 30, 4)).astype(np.uint8)
    pixels[..., 3] = 0
    pixels[:10] = (128, 0, 0, 255)
    odd = read(tmp_path, png_of(pixels, colour_type=6))
    assert {value.key: value.pixels for value in odd.values} == {"#ffffff00": 600, "#800000": 300}
    assert guess(odd, CLASSES) == {"#ffffff00": VOID, "#800000": 1}
    grey = pillow_bytes(PillowImage.fromarray(pixels[..., ::3][..., :2].copy(), "LA"), "PNG")
    assert {value.key for value in read(tmp_path, grey).values} == {"#ffffff00", "#808080"}


def test_an_original_is_kept_once_and_nothing_is_replaced_by_it(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    assert keep_original(path) is None
    path.write_bytes(b"one")
    assert keep_original(path) == keep_original(path) == tmp_path / "a.png.bak"
    path.write_bytes(b"two")
    assert keep_original(path) == tmp_path / "a.png.2.bak"
    assert (tmp_path / "a.png.bak").read_bytes() == b"one"
    (tmp_path / "b.png").write_bytes(b"b")
    (tmp_path / "b.png.bak").mkdir()
    with pytest.raises(SaveError, match="could not be kept"):
        keep_original(tmp_path / "b.png")
