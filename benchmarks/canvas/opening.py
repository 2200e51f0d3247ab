"""Opening images and folders: how long until they are painted, and what it takes of the memory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.harness import Row
from segtool.formats.mask_png import write_mask
from segtool.sample import draw_nuclei

ROOT = Path(__file__).resolve().parents[2]
LARGE = (8192, 8192)
HUGE = (20_000, 20_000)
COMMON = (3000, 4000)


def rows(quick: bool) -> list[Row]:
    """Return the rows of the table; ``quick`` for fewer rounds and smaller folders."""
    return [
        *open_large(2 if quick else 7),
        *([] if quick else open_huge()),
        *next_image(8 if quick else 40),
        *walk_through(200 if quick else 2000),
        *many_names(10_000 if quick else 100_000, rounds=2 if quick else 5),
    ]


def photo(size: tuple[int, int], *, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Return soft colours under noise, H×W×3: as hard to compress as a photograph."""
    rng = np.random.default_rng(seed)
    height, width = size
    soft = rng.integers(0, 256, (max(2, height // 32), max(2, width // 32), 3), dtype=np.uint8)
    result = np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    noise = rng.integers(0, 25, (256, width, 3), dtype=np.uint8)
    for top in range(0, height, 256):
        band = result[top : top + 256]
        cv2.add(band, noise[: band.shape[0]], dst=band)
    return result


def mask_of(size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Return a mask of that size with two classes."""
    _, small = draw_nuclei(3, size=(size[0] // 8, size[1] // 8))
    mask = cv2.resize(small, size[::-1], interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(mask, dtype=np.uint8)


def open_large(rounds: int) -> list[Row]:
    """Open a JPEG of 67 megapixels in a fresh process, with a mask."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cv2.imwrite(os.fspath(folder / "large.jpg"), photo(LARGE), [cv2.IMWRITE_JPEG_QUALITY, 90])
        write_mask(folder / "masks" / "large.png", mask_of(LARGE))
        runs = [_child("open_one", folder) for _ in range(rounds)]
    remark = f"of these {runs[0]['empty'][0]:.0f} MiB the empty window"
    return [
        Row("open a JPEG of 67 MP to its first paint", tuple(run["ms"][0] for run in runs), _processor(runs)),
        Row("peak of memory then", tuple(run["peak"][0] for run in runs), remark, unit="MiB"),
    ]


def open_huge() -> list[Row]:
    """Open an image of 20,000² pixels with its mask; making it takes a while."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cv2.imwrite(os.fspath(folder / "huge.jpg"), photo(HUGE), [cv2.IMWRITE_JPEG_QUALITY, 90])
        write_mask(folder / "masks" / "huge.png", mask_of(HUGE))
        run = _child("open_one", folder)
    return [
        Row("open a JPEG of 20,000² to its first paint", tuple(run["ms"])),
        Row("memory with it, its mask and halvings", tuple(run["rss"]), unit="MiB"),
        Row("peak of memory then", tuple(run["peak"]), unit="MiB"),
    ]


def next_image(count: int) -> list[Row]:
    """Go from one image of 12 megapixels to the next, which is loaded ahead."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mask = mask_of(COMMON)
        cv2.imwrite(os.fspath(folder / "image 0.jpg"), photo(COMMON), [cv2.IMWRITE_JPEG_QUALITY, 90])
        write_mask(folder / "masks" / "image 0.png", mask)
        for number in range(1, count + 1):
            shutil.copy(folder / "image 0.jpg", folder / f"image {number}.jpg")
            shutil.copy(folder / "masks" / "image 0.png", folder / "masks" / f"image {number}.png")
        run = _child("step", folder)
    name = "next image (12 MP JPEG with a mask, loaded ahead), key to painted"
    return [Row(name, tuple(run["ms"]), _processor([run]))]


def walk_through(count: int) -> list[Row]:
    """Go through many small images: the memory must not grow."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pixels, mask = draw_nuclei(1, size=(256, 256))
        for number in range(count + 1):
            cv2.imwrite(os.fspath(folder / f"image {number}.png"), pixels)
        write_mask(folder / "masks" / "image 0.png", mask)
        for number in range(1, count + 1):
            shutil.copy(folder / "masks" / "image 0.png", folder / "masks" / f"image {number}.png")
        run = _child("walk", folder)
    sizes = run["rss"]
    # The caches of the list of images fill up first.
    start = sizes[min(len(sizes) - 1, len(sizes) // 2)]
    remark = f"{sizes[-1] - start:+.1f} MiB over the second half of {count} images"
    return [Row("memory while going through small images", tuple(sizes), remark, unit="MiB")]


def many_names(count: int, *, rounds: int) -> list[Row]:
    """Open a folder of many images, the first few of them real, until the list is painted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pixels, mask = draw_nuclei(1, size=(256, 256))
        (folder / "masks").mkdir()
        for number in range(count):
            (folder / f"image_{number:06d}.png").touch()
            if number % 2:
                (folder / "masks" / f"image_{number:06d}.png").touch()
        for number in range(50):
            cv2.imwrite(os.fspath(folder / f"image_{number:06d}.png"), pixels)
            write_mask(folder / "masks" / f"image_{number:06d}.png", mask)
        runs = [_child("list_folder", folder) for _ in range(rounds)]
    name = f"open a folder of {count:,} images, to the painted list"
    return [Row(name, tuple(run["ms"][0] for run in runs), _processor(runs))]


def _processor(runs: list[dict[str, list[float]]]) -> str:
    """Say how long the processor has worked: on a machine that others use, the rest was waiting."""
    return f"of these {np.median([value for run in runs for value in run['cpu']]):.0f} ms of work"


def _child(mode: str, folder: Path) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as settings:
        run = subprocess.run(
            [sys.executable, "-m", "benchmarks.canvas.opening_child", mode, os.fspath(folder)],
            cwd=ROOT,
            # The program opens a folder at the image that was shown last.
            env={**os.environ, "XDG_CONFIG_HOME": settings},
            capture_output=True,
            text=True,
            check=True,
        )
    found: dict[str, list[float]] = json.loads(run.stdout.splitlines()[-1])
    return found
