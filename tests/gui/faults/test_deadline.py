"""A closing that takes too long is ended, but not before the journal holds what was handed over to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from segtool.project.journal import read_journal

# The window's thread waits for a drive without end; the journal has many tiles to write, each of them slowly.
CHILD = """
import sys, threading, time
from pathlib import Path
import numpy as np
from segtool.core.edits import TilePixels
from segtool.core.geometry import Rect
from segtool.gui.faults.deadline import Deadline
from segtool.project.journal import RecordKind
from segtool.project.journal_writer import Change, JournalWriter

class SlowTile(TilePixels):
    def packed(self):
        time.sleep(float(sys.argv[2]))
        return super().packed()

folder = Path(sys.argv[1])
writer = JournalWriter(folder / "journal", on_synced=lambda *_: None, on_trouble=print)
deadline = Deadline(None, seconds=0.0)
deadline.wait_for_journal = writer.wait_until_appended
tiles = tuple(SlowTile(Rect(x, 0, 16, 16), np.ones((16, 16), np.uint8)) for x in range(0, 320, 16))
mask = folder / "masks" / "a.png"
writer.write(Change("a.png", (16, 320), mask, None, (), 0, 1, RecordKind.CHANGE, "Fill", tiles=tiles))
deadline.start()
threading.Event().wait()
"""


@pytest.mark.parametrize(
    ("seconds", "is_kept"),
    [pytest.param("0.1", True, id="slow"), pytest.param("30", False, id="stuck", marks=pytest.mark.slow)],
)
def test_the_journal_is_waited_for_as_long_as_something_comes_of_it(
    tmp_path: Path, seconds: str, is_kept: bool
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), seconds], cwd=Path(__file__).parents[3], timeout=30, check=False
    )
    assert ended.returncode == 1
    journals = list((tmp_path / "journal").glob("*.journal")) if (tmp_path / "journal").exists() else []
    kept = [len(record.tiles) for path in journals for record in read_journal(path).records]
    assert kept == ([20] if is_kept else [])
