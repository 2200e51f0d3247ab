from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from segtool.gui.dialogs.model_card_dialog import ModelCardDialog
from segtool.gui.panels.run_plots import RunPlots
from segtool.models.card import ModelCard
from segtool.models.integrity import verify_model
from segtool.models.store import ModelEntry
from tests.gui.training_fixtures import epoch, metrics
from tests.model_fixtures import GROUND, NUCLEI


@pytest.fixture
def card(tiny_model_folder: Path) -> ModelCard:
    return verify_model(tiny_model_folder)


def test_the_whole_card_is_shown(qtbot: QtBot, card: ModelCard, tiny_model_folder: Path) -> None:
    scores = metrics(0.875)
    scores["per_class"] = [{"id": 1, "name": "nucleus", **scores["pooled"]}]
    full = replace(
        card,
        metrics=scores,
        training={
            "data": {"name": "BBBC038", "licence": "CC0 1.0", "use": "Nuclei in microscopy", "not_for": "Whole cells"},
            "base": "none",
            "settings": {"batch": 8, "augmentation": {"zoom": 0.5, "shift": 0}},
        },
        curves=[asdict(epoch(1)), asdict(epoch(2))],
    )
    dialog = ModelCardDialog(ModelEntry("nuclei", tiny_model_folder, full, bundled=True), GROUND)
    qtbot.addWidget(dialog)
    texts = dialog.texts()
    rows = dict(zip(texts, texts[1:], strict=False))
    assert rows["Made for"] == "Nuclei in microscopy"
    assert rows["Not made for"] == "Whole cells"
    assert rows["Licence"] == "CC0 1.0"
    assert rows["Started from"] == "random weights"
    assert rows["Batch"] == "8"
    assert rows["Random changes"] == "zoom 0.5"
    assert "but not water" in rows["In this folder"]
    row = texts.index("nucleus")
    assert texts[row : row + 5] == ["nucleus", "0.875", "0.438", "0.750", "0.250"]
    plots = dialog.findChild(RunPlots)
    assert plots is not None
    assert [step for step, _ in plots.points("val_f1")] == [25, 50]


@pytest.mark.parametrize("number", [10**400, float("nan"), float("inf")])
def test_numbers_that_no_run_has_are_left_out(
    qtbot: QtBot, card: ModelCard, tiny_model_folder: Path, number: float
) -> None:
    scores = {"pooled": dict.fromkeys(("f1", "iou", "precision", "recall"), number)}
    settings = {"batch": number, "augmentation": {"zoom": number}}
    odd = replace(
        card,
        metrics=scores,
        created="0001-01-01T00:00:00+14:00",
        training={"seconds": number, "steps": 4, "settings": settings},
        curves=[asdict(epoch(1)) | {"val_loss": number}],
    )
    dialog = ModelCardDialog(ModelEntry("odd", tiny_model_folder, odd, bundled=False), NUCLEI)
    qtbot.addWidget(dialog)
    texts = dialog.texts()
    rows = dict(zip(texts, texts[1:], strict=False))
    assert "Not measured: no image was held out." in texts
    assert rows["Took"] == "4 steps"
    assert rows["Random changes"] == "none"
    assert not {"Batch", "<b>Learning curve</b>"} & set(texts)


def test_a_card_that_says_nothing_has_no_empty_sections(qtbot: QtBot, card: ModelCard, tmp_path: Path) -> None:
    bare = replace(card, metrics=None, created="", training={}, curves=[])
    dialog = ModelCardDialog(ModelEntry("<b>", tmp_path, bare, bundled=False), NUCLEI)
    qtbot.addWidget(dialog)
    texts = dialog.texts()
    assert texts[0] == "<b>&lt;b&gt;</b>"
    assert "Not measured: no image was held out." in texts
    assert not {"<b>Training</b>", "<b>Learning curve</b>", "Made for", "In this folder"} & set(texts)
