from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from segtool.models.card import ModelCard, read_card
from segtool.project.document import FilePrint
from segtool.project.expected_errors import MOST_MODELS, Expected, model_print, read_expected, write_expected

ONE = Expected(FilePrint(1_700_000_000_123_456_789, 42), 0.25)


@pytest.fixture(scope="module")
def card(tiny_model_folder: Path) -> ModelCard:
    return read_card(tiny_model_folder)


def file_in(root: Path) -> Path:
    return root / ".segtool" / "uncertainty.json"


def test_what_was_kept_is_found_again(tmp_path: Path) -> None:
    kept = {"model": {"a.png": ONE, "lone\udc80.png": replace(ONE, error=1.0)}}
    write_expected(tmp_path, kept)
    assert read_expected(tmp_path) == kept


def test_only_the_last_few_models_are_kept(tmp_path: Path) -> None:
    write_expected(tmp_path, {str(number): {"a.png": ONE} for number in range(MOST_MODELS + 3)})
    assert list(read_expected(tmp_path)) == [str(number) for number in range(3, MOST_MODELS + 3)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"format": 2, "models": {}}',
        '{"format": 1, "models": []}',
        '{"format": 1, "models": {"m": {"a.png": 3}}}',
        '{"format": 1, "models": {"m": {"a.png": [1, 2]}}}',
        '{"format": 1, "models": {"m": {"a.png": [1, 2, NaN]}}}',
        '{"format": 1, "models": {"m": {"a.png": [1, 2, 7.5]}}}',
        '{"format": 1, "models": {"m": {"a.png": [1, 2, "x"]}}}',
    ],
)
def test_a_file_that_is_damaged_counts_for_nothing_and_is_replaced(tmp_path: Path, text: str) -> None:
    file_in(tmp_path).parent.mkdir()
    file_in(tmp_path).write_text(text, encoding="utf-8")
    assert read_expected(tmp_path) == {}
    write_expected(tmp_path, {"model": {"a.png": ONE}})
    assert json.loads(file_in(tmp_path).read_text(encoding="utf-8"))["format"] == 1


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".segtool").write_text("a file in the way", encoding="utf-8")
    write_expected(tmp_path, {"model": {"a.png": ONE}})
    assert read_expected(tmp_path) == {}
    assert (tmp_path / ".segtool").read_text(encoding="utf-8") == "a file in the way"
    write_expected(tmp_path / "gone", {"model": {"a.png": ONE}})
    assert not (tmp_path / "gone").exists()


def test_a_model_is_known_by_its_network_and_its_temperature(card: ModelCard) -> None:
    assert model_print(card) == model_print(replace(card, name="another name"))
    assert model_print(card) != model_print(replace(card, temperature=2.0))
    assert model_print(card) != model_print(replace(card, files={**card.files, "network.bin": "0" * 64}))
