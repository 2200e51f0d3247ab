"""``segtool info``: each image of a folder with its size, type and status, or why it cannot be read."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from segtool.commands.reporting import Reporter
from segtool.core.errors import ImageError
from segtool.core.printable import printable
from segtool.formats.isolated import probe_image
from segtool.project.effort import EFFORT_FILE, EffortLog
from segtool.project.effort_summary import effort_figures, total_text, trend_text
from segtool.project.layout import ImageEntry
from segtool.project.project import Project


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """List a folder; return the exit code."""
    project = Project.open(Path(arguments.folder))
    effort = EffortLog(project.data_root / EFFORT_FILE).records()
    rows = [_describe(project, entry) for entry in project.entries]
    if arguments.json:
        value = {
            "folder": str(project.root),
            "classes": [{"id": item.id, "name": item.name} for item in project.classes],
            "writable": not project.writable_reason,
            "notes": list(project.notes),
            "images": rows,
            "effort": effort_figures(effort),
        }
        reporter.line(json.dumps(value, indent=1))
        return 0
    for note in project.notes:
        reporter.warning(note)
    for row in rows:
        if row["error"]:
            reporter.line(f"{printable(row['image'])}  unreadable: {row['error']}")
        else:
            notes = f"  ({'; '.join(row['notes'])})" if row["notes"] else ""
            size = f"{row['width']}x{row['height']}"
            reporter.line(f"{printable(row['image'])}  {size} {row['type']}  {row['status']}{notes}")
    unreadable = sum(1 for row in rows if row["error"])
    reporter.line(f"{len(rows)} images" + (f", {unreadable} unreadable" if unreadable else ""))
    for text in filter(None, (total_text(effort), trend_text(effort))):
        reporter.line(text)
    return 0


def _describe(project: Project, entry: ImageEntry) -> dict[str, Any]:
    row: dict[str, Any] = {
        "image": entry.key,
        "status": project.status(entry.key).value,
        "mask": str(entry.mask_path) if entry.mask_path.is_file() else None,
        "width": None,
        "height": None,
        "type": None,
        "notes": [],
        "error": None,
    }
    try:
        header = probe_image(entry.path)
    except ImageError as exc:
        row["error"] = exc.reason
        return row
    kind = "colour" if header.channels >= 3 else "grey"
    row.update(width=header.width, height=header.height, type=f"{header.dtype} {kind}", notes=list(header.notes))
    return row
