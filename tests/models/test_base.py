"""The general base is found, fits classes by name, and is no model to segment with."""

from __future__ import annotations

from pathlib import Path

import pytest

from segtool.core.classes import ClassInfo, ClassSet
from segtool.core.errors import ModelError
from segtool.core.run_settings import FINE_TUNING_RATE, FROM_SCRATCH_RATE, NEW_CLASSES_RATE
from segtool.models.base import (
    GENERAL,
    bundled_bases,
    default_base,
    fitting_rate,
    heads,
    matching_outputs,
    resolve_base,
)
from segtool.models.integrity import verify_model
from segtool.models.store import ModelStore
from tests.model_fixtures import NUCLEI


def _classes(*names: str) -> ClassSet:
    return ClassSet(tuple(ClassInfo(i, name, (i, i, i)) for i, name in enumerate(names)))


def test_the_general_base_is_found_but_not_among_the_models() -> None:
    (base,) = bundled_bases()
    assert base.name == GENERAL
    assert set(heads(base.card.classes)) == {"nuclei", "aerial", "superalloy", "oxide", "melt_pool", "cells"}
    assert GENERAL not in [entry.name for entry in ModelStore().entries()]
    assert resolve_base(ModelStore(), GENERAL) == base.folder
    with pytest.raises(ModelError, match="no hash for network"):
        verify_model(base.folder)


def test_a_run_starts_from_what_knows_the_classes_else_from_the_general_base() -> None:
    models = ModelStore().entries()
    assert default_base(models, NUCLEI) == "nuclei"
    assert default_base(models, _classes("Land", "building", "road", "vegetation", "water")) == "aerial"
    assert default_base(models, _classes("background", "pore")) == GENERAL
    assert default_base(models, _classes("background", "nucleus", "debris")) == GENERAL


def test_outputs_are_matched_by_name_within_one_head() -> None:
    base = _classes("a: background", "a: cell", "b: background", "b: Crack", "b: oxide")
    assert matching_outputs(base, _classes("background", "oxide", "crack")) == [2, 4, 3]
    assert matching_outputs(base, _classes("background", "cell")) == [0, 1]
    assert matching_outputs(base, _classes("background", "cell", "crack")) is None
    # A model is one head, whatever the order of its classes.
    assert matching_outputs(NUCLEI, NUCLEI) == [0, 1]
    assert matching_outputs(_classes("land", "road", "water"), _classes("water", "land")) == [2, 0]


def test_the_rate_fits_what_a_run_starts_from(tmp_path: Path) -> None:
    store = ModelStore()
    assert fitting_rate(None, NUCLEI) == FROM_SCRATCH_RATE
    assert fitting_rate(store.resolve("nuclei"), NUCLEI) == FINE_TUNING_RATE
    assert fitting_rate(resolve_base(store, GENERAL), _classes("background", "pore")) == NEW_CLASSES_RATE
    oxide = _classes("background", "oxide", "crack")
    assert fitting_rate(resolve_base(store, GENERAL), oxide) == FINE_TUNING_RATE
    with pytest.raises(ModelError):
        fitting_rate(tmp_path, NUCLEI)
