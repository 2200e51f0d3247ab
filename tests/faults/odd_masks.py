"""Masks of every kind that other programs write, made at random."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from segtool.core.palette import voc_palette
from segtool.formats.mask_png import encode_mask
from tests.formats.file_makers import pillow_bytes, png, png_of

Mask = npt.NDArray[np.uint8]
SHAPE = (48, 64)


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A file, and the mask that it stands for.

    Attributes
    ----------
    kind : str
    data : bytes
    mask : ndarray of uint8, shape (H, W), or None
        The mask by the first guess of the program; None if it is to be refused.
    asks : bool
        Whether the program has to ask before it can be edited.
    """

    kind: str
    data: bytes
    mask: Mask | None
    asks: bool


def blobs(rng: np.random.Generator, ids: list[int], *, shape: tuple[int, int] = SHAPE) -> Mask:
    """Return a mask of boxes; each of the ids is in it."""
    mask = np.full(shape, ids[0], np.uint8)
    for value in (*ids, *rng.choice(ids, 6)):
        y, x = rng.integers(0, shape[0] - 8), rng.integers(0, shape[1] - 8)
        mask[y : y + rng.integers(3, 16), x : x + rng.integers(3, 16)] = value
    for place, value in enumerate(ids):
        mask[0, place] = value
    return mask


def indexed(mask: Mask, palette: Mask) -> bytes:
    """Return an indexed PNG with a palette of one's own."""
    image = PillowImage.fromarray(mask)
    image.putpalette(palette.tobytes())
    return pillow_bytes(image, "PNG")


def plain_kinds(rng: np.random.Generator) -> list[MaskFile]:
    """Return masks that are class ids as they stand, some without a class."""
    ids = [0, *map(int, rng.choice(np.arange(1, 255), rng.integers(2, 8), replace=False))]
    mask = blobs(rng, [*ids, 255])
    few = blobs(rng, [0, 1])
    bits = np.packbits(few, axis=1)
    palette = rng.integers(1, 250, (256, 3)).astype(np.uint8)
    return [
        MaskFile("own", encode_mask(mask), mask, asks=False),
        MaskFile("grey", png_of(mask, colour_type=0), mask, asks=False),
        MaskFile("own palette", indexed(mask, palette), mask, asks=False),
        MaskFile(
            "1 bit", png([row.tobytes() for row in bits], width=SHAPE[1], bit_depth=1, colour_type=0), few, asks=False
        ),
    ]


def asked_kinds(rng: np.random.Generator) -> list[MaskFile]:
    """Return masks that have to be asked about; the classes are 0, 1 and 2 with any colours but those of VOC."""
    mask, two = blobs(rng, [0, 1, 2]), blobs(rng, [0, 1])
    rgb = voc_palette()[mask]
    rgba = np.dstack([rgb, np.where(mask == 2, 0, 255).astype(np.uint8)])
    order = np.array([2, 0, 1], np.uint8)
    shuffled = indexed(order[mask], voc_palette()[np.argsort(order)])
    larger = blobs(rng, [0, 1, 2], shape=(SHAPE[0] + 10, SHAPE[1] + 7))
    many = blobs(rng, [0]).astype(np.uint16)
    many[8:18, 8:18] = np.arange(1, 101).reshape(10, 10) * 300
    return [
        MaskFile("RGB", png_of(rgb, colour_type=2), mask, asks=True),
        MaskFile("RGBA", png_of(rgba, colour_type=6), np.where(mask == 2, 255, mask).astype(np.uint8), asks=True),
        MaskFile("16 bits", png_of(mask.astype(np.uint16), colour_type=0), mask, asks=True),
        MaskFile("numbered objects", png_of(many, colour_type=0), (many > 0).astype(np.uint8), asks=True),
        MaskFile("0 and 255", png_of(two * np.uint8(255), colour_type=0), two, asks=True),
        MaskFile("shuffled palette", shuffled, mask, asks=True),
        MaskFile("other size", encode_mask(larger), larger[: SHAPE[0], : SHAPE[1]], asks=True),
    ]


def refused_kinds(rng: np.random.Generator) -> list[MaskFile]:
    """Return files that can be no mask."""
    mask = blobs(rng, [0, 1])
    grey = PillowImage.fromarray(mask)
    photo = rng.integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
    data = {
        "JPEG": pillow_bytes(grey, "JPEG"),
        "TIFF": pillow_bytes(grey, "TIFF"),
        "GIF": pillow_bytes(grey, "GIF"),
        "BMP": pillow_bytes(grey, "BMP"),
        "animation": pillow_bytes(
            grey, "PNG", save_all=True, append_images=[PillowImage.new("L", grey.size, 9)], duration=9
        ),
        "photo": png_of(photo, colour_type=2),
        "16-bit colours": png_of(photo.astype(np.uint16) * 257, colour_type=2),
        "cut short": encode_mask(mask)[:-40],
        "empty": b"",
    }
    return [MaskFile(kind, content, None, asks=False) for kind, content in data.items()]


def values_in(data: bytes) -> Mask:
    """Return what Pillow reads from a mask file."""
    with PillowImage.open(io.BytesIO(data)) as image:
        return np.array(image, dtype=np.uint8)


def make_folder(folder: Path, files: list[MaskFile]) -> list[str]:
    """Make a folder with an image for each mask; return the keys of the images, in the order of the masks."""
    (folder / "masks").mkdir(parents=True)
    content = pillow_bytes(PillowImage.fromarray(np.random.default_rng(0).integers(0, 250, SHAPE).astype("u1")), "PNG")
    keys = []
    for number, file in enumerate(files):
        keys.append(f"{number:04}.png")
        (folder / keys[-1]).write_bytes(content)
        (folder / "masks" / keys[-1]).write_bytes(file.data)
    classes = [{"id": number, "name": name} for number, name in enumerate(("ground", "a", "b"))]
    (folder / "classes.json").write_text(json.dumps(classes))
    return keys
