"""OpenCV decodes what Pillow would, pixel for pixel, into one array; what is not whole is left to Pillow."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage

from segtool.core.errors import ImageError
from segtool.formats import decoders
from segtool.formats.image import read_image
from segtool.formats.inspection import Decoder, inspect
from segtool.formats.jpeg_markers import JpegLayout, scan_jpeg
from tests.formats.file_makers import chunk, noise, orientation_exif, pillow_bytes, png_of

SIZES = [(1, 1), (9, 1), (33, 47), (64, 80), (131, 257)]
JPEG_KINDS: dict[str, dict[str, Any]] = {
    "4:4:4": {"subsampling": 0},
    "4:2:2": {"subsampling": 1},
    "4:2:0": {"subsampling": 2},
    "4:2:0, rough": {"subsampling": 2, "quality": 20},
    "4:1:1": {"subsampling": "4:1:1"},
    "progressive": {"progressive": True},
    "progressive 4:4:4": {"progressive": True, "subsampling": 0},
    "restart markers": {"restart_marker_rows": 1},
    "optimised": {"optimize": True},
    "RGB": {"keep_rgb": True},
    "with a thumbnail": {"exif": orientation_exif(1)},
}


def photo(size: tuple[int, int], *, channels: int = 3) -> npt.NDArray[np.uint8]:
    """Return soft shapes under noise: edges and flat parts, as in a photograph."""
    height, width = size
    small = noise((max(2, height // 7), max(2, width // 7), channels), "u1", high=255)
    soft = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).reshape(height, width, channels)
    return (soft.astype(int) + noise((height, width, channels), "i2", high=40, seed=2)).clip(0, 255).astype(np.uint8)


def by_pillow(data: bytes) -> npt.NDArray[Any]:
    with PillowImage.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def plan_of(data: bytes) -> Decoder:
    return inspect(io.BytesIO(data), verify=True).decoder


def read(folder: Path, data: bytes) -> npt.NDArray[Any]:
    path = folder / "image"
    path.write_bytes(data)
    return read_image(path).pixels


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", JPEG_KINDS)
def test_a_jpeg_has_the_pixels_that_pillow_gives(tmp_path: Path, kind: str, size: tuple[int, int]) -> None:
    data = pillow_bytes(PillowImage.fromarray(photo(size)), "JPEG", **{"quality": 90, **JPEG_KINDS[kind]})
    assert plan_of(data) is Decoder.LEAN
    np.testing.assert_array_equal(read(tmp_path, data), by_pillow(data))


@pytest.mark.parametrize("progressive", [False, True])
def test_a_grey_jpeg_has_the_pixels_that_pillow_gives(tmp_path: Path, progressive: bool) -> None:
    image = PillowImage.fromarray(photo((61, 83), channels=1)[:, :, 0])
    data = pillow_bytes(image, "JPEG", progressive=progressive)
    assert plan_of(data) is Decoder.LEAN
    np.testing.assert_array_equal(read(tmp_path, data), by_pillow(data))


@pytest.mark.parametrize(
    "extra",
    [
        b"",
        chunk(b"gAMA", (45455).to_bytes(4, "big")),
        chunk(b"sBIT", b"\5\5\5"),
        chunk(b"bKGD", b"\0\1\0\2\0\3"),
        chunk(b"iCCP", b"x\0\0no profile"),
        chunk(b"tEXt", b"Comment\0of somebody"),
    ],
    ids=["plain", "gamma", "significant bits", "background", "broken profile", "text"],
)
def test_a_png_has_the_pixels_that_pillow_gives(tmp_path: Path, extra: bytes) -> None:
    data = png_of(photo((33, 47)), colour_type=2, before=extra, idat_bytes=1000)
    assert plan_of(data) is Decoder.LEAN
    np.testing.assert_array_equal(read(tmp_path, data), photo((33, 47)))


def test_what_is_transparent_or_not_whole_is_left_to_pillow(tmp_path: Path) -> None:
    clear = chunk(b"tRNS", b"\0\1\0\2\0\3")
    assert plan_of(png_of(photo((9, 9)), colour_type=2, before=clear)) is Decoder.PILLOW
    assert plan_of(png_of(photo((9, 9)), colour_type=2)[:-10]) is Decoder.PILLOW
    assert plan_of(pillow_bytes(PillowImage.new("CMYK", (9, 9)), "JPEG")) is Decoder.PILLOW
    assert plan_of(pillow_bytes(PillowImage.new("RGBA", (9, 9)), "PNG")) is Decoder.PILLOW
    assert plan_of(pillow_bytes(PillowImage.new("P", (9, 9)), "PNG")) is Decoder.PILLOW
    assert plan_of(pillow_bytes(PillowImage.new("1", (9, 9)), "PNG")) is Decoder.PILLOW


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_is_cut_anywhere_is_refused(tmp_path: Path, progressive: bool) -> None:
    thumbnail = pillow_bytes(PillowImage.fromarray(photo((16, 16))), "JPEG")
    whole = pillow_bytes(PillowImage.fromarray(photo((64, 80))), "JPEG", progressive=progressive, comment=thumbnail)
    assert read(tmp_path, whole).shape == (64, 80, 3)
    for length in range(len(thumbnail) + 20, len(whole) - 1, 37):
        assert not scan_jpeg(io.BytesIO(whole[:length])).complete
        with pytest.raises(ImageError):
            read(tmp_path, whole[:length])


def test_a_jpeg_with_damage_behind_its_last_row_is_refused(tmp_path: Path) -> None:
    plain = pillow_bytes(PillowImage.fromarray(photo((64, 80))), "JPEG")
    progressive = pillow_bytes(PillowImage.fromarray(photo((64, 80))), "JPEG", progressive=True)
    # One byte: the first of its scans would be taken for all of it.
    sequential = progressive.replace(b"\xff\xc2\x00\x11", b"\xff\xc0\x00\x11")
    assert sequential != progressive
    # A table that is none cuts the scan short.
    middle = len(plain) * 3 // 4
    table = plain[:middle] + b"\xff\xc4\x00\x05\x77\x01\x02" + plain[middle:]
    for data in (sequential, table):
        assert plan_of(data) is Decoder.PILLOW
        with pytest.raises(ImageError):
            read(tmp_path, data)


def test_markers_are_found_across_pieces_and_bytes_behind_the_end_do_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = pillow_bytes(PillowImage.fromarray(photo((64, 80))), "JPEG", restart_marker_rows=1)
    assert scan_jpeg(io.BytesIO(data + b"more")) == JpegLayout(8, 3, complete=True)
    for piece in (1, 2, 7):
        monkeypatch.setattr("segtool.formats.jpeg_markers._PIECE", piece)
        assert scan_jpeg(io.BytesIO(data)) == JpegLayout(8, 3, complete=True)
        assert not scan_jpeg(io.BytesIO(data[:-1])).complete


def test_what_opencv_does_not_take_is_decoded_all_the_same(tmp_path: Path) -> None:
    # Wider than OpenCV's limit of 2^20.
    wide = photo((2, 1100))[:, np.arange(1_100_000) % 1100]
    data = png_of(wide, colour_type=2)
    assert plan_of(data) is Decoder.LEAN
    np.testing.assert_array_equal(read(tmp_path, data), wide)


def test_it_is_the_same_where_open_files_have_no_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "_OPEN_FILES", os.fspath(tmp_path / "nothing"))
    for data in (png_of(photo((33, 47)), colour_type=2), pillow_bytes(PillowImage.fromarray(photo((33, 47))), "JPEG")):
        np.testing.assert_array_equal(read(tmp_path, data), by_pillow(data))


@pytest.mark.skipif(sys.platform != "linux", reason="tells the peak of memory on Linux")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "mask"])
def test_pixels_are_in_memory_once(tmp_path: Path, kind: str) -> None:
    size = (2400, 3200)
    path = tmp_path / "image.png"
    if kind == "mask":
        PillowImage.new("P", size[::-1], 1).save(path)
    else:
        PillowImage.new("RGB", size[::-1], (9, 80, 200)).save(path, kind)
    reader = "mask_png.read_mask" if kind == "mask" else "image.read_image"
    module, name = reader.split(".")
    code = (
        "import resource, sys; from pathlib import Path\n"
        f"from segtool.formats.{module} import {name} as read\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "read(Path(sys.argv[1]).with_name('small')); before = peak(); kept = read(Path(sys.argv[1]))\n"
        "print(peak() - before)"
    )
    PillowImage.new("P" if kind == "mask" else "RGB", (64, 64)).save(tmp_path / "small", "PNG")
    run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    # Pillow holds a mask in a byte a pixel until it is copied out; an image it would hold in four.
    allowed = 2.3 * size[0] * size[1] if kind == "mask" else 1.15 * 3 * size[0] * size[1]
    assert int(run.stdout) < allowed
