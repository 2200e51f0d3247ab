"""The threshold against an oracle of NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from segtool.core.geometry import Rect
from segtool.core.regions.threshold import Threshold
from segtool.core.regions.wand import Wand
from tests.core.regions.conftest import as_kind, noise


@pytest.mark.parametrize(("seed", "smoothing"), [((0, 0), 0.0), ((33, 21), 0.0), ((33, 21), 2.0)])
def test_it_keeps_what_the_wand_would_take(
    kind: str, channels: tuple[int, ...], seed: tuple[int, int], smoothing: float
) -> None:
    pixels = as_kind(noise((50, 60, *channels), seed=8), kind)
    taken = np.zeros((50, 60), dtype=np.bool_)
    box, found = Wand(pixels, seed=seed, smoothing=smoothing).region(25.0, contiguous=False)
    taken[box.slices] = found
    rect = Rect(10, 5, 40, 30)
    region = np.random.default_rng(1).random((30, 40)) > 0.3
    kept = Threshold(pixels, seed=seed, tolerance=25.0, smoothing=smoothing).keep(rect, region)
    assert np.array_equal(kept, region & taken[rect.slices])
    assert 0 < kept.sum() < region.sum()
