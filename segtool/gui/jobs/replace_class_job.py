"""The job that gives the pixels of a class to another one in the masks of a folder."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segtool.core.errors import MaskError, SaveError
from segtool.formats.atomic import write_atomic
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.jobs.claims import MaskClaims
from segtool.gui.jobs.worker import Job
from segtool.gui.session_state import JobState

TITLE = "Remove class"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MaskFile:
    """The mask file of an image; it need not exist."""

    key: str
    path: Path


@dataclass(frozen=True, slots=True)
class ReplacedClass:
    """The masks that the job has rewritten, by the keys of their images."""

    keys: frozenset[str]


def replace_class(masks: Sequence[MaskFile], *, class_id: int, replacement: int, claims: MaskClaims) -> Job:
    """Rewrite every mask file that holds a class, except those whose masks are in memory.

    All are read before the first is written. If one cannot be written, or if the job is cancelled,
    those that were written before get their old content back.

    Parameters
    ----------
    masks : sequence of MaskFile
        Where to look.
    class_id, replacement : int
        The id to replace and what comes in its place (a class id or void).
    claims : MaskClaims
        Which masks are in memory.

    Yields
    ------
    JobState
        Progress.
    ReplacedClass
        At the end.

    Raises
    ------
    MaskError
        If a mask cannot be read; nothing has been written then.
    SaveError
        If a mask cannot be written.
    """
    present = [mask for mask in masks if mask.path.exists()]
    total = max(1, 2 * len(present))
    holding = []
    for done, mask in enumerate(present):
        yield JobState(TITLE, done, total, mask.key)
        with claims.unclaimed(mask.key) as is_free:
            if is_free and bool((read_mask(mask.path) == class_id).any()):
                holding.append(mask)
    old_content: dict[MaskFile, bytes] = {}
    is_whole = False
    try:
        for done, mask in enumerate(holding):
            yield JobState(TITLE, len(present) + done, total, mask.key)
            with claims.unclaimed(mask.key) as is_free:
                if is_free:
                    old_content[mask] = _read_bytes(mask.path)
                    pixels = read_mask(mask.path)
                    pixels[pixels == np.uint8(class_id)] = replacement
                    write_mask(mask.path, pixels)
        is_whole = True
    finally:
        if not is_whole:
            _put_back(old_content, claims)
    yield ReplacedClass(frozenset(mask.key for mask in old_content))


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise MaskError(f"the mask cannot be read ({exc.strerror})", path=path) from exc


def _put_back(old_content: dict[MaskFile, bytes], claims: MaskClaims) -> None:
    for mask, content in old_content.items():
        try:
            with claims.unclaimed(mask.key) as is_free:
                # A mask that was opened meanwhile shows what is on disk now, and the person may have edited it.
                if is_free:
                    write_atomic(mask.path, content)
        except SaveError as exc:
            _log.error("%s", exc)
