"""What the journals of a folder hold that its masks do not: found when the folder is opened again after a crash."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID
from segtool.core.errors import ImageError, MaskError
from segtool.formats.isolated import probe_image
from segtool.formats.mask_png import read_mask
from segtool.project.journal import (
    JOURNAL_FOLDER,
    JOURNAL_SUFFIX,
    NO_MASK,
    Journal,
    JournalError,
    Record,
    RecordKind,
    UnreadJournalError,
    apply_changes,
    read_journal,
)
from segtool.project.layout import ImageEntry
from segtool.project.project import Project
from segtool.project.status import Status

DAMAGED_SUFFIX = ".damaged"
RECOVERED = "Recovered changes"
"""Name of the edit that brings back what a journal holds."""

_UNREADABLE = "unreadable"


class Fit(Enum):
    """How a journal fits what is in the folder now.

    FITS: the mask file is the one that the changes were made to. MASK_CHANGED: it is another one. IMAGE_CHANGED: the
    image has another size or cannot be read. IMAGE_GONE: there is no such image.
    """

    FITS = "fits"
    MASK_CHANGED = "mask changed"
    IMAGE_CHANGED = "image changed"
    IMAGE_GONE = "image gone"


@dataclass(frozen=True, slots=True, eq=False)
class Recoverable:
    """Unsaved changes of one mask that a journal has kept.

    Attributes
    ----------
    journal : Journal
    changes : tuple of Record
        The oldest first; at least one.
    entry : ImageEntry or None
        Which image of the folder it is, None if it is gone.
    fit : Fit
    reason : str
        Why the image does not fit, as a clause; "" if it does.
    """

    journal: Journal
    changes: tuple[Record, ...]
    entry: ImageEntry | None
    fit: Fit
    reason: str = ""

    @property
    def key(self) -> str:
        """Key of the image."""
        return self.journal.header.key

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the mask."""
        return self.journal.header.height, self.journal.header.width

    @property
    def when(self) -> datetime:
        """Local time of the last change."""
        return datetime.fromtimestamp(self.changes[-1].time)

    @property
    def last(self) -> Record:
        """The last change."""
        return self.changes[-1]

    @property
    def is_painting(self) -> bool:
        """Whether the last change is a stroke that never ended."""
        return self.last.kind is RecordKind.PAINTING

    @property
    def is_whole_mask(self) -> bool:
        """Whether the journal holds every pixel, as for a mask whose file holds something else than class ids."""
        tiles = {tile.rect for record in self.changes for tile in record.tiles}
        return sum(rect.width * rect.height for rect in tiles) == self.shape[0] * self.shape[1]

    @property
    def count(self) -> int:
        """How many changes were made; a stroke that never ended is one."""
        ended = sum(1 for record in self.changes if record.kind is RecordKind.CHANGE)
        return ended + self.is_painting

    def mask(self) -> npt.NDArray[np.uint8]:
        """Return the mask with the changes, H×W uint8; where the journal knows nothing and no mask fits, it is void.

        Raises
        ------
        JournalError
            If a tile in the journal is damaged.
        """
        mask = _mask_below(self.entry, self.journal)
        apply_changes(mask, self.changes, path=self.journal.path)
        return mask


@dataclass(slots=True)
class Findings:
    """What a look at the journals of a folder has found.

    Attributes
    ----------
    items : list of Recoverable
        The ones changed last come last.
    damaged : list of str
        For each journal of which nothing can be used, a sentence; it was kept aside.
    unread : list of str
        The same for those that stay as they are: they may be of use another time, or to a newer version.
    statuses : dict of str to Record
        By key, what was to be recorded about a mask that was saved just before the end.
    """

    items: list[Recoverable] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    statuses: dict[str, Record] = field(default_factory=dict)


def journal_paths(project: Project) -> list[Path]:
    """Return the journals in a folder."""
    folder = project.data_root / JOURNAL_FOLDER
    with contextlib.suppress(OSError), os.scandir(folder) as listing:
        names = sorted(item.name for item in listing if item.name.endswith(JOURNAL_SUFFIX))
        return [folder / name for name in names]
    return []


def unsaved_keys(project: Project) -> frozenset[str]:
    """Return the images with unsaved changes in a journal; nothing is removed, moved or told."""
    found = (_look(path, project) for path in journal_paths(project))
    return frozenset(item.key for item in found if isinstance(item, Recoverable))


def find_recoverable(project: Project) -> Findings:
    """Look at every journal of a folder that no other window has open.

    Journals whose changes are all in the mask file are removed, those of which nothing can be used are renamed.
    """
    findings = Findings()
    for path in journal_paths(project):
        match _look(path, project):
            case Recoverable() as item:
                findings.items.append(item)
            case UnreadJournalError() as error:
                findings.unread.append(f"{error.reason}. {error.remedy}".rstrip())
            case JournalError() as error:
                with contextlib.suppress(OSError):
                    path.replace(path.with_name(path.name + DAMAGED_SUFFIX))
                findings.damaged.append(error.reason)
            case saved:
                if saved is not None:
                    _note_status(saved, project, findings)
                remove_journal(path)
    findings.items.sort(key=lambda item: item.last.time)
    findings.items = [item for place, item in enumerate(findings.items) if not _is_in_later(place, findings.items)]
    return findings


def _is_in_later(place: int, items: list[Recoverable]) -> bool:
    """Tell whether a later journal of the same image holds all of one, as after a crash soon after it was restored."""
    item = items[place]
    mask = item.mask()
    changed = mask != _mask_below(item.entry, item.journal)
    for later in items[place + 1 :]:
        if later.key != item.key or later.shape != item.shape:
            continue
        state = _mask_below(later.entry, later.journal)
        for record in later.changes:
            apply_changes(state, (record,), path=later.journal.path)
            # What was painted over it since counts more than what it was.
            is_state = record is later.last or record.what == RECOVERED
            if is_state and np.array_equal(state[changed], mask[changed]):
                remove_journal(item.journal.path)
                return True
    return False


def remove_journal(path: Path) -> None:
    """Remove a journal whose changes are saved, or that nobody wants; one that cannot be removed stays."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()
        path.parent.parent.rmdir()


def copy_path(project: Project, entry: ImageEntry) -> Path:
    """Return where a recovered mask goes beside the mask of an image: a free name that is no image's mask."""
    masks = {os.path.normcase(item.mask_path) for item in project.entries}
    return next(path for path in _copy_names(entry.mask_path) if _is_free(path, masks))


def _copy_names(path: Path) -> Iterator[Path]:
    yield path.with_name(f"{path.stem}.recovered.png")
    number = 2
    while True:
        yield path.with_name(f"{path.stem}.recovered-{number}.png")
        number += 1


def _is_free(path: Path, masks: set[str]) -> bool:
    return not os.path.lexists(path) and os.path.normcase(path) not in masks


def _look(path: Path, project: Project) -> Recoverable | Journal | JournalError | None:
    """Return what a journal holds: changes, none that are not saved (then itself), nothing usable, or nothing."""
    try:
        journal = read_journal(path)
        if journal is None:
            return None
        entry = project.entry(journal.header.key) if project.has(journal.header.key) else None
        revision = None if entry is None else journal.revision_of(_digest(entry.mask_path))
        item = _assess(journal, entry, revision)
        if not journal.is_whole and not journal.records:
            return JournalError("the journal is damaged", path=path)
        if not item.changes or _is_there_already(item):
            return journal
        # Every tile is unpacked once here, so that what is offered can be restored.
        item.mask()
    except JournalError as exc:
        return exc
    return item


def _assess(journal: Journal, entry: ImageEntry | None, revision: int | None) -> Recoverable:
    # Upon a mask file that the journal does not know, all that it has counts.
    changes = journal.changes(after=journal.header.revision if revision is None else revision)
    if entry is None:
        return Recoverable(journal, changes, None, Fit.IMAGE_GONE)
    header = journal.header
    try:
        # One that is cut short was painted in because a person wanted that.
        found = probe_image(entry.path, partial=True)
    except ImageError as exc:
        return Recoverable(journal, changes, entry, Fit.IMAGE_CHANGED, exc.reason)
    if (found.height, found.width) != (header.height, header.width):
        was, now = f"{header.width} × {header.height}", f"{found.width} × {found.height}"
        return Recoverable(journal, changes, entry, Fit.IMAGE_CHANGED, f"it has {now} pixels now, and had {was}")
    return Recoverable(journal, changes, entry, Fit.MASK_CHANGED if revision is None else Fit.FITS)


def _is_there_already(item: Recoverable) -> bool:
    """Tell whether the mask file holds all that the journal does, whoever has written it."""
    mask = _read_fitting(item.entry, item.journal)
    if mask is None:
        return False
    before = mask.copy()
    apply_changes(mask, item.changes, path=item.journal.path)
    return np.array_equal(before, mask)


def _note_status(journal: Journal, project: Project, findings: Findings) -> None:
    changes = [record for record in journal.records if record.kind is RecordKind.CHANGE]
    key = journal.header.key
    if changes and project.has(key):
        last = changes[-1]
        # An approval that came after it is not in the journal.
        if last.status is Status.CORRECTED and not project.status(key).is_persons_work:
            findings.statuses[key] = last


def _digest(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return NO_MASK
    except OSError:
        return _UNREADABLE


def _mask_below(entry: ImageEntry | None, journal: Journal) -> npt.NDArray[np.uint8]:
    """Return the mask file's pixels, void throughout if there is none that fits."""
    mask = _read_fitting(entry, journal)
    header = journal.header
    return np.full((header.height, header.width), VOID, dtype=np.uint8) if mask is None else mask


def _read_fitting(entry: ImageEntry | None, journal: Journal) -> npt.NDArray[np.uint8] | None:
    if entry is None:
        return None
    try:
        mask = read_mask(entry.mask_path)
    except MaskError:
        return None
    return (
        np.require(mask, requirements=["C", "W"])
        if mask.shape == (journal.header.height, journal.header.width)
        else None
    )
