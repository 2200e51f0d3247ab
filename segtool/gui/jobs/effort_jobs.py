"""What keeps the record of a person's work, away from the window's thread."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segtool.core.classes import ClassSet
from segtool.core.edits import Edit
from segtool.core.errors import SegToolError
from segtool.gui.jobs.worker import Job
from segtool.project.effort import EffortLog, EffortRecord, Visit
from segtool.project.effort_summary import write_csv
from segtool.project.shown import forget_shown, forget_shown_with, keep_shown


@dataclass(frozen=True, slots=True)
class EffortKnown:
    """Everything that a log holds."""

    log: EffortLog
    records: tuple[EffortRecord, ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """Records have been written to a file, or why they could not be."""

    path: Path
    error: SegToolError | None = None


def read_log(log: EffortLog) -> Job:
    """Read a log and yield what it holds, as EffortKnown."""
    yield EffortKnown(log, log.records())


def add_visit(log: EffortLog, visit: Visit, *, mask_path: Path, shown_path: Path, classes: ClassSet) -> Job:
    """Add a visit to a log and yield what that holds then, as EffortKnown; see ``EffortLog.add`` for the errors."""
    log.add(visit, mask_path=mask_path, shown_path=shown_path, classes=classes)
    yield EffortKnown(log, log.records())


def keep_prediction(path: Path, mask: npt.NDArray[np.uint8], *, edit: Edit | None) -> Job:
    """Keep the prediction that was shown: ``mask`` (H×W uint8, the caller's no more) as it was before ``edit``.

    SaveError if it cannot be written.
    """
    yield None
    if edit is not None:
        edit.undo(mask)
    keep_shown(path, mask)


def forget_prediction(path: Path) -> Job:
    """Let go of what was shown earlier, as the mask is started anew; SaveError if that fails."""
    yield None
    forget_shown(path)


def forget_classes(data_root: Path, class_ids: Collection[int]) -> Job:
    """Let go of shown predictions that hold classes which are gone; SaveError if that fails."""
    yield None
    forget_shown_with(data_root, class_ids)


def export(path: Path, records: Sequence[EffortRecord]) -> Job:
    """Write records as CSV and yield Exported."""
    error = None
    try:
        write_csv(path, records)
    except SegToolError as exc:
        error = exc
    yield Exported(path, error)
