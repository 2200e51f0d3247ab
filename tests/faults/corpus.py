"""Image files of every kind that a folder may hold, drawn when they are wanted, with what has to come of each.

What is expected is the array that was drawn, or a sentence: nothing here asks the decoder under test.
"""

from __future__ import annotations

import hashlib
import io
import os
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import skimage.color
from PIL import Image

from tests.formats.file_makers import chunk, noise, orientation_exif, pillow_bytes, png, png_of, tiff

Pixels = npt.NDArray[Any]

H, W = 48, 64


def blocks(*, seed: int = 0, channels: int = 3) -> Pixels:
    """Draw blocks of 16 pixels in plain colours: a lossy format keeps them nearly, and they look the same nowhere."""
    colours = np.random.default_rng(seed).integers(30, 220, (H // 16, W // 16, channels)).astype(np.uint8)
    return np.kron(colours, np.ones((16, 16, 1), np.uint8)).squeeze()


GREY8, RGB8 = noise((H, W), "u1"), noise((H, W, 3), "u1", seed=1)
GREY16, RGB16 = noise((H, W), "u2", high=65535), noise((H, W, 3), "u2", high=65535, seed=1)
FLOAT = ((noise((H, W), "f8", high=10_000) - 3000) / 7).astype(np.float32)
FLOAT_RGB = ((noise((H, W, 3), "f8", high=10_000) - 3000) / 7).astype(np.float32)
BLOCKS, GREY_BLOCKS = blocks(), blocks(channels=1)
ALPHA8 = noise((H, W), "u1", high=255, seed=9)
PALETTE: Pixels = np.array([(i * 7) % 256 for i in range(768)], np.uint8).reshape(256, 3)


def digest(pixels: Pixels) -> str:
    """Return a hash of the pixels, their type and their shape."""
    told = f"{pixels.dtype.str} {pixels.shape}".encode()
    return hashlib.sha256(told + np.ascontiguousarray(pixels).tobytes()).hexdigest()


@dataclass(frozen=True)
class Case:
    """One file.

    Attributes
    ----------
    name : str
        Of the file, with its suffix.
    make : callable
        Returns the bytes, or puts something that is no regular file in the place that it is given.
    pixels : ndarray or None
        What has to come out exactly, as it was drawn; None if the file is refused.
    tolerance : float
        By how much values may be off on average, for formats with losses.
    reason : str
        A part of the sentence by which it is refused; "" if it is not.
    damage : str
        A part of what is said of a file that can only be looked at, ``rows`` rows of which are there.
    notes : tuple of str
        Parts of what is said beside it.
    """

    name: str
    make: Callable[[], bytes] | Callable[[Path], None]
    pixels: Pixels | None = None
    tolerance: float = 0.0
    reason: str = ""
    damage: str = ""
    rows: int = 0
    notes: tuple[str, ...] = ()
    is_special: bool = False

    def put(self, folder: Path, *, orientation: int = 1) -> Path:
        """Write the file into a folder, with an EXIF orientation, in its name too, if it is not 1."""
        path = folder / (self.name if orientation == 1 else f"{orientation}-{self.name}")
        if self.is_special:
            self.make(path)  # type: ignore[call-arg]
        else:
            data = self.make()  # type: ignore[call-arg]
            assert isinstance(data, bytes)
            path.write_bytes(data if orientation == 1 else turned(data, orientation))
        return path

    def expected(self, orientation: int = 1) -> Pixels:
        """Return what has to come out."""
        assert self.pixels is not None
        return np.ascontiguousarray(upright(self.pixels, orientation))

    @property
    def can_turn(self) -> bool:
        """Whether the file can carry an orientation."""
        if self.is_special or self.pixels is None or self.damage:
            return False
        head = self.make()[:4]  # type: ignore[call-arg, index]
        return head in (b"\x89PNG", b"RIFF") or head[:2] in (b"\xff\xd8", b"II", b"MM")


def upright(stored: Pixels, orientation: int) -> Pixels:
    """Turn pixels as the standard's table says; as rotations and mirrorings, unlike the code under test."""
    turned_pixels: Pixels = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: np.fliplr(np.rot90(a, -1)),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.fliplr(np.rot90(a, 1)),
        8: lambda a: np.rot90(a, 1),
    }[orientation](stored)
    return turned_pixels


# Orientations put into a file that is there -----------------------------------------------------


def turned(data: bytes, orientation: int) -> bytes:
    """Return a PNG, JPEG, TIFF or WebP with an orientation put into it."""
    if data.startswith(b"\x89PNG"):
        # Behind the header block: 8 bytes of signature, 25 of header.
        return data[:33] + chunk(b"eXIf", orientation_exif(orientation)[6:]) + data[33:]
    if data.startswith(b"\xff\xd8"):
        body = orientation_exif(orientation)
        return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]
    if data.startswith(b"RIFF"):
        return _turned_webp(data, orientation)
    return _turned_tiff(data, orientation)


def _turned_webp(data: bytes, orientation: int) -> bytes:
    parts, at = [], 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        parts.append((kind, data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    if parts[0][0] != b"VP8X":
        size24 = (W - 1).to_bytes(3, "little") + (H - 1).to_bytes(3, "little")
        parts.insert(0, (b"VP8X", bytes(4) + size24))
    flags = parts[0][1]
    parts[0] = (b"VP8X", bytes([flags[0] | 8]) + flags[1:])
    parts.append((b"EXIF", orientation_exif(orientation)[6:]))
    body = b"".join(kind + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for kind, part in parts)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _turned_tiff(data: bytes, orientation: int) -> bytes:
    """Return the TIFF with another first directory at its end, the tag 274 in it."""
    order, big = ("<" if data[:2] == b"II" else ">"), data[2:4] in (b"+\0", b"\0+")
    pointer, count_letter, entry_size = ("Q", "Q", 20) if big else ("I", "H", 12)
    head_at = 8 if big else 4
    (at,) = struct.unpack_from(order + pointer, data, head_at)
    (count,) = struct.unpack_from(order + count_letter, data, at)
    start = at + struct.calcsize(count_letter)
    entries = [data[start + i * entry_size : start + (i + 1) * entry_size] for i in range(count)]
    following = data[start + count * entry_size :][: struct.calcsize(pointer)]
    entries = [entry for entry in entries if struct.unpack_from(order + "H", entry)[0] != 274]
    value = struct.pack(order + "H", orientation).ljust(8 if big else 4, b"\0")
    entries.append(struct.pack(order + "HH" + pointer, 274, 3, 1) + value)
    entries.sort(key=lambda entry: struct.unpack_from(order + "H", entry)[0])
    out = bytearray(data + b"\0" * (len(data) % 2))
    struct.pack_into(order + pointer, out, head_at, len(out))
    out += struct.pack(order + count_letter, len(entries)) + b"".join(entries) + following
    return bytes(out)


# How the files are made -------------------------------------------------------------------------


def _pillow(pixels: Pixels, kind: str, **options: Any) -> Callable[[], bytes]:
    return lambda: pillow_bytes(Image.fromarray(pixels), kind, **options)


def _indexed(kind: str, *, clear: int | None = None, colours: int = 256, **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        image = Image.fromarray((GREY8.astype(int) % colours).astype(np.uint8))
        image.putpalette(PALETTE[:colours].tobytes())
        if clear is not None:
            options["transparency"] = clear
        return pillow_bytes(image, kind, **options)

    return make


def _packed_rows(values: Pixels, bits: int) -> list[bytes]:
    """Return rows of values below 2^bits, packed as PNG and TIFF do."""
    places = np.unpackbits(values.astype(np.uint8)[:, :, None], axis=2)[:, :, 8 - bits :]
    return [np.packbits(row.ravel()).tobytes() for row in places]


def _few_bits(bits: int, colour_type: int) -> tuple[Callable[[], bytes], Pixels]:
    values = (GREY8.astype(int) % 2**bits).astype(np.uint8)
    palette = chunk(b"PLTE", PALETTE[: 2**bits].tobytes()) if colour_type == 3 else b""
    expected = PALETTE[values] if colour_type == 3 else values * (255 // (2**bits - 1))
    rows = _packed_rows(values, bits)
    return lambda: png(rows, width=W, bit_depth=bits, colour_type=colour_type, before=palette), expected.astype(
        np.uint8
    )


def _on_white(colours: Pixels, alpha: Pixels) -> Pixels:
    white = 255 if colours.dtype == np.uint8 else 65535
    weight = alpha.astype(np.float64) / white
    if colours.ndim == 3:
        weight = weight[:, :, None]
    # Half up: the sums are whole multiples of 1 / white, and none of them lies just between two values.
    return np.floor(colours * weight + white * (1 - weight) + 0.5 + 1e-9).astype(colours.dtype)


def _cv2(pixels: Pixels, suffix: str, *options: int) -> Callable[[], bytes]:
    stored = pixels[:, :, ::-1] if pixels.ndim == 3 else pixels
    return lambda: cv2.imencode(suffix, stored, list(options))[1].tobytes()


CMYK = blocks(seed=4, channels=4)
CMYK_AS_RGB: Pixels = np.rint((255.0 - CMYK[:, :, :3]) * (255.0 - CMYK[:, :, 3:]) / 255).astype(np.uint8)


def _cmyk_jpeg() -> bytes:
    # Pillow writes them as Adobe does: inverted, with Adobe's marker.
    return pillow_bytes(Image.fromarray(CMYK, "CMYK"), "JPEG", quality=95)


def _ycck_jpeg() -> bytes:
    """Write luma, chroma and the inverted black by hand, and call them YCCK in Adobe's marker."""
    luma = np.asarray(Image.fromarray(CMYK[:, :, :3], "RGB").convert("YCbCr"))
    stored = np.dstack([luma, 255 - CMYK[:, :, 3]])
    data = bytearray(pillow_bytes(Image.fromarray(255 - stored, "CMYK"), "JPEG", quality=95, subsampling=0))
    place = data.index(b"Adobe") + 11
    assert data[place] == 0
    data[place] = 2
    return bytes(data)


def _lab_tiff() -> bytes:
    lightness, a, b = np.moveaxis(skimage.color.rgb2lab(BLOCKS), 2, 0)
    stored = [np.rint(lightness * 2.55).astype(np.uint8), *(np.rint(c).astype(np.int8).view(np.uint8) for c in (a, b))]
    return tiff(np.dstack(stored), photometric=8)


def _tiled(pixels: Pixels, *, side: int = 16) -> bytes:
    """Return an uncompressed TIFF in tiles."""
    height, width = pixels.shape[:2]
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    tiles = [
        np.ascontiguousarray(pixels[y : y + side, x : x + side]).tobytes()
        for y in range(0, height, side)
        for x in range(0, width, side)
    ]
    out = bytearray(b"II*\0" + bytes(4))
    places = []
    for tile in tiles:
        places.append(len(out))
        out += tile
    bits = pixels.dtype.itemsize * 8
    kind = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    tags = {
        256: [width],
        257: [height],
        258: [bits] * samples,
        259: [1],
        262: [2 if samples == 3 else 1],
        277: [samples],
        322: [side],
        323: [side],
        324: places,
        325: [len(tile) for tile in tiles],
        339: [kind] * samples,
    }
    return _with_directory(out, tags)


def _with_directory(out: bytearray, tags: dict[int, list[int]]) -> bytes:
    entries = b""
    for tag, values in sorted(tags.items()):
        raw = struct.pack(f"<{len(values)}I", *values)
        if len(raw) > 4:
            place = len(out)
            out += raw
            raw = struct.pack("<I", place)
        entries += struct.pack("<HHI", tag, 4, len(values)) + raw
    struct.pack_into("<I", out, 4, len(out))
    return bytes(out + struct.pack("<H", len(tags)) + entries + bytes(4))


def _few_bits_tiff(bits: int) -> bytes:
    data = b"".join(_packed_rows((GREY8.astype(int) % 2**bits).astype(np.uint8), bits))
    tags = {256: [W], 257: [H], 258: [bits], 259: [1], 262: [1], 273: [8], 277: [1], 278: [H], 279: [len(data)]}
    return _with_directory(bytearray(b"II*\0" + bytes(4) + data), tags)


def _big_tiff(pixels: Pixels) -> bytes:
    """Return an uncompressed TIFF of the 64-bit variant, most significant byte first."""
    stored = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    out = bytearray(b"MM\0+" + struct.pack(">HHQ", 8, 0, 0) + stored + b"\0" * (len(stored) % 8))
    bits = pixels.dtype.itemsize * 8
    tags = {
        256: [pixels.shape[1]],
        257: [pixels.shape[0]],
        258: [bits] * samples,
        259: [1],
        262: [2 if samples == 3 else 1],
        273: [16],
        277: [samples],
        278: [pixels.shape[0]],
        279: [len(stored)],
        339: [{"u": 1, "f": 3}[pixels.dtype.kind]] * samples,
    }
    struct.pack_into(">Q", out, 8, len(out))
    out += struct.pack(">Q", len(tags))
    for tag, values in sorted(tags.items()):
        raw = struct.pack(f">{len(values)}H", *values) if tag in (258, 339) else struct.pack(">Q", values[0])
        out += struct.pack(">HHQ", tag, 3 if tag in (258, 339) else 16, len(values)) + raw.ljust(8, b"\0")
    return bytes(out + bytes(8))


def _several(kind: str, **options: Any) -> Callable[[], bytes]:
    others = [Image.fromarray(np.roll(RGB8, shift, axis=0)) for shift in range(1, 5)]
    return _pillow(RGB8, kind, save_all=True, append_images=others, **options)


def _animated_gif() -> bytes:
    image = Image.fromarray(GREY8)
    image.putpalette(PALETTE.tobytes())
    return pillow_bytes(image, "GIF", save_all=True, append_images=[Image.fromarray(255 - GREY8)] * 2, duration=50)


def _flipped(data: bytes, place: int) -> bytes:
    damaged = bytearray(data)
    damaged[place] ^= 4
    return bytes(damaged)


def _png_in_pieces() -> bytes:
    return png_of(RGB8, colour_type=2, idat_bytes=1000)


def _bmp(bits: int, values: Pixels, *, colours: int = 0) -> bytes:
    """Return a BMP, bottom row first."""
    table = b"".join(bytes((blue, green, red, 0)) for red, green, blue in PALETTE[:colours].tolist())
    rows = b""
    for row in values[::-1]:
        packed = _packed_rows(row[None], bits)[0] if bits <= 8 else row[..., ::-1].tobytes()
        rows += packed + b"\0" * (-len(packed) % 4)
    start = 54 + len(table)
    head = b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, W, H, 1, bits, 0, len(rows), 2835, 2835, colours, 0)
    return head + info + table + rows


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        # By a relative name: that of a socket may have 107 bytes at most.
        before = os.getcwd()
        os.chdir(path.parent)
        try:
            listener.bind(path.name)
        finally:
            os.chdir(before)


def _link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


_LOST = "cut short"
_TEXT = b"This was saved from a mail, and it is no image at all.\n"
_PSD = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, H, W, 8, 3) + bytes(100)
_DICOM = bytes(128) + b"DICM" + bytes(200)
_SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
_HDF = b"\x89HDF\r\n\x1a\n" + bytes(500)


def readable() -> Iterator[Case]:
    """Yield the files that come out whole."""
    for bits in (1, 2, 4):
        yield Case(f"png-grey-{bits}-bit.png", *_few_bits(bits, 0))
        yield Case(f"png-palette-{bits}-bit.png", *_few_bits(bits, 3))
        yield Case(f"tiff-grey-{bits}-bit.tif", lambda b=bits: _few_bits_tiff(b), _few_bits(bits, 0)[1])
    yield Case("png-grey.png", _pillow(GREY8, "PNG"), GREY8)
    yield Case("png-rgb.png", _pillow(RGB8, "PNG"), RGB8)
    yield Case("png-palette.png", _indexed("PNG"), PALETTE[GREY8])
    yield Case(
        "png-palette-transparent.png",
        _indexed("PNG", clear=7),
        np.where((GREY8 == 7)[:, :, None], np.uint8(255), PALETTE[GREY8]),
        notes=("transparent",),
    )
    yield Case("png-grey-16.png", lambda: png_of(GREY16, colour_type=0), GREY16)
    yield Case("png-rgb-16.png", lambda: png_of(RGB16, colour_type=2), RGB16)
    yield Case(
        "png-rgba-16.png",
        lambda: png_of(np.dstack([RGB16, ALPHA8.astype(np.uint16) * 257]), colour_type=6),
        _on_white(RGB16, ALPHA8.astype(np.uint16) * 257),
        notes=("transparent",),
    )
    yield Case(
        "png-rgba.png",
        lambda: png_of(np.dstack([RGB8, ALPHA8]), colour_type=6),
        _on_white(RGB8, ALPHA8),
        notes=("transparent",),
    )
    yield Case(
        "png-grey-alpha.png",
        lambda: png_of(np.dstack([GREY8, ALPHA8]), colour_type=4),
        _on_white(GREY8, ALPHA8),
        notes=("transparent",),
    )
    yield Case("png-interlaced.png", lambda: _interlaced(RGB8), RGB8)
    yield Case("png-animated.png", _several("PNG"), RGB8, notes=("first of 5 images",))
    yield Case("png-broken-profile.png", _pillow(RGB8, "PNG", icc_profile=b"no profile"), RGB8, notes=("profile",))
    yield Case("png-without-end.png", lambda: png_of(RGB8, colour_type=2)[:-10], RGB8, notes=("end of the file",))
    yield Case("png-one-pixel.png", lambda: png_of(RGB8[:1, :1], colour_type=2), RGB8[:1, :1])
    yield Case("png-one-row.png", lambda: png_of(RGB8[:1], colour_type=2), RGB8[:1])
    yield Case("png-one-column.png", lambda: png_of(RGB16[:, :1], colour_type=2), RGB16[:, :1])
    yield Case("png-named.jpg", _pillow(RGB8, "PNG"), RGB8)
    yield Case("jpeg-named.tif", _pillow(BLOCKS, "JPEG", quality=95), BLOCKS, 4.0)
    yield Case("tiff-named.png", lambda: tiff(GREY16), GREY16)
    yield Case("UPPER CASE.PNG", _pillow(GREY8, "PNG"), GREY8)
    yield Case("jpeg.jpg", _pillow(BLOCKS, "JPEG", quality=95), BLOCKS, 4.0)
    yield Case("jpeg-444.jpeg", _pillow(BLOCKS, "JPEG", quality=95, subsampling=0), BLOCKS, 3.0)
    yield Case("jpeg-grey.jpg", _pillow(GREY_BLOCKS, "JPEG", quality=95), GREY_BLOCKS, 2.0)
    yield Case("jpeg-progressive.jpg", _pillow(BLOCKS, "JPEG", quality=95, progressive=True), BLOCKS, 4.0)
    yield Case("jpeg-cmyk.jpg", _cmyk_jpeg, CMYK_AS_RGB, 4.0, notes=("CMYK",))
    yield Case("jpeg-ycck.jpg", _ycck_jpeg, CMYK_AS_RGB, 5.0, notes=("CMYK",))
    yield Case("jpeg-several.jpg", _several_jpegs, BLOCKS, 4.0)
    yield Case("bmp-rgb.bmp", _pillow(RGB8, "BMP"), RGB8)
    yield Case("bmp-grey.bmp", _pillow(GREY8, "BMP"), GREY8)
    for bits in (1, 4, 8):
        values = (GREY8.astype(int) % 2**bits).astype(np.uint8)
        yield Case(f"bmp-palette-{bits}-bit.bmp", lambda b=bits, v=values: _bmp(b, v, colours=2**b), PALETTE[values])
    yield Case("bmp-24.bmp", lambda: _bmp(24, RGB8), RGB8)
    yield Case("gif.gif", _indexed("GIF"), PALETTE[GREY8])
    yield Case("gif-animated.gif", _animated_gif, PALETTE[GREY8], notes=("of an animation",))
    yield Case("webp-lossless.webp", _pillow(RGB8, "WEBP", lossless=True), RGB8)
    yield Case("webp-lossy.webp", _pillow(BLOCKS, "WEBP", quality=95), BLOCKS, 5.0)
    yield Case(
        "webp-alpha.webp",
        _pillow(np.dstack([RGB8, ALPHA8]), "WEBP", lossless=True, exact=True),
        _on_white(RGB8, ALPHA8),
        notes=("transparent",),
    )
    yield Case("webp-animated.webp", _several("WEBP", lossless=True), RGB8, notes=("first of 5 images",))
    yield from _readable_tiffs()


def _readable_tiffs() -> Iterator[Case]:
    yield Case("tiff-grey.tif", lambda: tiff(GREY8), GREY8)
    yield Case("tiff-rgb.tiff", lambda: tiff(RGB8), RGB8)
    yield Case("tiff-rgb-planes.tif", lambda: tiff(RGB8, separate=True), RGB8)
    yield Case("tiff-palette.tif", _indexed("TIFF"), PALETTE[GREY8])
    yield Case("tiff-white-is-zero.tif", lambda: tiff(GREY16, photometric=0), 65535 - GREY16)
    yield Case("tiff-tiles.tif", lambda: _tiled(RGB8), RGB8)
    yield Case("tiff-tiles-16.tif", lambda: _tiled(GREY16), GREY16)
    yield Case("tiff-tiles-float.tif", lambda: _tiled(FLOAT), FLOAT)
    strips = {"tiffinfo": {278: 5}, "compression": "tiff_lzw"}
    yield Case("tiff-strips.tif", _pillow(RGB8, "TIFF", **strips), RGB8)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "lzma", "zstd"):
        yield Case(f"tiff-{compression}.tif", _pillow(RGB8, "TIFF", compression=compression), RGB8)
        yield Case(f"tiff-16-{compression}.tif", _pillow(GREY16, "TIFF", compression=compression), GREY16)
    yield Case("tiff-jpeg.tif", _pillow(BLOCKS, "TIFF", compression="jpeg", quality=95), BLOCKS, 4.0)
    yield Case("tiff-rgb-16-lzw.tif", _cv2(RGB16, ".tif"), RGB16)
    yield Case("tiff-cmyk.tif", lambda: pillow_bytes(Image.fromarray(CMYK, "CMYK"), "TIFF"), CMYK_AS_RGB, 0.7)
    yield Case("tiff-lab.tif", _lab_tiff, BLOCKS, 3.0, notes=("Lab",))
    for order, name in (("<", "little"), (">", "big")):
        yield Case(f"tiff-grey-16-{name}-endian.tif", lambda o=order: tiff(GREY16, order=o), GREY16)
        yield Case(f"tiff-rgb-16-{name}-endian.tif", lambda o=order: tiff(RGB16, order=o), RGB16)
        yield Case(f"tiff-float-{name}-endian.tif", lambda o=order: tiff(FLOAT_RGB, order=o), FLOAT_RGB)
    yield Case("tiff-64-bit-variant.tif", lambda: _big_tiff(RGB8), RGB8)
    yield Case("tiff-64-bit-variant-16.tif", lambda: _big_tiff(GREY16), GREY16)
    yield Case("tiff-rgba-16.tif", lambda: tiff(np.dstack([RGB16, np.full_like(GREY16, 9)]), extra=(2,)), RGB16)
    yield Case("tiff-grey-alpha.tif", lambda: tiff(np.dstack([GREY8, ALPHA8]), extra=(2,)), _on_white(GREY8, ALPHA8))
    yield Case("tiff-float64.tif", lambda: tiff(FLOAT.astype(np.float64)), FLOAT)
    for kind in ("i1", "i2", "i4", "u4"):
        values = (GREY8.astype(np.int64) - (100 if kind[0] == "i" else 0)).clip(-128, 127 if kind == "i1" else 255)
        yield Case(f"tiff-{kind}.tif", lambda k=kind, v=values: tiff(v.astype(k)), values.astype(np.float32))
    missing = FLOAT.copy()
    missing[0, :2], missing[3, 3] = (np.nan, np.inf), -np.inf
    yield Case("tiff-nan.tif", lambda: tiff(missing), missing, notes=("3 values are no numbers",))
    yield Case("tiff-nothing-but-nan.tif", lambda: tiff(FLOAT * np.nan), FLOAT * np.nan, notes=("no numbers",))
    yield Case("tiff-stack.tif", _several("TIFF"), RGB8, notes=("page 1 of 5",))
    yield Case("tiff-loop.tif", _looping_tiff, GREY8)
    yield Case("tiff-stack-16.tif", lambda: tiff(GREY16, pages=3), GREY16, notes=("page 1 of 3",))


def damaged() -> Iterator[Case]:
    """Yield the files of which a part can be looked at."""
    whole = pillow_bytes(Image.fromarray(BLOCKS), "JPEG", quality=95, subsampling=0)
    scan = whole.index(b"\xff\xda")
    yield Case("jpeg-cut.jpg", lambda: whole[: scan + (len(whole) - scan) * 3 // 4], BLOCKS, 4.0, damage=_LOST, rows=16)
    yield Case("jpeg-cut-by-10-bytes.jpg", lambda: whole[:-10], BLOCKS, 4.0, damage=_LOST, rows=32)
    pieces = _png_in_pieces()
    yield Case("png-cut.png", lambda: pieces[: len(pieces) // 2], RGB8, damage=_LOST, rows=20)
    bit = len(pieces) // 2
    yield Case("png-flipped-bit.png", lambda: _flipped(pieces, bit), RGB8, damage="damaged", rows=16)
    deep = png_of(RGB16, colour_type=2)
    yield Case("png-16-cut.png", lambda: deep[: len(deep) // 2], RGB16, damage=_LOST, rows=20)


def refused() -> Iterator[Case]:
    """Yield the files that cannot be read, with a part of the reason."""
    yield Case("no-bytes.png", lambda: b"", reason="is empty (0 bytes)")
    yield Case("text.png", lambda: _TEXT, reason="is text")
    yield Case("zeros.tif", lambda: bytes(5000), reason="nothing but zeros")
    yield Case("signature-only.png", lambda: b"\x89PNG\r\n\x1a\n", reason="cut short")
    yield Case("jpeg-head-only.jpg", lambda: pillow_bytes(Image.fromarray(BLOCKS), "JPEG")[:30], reason="cut short")
    yield Case("bmp-cut.bmp", lambda: _bmp(24, RGB8)[:4000], reason="cut short")
    yield Case("gif-cut.gif", lambda: _indexed("GIF")()[:2000], reason="cut short")
    webp = _pillow(RGB8, "WEBP", lossless=True)
    yield Case("webp-cut.webp", lambda: webp()[:3000], reason="cut short")
    yield Case("tiff-cut.tif", lambda: _pillow(RGB8, "TIFF")()[:3000], reason="cut short")
    yield Case("tiff-16-cut.tif", lambda: tiff(GREY16)[:3000], reason="damaged")
    yield Case("tiff-5-channels.tif", lambda: tiff(noise((H, W, 5), "u2"), extra=(0, 0)), reason="has 5 channels")
    yield Case("tiff-2-channels.tif", lambda: tiff(noise((H, W, 2), "u1"), extra=(0,)), reason="has 2 channels")
    yield Case("tiff-float16.tif", lambda: tiff(FLOAT.astype(np.float16)), reason="16-bit float")
    yield Case("tiff-rgb-16-planes.tif", lambda: tiff(RGB16, separate=True), reason="plane of its own")
    yield Case("tiff-complex.tif", _complex_tiff, reason="neither whole numbers nor floats")
    yield Case("tiff-no-height.tif", lambda: tiff(GREY8, size=(W, 0)), reason="has no pixels")
    yield Case("jpeg-2000.png", lambda: pillow_bytes(Image.fromarray(RGB8), "JPEG2000"), reason="a JPEG 2000 image")
    yield Case("heic.jpg", lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(300), reason="a HEIC image")
    yield Case("avif.png", lambda: b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(300), reason="an AVIF image")
    yield Case("photoshop.tif", lambda: _PSD, reason="a Photoshop document")
    yield Case("drawing.png", lambda: _SVG, reason="a vector drawing (SVG)")
    yield Case("dicom.png", lambda: _DICOM, reason="a DICOM image")
    yield Case("imaris.tif", lambda: _HDF, reason="an HDF5 file")
    yield Case("fits.tif", lambda: b"SIMPLE  =                    T" + bytes(2850), reason="a FITS image")
    yield Case("postscript.png", lambda: pillow_bytes(Image.fromarray(RGB8), "EPS"), reason="a PostScript document")
    yield Case("page.jpg", lambda: b"<!DOCTYPE html><html><body>Sign in</body></html>", reason="a web page")
    yield Case("lfs.png", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", reason="Git LFS")
    yield Case("archive.png", lambda: b"PK\x03\x04" + bytes(100), reason="a ZIP archive")
    yield Case("targa.png", lambda: pillow_bytes(Image.fromarray(RGB8), "TGA"), reason="not an image")
    large = png([b"\0"], width=33_000, height=33_000, bit_depth=8, colour_type=2)
    yield Case("png-of-1000-megapixels.png", lambda: large, reason="400 megapixels are the limit")
    if os.name != "nt":
        yield Case("pipe.png", _fifo, reason="is a pipe, socket or device", is_special=True)
        yield Case("socket.png", _socket, reason="is a pipe, socket or device", is_special=True)
        yield Case("device.png", _link_to("/dev/zero"), reason="is a pipe, socket or device", is_special=True)
        yield Case("loop.png", _link_to("loop.png"), reason="cannot be opened", is_special=True)
        yield Case("gone.png", _link_to("nowhere.png"), reason="there is no such file", is_special=True)


def corpus() -> list[Case]:
    """Return every file."""
    return [*readable(), *damaged(), *refused()]


def _several_jpegs() -> bytes:
    images = [Image.fromarray(BLOCKS), Image.fromarray(255 - BLOCKS)]
    buffer = io.BytesIO()
    images[0].save(buffer, "MPO", save_all=True, append_images=images[1:], quality=95)
    return buffer.getvalue()


def _complex_tiff() -> bytes:
    data = bytearray(tiff(np.zeros((H, W), np.float64)))
    # Sample format 3, floats, becomes 6, complex numbers.
    place = data.index(struct.pack("<HHI", 339, 3, 1)) + 8
    data[place] = 6
    return bytes(data)


def _looping_tiff() -> bytes:
    """Return a TIFF whose second page is its first."""
    data = bytearray(tiff(GREY8))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + count * 12, first)
    return bytes(data)


def _interlaced(pixels: Pixels) -> bytes:
    """Return a PNG in seven passes (Adam7), which neither library writes."""
    starts = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    rows = b"".join(
        b"\0" + row.tobytes() for top, left, down, across in starts for row in pixels[top::down, left::across]
    )
    header = struct.pack(">IIBBBBB", W, H, 8, 2, 0, 0, 1)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
