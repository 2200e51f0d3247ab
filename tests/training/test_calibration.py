"""A temperature brings the confidence of a network to how often it is right."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from segtool.core.classes import VOID, ClassSet
from segtool.models.network_config import NetworkConfig
from segtool.training.calibration import Calibration, calibrate, calibration_error, fit_temperature
from segtool.training.unet import build_unet
from tests.model_fixtures import GROUND, NUCLEI, texture


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_the_temperature_that_was_put_in_is_found(classes: int, true: float) -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 2, (200_000, classes))
    # Labels drawn from the calibrated probabilities, by their Gumbel-max.
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1).astype(np.uint8)
    stated = _softmax(logits * true)
    found = fit_temperature(stated, labels)
    assert found == pytest.approx(true, rel=0.03)
    assert calibration_error(stated, labels, temperature=found) < 0.01
    assert (calibration_error(stated, labels) > 0.05) == (true != 1.0)


def _scene(classes: ClassSet, sharpness: float) -> tuple[keras.Model, list[tuple[np.ndarray, np.ndarray]]]:
    """A network, and crops whose masks are drawn from its probabilities with the logits multiplied by a number."""
    outputs = 1 if len(classes) == 2 else len(classes)
    keras.utils.set_random_seed(4)
    network = build_unet(NetworkConfig(outputs=outputs, widths=(4, 8), skip_width=4))
    images = np.stack([texture(64, 64, channels=3, seed=seed) for seed in range(3)]).astype(np.float32) / 255
    logits = keras.Model(network.input, network.get_layer("logits").output)(images).numpy()
    kernel, bias = network.get_layer("logits").get_weights()
    scale = 3.0 / logits.std(axis=(0, 1, 2))
    network.get_layer("logits").set_weights([kernel * scale, (bias - logits.mean(axis=(0, 1, 2))) * scale])
    answer = network(images).numpy()
    if outputs == 1:
        answer = np.concatenate([1 - answer, answer], axis=-1)
    noise = np.random.default_rng(0).gumbel(size=answer.shape)
    masks = np.array(classes.ids, dtype=np.uint8)[(np.log(answer + 1e-9) * sharpness + noise).argmax(axis=-1)]
    masks[:, :20] = VOID
    return network, list(zip(images, masks, strict=True))


@pytest.mark.parametrize("classes", [NUCLEI, GROUND], ids=["sigmoid", "softmax"])
def test_a_network_that_is_too_sure_gets_a_temperature(classes: ClassSet) -> None:
    found = calibrate(*_scene(classes, 0.4), classes)
    assert found.temperature == pytest.approx(2.5, rel=0.15)
    assert found.before > 0.05
    assert found.after < 0.03
    assert found.to_json() == {"ece_before": found.before, "ece_after": found.after}


def test_a_network_that_can_be_relied_on_is_left_as_it_is() -> None:
    found = calibrate(*_scene(GROUND, 1.0), GROUND)
    assert found.temperature == 1.0
    assert found.before == found.after < 0.05
    assert found.to_json() == {}


def test_without_held_out_crops_there_is_no_temperature() -> None:
    network, _ = _scene(NUCLEI, 1.0)
    assert calibrate(network, [], NUCLEI) == Calibration(1.0, 0.0, 0.0)
