"""Models and bases that come with the program must be the very files that came with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from segtool.core.errors import ModelError, SegToolError
from segtool.models.bundled_digests import BUNDLED_DIGESTS
from segtool.resources import resource_path

BUNDLED_PLACES = ("models", "bases")
_REMEDY = "Install SegTool again."


def bundled_key(folder: Path) -> str:
    """Return the name under which a folder's digests are kept, as in "models/nuclei"; "" for folders of people."""
    parent = os.path.realpath(folder.parent)
    for place in BUNDLED_PLACES:
        try:
            root = resource_path(place)
        except SegToolError:
            return ""
        if parent == os.path.realpath(root):
            return f"{place}/{folder.name}"
    return ""


def check_bundled(folder: Path, digests: Mapping[str, str]) -> None:
    """Raise ModelError, naming the file, if a folder among the program's own is not as it came with the program.

    A card that was changed together with the file that it speaks of proves nothing; the program's code does.

    Parameters
    ----------
    folder : Path
        Any model folder; those of people are passed over.
    digests : mapping of str to str
        File name → SHA-256 in hex of what lies there.
    """
    key = bundled_key(folder)
    if not key:
        return
    expected = BUNDLED_DIGESTS.get(key, {})
    for name in {**expected, **digests}:
        if expected.get(name) != digests.get(name, "").lower():
            raise ModelError("this is not the file that came with SegTool", path=folder / name, remedy=_REMEDY)
