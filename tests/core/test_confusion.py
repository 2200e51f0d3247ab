from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from segtool.core import confusion
from segtool.core.classes import VOID
from segtool.core.confusion import confusion_matrix, pair_counts


def test_rows_are_the_mask_and_columns_the_prediction_as_in_scikit_learn(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(1)
    ids = (0, 3, 7)
    mask = rng.choice([*ids, VOID], (40, 31)).astype(np.uint8)
    prediction = rng.choice(ids, mask.shape).astype(np.uint8)
    known = mask != VOID
    expected = reference.confusion_matrix(mask[known], prediction[known], labels=ids)
    whole = confusion_matrix(prediction, mask, ids)
    np.testing.assert_array_equal(whole[:, :3], expected)
    assert whole.shape == (3, 4)
    assert not whole[:, 3].any()
    monkeypatch.setattr(confusion, "_PIECE", 100)
    np.testing.assert_array_equal(confusion_matrix(prediction, mask, ids), whole)


def test_what_is_no_class_of_the_folder_counts_in_the_last_column():
    mask = np.array([[0, 0, 1, 1, VOID]], np.uint8)
    prediction = np.array([[0, 9, VOID, 1, 9]], np.uint8)
    np.testing.assert_array_equal(confusion_matrix(prediction, mask, (0, 1)), [[1, 0, 1], [0, 1, 1]])


def test_sizes_must_agree():
    with pytest.raises(ValueError, match="differ in size"):
        pair_counts(np.zeros((2, 2), np.uint8), np.zeros((4, 1), np.uint8))
