"""Reading which kind of image each image is, from a CSV file."""

from __future__ import annotations

import csv
from pathlib import Path

from segtool.core.errors import SegToolError


def read_kinds(path: Path) -> dict[str, str]:
    """Read a CSV file with the columns ``stem`` (file name without its suffix) and ``kind``.

    Returns
    -------
    dict of str to str
        Stem → kind; a row that lacks one of them is passed over.

    Raises
    ------
    SegToolError
        If the file cannot be read or lacks one of the columns.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = [(row["stem"], row["kind"]) for row in csv.DictReader(stream)]
            return {stem: kind for stem, kind in rows if stem and kind}
    except OSError as exc:
        raise SegToolError(f"the kinds of image cannot be read ({exc.strerror})", path=path) from exc
    except (KeyError, UnicodeDecodeError, csv.Error) as exc:
        raise SegToolError("the kinds of image are not a CSV file with the columns stem and kind", path=path) from exc
