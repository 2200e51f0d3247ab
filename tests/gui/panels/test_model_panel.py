from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QLabel

from segtool.gui.actions import ActionId
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.model_panel import ModelPanel, card_facts


def _facts(panel: ModelPanel) -> dict[str, str]:
    labels = [panel.facts.itemAt(i).widget() for i in range(panel.facts.count())]
    texts = [label.text() for label in labels if isinstance(label, QLabel)]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def test_the_active_model_and_its_card_are_shown(opened: MainWindow) -> None:
    model = opened._session.model
    assert model is not None
    assert opened.model.combo.currentData() == model.name
    facts = _facts(opened.model)
    assert list(facts)[:3] == ["F1", "Trained", "Classes"]
    assert "held-out" in facts["F1"]
    assert facts["Classes"] == ", ".join(item.name for item in model.card.classes)
    assert opened.action_set[ActionId.SEGMENT_IMAGE].isEnabled()


def test_a_version_of_the_folder_can_be_chosen(opened: MainWindow, image_folder: Path) -> None:
    session = opened._session
    bundled = session.model
    assert bundled is not None
    shutil.copytree(bundled.folder, image_folder / "models" / "0001-mine")
    session.refresh_models()
    combo = opened.model.combo
    row = combo.findData("0001-mine")
    assert row >= 0
    combo.setCurrentIndex(row)
    combo.activated.emit(row)
    assert session.model is not None
    assert session.model.name == "0001-mine"
    assert combo.currentData() == "0001-mine"


def test_a_card_that_says_little_is_shown_without_guesses(opened: MainWindow) -> None:
    model = opened._session.model
    assert model is not None
    card = replace(model.card, metrics=None, created="", training={"parameters": 1234567})
    facts = {name: value for name, value, _ in card_facts(replace(model, card=card))}
    assert facts["F1"] == "not measured"
    assert facts["Trained"] == "unknown"
    assert facts["Parameters"] == "1,234,567"
