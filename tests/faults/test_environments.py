"""R20: the window and the command line where not everything is as it is on a developer's computer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from segtool.formats.mask_png import read_mask
from segtool.sample import draw_nuclei
from tests.faults.counting import FaultCount, Times

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the places and limits are those of Linux")

ROOT = Path(__file__).resolve().parents[2]
# Nobody may make a folder there, not even root.
_NO_PLACE = "/proc/segtool"
_XDG = {f"XDG_{name}_HOME": _NO_PLACE for name in ("CONFIG", "DATA", "CACHE", "STATE")}


@dataclass(frozen=True, slots=True)
class Place:
    """An environment: variables (None: not set), options of the interpreter and of the child, closed streams."""

    name: str
    variables: dict[str, str | None] = field(default_factory=dict)
    python: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    closes_streams: bool = False


WORST = Place(
    "everything at once",
    {"LC_ALL": "C", "LANG": None, "HOME": _NO_PLACE, "TMPDIR": "/nowhere", "PYTHONUTF8": "0", **_XDG},
    options=("locale=ar_EG", "umask=077", "files=64", "gone={tmp}/gone"),
    closes_streams=True,
)
PLACES = (
    WORST,
    Place("LANG=C", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    Place("LANG=POSIX", {"LC_ALL": "POSIX"}),
    Place("a locale that is not installed", {"LC_ALL": "xx_YY.UTF-8"}),
    Place("Turkish", {"LC_ALL": "tr_TR.UTF-8", "LOCPATH": "{locales}"}, options=("locale=tr_TR",)),
    Place("Arabic", {"LC_ALL": "ar_EG.UTF-8", "LOCPATH": "{locales}"}, options=("locale=ar_EG",)),
    Place("German", {"LC_ALL": "de_DE.UTF-8", "LOCPATH": "{locales}"}, options=("locale=de_DE",)),
    Place("home that is not there", {"HOME": "/nowhere/at/all"}),
    Place("home that cannot be written", {"HOME": _NO_PLACE, **_XDG}),
    Place("no HOME", {"HOME": None}),
    Place("settings that cannot be written", _XDG),
    Place("no temporary folder", {"TMPDIR": "/nowhere"}),
    Place("current folder removed", options=("gone={tmp}/gone",)),
    Place("clock that jumps", options=("clock=jumps", "autosave=yes")),
    Place("umask 077", options=("umask=077",)),
    Place("umask 000", options=("umask=000",)),
    Place("streams closed", closes_streams=True),
    Place("no streams", options=("streams=none",)),
    Place("64 open files", options=("files=64",)),
    Place("optimised away asserts and docstrings", python=("-OO",)),
    Place("isolated interpreter of a read-only installation", {"PYTHONDONTWRITEBYTECODE": "1"}),
    Place("scale 2", {"QT_SCALE_FACTOR": "2"}),
    Place("scale 0.5", {"QT_SCALE_FACTOR": "0.5"}),
    Place("no graphics card", {"QT_QUICK_BACKEND": "software", "LIBGL_ALWAYS_SOFTWARE": "1"}),
)


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of locales that most computers do not have; those that cannot be made are simulated by Qt alone."""
    folder = tmp_path_factory.mktemp("locales")
    maker = shutil.which("localedef")
    for name in ("tr_TR", "ar_EG", "de_DE"):
        if maker is not None:
            command = [maker, "-i", name, "-f", "UTF-8", os.fspath(folder / f"{name}.UTF-8")]
            subprocess.run(command, capture_output=True, check=False)
    return folder


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    pixels, _ = draw_nuclei(3, size=(90, 120))
    done, data = cv2.imencode(".png", pixels)
    assert done
    # Where the locale has no such letter, the name is bytes that are no text.
    (folder / "Übersicht ığ.png").write_bytes(data.tobytes())
    return folder


def _run(place: Place, arguments: list[str], *, cwd: Path, fill: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.fspath(ROOT), "PYTHONSAFEPATH": "1"}
    for name, value in place.variables.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value.format(**fill)
    command = [sys.executable, *place.python, *arguments]
    if place.closes_streams:
        command = ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, timeout=150, check=False)


def _wrong_window(place: Place, tmp_path: Path, locales: Path) -> str:
    folder, result = _folder(tmp_path), tmp_path / "result"
    fill = {"tmp": os.fspath(tmp_path), "locales": os.fspath(locales)}
    options = [option.format(**fill) for option in place.options]
    arguments = ["-m", "tests.faults.environment_child", os.fspath(folder), os.fspath(result), *options]
    done = _run(place, arguments, cwd=tmp_path, fill=fill)
    said = result.read_text(encoding="utf-8") if result.exists() else "nothing"
    masks = list((folder / "masks").glob("*.png")) if (folder / "masks").is_dir() else []
    if done.returncode != 0 or said != "ok":
        return f"window ended with {done.returncode}, said {said}: {done.stderr.decode(errors='replace')[-300:]}"
    if len(masks) != 1 or not np.any(read_mask(masks[0]) == 1):
        return f"the mask was not saved ({masks})"
    return "a traceback was shown" if b"Traceback" in done.stderr else ""


def _wrong_command(place: Place, tmp_path: Path, locales: Path) -> str:
    fill = {"tmp": os.fspath(tmp_path), "locales": os.fspath(locales)}
    done = _run(place, ["-m", "segtool", "info", os.fspath(tmp_path / "photos"), "--json"], cwd=tmp_path, fill=fill)
    if done.returncode != 0 or b"Traceback" in done.stderr:
        return f"command line ended with {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}"
    if not place.closes_streams and len(json.loads(done.stdout)) == 0:
        return "command line found no image"
    return ""


@pytest.mark.slow
def test_strange_environments(
    tmp_path: Path, locales: Path, times: Times, counted: Callable[[FaultCount], None]
) -> None:
    places = PLACES[: times(quick=1, full=len(PLACES))]
    bad = []
    for number, place in enumerate(places):
        work = tmp_path / str(number)
        work.mkdir()
        wrong = _wrong_window(place, work, locales) or _wrong_command(place, work, locales)
        if wrong:
            bad.append(f"{place.name}: {wrong}")
    counted(
        FaultCount(
            test="R20",
            done="started, painted, saved and closed in strange environments: locales, home, clock, streams, limits",
            times=2 * len(places),
            bad=len(bad),
            promise="the window and the command line start, the mask is on disk, no traceback",
            found="; ".join(bad[:5]),
        )
    )
