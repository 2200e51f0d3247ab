from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from segtool.core.errors import ModelError
from segtool.core.look import LOOK_SIZE
from segtool.models.card import CARD_FILE, ModelCard, read_card
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


def test_a_card_is_sealed_and_an_old_one_is_not(tiny_model_folder: Path, tmp_path: Path):
    text = (tiny_model_folder / CARD_FILE).read_bytes()
    assert read_card(tiny_model_folder).self_test is not None
    path = tmp_path / CARD_FILE
    path.write_bytes(text.replace(b'"temperature": 1.0', b'"temperature": 1.1'))
    with pytest.raises(ModelError, match="not as SegTool wrote it"):
        read_card(tmp_path)
    path.write_bytes(text.replace(b"\n", b"\r\n"))
    assert read_card(tmp_path) == read_card(tiny_model_folder)
    value = json.loads(text)
    del value["seal"], value["self_test"]
    path.write_text(json.dumps(value), encoding="utf-8")
    assert read_card(tmp_path).self_test is None


@pytest.mark.parametrize("text", ['{"format": 1, "format": 1}', '{"format": NaN}', "9" * 10_000, '{"a": Infinity}'])
def test_a_card_holds_each_name_once_and_numbers_that_are_numbers(tmp_path: Path, text: str):
    (tmp_path / CARD_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="not valid JSON"):
        read_card(tmp_path)
