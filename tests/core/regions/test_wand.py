"""The wand against an oracle of NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from segtool.core.normalisation import Normalisation, intensity_range
from segtool.core.regions import region as module
from segtool.core.regions import wand
from segtool.core.regions.wand import Wand
from tests.core.regions.conftest import as_kind, noise
from tests.core.regions.test_fill import whole


def _like(pixels: npt.NDArray[np.generic], seed: tuple[int, int], tolerance: float) -> npt.NDArray[np.bool_]:
    """Return every pixel like the 3×3 about the seed."""
    low, high = intensity_range(pixels, Normalisation())
    levels = pixels.astype(np.float64).reshape(*pixels.shape[:2], -1) / (high - low) * 255
    x, y = seed
    middle = levels[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].mean(axis=(0, 1))
    return (np.abs(levels - middle) <= tolerance).all(axis=-1)


@pytest.mark.parametrize("tolerance", [0.3, 12.3, 40.0, 300.0])
@pytest.mark.parametrize("seed", [(40, 30), (0, 0), (89, 69)])
def test_it_is_what_is_alike(kind: str, channels: tuple[int, ...], tolerance: float, seed: tuple[int, int]) -> None:
    pixels = as_kind(noise((70, 90, *channels), seed=3), kind)
    alike = _like(pixels, seed, tolerance)
    searching = Wand(pixels, seed=seed, smoothing=0)
    rect, region = searching.region(tolerance, contiguous=False)
    placed = np.zeros_like(alike)
    placed[rect.slices] = region
    assert np.array_equal(placed, alike)
    alike[seed[1], seed[0]] = True
    labels, _ = ndimage.label(alike)
    assert np.array_equal(
        whole(searching.region(tolerance, contiguous=True), alike.shape), labels == labels[seed[1], seed[0]]
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.5, 1.0, 6.0])
def test_boxes_do_not_show(
    kind: str, channels: tuple[int, ...], smoothing: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = as_kind(noise((120, 150, *channels), seed=4), kind)
    at_once = {t: Wand(pixels, seed=(70, 50), smoothing=smoothing).region(t, contiguous=True) for t in (2, 30, 45, 90)}
    monkeypatch.setattr(module, "_FIRST_BOX", 8)
    monkeypatch.setattr(module, "_GROWTH", 2)
    searching = Wand(pixels, seed=(70, 50), smoothing=smoothing)
    for tolerance, (rect, region) in at_once.items():
        again, found = searching.region(tolerance, contiguous=True)
        assert again == rect
        # Floats are added up in another order next to the rim of a box.
        assert np.count_nonzero(found ^ region) <= (0 if kind == "uint8" else 2)
    assert at_once[2][1].size < at_once[90][1].size


@pytest.mark.parametrize("contiguous", [True, False])
def test_large_images_are_gone_through_in_strips(contiguous: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = as_kind(noise((120, 150), seed=4), "uint8")
    rect, region = Wand(pixels, seed=(70, 50), smoothing=2).region(60, contiguous=contiguous)
    monkeypatch.setattr(wand, "_MOST_KEPT", 150 * 7)
    again, found = Wand(pixels, seed=(70, 50), smoothing=2).region(60, contiguous=contiguous)
    assert again == rect
    assert np.array_equal(found, region)


def test_smoothing_overcomes_noise() -> None:
    rng = np.random.default_rng(2)
    clean = np.zeros((80, 80))
    clean[20:60, 20:60] = 0.5
    pixels = as_kind(np.clip(clean + 0.25 + rng.normal(0, 0.15, clean.shape), 0, 1), "uint8")
    raw = Wand(pixels, seed=(40, 40), smoothing=0).region(60, contiguous=True)
    smooth = Wand(pixels, seed=(40, 40), smoothing=1.5).region(60, contiguous=True)
    wanted = clean > 0
    misses = [np.count_nonzero(whole(found, wanted.shape) ^ wanted) for found in (raw, smooth)]
    assert misses[0] > 3 * misses[1]


def test_what_is_no_number_is_like_nothing() -> None:
    pixels = np.ones((20, 30), dtype=np.float32)
    pixels[:, :5] = 0
    pixels[5:9, 10:20] = np.nan
    pixels[12, 12] = np.inf
    wanted = np.isfinite(pixels)
    rect, region = Wand(pixels, seed=(25, 15), smoothing=0).region(255, contiguous=False)
    assert rect.width == 30
    assert np.array_equal(region, wanted)
