from __future__ import annotations

import numpy as np
import pytest

from segtool.core.confidence import class_probability, winner_confidence


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.5])
def test_a_probability_that_blending_rounded_above_1_is_as_sure_as_can_be(temperature: float):
    # The weights of the tiles sum to 1 but for the last bit.
    second = np.array([[1.0000005], [-0.0000005]], dtype=np.float32)
    np.testing.assert_allclose(winner_confidence(second, temperature=temperature), 1.0, atol=1e-6)


def test_a_temperature_is_that_of_the_logits():
    logits = np.array([[2.0, 0.5, -1.0]])
    probabilities = (np.exp(logits) / np.exp(logits).sum()).astype(np.float32)
    softer = np.exp(logits / 2) / np.exp(logits / 2).sum()
    np.testing.assert_allclose(winner_confidence(probabilities, temperature=2.0), softer.max(axis=-1), rtol=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_probabilities_of_all_classes_are_the_softmax_of_their_logits(temperature: float):
    logits = np.random.default_rng(1).normal(size=(50, 4)) * 3
    probabilities = (np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)).astype(np.float32)
    expected = np.exp(logits / temperature)
    expected /= expected.sum(axis=-1, keepdims=True)
    for index in range(4):
        found = class_probability(probabilities, index, temperature=temperature)
        np.testing.assert_allclose(found, expected[:, index], rtol=1e-4, atol=1e-6)
    winner = np.take_along_axis(expected, probabilities.argmax(axis=-1)[:, None], axis=-1)[:, 0]
    np.testing.assert_allclose(winner_confidence(probabilities, temperature=temperature), winner, rtol=1e-4)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_one_output_is_the_probability_of_the_second_class(temperature: float):
    logits = np.linspace(-4, 4, 21)
    second = (1 / (1 + np.exp(-logits))).astype(np.float32)[:, None]
    expected = 1 / (1 + np.exp(-logits / temperature))
    np.testing.assert_allclose(class_probability(second, 1, temperature=temperature), expected, atol=1e-5)
    np.testing.assert_allclose(class_probability(second, 0, temperature=temperature), 1 - expected, atol=1e-5)
