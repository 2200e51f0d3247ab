"""Where the program's own files are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from segtool import resources
from segtool.core.errors import SegToolError


def test_a_checkout_uses_the_folder_beside_the_package() -> None:
    root = Path(__file__).resolve().parent.parent
    assert resources.resource_path("sample") == root / "resources" / "sample"


def test_an_installed_package_uses_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "segtool" / "_resources"
    inside.mkdir(parents=True)
    (tmp_path / "resources").mkdir()
    monkeypatch.setattr(resources, "_IN_WHEEL", inside)
    monkeypatch.setattr(resources, "_IN_CHECKOUT", tmp_path / "resources")
    assert resources.resource_path("icons", "brush.svg") == inside / "icons" / "brush.svg"


def test_missing_resources_are_said_with_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_IN_WHEEL", tmp_path / "no")
    monkeypatch.setattr(resources, "_IN_CHECKOUT", tmp_path / "neither")
    with pytest.raises(SegToolError, match="Install SegTool again"):
        resources.resource_path("models")
