"""After each test, no file of it may still be open: Windows could not replace it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


def _open_files_below(folder: Path) -> list[str]:
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        return []
    found = []
    for name in os.listdir(descriptors):
        try:
            target = os.readlink(descriptors / name)
        except OSError:
            continue
        if Path(target).is_relative_to(folder):
            found.append(target)
    return found


@pytest.fixture(autouse=True)
def nothing_left_open(tmp_path: Path) -> Iterator[None]:
    yield
    assert _open_files_below(tmp_path) == []
