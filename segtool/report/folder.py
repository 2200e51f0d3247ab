"""The folder of a report: written beside its place, then put there whole; nothing else in it is touched."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segtool.core.errors import SaveError
from segtool.formats.atomic import TEMPORARY_SUFFIX
from segtool.formats.source import why

PAGE_FILE = "index.html"
DATA_FILE = "report.json"
TABLE_FILE = "images.csv"
PICTURES_FOLDER = "pictures"
FORMAT = "segtool report 1"

# What a report may hold. Only such names are ever removed, whatever an earlier report says of itself.
_OWN_FILE = re.compile(r"index\.html|images\.csv|report\.json|pictures/\d{4,}\.png")
_MAX_DATA_BYTES = 256 * 1024 * 1024
_REMEDY = "Name a folder that is new or empty."


def picture_name(index: int) -> str:
    """Return the path in the report of the picture of one image, by its number: file names may hold anything."""
    return f"{PICTURES_FOLDER}/{index + 1:04d}.png"


def check_report_folder(out: Path) -> None:
    """Raise SaveError unless a report can go there: a new or empty folder, or one with an earlier report."""
    _earlier_files(out)


@contextmanager
def report_folder(out: Path) -> Iterator[Path]:
    """Give a temporary folder to write a report into, and put it in its place at the end.

    Parameters
    ----------
    out : Path
        Where the report goes. An earlier report there is replaced; other files beside it stay.

    Yields
    ------
    Path
        The temporary folder, beside ``out``. It is removed if the body fails, and ``out`` is as it was.

    Raises
    ------
    SaveError
        If ``out`` holds something else than a report, or nothing can be written there.
    """
    _earlier_files(out)
    try:
        place = Path(os.path.realpath(out))
        place.parent.mkdir(parents=True, exist_ok=True)
        staging = place.with_name(f".{place.name[:40]}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
        staging.mkdir()
    except OSError as exc:
        raise SaveError(f"the report's folder cannot be made ({why(exc)})", path=out) from exc
    try:
        (staging / PICTURES_FOLDER).mkdir()
        yield staging
        _put_in_place(staging, place)
    except OSError as exc:
        raise SaveError(f"the report could not be written ({why(exc)})", path=out) from exc
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _put_in_place(staging: Path, out: Path) -> None:
    earlier = _earlier_files(out)
    if not out.exists():
        os.replace(staging, out)
        return
    # The page goes first and comes last: whatever happens in between, no page shows half a report. The data come
    # early, so that what is there is known as a report the next time.
    for name in sorted(earlier, key=lambda name: name != PAGE_FILE):
        if name != DATA_FILE:
            (out / name).unlink(missing_ok=True)
    os.replace(staging / DATA_FILE, out / DATA_FILE)
    (out / PICTURES_FOLDER).mkdir(exist_ok=True)
    for path in sorted((staging / PICTURES_FOLDER).iterdir()):
        os.replace(path, out / PICTURES_FOLDER / path.name)
    for name in (TABLE_FILE, PAGE_FILE):
        os.replace(staging / name, out / name)


def _earlier_files(out: Path) -> frozenset[str]:
    """Return the files of the report that is there, none for a new or empty folder; SaveError for anything else."""
    try:
        names = os.listdir(out)
    except FileNotFoundError:
        return frozenset()
    except OSError as exc:
        raise SaveError(f"the report cannot go there ({why(exc)})", path=out, remedy=_REMEDY) from exc
    if not names:
        return frozenset()
    try:
        path = out / DATA_FILE
        if path.stat().st_size > _MAX_DATA_BYTES:
            raise ValueError
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError
        files = [name for name in data["files"] if isinstance(name, str)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as exc:
        raise SaveError("the folder holds something else than a report", path=out, remedy=_REMEDY) from exc
    return frozenset(name for name in files if _OWN_FILE.fullmatch(name))
