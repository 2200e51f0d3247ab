"""Masks for the tests: drawn at random from seeds, the smallest and strangest among them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segtool.core.classes import VOID
from segtool.core.operations import change
from segtool.core.operations.change import Mask, MaskChange

SEEDS = range(30)
FULL = np.arange(256, dtype=np.uint8)


def noise(seed: int) -> Mask:
    """Single pixels of few values, in a mask of any shape down to one pixel."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 24, size=2)
    return rng.choice(np.array([0, 0, 1, 1, 2, VOID], dtype=np.uint8), size=tuple(shape))


def blobs(seed: int) -> Mask:
    """Discs and rings of few values over each other, cut by the edge, with specks."""
    rng = np.random.default_rng(1000 + seed)
    height, width = (int(n) for n in rng.integers(20, 60, size=2))
    mask = np.full((height, width), rng.choice([0, VOID]), dtype=np.uint8)
    for _ in range(int(rng.integers(1, 14))):
        centre, radius = (int(rng.integers(width)), int(rng.integers(height))), int(rng.integers(1, 14))
        value = int(rng.choice([0, 1, 1, 2, 3, VOID]))
        cv2.circle(mask, centre, radius, value, int(rng.choice([-1, -1, 1, 3])))
    return mask


def odd_ones() -> list[Mask]:
    """One pixel, one class, only void, every value there is, a hole that is open at the edge."""
    rng = np.random.default_rng(7)
    open_ring = np.zeros((9, 9), dtype=np.uint8)
    cv2.circle(open_ring, (0, 4), 4, 1, 1)
    return [
        np.array([[1]], dtype=np.uint8),
        np.array([[VOID]], dtype=np.uint8),
        np.ones((5, 8), dtype=np.uint8),
        np.full((3, 4), VOID, dtype=np.uint8),
        rng.permutation(np.repeat(FULL, 3)).reshape(24, 32),
        open_ring,
    ]


MASKS = [*odd_ones(), *map(noise, SEEDS), *map(blobs, SEEDS)]


def applied(mask: Mask, work: object) -> Mask:
    """Return the mask after a change, having checked what holds for every change."""
    if work is None:
        return mask.copy()
    assert isinstance(work, MaskChange)
    result = work.applied_to(mask)
    differs = result != mask
    assert work.count == differs.sum() > 0
    assert change.bounding_box(differs) == work.rect
    assert work.pixels.shape == (work.rect.height, work.rect.width)
    assert work.pixels.dtype == np.uint8
    return result


@pytest.fixture(params=[16_000_000, 40], ids=["one band", "many bands"])
def band_pixels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a test once with the mask in one band and once with the mask cut into many."""
    monkeypatch.setattr(change, "BAND_PIXELS", request.param)
    return int(request.param)
