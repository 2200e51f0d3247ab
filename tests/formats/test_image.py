"""Every kind of image that can be read gives the right pixels, and its header tells the same beforehand."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage

from segtool.core.errors import ImageError
from segtool.formats.image import IMAGE_SUFFIXES, Image, probe_image, read_image
from tests.formats.file_makers import chunk, noise, orientation_exif, pillow_bytes, png, png_of, tiff

Pixels = npt.NDArray[Any]

GREY8, RGB8 = noise((9, 13), "u1"), noise((9, 13, 3), "u1", seed=1)
GREY16, RGB16 = noise((9, 13), "u2", high=65535), noise((9, 13, 3), "u2", high=65535, seed=1)
FLOAT = (noise((9, 13), "f8", high=1000) - 300) / 7
FLOAT_RGB = (noise((9, 13, 3), "f8", high=1000) - 300) / 7
OPAQUE8, OPAQUE16 = np.full((9, 13), 255, np.uint8), np.full((9, 13), 65535, np.uint16)


def saved(folder: Path, data: bytes, name: str = "a.png") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def read_and_probed(path: Path) -> Image:
    """Read an image after checking that its header told the truth."""
    header = probe_image(path)
    image = read_image(path)
    pixels = image.pixels
    assert (header.height, header.width) == pixels.shape[:2]
    assert header.channels == (1 if pixels.ndim == 2 else pixels.shape[2])
    assert header.dtype == str(pixels.dtype)
    assert set(header.notes) <= set(image.notes)
    assert image.path == path
    assert pixels.flags.c_contiguous
    return image


def palette_image() -> PillowImage.Image:
    image = PillowImage.fromarray(GREY8)
    image.putpalette(bytes((i * 7) % 256 for i in range(768)))
    return image


def palette_colours() -> Pixels:
    colours: Pixels = np.array([(i * 7) % 256 for i in range(768)], np.uint8).reshape(256, 3)[GREY8]
    return colours


def packed(image: PillowImage.Image, kind: str, **options: Any) -> Callable[[], bytes]:
    return partial(pillow_bytes, image, kind, **options)


ONE_BIT = PillowImage.fromarray(GREY8).convert("1", dither=PillowImage.Dither.NONE)
GREY, COLOUR = PillowImage.fromarray(GREY8), PillowImage.fromarray(RGB8)

# id: (how to make the file, the pixels that must come out)
EXACT: dict[str, tuple[Callable[[], bytes], Pixels]] = {
    "png grey": (packed(GREY, "PNG"), GREY8),
    "png RGB": (packed(COLOUR, "PNG"), RGB8),
    "png 1 bit": (packed(ONE_BIT, "PNG"), np.where(GREY8 >= 128, 255, 0).astype(np.uint8)),
    "png palette": (packed(palette_image(), "PNG"), palette_colours()),
    "png grey 16": (lambda: png_of(GREY16, colour_type=0), GREY16),
    "png RGB 16": (lambda: png_of(RGB16, colour_type=2), RGB16),
    "png RGB 16 without end": (lambda: png_of(RGB16, colour_type=2)[:-10], RGB16),
    "png RGB 16 and more": (lambda: png_of(RGB16, colour_type=2) + b"more", RGB16),
    "png RGBA 16 opaque": (lambda: png_of(np.dstack([RGB16, OPAQUE16]), colour_type=6), RGB16),
    "png grey and alpha 16 opaque": (lambda: png_of(np.dstack([GREY16, OPAQUE16]), colour_type=4), GREY16),
    "png RGBA opaque": (lambda: png_of(np.dstack([RGB8, OPAQUE8]), colour_type=6), RGB8),
    "png RGBA clear throughout": (lambda: png_of(np.dstack([RGB8, OPAQUE8 * 0]), colour_type=6), RGB8),
    "png grey and alpha opaque": (lambda: png_of(np.dstack([GREY8, OPAQUE8]), colour_type=4), GREY8),
    "bmp RGB": (packed(COLOUR, "BMP"), RGB8),
    "bmp grey": (packed(GREY, "BMP"), GREY8),
    "gif grey": (packed(GREY, "GIF"), np.dstack([GREY8] * 3)),
    "webp": (packed(COLOUR, "WEBP", lossless=True), RGB8),
    "tiff grey": (lambda: tiff(GREY8), GREY8),
    "tiff RGB": (lambda: tiff(RGB8), RGB8),
    "tiff palette": (packed(palette_image(), "TIFF"), palette_colours()),
    "tiff RGB in planes": (lambda: tiff(RGB8, separate=True), RGB8),
    "tiff 1 bit, group 4": (
        packed(ONE_BIT, "TIFF", compression="group4"),
        np.where(GREY8 >= 128, 255, 0).astype(np.uint8),
    ),
    "tiff RGBX": (lambda: tiff(np.dstack([RGB8, GREY8]), extra=(0,)), RGB8),
    "tiff RGBX 16": (lambda: tiff(np.dstack([RGB16, GREY16]), extra=(0,)), RGB16),
    "tiff RGBA 16 opaque": (lambda: tiff(np.dstack([RGB16, OPAQUE16]), extra=(2,)), RGB16),
    "tiff white is zero": (lambda: tiff(GREY8, photometric=0), 255 - GREY8),
    "tiff white is zero 16": (lambda: tiff(GREY16, photometric=0), 65535 - GREY16),
    "tiff large variant": (packed(COLOUR, "TIFF", big_tiff=True), RGB8),
    **{
        f"tiff {compression}": (packed(COLOUR, "TIFF", compression=compression), RGB8)
        for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "lzma", "zstd")
    },
    **{
        f"tiff grey 16 {compression}": (packed(PillowImage.fromarray(GREY16), "TIFF", compression=compression), GREY16)
        for compression in ("tiff_lzw", "lzma")
    },
    "tiff RGB 16 lzw": (lambda: cv2.imencode(".tif", RGB16[:, :, ::-1])[1].tobytes(), RGB16),
    **{f"tiff grey 16 {order}": (partial(tiff, GREY16, order=order), GREY16) for order in "<>"},
    **{f"tiff RGB 16 {order}": (partial(tiff, RGB16, order=order), RGB16) for order in "<>"},
    **{
        f"tiff {values.ndim} {kind} {order}": (
            partial(tiff, values.astype(kind), order=order),
            values.astype(kind).astype(np.float32),
        )
        for values in (FLOAT, FLOAT_RGB)
        for kind in ("f4", "f8", "i1", "i2", "i4", "i8")
        for order in "<>"
        if kind != "i1" or np.abs(values).max() < 128
    },
    **{
        f"tiff {kind} {order}": (
            partial(tiff, GREY16.astype(kind) * 60_000, order=order),
            (GREY16.astype(kind) * 60_000).astype(np.float32),
        )
        for kind in ("u4", "u8")
        for order in "<>"
    },
}


@pytest.mark.parametrize("name", EXACT)
def test_pixels_are_exact(tmp_path: Path, name: str) -> None:
    make, expected = EXACT[name]
    image = read_and_probed(saved(tmp_path, make(), f"a.{name.split()[0]}"))
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.pixels.dtype == expected.dtype


def test_the_corpus_holds_the_wide_kinds() -> None:
    kinds = {str(expected.dtype) for _, expected in EXACT.values()}
    assert kinds == {"uint8", "uint16", "float32"}
    assert EXACT["tiff u4 <"][1].max() > 2**31


def test_every_suffix_is_lower_case_and_content_decides(tmp_path: Path) -> None:
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in IMAGE_SUFFIXES)
    for suffix in IMAGE_SUFFIXES:
        path = saved(tmp_path, png_of(RGB8, colour_type=2), f"a{suffix}")
        np.testing.assert_array_equal(read_and_probed(path).pixels, RGB8)


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
@pytest.mark.parametrize("name", ["🔬 zelle.png", "a\nb.png", "x" * 251 + ".png", "صورة.png"])
def test_unusual_names(tmp_path: Path, name: str) -> None:
    for data, expected in ((png_of(RGB8, colour_type=2), RGB8), (png_of(RGB16, colour_type=2), RGB16)):
        np.testing.assert_array_equal(read_and_probed(saved(tmp_path, data, name)).pixels, expected)


def test_pixels_cannot_be_written_and_the_file_is_untouched(tmp_path: Path) -> None:
    path = saved(tmp_path, png_of(RGB8, colour_type=2))
    path.chmod(stat.S_IREAD)
    before = path.read_bytes()
    image = read_image(path)
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 0
    assert path.read_bytes() == before


class TestOrientation:
    """All eight orientations, in every way that a file and a decoder can carry them."""

    MAKERS: dict[str, tuple[Pixels, Callable[[int], bytes]]] = {
        "png": (RGB8, lambda o: pillow_bytes(COLOUR, "PNG", exif=orientation_exif(o))),
        "png behind the pixels": (
            RGB8,
            lambda o: png_of(RGB8, colour_type=2, after=chunk(b"eXIf", orientation_exif(o)[6:])),
        ),
        "png 16": (RGB16, lambda o: png_of(RGB16, colour_type=2, before=chunk(b"eXIf", orientation_exif(o)[6:]))),
        "png 16 grey": (
            GREY16,
            lambda o: png_of(GREY16, colour_type=0, before=chunk(b"eXIf", orientation_exif(o)[6:])),
        ),
        "webp": (RGB8, lambda o: pillow_bytes(COLOUR, "WEBP", lossless=True, exif=orientation_exif(o))),
        "tiff": (RGB8, lambda o: tiff(RGB8, orientation=o)),
        "tiff 16 grey": (GREY16, lambda o: tiff(GREY16, orientation=o)),
        "tiff 16": (RGB16, lambda o: tiff(RGB16, orientation=o)),
        "tiff 16 big end first": (RGB16, lambda o: tiff(RGB16, orientation=o, order=">")),
        "tiff float": (FLOAT.astype(np.float32), lambda o: tiff(FLOAT.astype(np.float32), orientation=o)),
        "tiff double": (FLOAT.astype(np.float32), lambda o: tiff(FLOAT, orientation=o)),
    }

    @staticmethod
    def upright(stored: Pixels, orientation: int) -> Pixels:
        # Written as rotations and mirrorings by the standard's table, unlike the code under test.
        turned: Pixels = {
            1: lambda a: a,
            2: np.fliplr,
            3: lambda a: np.rot90(a, 2),
            4: np.flipud,
            5: lambda a: np.fliplr(np.rot90(a, -1)),
            6: lambda a: np.rot90(a, -1),
            7: lambda a: np.fliplr(np.rot90(a, 1)),
            8: lambda a: np.rot90(a, 1),
        }[orientation](stored)
        return turned

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("name", MAKERS)
    def test_exact(self, tmp_path: Path, name: str, orientation: int) -> None:
        stored, make = self.MAKERS[name]
        image = read_and_probed(saved(tmp_path, make(orientation)))
        np.testing.assert_array_equal(image.pixels, self.upright(stored, orientation))

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_jpeg(self, tmp_path: Path, orientation: int) -> None:
        plain = read_image(saved(tmp_path, pillow_bytes(COLOUR, "JPEG", quality=95))).pixels
        turned = saved(tmp_path, pillow_bytes(COLOUR, "JPEG", quality=95, exif=orientation_exif(orientation)))
        np.testing.assert_array_equal(read_and_probed(turned).pixels, self.upright(plain, orientation))

    def test_values_that_mean_nothing(self, tmp_path: Path) -> None:
        for number in (0, 9, 65535):
            for data in (tiff(RGB8, orientation=number), tiff(RGB16, orientation=number)):
                assert read_and_probed(saved(tmp_path, data)).pixels.shape == (9, 13, 3)
            data = pillow_bytes(COLOUR, "PNG", exif=orientation_exif(number))
            np.testing.assert_array_equal(read_and_probed(saved(tmp_path, data)).pixels, RGB8)

    def test_broken_exif_is_noted(self, tmp_path: Path) -> None:
        data = png_of(RGB8, colour_type=2, before=chunk(b"eXIf", b"no exif at all"))
        image = read_and_probed(saved(tmp_path, data))
        np.testing.assert_array_equal(image.pixels, RGB8)
        assert any("EXIF" in note for note in image.notes)


class TestColour:
    def test_jpeg_is_close(self, tmp_path: Path) -> None:
        smooth = np.dstack([np.tile(np.linspace(0, 250, 64), (48, 1))] * 2 + [np.full((48, 64), 90)]).astype(np.uint8)
        data = pillow_bytes(PillowImage.fromarray(smooth), "JPEG", quality=95)
        found = read_and_probed(saved(tmp_path, data)).pixels
        assert np.abs(found.astype(int) - smooth).max() < 12
        grey = read_and_probed(saved(tmp_path, pillow_bytes(GREY, "JPEG")))
        assert grey.pixels.shape == (9, 13)

    @pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
    def test_cmyk_becomes_rgb(self, tmp_path: Path, kind: str) -> None:
        image = PillowImage.new("CMYK", (16, 16), (0, 255, 255, 0))
        found = read_and_probed(saved(tmp_path, pillow_bytes(image, kind)))
        assert found.pixels.shape == (16, 16, 3)
        assert np.abs(found.pixels.astype(int) - (255, 0, 0)).max() < 8
        assert found.notes == ("converted from CMYK",)

    def test_a_broken_colour_profile_is_passed_over(self, tmp_path: Path) -> None:
        data = pillow_bytes(COLOUR, "PNG", icc_profile=b"no profile")
        np.testing.assert_array_equal(read_and_probed(saved(tmp_path, data)).pixels, RGB8)

    @pytest.mark.parametrize(("dtype", "white"), [("u1", 255), ("u2", 65535)])
    @pytest.mark.parametrize("colour_type", [4, 6])
    def test_transparent_parts_are_put_on_white(self, tmp_path: Path, dtype: str, white: int, colour_type: int) -> None:
        colours = noise((300, 13) if colour_type == 4 else (300, 13, 3), dtype, high=white)
        alpha = noise((300, 13), dtype, high=white, seed=5)
        alpha[0], alpha[1] = 0, white
        data = png_of(np.dstack([colours, alpha]), colour_type=colour_type)
        image = read_and_probed(saved(tmp_path, data))
        weight = (alpha / white).reshape(300, 13, *[1] * (colours.ndim - 2))
        expected = colours * weight + white * (1 - weight)
        assert np.abs(image.pixels.astype(float) - expected).max() <= 0.5 + 1e-6
        assert (image.pixels[0] == white).all()
        np.testing.assert_array_equal(image.pixels[1], colours[1])
        assert image.notes == ("transparent parts are put on white",)

    def test_a_transparent_palette_entry(self, tmp_path: Path) -> None:
        first = int(GREY8[0, 0])
        is_clear: Pixels = np.equal(GREY8, first)
        for kind in ("PNG", "GIF"):
            data = pillow_bytes(palette_image(), kind, transparency=first)
            expected = np.where(is_clear[:, :, None], 255, palette_colours())
            np.testing.assert_array_equal(read_and_probed(saved(tmp_path, data)).pixels, expected)

    def test_float_alpha_is_dropped(self, tmp_path: Path) -> None:
        values = np.dstack([FLOAT_RGB, np.linspace(0, 1, 117).reshape(9, 13)]).astype(np.float32)
        image = read_and_probed(saved(tmp_path, tiff(values, extra=(2,))))
        np.testing.assert_array_equal(image.pixels, values[:, :, :3])

    def test_values_that_are_no_numbers_are_kept_and_counted(self, tmp_path: Path) -> None:
        values = FLOAT.astype(np.float32)
        values[0, :3] = np.nan, np.inf, -np.inf
        image = read_and_probed(saved(tmp_path, tiff(values)))
        np.testing.assert_array_equal(image.pixels, values)
        assert image.notes == ("3 values are no numbers (NaN or infinite): those pixels stay unlabelled",)
        huge = read_and_probed(saved(tmp_path, tiff(FLOAT + 1e300)))
        assert huge.notes == ("117 values are no numbers (NaN or infinite): those pixels stay unlabelled",)


class TestPages:
    OTHERS = [PillowImage.new("RGB", (13, 9), (i, 0, 0)) for i in range(4)]

    @pytest.mark.parametrize(
        ("kind", "note"), [("TIFF", "page 1 of 5"), ("PNG", "the first of 5 images of an animation")]
    )
    def test_first_of_several(self, tmp_path: Path, kind: str, note: str) -> None:
        data = pillow_bytes(COLOUR, kind, save_all=True, append_images=self.OTHERS)
        image = read_and_probed(saved(tmp_path, data))
        np.testing.assert_array_equal(image.pixels, RGB8)
        assert image.notes == (note,)
        assert image.pages == (5 if kind == "TIFF" else 1)

    def test_first_of_an_animation(self, tmp_path: Path) -> None:
        options: dict[str, Any] = {"save_all": True, "append_images": self.OTHERS, "duration": 100}
        webp = read_and_probed(saved(tmp_path, pillow_bytes(COLOUR, "WEBP", lossless=True, **options)))
        np.testing.assert_array_equal(webp.pixels, RGB8)
        assert webp.notes == ("the first of 5 images of an animation",)
        gif = read_and_probed(saved(tmp_path, pillow_bytes(palette_image(), "GIF", **options)))
        np.testing.assert_array_equal(gif.pixels, palette_colours())
        assert gif.notes == ("the first image of an animation",)

    @pytest.mark.parametrize("pixels", [GREY16, RGB16, FLOAT.astype(np.float32)], ids=["grey 16", "RGB 16", "float"])
    def test_pages_of_wide_values(self, tmp_path: Path, pixels: Pixels) -> None:
        image = read_and_probed(saved(tmp_path, tiff(pixels, pages=3)))
        np.testing.assert_array_equal(image.pixels, pixels)
        assert image.notes == ("page 1 of 3",)

    def test_more_pages_than_are_counted(self, tmp_path: Path) -> None:
        path = saved(tmp_path, tiff(GREY8, pages=10_100))
        assert probe_image(path).notes == ("page 1 of more than 10000",)


def jpeg_that_claims(width: int, height: int) -> bytes:
    data = bytearray(pillow_bytes(COLOUR, "JPEG"))
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


def bmp_that_claims(width: int, height: int) -> bytes:
    data = bytearray(pillow_bytes(COLOUR, "BMP"))
    data[18:26] = width.to_bytes(4, "little") + height.to_bytes(4, "little")
    return bytes(data)


def gif_that_claims(width: int, height: int) -> bytes:
    data = bytearray(pillow_bytes(GREY, "GIF"))
    data[6:10] = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return bytes(data)


# id: (the file, a part of the reason)
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    **{
        f"png of {side} squared": (
            partial(png, [b"\0"], width=side, height=side, bit_depth=8, colour_type=0),
            "400 megapixels",
        )
        for side in (20_001, 33_000, 65_000)
    },
    "png 16 of 33000 squared": (
        lambda: png([b"\0"], width=33_000, height=33_000, bit_depth=16, colour_type=2),
        "400 megapixels",
    ),
    "png of 2^31 squared": (lambda: png([b""], width=2**31, height=2**31, bit_depth=8, colour_type=0), "megapixels"),
    "png without width": (lambda: png([b""], width=0, bit_depth=8, colour_type=0), "no pixels"),
    "jpeg of 65000 squared": (lambda: jpeg_that_claims(65_000, 65_000), "400 megapixels"),
    "jpeg of 21000 squared": (lambda: jpeg_that_claims(21_000, 21_000), "is 21000×21000 pixels"),
    "bmp of 100000 squared": (lambda: bmp_that_claims(100_000, 100_000), "400 megapixels"),
    "gif of 65000 squared": (lambda: gif_that_claims(65_000, 65_000), "400 megapixels"),
    "tiff of 65000 squared": (lambda: tiff(GREY8, size=(65_000, 65_000)), "400 megapixels"),
    "tiff 16 of 65000 squared": (lambda: tiff(RGB16, size=(65_000, 65_000)), "400 megapixels"),
    "tiff without height": (lambda: tiff(GREY8, size=(13, 0)), "no pixels"),
    "tiff of 5 channels": (lambda: tiff(noise((9, 13, 5), "u1"), extra=(0, 0)), "5 channels of 8 bits"),
    "tiff of 5 wide channels": (lambda: tiff(noise((9, 13, 5), "u2"), extra=(0, 0)), "5 channels of 16 bits"),
    "tiff of 2 channels": (lambda: tiff(noise((9, 13, 2), "u1"), extra=(0,)), "2 channels of 8 bits"),
    "tiff of 2 wide channels": (lambda: tiff(noise((9, 13, 2), "u2"), extra=(2,)), "2 channels of 16 bits"),
    "tiff of wide planes": (lambda: tiff(RGB16, separate=True), "plane of its own"),
    "tiff of float planes": (lambda: tiff(FLOAT_RGB.astype(np.float32), separate=True), "plane of its own"),
    "tiff of half floats": (lambda: tiff(FLOAT.astype(np.float16)), "16-bit float"),
    "a format that is not read": (packed(COLOUR, "TGA"), "not an image"),
    "eps": (packed(COLOUR, "EPS"), "not an image"),
}


@pytest.mark.parametrize("reader", [probe_image, read_image])
@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path: Path, name: str, reader: Callable[[Path], object]) -> None:
    make, reason = REFUSED[name]
    path = saved(tmp_path, make())
    with pytest.raises(ImageError) as caught:
        reader(path)
    assert reason in caught.value.reason
    assert caught.value.path == path
    assert caught.value.remedy


def test_what_does_not_fit_into_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise MemoryError

    path = saved(tmp_path, png_of(RGB16, colour_type=2))
    with monkeypatch.context() as patched:
        patched.setattr(cv2, "imdecode", full)
        with pytest.raises(ImageError, match="fit into memory"):
            read_image(path)


class TestDamage:
    SOUND: dict[str, Callable[[], bytes]] = {
        "png": lambda: png_of(RGB8, colour_type=2, idat_bytes=100),
        "png 16": lambda: png_of(RGB16, colour_type=2, idat_bytes=100),
        "png palette": packed(palette_image(), "PNG"),
        "jpeg": packed(PillowImage.fromarray(noise((48, 64, 3), "u1")), "JPEG"),
        "progressive jpeg": packed(PillowImage.fromarray(noise((48, 64, 3), "u1")), "JPEG", progressive=True),
        "tiff": packed(COLOUR, "TIFF"),
        "tiff lzw": packed(COLOUR, "TIFF", compression="tiff_lzw"),
        "tiff 16": lambda: cv2.imencode(".tif", RGB16)[1].tobytes(),
        "tiff 16 plain": lambda: tiff(RGB16),
        "tiff float": lambda: tiff(FLOAT),
        "bmp": packed(COLOUR, "BMP"),
        "gif": packed(palette_image(), "GIF"),
        "webp": packed(COLOUR, "WEBP", lossless=True),
    }

    @pytest.mark.parametrize("name", SOUND)
    def test_a_cut_file_is_whole_or_refused(self, tmp_path: Path, name: str) -> None:
        data = self.SOUND[name]()
        path = saved(tmp_path, data)
        expected = read_image(path).pixels
        lengths = sorted(
            {1, len(data) // 2, *range(9, len(data), max(1, len(data) // 60)), *range(len(data) - 30, len(data))}
        )
        refused = []
        for length in lengths:
            path.write_bytes(data[:length])
            try:
                np.testing.assert_array_equal(read_image(path).pixels, expected)
            except ImageError:
                refused.append(length)
        assert len(data) // 2 in refused
        assert 1 in refused

    @pytest.mark.parametrize("name", ["png", "png 16", "png palette"])
    def test_a_flipped_bit_of_a_png_never_changes_pixels_silently(self, tmp_path: Path, name: str) -> None:
        data = self.SOUND[name]()
        path = saved(tmp_path, data)
        expected = read_image(path).pixels
        refused = 0
        for place in range(len(data)):
            damaged = bytearray(data)
            damaged[place] ^= 1 << (place % 8)
            path.write_bytes(damaged)
            try:
                np.testing.assert_array_equal(read_image(path).pixels, expected)
            except ImageError:
                refused += 1
        assert refused >= len(data) - 12

    def test_a_lost_end_marker_is_noted(self, tmp_path: Path) -> None:
        for pixels in (RGB8, RGB16):
            image = read_and_probed(saved(tmp_path, png_of(pixels, colour_type=2)[:-10]))
            np.testing.assert_array_equal(image.pixels, pixels)
            assert image.notes == ("the end of the file is missing",)

    @pytest.mark.parametrize("name", SOUND)
    def test_wild_bytes_give_an_image_or_a_clear_error(self, tmp_path: Path, name: str) -> None:
        data = self.SOUND[name]()
        rng = np.random.default_rng(len(name))
        path = tmp_path / "a.img"
        errors: list[ImageError] = []
        for _ in range(40):
            wild = bytearray(data)
            for place in rng.integers(0, min(len(wild), 400), rng.integers(1, 6)):
                wild[place] = rng.integers(0, 256)
            path.write_bytes(wild)
            for reader in (probe_image, read_image):
                try:
                    reader(path)
                except ImageError as error:
                    errors.append(error)
        assert all(error.path == path and error.reason.strip() for error in errors)


def test_values_of_another_kind_than_the_header_says_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "short.tif"
    # The last entry, that values have a sign, is cut: Pillow passes over it.
    path.write_bytes(tiff(noise((30, 40), "int16") - np.int16(99))[:-6])
    with pytest.raises(ImageError, match="different kinds of values"):
        read_image(path)
