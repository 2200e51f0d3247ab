"""A person's work in a sentence, and as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from segtool.core.effort import trend
from segtool.formats.atomic import write_atomic
from segtool.project.effort import EffortRecord

_LONGEST_IN_SECONDS = 100


def trend_text(records: Sequence[EffortRecord]) -> str:
    """Return how the time per image has changed, as a sentence; "" for fewer than six images."""
    found = trend([record.seconds for record in records])
    if found is None:
        return ""
    percent = round(100 * abs(found.change))
    change = f"{percent} % {'less' if found.change < 0 else 'more'}" if percent else "about the same"
    return (
        f"The last {found.images} images took {time_text(found.last)} each, "
        f"the first {found.images} took {time_text(found.first)}: {change}."
    )


def total_text(records: Sequence[EffortRecord]) -> str:
    """Return how many images were worked on, and how much, as a sentence; "" for none."""
    if not records:
        return ""
    images = _counted(len({record.key for record in records}), "image")
    strokes = _counted(sum(record.strokes for record in records), "stroke")
    return f"{images} corrected or approved with {strokes} in {time_text(sum(r.seconds for r in records))}."


def effort_figures(records: Sequence[EffortRecord]) -> dict[str, float] | None:
    """Return the sums for other programs (``images``, ``seconds``, ``strokes``, ``undos``); None without records."""
    if not records:
        return None
    return {
        "images": len({record.key for record in records}),
        "seconds": round(sum(record.seconds for record in records), 1),
        "strokes": sum(record.strokes for record in records),
        "undos": sum(record.undos for record in records),
    }


def time_text(seconds: float) -> str:
    """Return a time with its unit: 4.5 s, 64 s, 12:05 min or 1:02:05 h."""
    if seconds < _LONGEST_IN_SECONDS:
        # 9.96 must not become 10.0.
        return f"{seconds:.1f} s" if 0 < seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def write_csv(path: Path, records: Sequence[EffortRecord]) -> None:
    """Write records as CSV (UTF-8, one row each, in their order, empty where unknown); SaveError if that fails."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["image", *(item.name for item in fields(EffortRecord) if item.name != "key")])
    writer.writeheader()
    for record in records:
        row = asdict(record)
        writer.writerow({"image": row.pop("key"), **row})
    # A name that is not Unicode cannot be written as such.
    write_atomic(path, text.getvalue().encode("utf-8", errors="backslashreplace"))


def _counted(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
