"""Fixtures for every test: no screen, a home of its own, drawn images."""

from __future__ import annotations

import gc
import os

# Before anything imports Qt: a window of a test is never to appear on a person's screen.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QSettings

from segtool.resources import resource_path
from segtool.sample import draw_nuclei

pytest_plugins = ["tests.model_fixtures"]

_HOME_VARIABLES = {
    "HOME": "",
    "USERPROFILE": "",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_STATE_HOME": "state",
}


@pytest.fixture(autouse=True)
def isolated_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home folder and empty settings, for each test anew."""
    home = tmp_path_factory.mktemp("home")
    for variable, folder in _HOME_VARIABLES.items():
        monkeypatch.setenv(variable, str(home / folder) if folder else str(home))
    for settings_format in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(settings_format, QSettings.Scope.UserScope, str(home / "config"))
    yield home
    # Settings are cached by file and synced late: drop nothing into the next test's files.
    QSettings().sync()


@pytest.fixture
def sample_folder(tmp_path: Path) -> Path:
    """A copy of the bundled sample images that a test may write to."""
    return Path(shutil.copytree(resource_path("sample"), tmp_path / "sample"))


@pytest.fixture(scope="session")
def drawn_nuclei() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """A small drawn image (120×160 uint8) and its true mask (0 and 1), both read-only."""
    pixels, mask = draw_nuclei(7, size=(120, 160))
    pixels.setflags(write=False)
    mask.setflags(write=False)
    return np.asarray(pixels, dtype=np.uint8), mask


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the fault tests; pytest asks for them in this file only."""
    parser.addoption("--full", action="store_true", help="do in fault tests what takes minutes or hours")
    parser.addoption("--counts", metavar="FILE", help="add a line for each fault test to a file")


def pytest_collection_finish() -> None:
    """Take what is loaded by now out of every search through all objects: some tests look for what they left behind."""
    gc.collect()
    gc.freeze()
