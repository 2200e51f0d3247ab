"""Image files of every kind that is read, and what can be wrong with them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from tests.formats.file_makers import orientation_exif, pillow_bytes, png_of, tiff

SIZE = (48, 64)


class Damage(Enum):
    """What was done to a file.

    FORGED leaves a PNG with check sums that agree: it is another image, not a damaged one.
    """

    CUT = "cut"
    FLIPPED = "flipped"
    SWAPPED = "swapped"
    HEADER = "header"
    SPLICED = "spliced"
    SHIFTED = "shifted"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with something wrong with it.

    Attributes
    ----------
    seed : str
        Name of the sound file that it was.
    damage : Damage
    data : bytes
    """

    seed: str
    damage: Damage
    data: bytes


def seeds() -> dict[str, bytes]:
    """Return a sound file of each kind, by its name."""
    rng = np.random.default_rng(0)
    height, width = SIZE
    soft = np.linspace(0, 180, height * width).reshape(height, width, 1) + rng.integers(0, 70, (height, width, 4))
    rgba = soft.astype(np.uint8)
    wide = (rgba.astype(np.uint16) * 257) ^ 5
    rgb, grey = rgba[:, :, :3].copy(), rgba[:, :, 0].copy()
    colour, plain = Image.fromarray(rgb), Image.fromarray(grey)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "nothing " * 20, zip=True)
    turned = orientation_exif(6)
    frames = [Image.fromarray(np.roll(rgb, step * 7, axis=1)) for step in (1, 2)]
    found = {
        "grey.png": png_of(grey, colour_type=0),
        "rgb.png": png_of(rgb, colour_type=2, idat_bytes=1500),
        "rgba.png": png_of(rgba, colour_type=6),
        "grey-alpha.png": png_of(rgba[:, :, :2], colour_type=4),
        "grey16.png": png_of(wide[:, :, 0], colour_type=0),
        "rgb16.png": png_of(wide[:, :, :3], colour_type=2),
        "rgba16.png": png_of(wide, colour_type=6),
        "palette.png": pillow_bytes(colour.quantize(64), "PNG"),
        "two-colours.png": pillow_bytes(plain.convert("1"), "PNG"),
        "few-colours.png": pillow_bytes(colour.quantize(4), "PNG", bits=2),
        "clear-colour.png": pillow_bytes(colour.quantize(64), "PNG", transparency=3),
        "text.png": pillow_bytes(colour, "PNG", pnginfo=text),
        "turned.png": pillow_bytes(colour, "PNG", exif=turned),
        "moving.png": pillow_bytes(colour, "PNG", save_all=True, append_images=frames),
        "plain.jpg": pillow_bytes(colour, "JPEG", quality=90, subsampling=0),
        "half.jpg": pillow_bytes(colour, "JPEG", quality=75, subsampling=2),
        "grey.jpg": pillow_bytes(plain, "JPEG", quality=85),
        "progressive.jpg": pillow_bytes(colour, "JPEG", quality=85, progressive=True),
        "restart.jpg": pillow_bytes(colour, "JPEG", quality=85, restart_marker_blocks=2),
        "cmyk.jpg": pillow_bytes(colour.convert("CMYK"), "JPEG", quality=85),
        "turned.jpg": pillow_bytes(colour, "JPEG", quality=85, exif=turned),
        "grey.tif": tiff(grey),
        "wide.tif": tiff(wide[:, :, :3]),
        "swapped.tif": tiff(wide[:, :, 0], order=">"),
        "float.tif": tiff(grey.astype(np.float32) / 3),
        "double.tif": tiff(rgb.astype(np.float64) / 3),
        "signed.tif": tiff(grey.astype(np.int16) - 99),
        "pages.tif": tiff(rgb, pages=4, orientation=3),
        "lzw.tif": pillow_bytes(colour, "TIFF", compression="tiff_lzw"),
        "deflate.tif": pillow_bytes(colour, "TIFF", compression="tiff_adobe_deflate"),
        "packed.tif": pillow_bytes(plain, "TIFF", compression="packbits"),
        "jpeg.tif": pillow_bytes(colour, "TIFF", compression="jpeg"),
        "fax.tif": pillow_bytes(plain.convert("1"), "TIFF", compression="group4"),
        "rgb.bmp": pillow_bytes(colour, "BMP"),
        "palette.bmp": pillow_bytes(colour.quantize(64), "BMP"),
        "lossy.webp": pillow_bytes(colour, "WEBP", quality=80),
        "lossless.webp": pillow_bytes(Image.fromarray(rgba), "WEBP", lossless=True),
        "moving.webp": pillow_bytes(colour, "WEBP", save_all=True, append_images=frames),
        "palette.gif": pillow_bytes(colour.quantize(64), "GIF"),
        "moving.gif": pillow_bytes(colour, "GIF", save_all=True, append_images=frames),
    }
    assert len(found) >= 25
    return found


def mutants(count: int, *, seed: int) -> list[Mutant]:
    """Return files with something wrong with them, the same for the same seed; each kind comes in turn."""
    rng = np.random.default_rng(seed)
    sound = seeds()
    names = list(sound)
    ways = list(_WAYS)
    result: list[Mutant] = []
    while len(result) < count:
        name = names[len(result) % len(names)]
        damage = ways[rng.integers(len(ways))]
        other = sound[names[rng.integers(len(names))]]
        data = _WAYS[damage](bytearray(sound[name]), rng, other)
        if damage is Damage.HEADER and name.endswith(".png") and rng.integers(2):
            damage, data = Damage.FORGED, with_right_sums(data)
        if data and data != sound[name]:
            result.append(Mutant(name, damage, data))
    return result


Way = Callable[[bytearray, np.random.Generator, bytes], bytes]
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def _cut(data: bytearray, rng: np.random.Generator, _other: bytes) -> bytes:
    longest = len(data) if rng.integers(2) else 64
    return bytes(data[: len(data) - int(rng.integers(1, longest))])


def _flipped(data: bytearray, rng: np.random.Generator, _other: bytes) -> bytes:
    for place in rng.integers(0, len(data), rng.integers(1, 9)):
        data[place] ^= 1 << int(rng.integers(8))
    return bytes(data)


def _swapped(data: bytearray, rng: np.random.Generator, _other: bytes) -> bytes:
    length = int(rng.integers(4, 65))
    first, second = (int(place) for place in rng.integers(0, max(1, len(data) - length), 2))
    here, there = data[first : first + length], data[second : second + length]
    data[first : first + length], data[second : second + length] = there, here
    return bytes(data)


def _header(data: bytearray, rng: np.random.Generator, _other: bytes) -> bytes:
    order: Any = "little" if rng.integers(2) else "big"
    for _ in range(int(rng.integers(1, 4))):
        # The header of a TIFF may stand at its end.
        near = int(rng.integers(min(120, len(data) - 4)))
        place = near if rng.integers(4) else len(data) - 4 - near
        width = int(rng.choice((1, 2, 4)))
        value = int(_EXTREMES[rng.integers(len(_EXTREMES))]) & (256**width - 1)
        data[place : place + width] = value.to_bytes(width, order)
    return bytes(data)


def _spliced(data: bytearray, rng: np.random.Generator, other: bytes) -> bytes:
    return bytes(data[: rng.integers(1, len(data))]) + other[rng.integers(len(other)) :]


def _shifted(data: bytearray, rng: np.random.Generator, _other: bytes) -> bytes:
    place, count = int(rng.integers(len(data))), int(rng.integers(1, 17))
    if rng.integers(2):
        data[place:place] = rng.bytes(count)
    else:
        del data[place : place + count]
    return bytes(data)


_WAYS: dict[Damage, Way] = {
    Damage.CUT: _cut,
    Damage.FLIPPED: _flipped,
    Damage.SWAPPED: _swapped,
    Damage.HEADER: _header,
    Damage.SPLICED: _spliced,
    Damage.SHIFTED: _shifted,
}


def with_right_sums(data: bytes) -> bytes:
    """Return a PNG whose check sums agree with what is there: its decoder is reached by what no sound file holds."""
    stream, out = io.BytesIO(data), bytearray(data[:8])
    stream.seek(8)
    while len(head := stream.read(8)) == 8:
        (length,) = struct.unpack(">I", head[:4])
        body = stream.read(length + 4)
        if len(body) < length + 4:
            return bytes(out) + head + body
        out += head + body[:-4] + struct.pack(">I", zlib.crc32(head[4:] + body[:-4]))
    return bytes(out)
