from __future__ import annotations

import numpy as np
import pytest

from segtool.core.confidence import winner_confidence


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
