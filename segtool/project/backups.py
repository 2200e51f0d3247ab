"""Earlier contents of ``segtool.json``, and putting one in the place of a file that is damaged.

``.segtool/backups/`` holds at most ten. The newest is what was written last; those before it lie at least ten minutes
apart, so that together they reach back through the work of hours. They are numbered, because clocks are set back.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from segtool.core.errors import SaveError, SegToolError
from segtool.formats.atomic import TEMPORARY_SUFFIX, write_atomic
from segtool.formats.source import open_regular, why
from segtool.project.guard import guarded
from segtool.project.layout import OWN_FOLDER, STATE_FILE
from segtool.project.migrations import FORMAT_VERSION
from segtool.project.state_file import StateFile, parse_state

BACKUPS_FOLDER = Path(OWN_FOLDER, "backups")
MAX_BACKUPS = 10
APART = timedelta(minutes=10)

_NAME = re.compile(r"segtool-(\d{4,9})-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)\.json")
_TIME = "%Y-%m-%dT%H-%M-%S"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backup:
    """An earlier content of ``segtool.json``: its file, its number, and the local time at which it was written."""

    path: Path
    number: int
    when: datetime


@dataclass(frozen=True, slots=True)
class GoodBackup:
    """A backup that was read whole."""

    backup: Backup
    file: StateFile

    @property
    def time_text(self) -> str:
        """When it was written: "12:04", with the day if that is another one than today."""
        when = self.backup.when
        return f"{when:%H:%M}" if when.date() == datetime.now().date() else f"{when:%Y-%m-%d %H:%M}"


def backups(folder: Path) -> list[Backup]:
    """Return the backups of a folder, the newest first."""
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir(folder / BACKUPS_FOLDER):
            if match := _NAME.fullmatch(name):
                with contextlib.suppress(ValueError):
                    when = datetime.strptime(match[2], _TIME)
                    found.append(Backup(folder / BACKUPS_FOLDER / name, int(match[1]), when))
    return sorted(found, key=lambda item: item.number, reverse=True)


def newest_good(folder: Path) -> GoodBackup | None:
    """Return the newest backup that can be read whole; None if there is none."""
    for item in backups(folder):
        with contextlib.suppress(SegToolError, OSError), open_regular(item.path, error=SaveError) as file:
            return GoodBackup(item, parse_state(file.read(), path=item.path))
    return None


def keep_before_writing(folder: Path, found: StateFile) -> None:
    """Keep what is about to be written over: a file of an older format, and one that there is no backup of yet."""
    if found.format < FORMAT_VERSION:
        path = folder / BACKUPS_FOLDER / f"{STATE_FILE}.format-{found.format}"
        if not path.exists():
            _write(path, found.data)
    if not backups(folder):
        add_backup(folder, found.data)


def add_backup(folder: Path, data: bytes) -> None:
    """Keep what ``segtool.json`` has just been made; nothing is raised, for the file itself is safe.

    Parameters
    ----------
    folder : Path
        Where ``segtool.json`` lies.
    data : bytes
        Its content, which was read or written whole.
    """
    now = datetime.now()
    kept = backups(folder)
    number = kept[0].number + 1 if kept else 1
    if not _write(folder / BACKUPS_FOLDER / f"segtool-{number:04d}-{now.strftime(_TIME)}.json", data):
        return
    surplus = kept[MAX_BACKUPS - 1 :]
    if len(kept) > 1 and abs(kept[0].when - kept[1].when) < APART:
        # What is newest is always kept, and gives way to what is newer still.
        surplus = [kept[0]]
    for item in surplus:
        with contextlib.suppress(OSError):
            os.unlink(item.path)


def put_back(folder: Path, backup: GoodBackup | None, *, word: str) -> Path:
    """Keep ``segtool.json`` as it is under another name and put a backup, or nothing, in its place.

    Parameters
    ----------
    folder : Path
        Where ``segtool.json`` lies.
    backup : GoodBackup or None
        What takes its place; None: the folder is as one that nothing is known of, but for its masks.
    word : str
        What the file is, for its new name: ``segtool.json.damaged-2026-11-26T12-04-05`` for "damaged".

    Returns
    -------
    Path
        The file under its new name.

    Raises
    ------
    SaveError
        If that cannot be done; the file is where it was.
    """
    path = folder / STATE_FILE
    with guarded(folder):
        aside = _free_name(path.with_name(f"{STATE_FILE}.{word}-{datetime.now().strftime(_TIME)}"))
        try:
            os.rename(path, aside)
        except OSError as cause:
            raise SaveError(
                f"could not be put aside ({why(cause)})", path=path, remedy="Check that the folder may be written to."
            ) from cause
        if backup is not None:
            try:
                write_atomic(path, backup.file.data)
            except SaveError:
                with contextlib.suppress(OSError):
                    os.rename(aside, path)
                raise
    return aside


def _free_name(path: Path) -> Path:
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def _write(path: Path, data: bytes) -> bool:
    """Write a backup whole or not at all; it need not reach the disk before the work goes on."""
    temporary = path.with_name(f".{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    try:
        os.makedirs(path.parent, exist_ok=True)
        try:
            temporary.write_bytes(data)
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as exc:
        _log.warning("no backup of %s was made: %s", STATE_FILE, exc)
        return False
    return True
