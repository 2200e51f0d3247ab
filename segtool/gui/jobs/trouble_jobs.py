"""The jobs that help when a mask cannot be saved where it belongs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segtool.core.errors import SegToolError
from segtool.formats.atomic import remove_stale_temporaries
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.jobs.worker import Job
from segtool.project.document import FilePrint

Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class MaskCopy:
    """A mask to write somewhere else: uint8 of shape (H, W), and where to."""

    mask: Mask
    path: Path


@dataclass(frozen=True, slots=True)
class CopiesWritten:
    """Copies have been written: the keys of their images, and the files."""

    keys: tuple[str, ...]
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FileRead:
    """What the file of a mask holds now; ``mask`` and ``mask_file`` are None if there is no file any more."""

    key: str
    mask: Mask | None
    mask_file: FilePrint | None


@dataclass(frozen=True, slots=True)
class RereadFailed:
    """The file of a mask cannot be read, for a reason that a person is told."""

    error: SegToolError


def write_copies(copies: Sequence[tuple[str, MaskCopy]]) -> Job:
    """Write masks, by the keys of their images, to other places; never over something that is there.

    Yields
    ------
    CopiesWritten
        At the end.

    Raises
    ------
    SaveError
        If one cannot be written.
    """
    written = []
    for _, copy in copies:
        path = free_path(copy.path)
        write_mask(path, copy.mask)
        written.append(path)
    yield CopiesWritten(tuple(key for key, _ in copies), tuple(written))


def free_path(path: Path) -> Path:
    """Return a path under which there is nothing: the one given, or with the first free number behind its stem."""
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem} {number}{path.suffix}")
    return free


def read_again(key: str, path: Path) -> Job:
    """Read the file of a mask.

    Yields
    ------
    FileRead or RereadFailed
        At the end.
    """
    # Taken before reading: a change in between is then noticed when saving.
    mask_file = FilePrint.of_readable(path)
    try:
        yield FileRead(key, None if mask_file is None else read_mask(path), mask_file)
    except SegToolError as exc:
        yield RereadFailed(exc)


def sweep(folder: Path, trees: Sequence[Path]) -> Job:
    """Remove what a killed program has left of its own in a folder itself, and in others and everything below them.

    Yields
    ------
    int
        How many files are gone, at each folder.
    """
    removed = remove_stale_temporaries(folder)
    yield removed
    for tree in trees:
        for below, _, _ in os.walk(tree):
            removed += remove_stale_temporaries(Path(below))
            yield removed
