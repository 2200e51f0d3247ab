"""Kinds of image are read from a CSV file, and what is wrong with one is told in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from segtool.core.errors import SegToolError
from segtool.formats.kinds_csv import read_kinds


def test_stems_and_kinds_are_read_whatever_else_the_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "kinds.csv"
    path.write_text('\ufeffnumber,stem,kind\n1,a,dark\n2,"b,c",bright\n', encoding="utf-8")
    assert read_kinds(path) == {"a": "dark", "b,c": "bright"}


@pytest.mark.parametrize("content", [b"name,kind\na,dark\n", b"stem,kind\n\xff\xfe,dark\n"])
def test_a_file_that_is_something_else_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "kinds.csv"
    path.write_bytes(content)
    with pytest.raises(SegToolError, match="stem and kind") as caught:
        read_kinds(path)
    assert caught.value.path == path


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SegToolError, match="cannot be read"):
        read_kinds(tmp_path / "none.csv")


def test_a_row_without_a_kind_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kinds.csv"
    path.write_text("stem,kind\na,tissue\nb\nc,\n")
    assert read_kinds(path) == {"a": "tissue"}
