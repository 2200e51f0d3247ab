"""What a person has said the values of masks mean, remembered for the whole folder.

``.segtool/mask-values.json`` beside the masks. It may be deleted at any time: then the person is asked again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segtool.core.classes import VOID, ClassSet
from segtool.core.errors import SaveError
from segtool.formats.atomic import write_atomic
from segtool.formats.mask_kinds import MaskKind, OddMask, Table
from segtool.formats.source import why
from segtool.project.guard import make_own_folder

ANSWERS_FILE = Path(".segtool", "mask-values.json")
_VERSION = 1


@dataclass(frozen=True, slots=True)
class MaskAnswers:
    """For each kind of mask, what its values mean.

    Attributes
    ----------
    tables : mapping of MaskKind to table
    """

    tables: Mapping[MaskKind, Table] = field(default_factory=dict)

    def table_for(self, odd: OddMask, classes: ClassSet) -> Table | None:
        """Return what makes a mask of such a file; None if it has a value that was never asked about, or a class is
        gone."""
        table = self.tables.get(odd.kind, {})
        known = {value.key: table[value.key] for value in odd.values if value.key in table}
        is_whole = len(known) == len(odd.values)
        return known if is_whole and all(item == VOID or item in classes for item in known.values()) else None

    def with_table(self, kind: MaskKind, table: Table) -> MaskAnswers:
        """Return the answers with those of one more mask; the newer one holds."""
        return MaskAnswers({**self.tables, kind: {**self.tables.get(kind, {}), **table}})


def read_answers(data_root: Path) -> MaskAnswers:
    """Read what is remembered; nothing, if there is no such file or it cannot be understood."""
    try:
        content = json.loads((data_root / ANSWERS_FILE).read_bytes())
        if content["version"] != _VERSION:
            return MaskAnswers()
        tables = {MaskKind(kind): dict(table) for kind, table in content["tables"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # A person is asked once more, and nothing is lost.
        return MaskAnswers()
    values = [item for table in tables.values() for item in table.values()]
    is_sound = all(type(item) is int and 0 <= item <= VOID for item in values)
    return MaskAnswers(tables) if is_sound else MaskAnswers()


def write_answers(data_root: Path, answers: MaskAnswers) -> None:
    """Remember answers; SaveError if that cannot be written."""
    path = data_root / ANSWERS_FILE
    tables = {kind.value: dict(table) for kind, table in answers.tables.items()}
    try:
        make_own_folder(path.parent)
    except OSError as cause:
        raise SaveError(f"cannot be made ({why(cause)})", path=path.parent) from cause
    write_atomic(path, (json.dumps({"version": _VERSION, "tables": tables}, indent=1) + "\n").encode())
