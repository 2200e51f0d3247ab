"""Models that are being written: they have a name with a dot in front until they are whole."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

from segtool.models.card import CARD_FILE

_STALE_SECONDS = 3600.0
# "." + a version's name + "." + what makes it unique.
_DRAFT = re.compile(r"\.\d{4,}-.+\.[a-z0-9_]{8}", re.DOTALL)


def make_draft(out: Path) -> Path:
    """Make the folder in which the model ``out`` is written until it is whole, beside it; OSError if that fails."""
    draft = Path(tempfile.mkdtemp(prefix=_prefix(out), dir=out.parent))
    draft.chmod(0o755)
    return draft


def remove_drafts(out: Path, *, there_before: Collection[str] | None = None) -> None:
    """Remove what a process that has ended left of the model ``out``.

    Parameters
    ----------
    out : Path
        Folder of the model.
    there_before : collection of str, optional
        Names in the folder around it that were there before that process. These are kept, and if ``out`` is none of
        them and has no card in it, it is a half model and goes too.
    """
    for name in names_in(out.parent).difference(there_before or ()):
        path = out.parent / name
        is_half = there_before is not None and path == out and not (path / CARD_FILE).exists()
        if name.startswith(_prefix(out)) or is_half:
            _remove_folder(path)


def remove_stale_drafts(models: Path) -> None:
    """Remove what killed processes left in a folder of models; what is younger than an hour may be being written."""
    for name in names_in(models):
        path = models / name
        if _DRAFT.fullmatch(name) and _age(path) > _STALE_SECONDS:
            _remove_folder(path)


def names_in(folder: Path) -> set[str]:
    """Return the names of everything in a folder, none if it cannot be listed."""
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


def _prefix(out: Path) -> str:
    return f".{out.name}."


def _remove_folder(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
