"""The network is what its config says, and Keras and OpenVINO agree on it."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from segtool.core.classes import ClassInfo, ClassSet
from segtool.core.errors import ModelError, SaveError
from segtool.core.normalisation import Normalisation
from segtool.inference.runtime import Runtime
from segtool.models.card import WEIGHTS_FILE, ModelCard, read_card
from segtool.models.network_config import NetworkConfig, Stem
from segtool.training.export import export_model, load_model
from segtool.training.start import start_network
from segtool.training.unet import build_unet

CONFIGS = [
    NetworkConfig(outputs=1, widths=(4, 8, 12), skip_width=4),
    NetworkConfig(outputs=3, widths=(4, 8, 8, 12), stem=Stem.FULL, residual=False),
]


def _classes(count: int) -> ClassSet:
    return ClassSet(tuple(ClassInfo(i, f"class {i}", (i, i, i)) for i in range(count)))


@pytest.mark.parametrize("config", CONFIGS)
def test_any_size_that_is_a_multiple_of_the_stride_gives_probabilities(config: NetworkConfig) -> None:
    model = build_unet(config)
    for height, width in ((config.stride, 3 * config.stride), (64, 32)):
        answer = model(np.random.default_rng(0).random((2, height, width, 3), dtype=np.float32)).numpy()
        assert answer.shape == (2, height, width, config.outputs)
        assert answer.min() >= 0
        assert answer.max() <= 1
        if config.outputs > 1:
            np.testing.assert_allclose(answer.sum(axis=-1), 1, atol=1e-5)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Conv2DTranspose") == config.stride.bit_length() - 1
    assert "Concatenate" in kinds


def test_the_default_network_has_two_to_four_million_parameters() -> None:
    assert 2_000_000 <= build_unet(NetworkConfig()).count_params() <= 4_000_000


@pytest.mark.parametrize("config", CONFIGS)
def test_keras_and_openvino_agree_on_an_exported_model(config: NetworkConfig, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    model = build_unet(config)
    rng = np.random.default_rng(5)
    # Statistics as training leaves them: with the initial ones the folding of the normalisation is not put to the test.
    model.set_weights([w + rng.normal(0, 0.05, w.shape).astype(w.dtype) ** 2 for w in model.get_weights()])
    classes = _classes(max(2, config.outputs))
    card = ModelCard("test", classes, config, Normalisation(), created="2026-01-01")
    written = export_model(tmp_path / "model", model, card)
    assert read_card(tmp_path / "model") == written
    assert not [path for path in tmp_path.iterdir() if path.name != "model"]
    batch = rng.random((1, 96, 64, 3), dtype=np.float32)
    loaded, _ = load_model(tmp_path / "model")
    expected = model(batch, training=False).numpy()
    np.testing.assert_allclose(loaded(batch, training=False).numpy(), expected, atol=1e-6)
    assert np.abs(Runtime.load(tmp_path / "model").probabilities(batch) - expected).max() <= 1e-3


def test_a_card_keeps_file_names_that_are_no_text(tmp_path: Path) -> None:
    card = ModelCard("test", _classes(2), CONFIGS[0], Normalisation(), created="", training={"image_keys": ["\udce9"]})
    export_model(tmp_path / "model", build_unet(CONFIGS[0]), card)
    assert read_card(tmp_path / "model").training["image_keys"] == ["\udce9"]


def test_a_folder_that_exists_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    card = ModelCard("test", _classes(2), CONFIGS[0], Normalisation(), created="")
    with pytest.raises(SaveError, match="already"):
        export_model(tmp_path / "model", build_unet(CONFIGS[0]), card)
    assert not list((tmp_path / "model").iterdir())


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    model = build_unet(CONFIGS[0])
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    card = ModelCard("test", _classes(2), CONFIGS[0], Normalisation(), created="")
    with pytest.raises(ModelError, match="not finite"):
        export_model(tmp_path / "model", model, card)
    assert not list(tmp_path.iterdir())


def test_damaged_weights_are_refused_by_name(tiny_model_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in tiny_model_folder.iterdir():
        data = bytearray(path.read_bytes())
        if path.name == WEIGHTS_FILE:
            data[len(data) // 2] ^= 1
        (copy / path.name).write_bytes(data)
    with pytest.raises(ModelError) as caught:
        load_model(copy)
    assert caught.value.path == copy / WEIGHTS_FILE


def test_other_classes_keep_the_body_and_get_a_new_head(tiny_model_folder: Path) -> None:
    source, card = load_model(tiny_model_folder)
    same = start_network(tiny_model_folder, card.classes, NetworkConfig())
    assert same.body == "base"
    other = start_network(tiny_model_folder, _classes(4), NetworkConfig())
    assert other.network.outputs == 4
    for layer in source.layers:
        kept = zip(layer.get_weights(), other.model.get_layer(layer.name).get_weights(), strict=True)
        if layer.name == "logits":
            assert all(a.shape != b.shape for a, b in kept)
        else:
            assert all(np.array_equal(a, b) for a, b in kept)


@pytest.mark.parametrize(
    "change",
    [
        {"widths": [4]},
        {"widths": [4, 100_000]},
        {"widths": "4, 8"},
        {"outputs": 0},
        {"outputs": True},
        {"stem": "quarter"},
        {"residual": 1},
        {"skip_width": 4.0},
        {"activation": "relu"},
    ],
)
def test_a_config_out_of_bounds_is_refused(change: dict[str, object]) -> None:
    value = {**CONFIGS[0].to_json(), "widths": list(CONFIGS[0].widths)}
    assert NetworkConfig.from_json(value) == CONFIGS[0]
    with pytest.raises(ModelError):
        NetworkConfig.from_json({**value, **change})
