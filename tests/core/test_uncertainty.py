from __future__ import annotations

import numpy as np
import pytest

from segtool.core.classes import ClassSet
from segtool.core.metrics import mean_over_classes, tally
from segtool.core.uncertainty import expected_error, uncertainty_of_levels
from tests.model_fixtures import GROUND, NUCLEI


def calibrated(
    classes: ClassSet, *, confidence: float, share: float = 0.3, side: int = 256, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a prediction, its confidence and a mask that agrees with it as often as the confidence says."""
    rng = np.random.default_rng(seed)
    ids = np.array(classes.ids, dtype=np.uint8)
    predicted = np.where(rng.random((side, side)) < share, rng.choice(ids[1:], (side, side)), ids[0]).astype(np.uint8)
    others = np.array([[other for other in ids if other != own] for own in ids], dtype=np.uint8)
    drawn = others[np.searchsorted(ids, predicted), rng.integers(0, len(ids) - 1, (side, side))]
    mask = np.where(rng.random((side, side)) < confidence, predicted, drawn).astype(np.uint8)
    return predicted, np.full((side, side), round(confidence * 255), dtype=np.uint8), mask


@pytest.mark.parametrize("class_count", [2, 3, 5])
def test_uncertainty_ends_at_a_guess_among_all_classes(class_count: int) -> None:
    table = uncertainty_of_levels(class_count)
    assert table.shape == (256,)
    assert table[255] == 0
    assert table[round(255 / class_count)] == pytest.approx(1, abs=0.01)
    assert (np.diff(table) <= 0).all()
    assert table[0] == 1


@pytest.mark.parametrize("classes", [NUCLEI, GROUND])
@pytest.mark.parametrize("confidence", [0.6, 0.8, 0.95])
def test_a_model_whose_confidence_is_true_expects_the_error_that_it_makes(classes: ClassSet, confidence: float) -> None:
    predicted, sure, mask = calibrated(classes, confidence=confidence)
    made = 1 - mean_over_classes(tally(predicted, mask, classes.ids), classes)["f1"]
    assert expected_error(predicted, sure, classes=classes) == pytest.approx(made, abs=0.03)


def test_where_only_background_is_found_doubt_about_it_counts() -> None:
    nothing = np.zeros((64, 64), dtype=np.uint8)
    sure, unsure = np.full_like(nothing, 255), np.full_like(nothing, 240)
    assert expected_error(nothing, sure, classes=NUCLEI) == 0
    assert 0.5 < expected_error(nothing, unsure, classes=NUCLEI) < 1


def test_a_class_that_a_few_pixels_are_taken_for_hardly_counts() -> None:
    predicted, sure, _ = calibrated(GROUND, confidence=1.0, side=200)
    predicted[predicted == 12] = 3
    few = predicted.copy()
    few[0, :4], sure_of_few = 12, sure.copy()
    sure_of_few[0, :4] = 80
    assert expected_error(few, sure_of_few, classes=GROUND) < 0.02
    many = predicted.copy()
    many[:40], sure_of_many = 12, sure.copy()
    sure_of_many[:40] = 80
    assert expected_error(many, sure_of_many, classes=GROUND) > 0.1


def test_the_size_of_an_image_does_not_matter() -> None:
    predicted, sure, _ = calibrated(NUCLEI, confidence=0.8, side=64)
    sure = np.random.default_rng(1).integers(128, 256, sure.shape, dtype=np.uint8)
    small = expected_error(predicted, sure, classes=NUCLEI)
    large = expected_error(np.tile(predicted, (40, 40)), np.tile(sure, (40, 40)), classes=NUCLEI)
    assert large == pytest.approx(small, abs=0.02)
