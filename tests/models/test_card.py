from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from segtool.core.errors import ModelError
from segtool.core.look import LOOK_SIZE
from segtool.models.card import ModelCard, read_card
from segtool.models.known_images import MAX_LOOKS, KnownImages


def test_a_card_says_the_temperature_and_one_without_it_has_1(tiny_model_folder: Path):
    card = replace(read_card(tiny_model_folder), temperature=1.75)
    value = json.loads(json.dumps(card.to_json()))
    assert ModelCard.from_json(value) == card
    del value["temperature"]
    assert ModelCard.from_json(value).temperature == 1.0


@pytest.mark.parametrize("temperature", [0, -1, 0.049, 20.1, float("nan"), float("inf"), 10**400, "hot", None, [1]])
def test_a_temperature_out_of_bounds_is_refused(tiny_model_folder: Path, temperature: object):
    value = json.loads(json.dumps(read_card(tiny_model_folder).to_json()))
    with pytest.raises(ModelError, match=r"temperature must be|malformed"):
        ModelCard.from_json({**value, "temperature": temperature})


def test_a_card_keeps_what_the_model_s_images_looked_like(tiny_model_folder: Path):
    known = KnownImages(0.875, ((1.0, 2.5, -3.0, 0.0, 0.125, 6.0, 7.0),) * 2)
    card = replace(read_card(tiny_model_folder), known_images=known)
    assert ModelCard.from_json(json.loads(json.dumps(card.to_json()))) == card
    value = json.loads(json.dumps(card.to_json()))
    del value["known_images"]
    assert ModelCard.from_json(value).known_images is None


@pytest.mark.parametrize(
    "known",
    [
        [],
        {},
        {"confidence": 0.5, "looks": []},
        {"confidence": 0.5, "looks": [[0.0] * (LOOK_SIZE - 1)]},
        {"confidence": 0.5, "looks": [[float("nan")] * LOOK_SIZE]},
        {"confidence": 0.5, "looks": [["a"] * LOOK_SIZE]},
        {"confidence": 0.5, "looks": [[0.0] * LOOK_SIZE] * (MAX_LOOKS + 1)},
        {"confidence": 0, "looks": [[0.0] * LOOK_SIZE]},
        {"confidence": 1.01, "looks": [[0.0] * LOOK_SIZE]},
        {"confidence": 0.5, "looks": [[10**400] * LOOK_SIZE]},
        {"confidence": 0.5, "looks": 3},
    ],
)
def test_malformed_known_images_are_refused(tiny_model_folder: Path, known: object):
    value = json.loads(json.dumps(read_card(tiny_model_folder).to_json()))
    with pytest.raises(ModelError):
        ModelCard.from_json({**value, "known_images": known})
