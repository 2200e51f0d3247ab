"""The wheel holds all that the program needs, and runs from where it was unpacked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of a wheel built from the tree as it is."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("segtool-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder into which the wheel was unpacked, as an installation lays it out."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def _run(installed: Path, *arguments: str, cwd: Path) -> str:
    """Run Python on the unpacked package, away from the checkout, and return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wheel_holds_package_and_resources_and_nothing_else(installed: Path) -> None:
    for kind, source, target in (("*.py", "segtool", "segtool"), ("*", "resources", "segtool/_resources")):
        wanted = {path.relative_to(ROOT / source) for path in (ROOT / source).rglob(kind) if path.is_file()}
        packed = {path.relative_to(installed / target) for path in (installed / target).rglob(kind) if path.is_file()}
        if source == "segtool":
            packed = {path for path in packed if path.parts[0] != "_resources"}
        assert wanted
        assert packed == wanted
    assert {path.name.split("-")[0] for path in installed.iterdir()} == {"segtool"}


def test_metadata_names_the_command_the_licence_and_the_version(installed: Path) -> None:
    (info,) = installed.glob("segtool-*.dist-info")
    assert "segtool = segtool.cli:main" in (info / "entry_points.txt").read_text(encoding="utf-8")
    metadata = Parser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert (info / "licenses" / "LICENSE").is_file()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [line for line in metadata.get_all("Requires-Dist") or [] if "extra" not in line]
    assert len(needed) == len(project["dependencies"])
    printed = _run(installed, "-c", "import segtool; print(segtool.__version__)", cwd=installed)
    assert printed.strip() == metadata["Version"]


def test_unpacked_wheel_finds_its_resources_and_the_command_starts(installed: Path, tmp_path: Path) -> None:
    code = "from segtool.resources import resource_path; print(resource_path('sample'))"
    sample = Path(_run(installed, "-c", code, cwd=tmp_path).strip())
    assert sample == installed / "segtool" / "_resources" / "sample"
    assert len(list(sample.glob("*.png"))) == 6
    models = json.loads(_run(installed, "-m", "segtool", "models", "--json", cwd=tmp_path))
    bundled = [path.parent.name for path in (ROOT / "resources" / "models").glob("*/model.json")]
    assert bundled
    for name in bundled:
        assert name in json.dumps(models)
