from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segtool.models.card import ModelCard, read_card
from segtool.models.lineage import ancestor_names, before, children_of, name_before, parent_name, parent_of
from segtool.models.store import ModelEntry


@pytest.fixture
def card(tiny_model_folder: Path) -> ModelCard:
    return read_card(tiny_model_folder)


def entry(card: ModelCard, name: str, base: object, *, bundled: bool = False) -> ModelEntry:
    return ModelEntry(name, Path(name), replace(card, training={"base": base}), bundled)


def test_the_chain_goes_back_to_what_it_began_with(card: ModelCard):
    nuclei = entry(card, "nuclei", "first try", bundled=True)
    one, two = entry(card, "0001-a", "nuclei"), entry(card, "0002-a", "0001-a")
    three = entry(card, "0003-b", "0001-a")
    entries = [nuclei, one, two, three]
    assert parent_name(nuclei) == ""
    assert parent_of(two, entries) is one
    assert parent_of(nuclei, entries) is None
    assert ancestor_names(two, entries) == ("nuclei", "0001-a")
    assert children_of("0001-a", entries) == (two, three)
    assert children_of("0003-b", entries) == ()
    # A parent that was deleted is still named.
    assert ancestor_names(two, [nuclei, two]) == ("0001-a",)
    assert parent_of(two, [nuclei, two]) is None


@pytest.mark.parametrize("base", ["none", None, 7, ["a"], ""])
def test_random_weights_and_nonsense_are_no_parent(card: ModelCard, base: object):
    version = entry(card, "0001-a", base)
    assert parent_name(version) == ""
    assert ancestor_names(version, [version]) == ()


def test_a_circle_is_cut(card: ModelCard):
    one, two = entry(card, "1", "2"), entry(card, "2", "1")
    assert ancestor_names(one, [one, two]) == ("2",)
    own = entry(card, "1", "1")
    assert ancestor_names(own, [own]) == ()


def test_a_version_takes_the_place_of_the_model_that_was_active(card: ModelCard):
    nuclei, one = entry(card, "nuclei", None, bundled=True), entry(card, "0001-a", "general")
    two = entry(card, "0002-b", "general")
    two = replace(two, card=replace(card, training={"base": "general", "before": "0001-a"}))
    entries = [nuclei, one, two]
    assert before(two, entries) is one
    assert name_before(one) == "general"
    assert before(one, entries) is None
    assert name_before(nuclei) == ""
