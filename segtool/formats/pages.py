"""The pages of a TIFF as files of their own, with the values that they have."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as PillowImage

from segtool.core.errors import ImageError, SaveError
from segtool.formats.atomic import TEMPORARY_SUFFIX, write_atomic
from segtool.formats.isolated import read_image
from segtool.formats.samples import Pixels
from segtool.formats.source import DamagedFileError, open_regular, why
from segtool.formats.tiff_header import MAX_PAGES_COUNTED, PageList, read_page_list

_FREE_SPACE = "Choose another folder, or make room on the disk."
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """A page that is a file now: how many are, of how many, and which file it is."""

    done: int
    total: int
    path: Path


def split_pages(path: Path, folder: Path) -> Iterator[WrittenPage]:
    """Write each page of a TIFF into a file of its own; nothing is left of it if it fails or is broken off.

    8- and 16-bit values become PNG, others TIFF with 32-bit floats, as ``read_image`` returns them.

    Parameters
    ----------
    path : Path
        The TIFF, which is not changed.
    folder : Path
        For the files; made here, so that nothing can be written over.

    Yields
    ------
    WrittenPage
        After each page.

    Raises
    ------
    ImageError
        If a page cannot be read.
    SaveError
        If something is in the folder's place already, or nothing can be written there.
    """
    with open_regular(path, error=ImageError) as stream:
        try:
            pages = read_page_list(stream)
        except DamagedFileError as cause:
            raise ImageError(str(cause), path=path) from cause
    total = len(pages.offsets)
    if total > MAX_PAGES_COUNTED:
        raise ImageError(f"has more than {MAX_PAGES_COUNTED} pages", path=path, remedy="Cut it into smaller ones.")
    try:
        folder.mkdir(parents=True)
    except OSError as cause:
        raise SaveError(f"this folder cannot be made ({why(cause)})", path=folder, remedy=_FREE_SPACE) from cause
    is_whole = False
    # One copy, whose header is made to begin at one page after the other: so each goes the way of every image.
    copy = folder / f".pages-{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"
    try:
        try:
            shutil.copyfile(path, copy)
            for number, offset in enumerate(pages.offsets, start=1):
                _begin_at(copy, pages, offset)
                yield WrittenPage(number, total, _write_page(copy, path, folder, number=number, total=total))
            copy.unlink()
        except OSError as cause:
            raise SaveError(f"the pages cannot be written ({why(cause)})", path=folder, remedy=_FREE_SPACE) from cause
        is_whole = True
    finally:
        if not is_whole:
            with contextlib.suppress(OSError):
                shutil.rmtree(folder)


def _begin_at(copy: Path, pages: PageList, offset: int) -> None:
    with open(copy, "r+b") as file:
        file.seek(pages.pointer_at)
        file.write(pages.pointer_to(offset))


def _write_page(copy: Path, path: Path, folder: Path, *, number: int, total: int) -> Path:
    try:
        pixels = read_image(copy).pixels
    except ImageError as error:
        raise ImageError(f"page {number} {error.reason}", path=path, remedy=error.remedy) from error
    suffix = ".tif" if pixels.dtype == np.float32 else ".png"
    target = folder / f"{short_stem(path)}-p{number:0{len(str(total))}}{suffix}"
    write_atomic(target, _encoded(pixels, suffix))
    return target


def short_stem(path: Path) -> str:
    """Return a file's name without its suffix, cut so that something can be added to it."""
    cut = os.fsencode(path.stem)[:_LONGEST_NAME]
    # A letter of several bytes may be cut through; a name that is no text stays as it is.
    return os.fsdecode(cut) if len(os.fsencode(path.stem)) <= _LONGEST_NAME else cut.decode(errors="ignore")


def _encoded(pixels: Pixels, suffix: str) -> bytes:
    if pixels.dtype == np.uint8:
        buffer = io.BytesIO()
        PillowImage.fromarray(pixels).save(buffer, format="PNG")
        return buffer.getvalue()
    # 16-bit colour and floats, which Pillow does not write. Blue comes first.
    stored = np.ascontiguousarray(pixels[:, :, ::-1]) if pixels.ndim == 3 else pixels
    _, data = cv2.imencode(suffix, np.asarray(stored, dtype=pixels.dtype.type))
    return bytes(data.tobytes())
