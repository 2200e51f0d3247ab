"""What can be told of a folder before it is a project: whose masks it holds, its classes, whether it can be written."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from segtool.core.classes import ClassSet
from segtool.core.errors import ProjectError, SegToolError
from segtool.formats.atomic import TEMPORARY_SUFFIX
from segtool.formats.source import open_regular, why
from segtool.project.layout import CLASSES_FILE, IMAGES_FOLDER, MASKS_FOLDER
from segtool.project.state import ProjectState

_MAX_BYTES = 2**24
_MAX_REASON = 300


def check_place(root: Path, place: Path, state: ProjectState) -> list[str]:
    """Return notes about where the data of a folder lies; ProjectError if it is that of another folder."""
    notes = []
    beside = root.parent / MASKS_FOLDER
    if place == root:
        if root.name == IMAGES_FOLDER and os.path.isdir(beside) and not os.path.exists(root / MASKS_FOLDER):
            notes.append(f"There are masks in {beside}: to use them, open {root.parent} instead.")
        return notes
    if state.images_from and Path(state.images_from) != root:
        if os.path.isdir(state.images_from) and not os.path.samefile(state.images_from, root):
            raise ProjectError(
                f"the masks here belong to the images in {state.images_from}",
                path=place,
                remedy=f"Choose another folder for the masks of {root}.",
            )
        notes.append(f"{place} was made for {state.images_from}, which is now {root}.")
    if os.path.isdir(root / MASKS_FOLDER):
        notes.append(
            f"The masks in {root / MASKS_FOLDER} are not used: copy them into {place / MASKS_FOLDER} to use them."
        )
    return notes


def find_classes(root: Path) -> tuple[ClassSet | None, list[str]]:
    """Look for ``classes.json`` in the folder, then in the one around it."""
    for path in (root / CLASSES_FILE, root.parent / CLASSES_FILE):
        if not os.path.exists(path):
            continue
        try:
            with open_regular(path, error=ProjectError) as file:
                return ClassSet.from_json(json.loads(file.read(_MAX_BYTES).decode("utf-8-sig"))), []
        except OSError as exc:
            return None, [f"{path} cannot be read ({why(exc)}), so its classes are not used."]
        except (ValueError, RecursionError) as exc:
            return None, [f"{path} is not valid JSON ({exc}), so its classes are not used."]
        except SegToolError as exc:
            return None, [f"{path}: {exc.reason[:_MAX_REASON]}, so its classes are not used."]
    return None, []


def why_not_writable(folder: Path) -> str:
    """Return why nothing can be written in a folder, or where it would be made, as two sentences; "" if it can."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    probe = folder / f".segtool-{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"
    try:
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        probe.unlink()
    except OSError as exc:
        return f"{folder}: nothing can be saved here ({exc.strerror}). Choose another folder for the masks."
    return ""
