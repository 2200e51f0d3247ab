from __future__ import annotations

import numpy as np
import pytest

from segtool.core.class_box import class_box
from segtool.core.classes import VOID
from segtool.core.geometry import Rect


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("value", [0, 3, VOID])
def test_the_box_is_the_one_that_numpy_finds(seed: int, value: int) -> None:
    rng = np.random.default_rng(seed)
    # Several bands, with the class in a few places only.
    mask = np.full((int(rng.integers(1, 900)), int(rng.integers(1, 90))), 7, dtype=np.uint8)
    for _ in range(seed):
        mask[rng.integers(0, mask.shape[0]), rng.integers(0, mask.shape[1])] = value
    rows, columns = np.nonzero(mask == value)
    expected = Rect(0, 0, 0, 0)
    if rows.size:
        expected = Rect.from_edges(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert class_box(mask, value) == expected
