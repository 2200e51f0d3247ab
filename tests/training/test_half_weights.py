"""Weights take half the room on disk and are the same numbers in both files of a model."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from segtool.core.errors import ModelError
from segtool.core.normalisation import Normalisation
from segtool.inference.runtime import Runtime
from segtool.models.card import NETWORK_DATA_FILE, WEIGHTS_FILE, ModelCard
from segtool.models.network_config import NetworkConfig
from segtool.training.export import export_model, load_model, load_weights
from segtool.training.half_weights import round_to_half
from segtool.training.unet import build_unet
from tests.model_fixtures import NUCLEI

CONFIG = NetworkConfig(widths=(8, 16, 16), skip_width=4)
CARD = ModelCard("test", NUCLEI, CONFIG, Normalisation(), created="2026-01-01")


@pytest.fixture
def model() -> keras.Model:
    keras.utils.set_random_seed(2)
    model = build_unet(CONFIG)
    rng = np.random.default_rng(5)
    model.set_weights([w + rng.normal(0, 0.05, w.shape).astype(w.dtype) ** 2 for w in model.get_weights()])
    return model


def test_what_is_stored_is_half_as_large_and_loads_back_exactly(model: keras.Model, tmp_path: Path) -> None:
    before = model.get_weights()
    export_model(tmp_path / "model", model, CARD)
    after = model.get_weights()
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    for a, b in zip(before, after, strict=True):
        np.testing.assert_allclose(a, b, rtol=2**-11, atol=1e-7)
    loaded, _ = load_model(tmp_path / "model")
    for a, b in zip(after, loaded.get_weights(), strict=True):
        assert b.dtype == np.float32
        np.testing.assert_array_equal(a, b)
    types = set()
    with h5py.File(tmp_path / "model" / WEIGHTS_FILE) as file:
        file.visititems(lambda _, item: types.add(item.dtype) if isinstance(item, h5py.Dataset) else None)
    assert types == {np.dtype(np.float16)}
    assert (tmp_path / "model" / NETWORK_DATA_FILE).stat().st_size > 3.9 * model.count_params()
    batch = np.random.default_rng(1).random((1, 64, 96, 3), dtype=np.float32)
    difference = Runtime.load(tmp_path / "model").probabilities(batch) - loaded(batch, training=False).numpy()
    assert np.abs(difference).max() <= 1e-5


def test_weights_in_single_precision_are_read_too(model: keras.Model, tmp_path: Path) -> None:
    model.save_weights(tmp_path / WEIGHTS_FILE)
    loaded = build_unet(CONFIG)
    load_weights(loaded, tmp_path)
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_weight_beyond_half_precision_is_refused_before_anything_is_written(
    model: keras.Model, tmp_path: Path
) -> None:
    weights = model.get_weights()
    weights[3] = np.full_like(weights[3], -70_000)
    model.set_weights(weights)
    with pytest.raises(ModelError, match="a weight of 7e.04, too large"):
        export_model(tmp_path / "model", model, CARD)
    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(model.get_weights()[3], weights[3])
    weights[3] = np.full_like(weights[3], 65_504)
    model.set_weights(weights)
    round_to_half(model)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
