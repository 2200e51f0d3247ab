"""The record of a person's work: ``effort.jsonl``, a line for each image and visit, kept beside ``segtool.json``."""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segtool.core.classes import ClassSet
from segtool.core.effort import Correction, measure_correction
from segtool.core.errors import SaveError
from segtool.formats.mask_png import read_mask
from segtool.formats.source import why
from segtool.project.guard import holds_nothing
from segtool.project.shown import read_shown
from segtool.project.status import Status

EFFORT_FILE = "effort.jsonl"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a person has done to one image since it was opened, or since that was last recorded.

    Attributes
    ----------
    key : str
        The image.
    seconds : float
        Time at work, breaks left out.
    strokes, undos : int
        Edits made and taken back.
    status : Status
        Where the image stands.
    model : str
        Name of the model whose prediction was shown, "" if none is known.
    """

    key: str
    seconds: float
    strokes: int
    undos: int
    status: Status
    model: str


@dataclass(frozen=True, slots=True)
class EffortRecord:
    """What one image has cost since a prediction was shown for it; all visits together.

    Attributes
    ----------
    key : str
        The image.
    when : str
        Time of the last visit's end in UTC, ISO 8601.
    model : str
        Name of the model that made the shown prediction; "" if none was shown or it is not known.
    shown : str
        Check sum that tells one shown prediction of the image from the next; "" if none was shown or it is not known.
    status : Status
        Where the image stood.
    seconds : float
        Time at work, breaks left out.
    strokes, undos : int
        Edits made and taken back.
    pixels : int
        Pixels of the image.
    pixels_changed, added_path : int or None
        See ``core.effort.Correction``; None where it is not known what was shown.
    shown_f1, shown_iou : float or None
        Scores of what was shown against what was saved, 0…1; None where it is not known what was shown.
    """

    key: str
    when: str
    model: str
    shown: str
    status: Status
    seconds: float
    strokes: int
    undos: int
    pixels: int
    pixels_changed: int | None = None
    added_path: int | None = None
    shown_f1: float | None = None
    shown_iou: float | None = None

    @property
    def changed_percent(self) -> float | None:
        """Share of the pixels that were changed, 0…100; None where it is not known what was shown."""
        return None if self.pixels_changed is None else 100 * self.pixels_changed / self.pixels


class EffortLog:
    """The records of one folder and the file that they are added to; belongs to one thread at a time.

    Parameters
    ----------
    path : Path
        ``effort.jsonl``; need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records: dict[tuple[str, str], EffortRecord] | None = None

    def records(self) -> tuple[EffortRecord, ...]:
        """Return one record for each image and prediction that was shown for it, in the order first worked on.

        The file is read when this is first called. Of several lines about the same, the last one counts; damaged
        lines are passed over, and so is a file that cannot be read.
        """
        return tuple(self._known().values())

    def add(self, visit: Visit, *, mask_path: Path, shown_path: Path, classes: ClassSet) -> EffortRecord:
        """Measure what a visit has led to, add it to what is recorded of the image and write that down.

        Parameters
        ----------
        visit : Visit
            What was done.
        mask_path, shown_path : Path
            The mask as saved, and the prediction as shown, which need not exist.
        classes : ClassSet
            Classes of the project.

        Raises
        ------
        MaskError
            If the mask cannot be read.
        SaveError
            If the record cannot be written; it is in memory all the same.
        """
        saved = read_mask(mask_path)
        shown = read_shown(shown_path, shape=saved.shape)
        correction = None if shown is None else measure_correction(shown, saved, classes)
        mark = "" if shown is None else f"{zlib.crc32(shown.data):08x}"
        fresh = _record(visit, mark, pixels=saved.size, correction=correction)
        known = self._known()
        before = known.get((visit.key, mark))
        record = fresh if before is None else _together(before, fresh)
        known[record.key, record.shown] = record
        _append(self._path, _to_line(record))
        return record

    def _known(self) -> dict[tuple[str, str], EffortRecord]:
        if self._records is None:
            self._records = {(record.key, record.shown): record for record in _read(self._path)}
        return self._records


def _record(visit: Visit, shown: str, *, pixels: int, correction: Correction | None) -> EffortRecord:
    record = EffortRecord(
        key=visit.key,
        when=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        model=visit.model if shown else "",
        shown=shown,
        status=visit.status,
        seconds=round(visit.seconds, 1),
        strokes=visit.strokes,
        undos=visit.undos,
        pixels=pixels,
    )
    if correction is None:
        return record
    return replace(
        record,
        pixels_changed=correction.pixels_changed,
        added_path=correction.added_path,
        shown_f1=round(correction.f1, 6),
        shown_iou=round(correction.iou, 6),
    )


def _together(before: EffortRecord, visit: EffortRecord) -> EffortRecord:
    """Return the record after one more visit: what was done adds up, the rest is as it is now."""
    return replace(
        visit,
        # Another model may have been chosen since; it has not made the prediction that was shown.
        model=before.model or visit.model,
        seconds=round(before.seconds + visit.seconds, 1),
        strokes=before.strokes + visit.strokes,
        undos=before.undos + visit.undos,
    )


def _to_line(record: EffortRecord) -> bytes:
    # Escaped: file names that are not Unicode carry lone surrogates.
    return json.dumps(asdict(record), separators=(",", ":")).encode("ascii") + b"\n"


def _read(path: Path) -> list[EffortRecord]:
    try:
        if not path.is_file():
            return []
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    return [record for line in lines if (record := _from_line(line)) is not None]


def _from_line(line: bytes) -> EffortRecord | None:
    """Return the record of a line, None if it is damaged."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not _is_valid(value):
        return None
    known: dict[str, Any] = {item.name: value.get(item.name) for item in fields(EffortRecord)}
    known["status"] = Status(value["status"])
    return EffortRecord(**known)


def _is_valid(value: Mapping[str, Any]) -> bool:
    texts = all(isinstance(value.get(name), str) for name in ("key", "when", "model", "shown"))
    counts = all(_is_count(value.get(name)) for name in ("strokes", "undos", "pixels"))
    measured = all(value.get(name) is None or _is_count(value[name]) for name in ("pixels_changed", "added_path"))
    scores = all(value.get(name) is None or _is_number(value[name], most=1) for name in ("shown_f1", "shown_iou"))
    named = texts and value.get("status") in tuple(Status)
    return named and counts and measured and scores and _is_number(value.get("seconds")) and value["pixels"] > 0


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: object, *, most: float = math.inf) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most and value < math.inf


def _append(path: Path, line: bytes) -> None:
    """Add a line; one that a crash has cut short does not swallow it."""
    try:
        if path.exists() and not path.is_file():
            raise SaveError("could not be saved: a folder, pipe or device has this name", path=path)
        if holds_nothing(path.parent):
            raise SaveError("could not be saved: the folder is not there any more", path=path)
        with open(path, "a+b") as stream:
            if stream.tell() > 0:
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != b"\n":
                    line = b"\n" + line
            stream.write(line)
    except OSError as cause:
        raise SaveError(
            f"could not be saved ({why(cause)})", path=path, remedy="Your masks are not affected."
        ) from cause
