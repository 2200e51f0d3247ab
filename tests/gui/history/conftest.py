"""A folder with versions of different parents, predictions and scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from segtool.gui.main_window import MainWindow
from segtool.models.card import read_card
from tests.gui.training_fixtures import add_version
from tests.model_fixtures import NUCLEI, change_card, export_tiny_model


@pytest.fixture(scope="session")
def other_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model for the classes ``NUCLEI`` that predicts something else than ``tiny_model_folder``."""
    folder = tmp_path_factory.mktemp("models") / "other"
    export_tiny_model(folder, name="other", seed=11)
    return folder


def write_history(folder: Path, **training: Any) -> None:
    """Put facts about its training on the card of a version."""
    change_card(folder, training=read_card(folder).training | training)


@pytest.fixture
def versions_folder(image_folder: Path, tiny_model_folder: Path, other_model_folder: Path) -> Path:
    """The drawn images, with nuclei → 0001-a → 0002-b, of which the last is active."""
    write_history(add_version(image_folder, tiny_model_folder, "0001-a", f1=0.5), base="nuclei", seconds=65.4)
    write_history(
        add_version(image_folder, other_model_folder, "0002-b", f1=0.75),
        base="0001-a",
        images_used=[{"key": "a.png", "sha256": "0123456789abcdef" * 4}, {"key": "b.png"}, "no image"],
        verdict={"accepted": True, "why": "F1 0.750, 0001-a has 0.500."},
    )
    (image_folder / "classes.json").write_text(json.dumps(NUCLEI.to_json()), encoding="utf-8")
    (image_folder / "segtool.json").write_text(
        json.dumps({"format": 1, "active_model": "0002-b", "classes": NUCLEI.to_json()}), encoding="utf-8"
    )
    return image_folder


@pytest.fixture
def versions_window(window: MainWindow, versions_folder: Path) -> MainWindow:
    """A window with that folder open at its first image."""
    assert window.opener.open(versions_folder)
    model = window._session.model
    assert model is not None
    assert model.name == "0002-b"
    return window
