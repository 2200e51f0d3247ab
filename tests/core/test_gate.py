"""A new model becomes active only if it is not worse, not blank and not full."""

from __future__ import annotations

import numpy as np
import pytest

from segtool.core.gate import judge
from segtool.core.metrics import Tally, tally
from tests.model_fixtures import GROUND, NUCLEI

TRUTH = np.zeros((40, 40), np.uint8)
TRUTH[10:30, 10:30] = 1


def _found(mask: np.ndarray) -> list[Tally]:
    return [tally(mask, TRUTH, NUCLEI.ids)]


def _square(first: int, last: int) -> np.ndarray:
    mask = np.zeros_like(TRUTH)
    mask[first:last, first:last] = 1
    return mask


@pytest.mark.parametrize(
    ("new", "accepted"), [(_square(10, 30), True), (_square(11, 30), True), (_square(14, 30), False)]
)
def test_a_model_is_refused_if_it_is_worse(new: np.ndarray, accepted: bool) -> None:
    verdict = judge(_found(new), _found(_square(11, 30)), classes=NUCLEI, held_out=True, old_name="0001-nuclei")
    assert verdict.accepted is accepted
    assert "1 held-out image" in verdict.why
    assert "0001-nuclei" in verdict.why


def test_a_blank_and_a_full_model_are_refused_even_if_the_old_one_is_no_better() -> None:
    for mask, word in ((np.zeros_like(TRUTH), "background"), (np.ones_like(TRUTH), "nucleus")):
        verdict = judge(_found(mask), None, classes=NUCLEI, held_out=False)
        assert not verdict.accepted
        assert f"everything to {word}" in verdict.why
    little = np.zeros_like(TRUTH)
    little[12:15, 12:15] = 1
    assert not judge(_found(little), None, classes=NUCLEI, held_out=True).accepted


def test_sparse_objects_are_not_taken_for_nothing() -> None:
    """Of 1,000,000 pixels 6,000 are true and 4,900 found, 4,700 of them rightly."""
    truth = np.zeros((1000, 1000), np.uint8)
    truth.ravel()[:6000] = 1
    found = np.zeros_like(truth)
    found.ravel()[1300:6200] = 1
    assert judge([tally(found, truth, NUCLEI.ids)], None, classes=NUCLEI, held_out=True).accepted


def test_a_blank_prediction_passes_where_masks_are_blank() -> None:
    nothing = np.zeros_like(TRUTH)
    assert judge([tally(nothing, nothing, NUCLEI.ids)], None, classes=NUCLEI, held_out=True).accepted


def test_without_a_model_that_knows_the_classes_there_is_nothing_to_compare_with() -> None:
    why = "aerial does not know these classes"
    verdict = judge(_found(_square(10, 30)), [], classes=NUCLEI, held_out=False, old_name="aerial", nothing=why)
    assert verdict.accepted
    assert why in verdict.why


def test_every_class_counts_alike() -> None:
    truth = np.zeros((30, 30), np.uint8)
    truth[:, 10:20], truth[:2, 20:25] = 3, 7
    without_the_small_one = np.where(truth == 7, 0, truth).astype(np.uint8)
    coarse = truth.copy()
    coarse[:, 10] = 0
    new, old = ([tally(mask, truth, GROUND.ids)] for mask in (without_the_small_one, coarse))
    assert not judge(new, old, classes=GROUND, held_out=True).accepted
