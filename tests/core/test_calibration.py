from __future__ import annotations

import numpy as np
import pytest

from segtool.core import calibration
from segtool.core.calibration import BINS, Reliability, reliability
from segtool.core.classes import VOID


def test_the_error_is_that_of_its_definition():
    rng = np.random.default_rng(2)
    confidence = rng.integers(0, 256, (90, 70)).astype(np.uint8)
    mask = rng.integers(0, 2, confidence.shape).astype(np.uint8)
    prediction = np.where(rng.random(mask.shape) < 0.7, mask, 1 - mask).astype(np.uint8)
    mask[:8] = VOID
    known = mask != VOID
    # The usual definition, pixel by pixel in float: the bins are (0, 1/15], (1/15, 2/15], …
    probability, right = confidence[known] / 255, (mask == prediction)[known]
    edges = np.linspace(0, 1, BINS + 1)
    expected = 0.0
    for low, high in zip(edges, edges[1:], strict=False):
        inside = (probability > low + 1e-9) & (probability <= high + 1e-9) | ((low == 0) & (probability == 0))
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - probability[inside].mean())
    assert expected > 0.05
    counted = reliability(prediction, confidence, mask)
    assert counted.expected_error() == pytest.approx(expected)
    assert sum(item.pixels for item in counted.bins()) == known.sum()


def test_sure_and_right_is_calibrated_and_sure_and_wrong_is_not():
    sure = np.full((4, 4), 255, np.uint8)
    truth = np.zeros((4, 4), np.uint8)
    assert reliability(truth, sure, truth).expected_error() == 0.0
    assert reliability(truth + 1, sure, truth).expected_error() == 1.0
    both = reliability(truth, sure, truth) + reliability(truth + 1, sure, truth)
    assert both.expected_error() == pytest.approx(0.5)
    assert Reliability.none().expected_error() == 0.0


def test_shapes_must_agree():
    image = np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match="shapes differ"):
        reliability(image, image[:1], image)


def test_a_large_image_is_counted_in_pieces(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(5)
    prediction, mask, confidence = (rng.integers(0, top, (31, 17)).astype(np.uint8) for top in (3, 3, 256))
    mask[::5] = VOID
    whole = reliability(prediction, confidence, mask)
    monkeypatch.setattr(calibration, "_PIECE", 100)
    pieces = reliability(prediction, confidence, mask)
    np.testing.assert_array_equal(pieces.pixels, whole.pixels)
    np.testing.assert_array_equal(pieces.right, whole.right)
    assert pieces.pixels.sum() == (mask != VOID).sum()
