"""Settings that are damaged, or made to do damage, never keep the window from opening."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.closing_child import How, Moment, Saves
from tests.faults.counting import FaultCount, Times
from tests.faults.fork_server import fork_server
from tests.faults.test_closing import image_folder

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="settings are no file of text there")

_HOSTILE = (
    "@Invalid()",
    "@ByteArray()",
    "@ByteArray(\\x1\\xd9\\xd0\\xcb\\0\\x3\\0\\0\\xff\\xff\\xff\\xff\\x7f\\xff\\xff\\xff\\x80)",
    "@Variant(\\0\\0\\0\\x7f\\0\\0\\0\\x10NoSuchType\\0\\xff)",
    "@Variant(\\0\\0\\0\\t\\xff\\xff\\xff\\xfe)",
    "@Rect(1 2 3)",
    "@Size(-1 99999999999)",
    "99999999999999999999999999",
    "-1",
    "1e400",
    "nan",
    "true, false, a, b",
    '"[' + "[" * 60_000 + '"',
    '"{\\"/x\\": 1e400}"',
    '"{\\"/x\\": [1]}"',
    '"[{\\"root\\": null, \\"data_root\\": {}, \\"image\\": [[]]}]"',
    '"[{\\"root\\": \\"\\\\u0000\\", \\"data_root\\": \\"/dev/full\\"}]"',
    "\\x0\\x1\\xffff",
    "a" * 2_000_000,
    "",
)
_KEYS = (
    "recentFolders",
    "appearance",
    "averageOverFlipsAndTurns",
    "mask\\style",
    "mask\\outlineWidth",
    "retrain\\automatically",
    "view\\compared_with",
    "view\\minimap",
    "window\\geometry",
    "window\\layout",
)


def _damaged(good: bytes, rng: random.Random, number: int) -> bytes:
    """Return a settings file that is not as the program has written it."""
    kind = number % 5
    if kind == 0:
        lines = ["[General]"]
        for key in _KEYS:
            group, _, name = key.rpartition("\\")
            lines += [f"[{group}]"] if group else []
            lines.append(f"{name}={rng.choice(_HOSTILE)}")
        return "\n".join(lines).encode()
    if kind == 1:
        data = bytearray(good)
        for _ in range(rng.randrange(1, 60)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        return bytes(data)
    if kind == 2:
        return good[: rng.randrange(len(good))] + rng.randbytes(rng.randrange(50))
    if kind == 3:
        # Geometry and layout are bytes that Qt trusts.
        start = good.index(b"layout=") + 30 if rng.random() < 0.5 else good.index(b"geometry=") + 30
        return good[:start] + bytes(rng.choice(b"abcXYZ019/") for _ in range(9)) + good[start + 9 :]
    return rng.randbytes(rng.randrange(5000))


@pytest.mark.slow
def test_damaged_settings(
    tmp_path: Path, isolated_home: Path, times: Times, counted: Callable[[FaultCount], None]
) -> None:
    rng, count, bad = random.Random(3), times(quick=3, full=50), []
    folder = image_folder(tmp_path)
    job = {
        "folder": os.fspath(folder),
        "moment": Moment.IDLE,
        "how": How.CLOSE,
        "saves": Saves.WHOLE,
        "delay_ms": 0,
    }
    with fork_server("tests.faults.closing_child", log=tmp_path / "child.log") as run:
        assert run("run", **job).code == 0
        (settings,) = isolated_home.rglob("SegTool.conf")
        good = settings.read_bytes()
        assert b"geometry" in good
        for number in range(count):
            if number == 4:
                settings.unlink()
                settings.mkdir()
            else:
                settings.write_bytes(_damaged(good, rng, number))
            outcome = run("run", **job)
            if outcome.code != 0 or outcome.said != ("asked",):
                bad.append(f"{number}: exit code {outcome.code}, said {outcome.said}")
            if settings.is_dir():
                shutil.rmtree(settings)
    counted(
        FaultCount(
            test="R20",
            done="started with settings that are damaged, hostile, or a folder instead of a file",
            times=count,
            bad=len(bad),
            promise="the window opens the folder, paints, saves and closes",
            found="; ".join(bad[:5]),
        )
    )
