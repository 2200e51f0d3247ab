"""The same image gives the same network input, whatever its type and range."""

from __future__ import annotations

import numpy as np
import pytest

from segtool.core.normalisation import Normalisation, intensity_range, normalise

SETTINGS = Normalisation()


def _scene() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(10, 200, (64, 48)).astype(np.uint8)


@pytest.mark.parametrize("change", [lambda x: x, lambda x: x.astype(np.uint16) * 16 + 300, lambda x: x / 1000 - 5.0])
def test_a_linear_change_of_intensity_or_type_does_not_matter(change) -> None:
    expected = normalise(_scene(), SETTINGS)
    np.testing.assert_allclose(normalise(change(_scene()), SETTINGS), expected, atol=1e-3)
    assert expected.dtype == np.float32
    assert expected.shape == (64, 48, 3)
    assert expected.min() == 0
    assert expected.max() == 1


def test_colours_keep_their_hue() -> None:
    pixels = np.dstack([_scene(), _scene() // 2, _scene() // 4])
    result = normalise(pixels, Normalisation(0, 100))
    assert result[..., 0].mean() > result[..., 1].mean() > result[..., 2].mean()


@pytest.mark.parametrize(
    "pixels", [np.zeros((5, 4), np.uint8), np.full((5, 4), 7.5), np.full((5, 4), np.nan), np.full((5, 4), 1e20)]
)
def test_images_of_one_value_or_none_give_finite_numbers(pixels: np.ndarray) -> None:
    assert np.isfinite(normalise(pixels, SETTINGS)).all()


def test_values_that_are_not_finite_do_not_set_the_range() -> None:
    pixels = _scene().astype(np.float32)
    expected = intensity_range(pixels, SETTINGS)
    pixels[0, :3] = (np.nan, np.inf, -np.inf)
    assert intensity_range(pixels, SETTINGS) == pytest.approx(expected, abs=2)
    assert np.isfinite(normalise(pixels, SETTINGS)).all()


def test_one_bright_object_in_the_dark_survives() -> None:
    pixels = np.zeros((300, 300), np.uint8)
    pixels[10:14, 10:14] = 200
    assert normalise(pixels, SETTINGS)[12, 12, 0] == 1


def test_a_tile_with_its_images_range_is_a_part_of_the_whole() -> None:
    pixels = _scene()
    value_range = intensity_range(pixels, SETTINGS)
    whole = normalise(pixels, SETTINGS)
    np.testing.assert_array_equal(normalise(pixels[5:20, 3:30], SETTINGS, value_range=value_range), whole[5:20, 3:30])
