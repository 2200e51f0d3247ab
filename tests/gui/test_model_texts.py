from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segtool.core.classes import ClassInfo, ClassSet
from segtool.gui.model_texts import card_facts, class_fit, class_scores, data_field, epochs_of
from segtool.models.card import ModelCard
from segtool.models.integrity import verify_model
from segtool.models.store import ModelEntry
from tests.gui.training_fixtures import metrics
from tests.model_fixtures import GROUND, NUCLEI

OTHER = ClassSet((ClassInfo(0, "glass", (1, 2, 3)), ClassInfo(1, "Nucleus", (4, 5, 6))))


@pytest.fixture
def card(tiny_model_folder: Path) -> ModelCard:
    return verify_model(tiny_model_folder)


def test_a_card_that_says_little_is_shown_without_guesses(card: ModelCard, tmp_path: Path) -> None:
    bare = replace(card, metrics=None, created="", training={"data": "much", "images": "many"}, curves=[{"epoch": 1}])
    facts = {name: value for name, value, _ in card_facts(ModelEntry("m", tmp_path, bare, bundled=False))}
    assert facts == {"Scores": "not measured", "Images": "unknown", "Made": "unknown"}
    assert epochs_of(bare) == []
    assert class_scores(bare) == []


def test_what_a_card_says_is_shown_in_short(card: ModelCard, tiny_model_folder: Path) -> None:
    data = {"name": "BBBC038 (2018)", "source": "Broad", "licence": "CC0", "not_for": ["cells", "tissue"]}
    full = replace(card, metrics=metrics(0.875), training={"data": data, "images": 1200, "base": "nuclei"})
    facts = {name: (value, tip) for name, value, tip in card_facts(ModelEntry("m", tiny_model_folder, full, False))}
    assert facts["Scores"][0] == "F1 0.875  ·  IoU 0.438"
    assert facts["Images"][0] == "1,200 trained on, 1 held out"
    assert facts["Data"] == ("BBBC038, CC0", "BBBC038 (2018)\nBroad")
    assert facts["Base"][0] == "nuclei"
    bundled = card_facts(ModelEntry("m", tiny_model_folder, full, True))
    assert [name for name, _, _ in bundled] == [name for name in facts if name != "Base"]
    assert facts["Made"][0].endswith(" MB")
    assert data_field(full, "not_for") == "cells; tissue"


def test_a_mix_says_how_much_of_which_version_it_is(card: ModelCard, tmp_path: Path) -> None:
    mixed = replace(card, training={"base": "nuclei", "mixed_with": "0001-nuclei", "amount": 0.35})
    facts = {name: value for name, value, _ in card_facts(ModelEntry("m", tmp_path, mixed, bundled=False))}
    assert (facts["Base"], facts["Adapted"]) == ("nuclei", "35 % of 0001-nuclei")


@pytest.mark.parametrize(
    ("model", "folder", "said"),
    [
        (NUCLEI, NUCLEI, ""),
        (NUCLEI, OTHER, ""),
        (NUCLEI, GROUND, "Knows background, but not water, road, roof and tree. "),
        (OTHER, GROUND, "Knows none of the folder's classes. "),
    ],
)
def test_the_difference_between_model_and_folder_is_said_plainly(model: ClassSet, folder: ClassSet, said: str) -> None:
    assert class_fit(model, folder).startswith(said)
    assert bool(class_fit(model, folder)) is bool(said)
    if said:
        assert "ucleus to the folder's classes." in class_fit(model, folder)
