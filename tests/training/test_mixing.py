"""A mix lies where its amount says, between two networks, and says the same in Keras and in OpenVINO."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from segtool.core.adaptation import AMOUNTS
from segtool.core.errors import TrainingError
from segtool.inference.runtime import Runtime
from segtool.models.network_config import NetworkConfig
from segtool.training.export import export_model, load_model
from segtool.training.mixing import adaptation_curve, mixed_weights
from segtool.training.unet import HEAD, build_unet
from tests.mix_fixtures import export_pair
from tests.model_fixtures import texture

CONFIG = NetworkConfig(widths=(4, 8), skip_width=4)


def _network(seed: int, *, outputs: int = 1, widths: tuple[int, ...] = CONFIG.widths) -> keras.Model:
    """Build a network whose every weight is random, the statistics of batch normalisation too."""
    model = build_unet(replace(CONFIG, outputs=outputs, widths=widths))
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.1, 1, weight.shape).astype(np.float32) for weight in model.get_weights()])
    return model


def test_the_ends_are_exactly_the_two_networks_and_half_way_is_half_way() -> None:
    base, new = _network(1), _network(2)
    for amount, expected in ((0, base), (1, new)):
        for mixed, weight in zip(mixed_weights(base, new, amount), expected.get_weights(), strict=True):
            np.testing.assert_array_equal(mixed, weight)
            assert mixed.dtype == weight.dtype
    middle = zip(mixed_weights(base, new, 0.5), base.get_weights(), new.get_weights(), strict=True)
    for mixed, old, fresh in middle:
        np.testing.assert_allclose(mixed, (old + fresh) / 2, rtol=1e-6)


@pytest.mark.parametrize(("outputs", "with_head"), [(5, True), (1, False)], ids=["another shape", "other classes"])
def test_a_new_head_is_kept_and_the_body_is_mixed(outputs: int, with_head: bool) -> None:
    base, new = _network(1), _network(2, outputs=outputs)
    head = new.get_layer(HEAD).get_weights()
    new.set_weights(mixed_weights(base, new, 0.0, with_head=with_head))
    for layer in new.layers:
        expected = head if layer.name == HEAD else base.get_layer(layer.name).get_weights()
        for weight, wanted in zip(layer.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(weight, wanted)


@pytest.mark.parametrize("widths", [(4, 12), (4, 8, 8)], ids=["wider", "deeper"])
def test_other_bodies_cannot_be_mixed(widths: tuple[int, ...]) -> None:
    with pytest.raises(TrainingError, match="cannot be mixed"):
        mixed_weights(_network(1), _network(2, widths=widths), 0.5)


@pytest.mark.parametrize("amount", [-0.1, 1.1, float("nan")])
def test_there_is_nothing_beyond_the_ends(amount: float) -> None:
    with pytest.raises(TrainingError, match="from 0 to 1"):
        mixed_weights(_network(1), _network(2), amount)


def test_the_curve_is_that_of_the_mixes_even_if_scoring_sets_them_on_the_new_network() -> None:
    base, new = _network(1), _network(2)
    first, last = (float(network.get_weights()[0].flat[0]) for network in (base, new))

    def score(weights: list[np.ndarray]) -> tuple[float, float]:
        new.set_weights(weights)
        return float(weights[0].flat[0]), 0.5

    points = adaptation_curve(base, new, score)
    assert [point.amount for point in points] == list(AMOUNTS)
    np.testing.assert_allclose([p.loss for p in points], [first + (last - first) * a for a in AMOUNTS], rtol=1e-5)


@pytest.mark.slow
def test_both_networks_of_a_mix_say_the_same(tmp_path: Path) -> None:
    folders = export_pair(tmp_path)
    (base, _), (new, card) = (load_model(folder) for folder in folders)
    new.set_weights(mixed_weights(base, new, 0.35))
    export_model(tmp_path / "mix", new, replace(card, name="mix"))
    image = texture(64, 64, channels=3).astype(np.float32)[None] / 255
    theirs = Runtime.load(tmp_path / "mix").probabilities(image)
    ours = load_model(tmp_path / "mix")[0](image, training=False).numpy()
    assert np.abs(theirs - ours).max() <= 1e-3
    answers = [Runtime.load(folder).probabilities(image) for folder in folders]
    assert min(np.abs(theirs - answer).max() for answer in answers) > 0.01
