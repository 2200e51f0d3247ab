from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What a library of C writes to standard error must not end up in the next file that is opened.
_CODE = """
import os, sys
from segtool.streams import prepare_streams
prepare_streams()
with open(sys.argv[1], "wb") as file:
    os.write(2, b"libpng warning")
    file.write(b"mask")
sys.stderr.write("said by Python")
sys.stdout.write("said by Python")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such shell")
@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", "2>&-", ">&-"])
def test_closed_streams_lead_nowhere(tmp_path: Path, closed: str) -> None:
    path = tmp_path / "mask"
    command = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-c", _CODE, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert path.read_bytes() == b"mask"
