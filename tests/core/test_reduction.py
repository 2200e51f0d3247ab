"""Images, masks and probabilities become smaller and larger without moving."""

from __future__ import annotations

import numpy as np
import pytest

from segtool.core.classes import VOID
from segtool.core.reduction import enlarge_probabilities, reduce_mask, reduce_pixels


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_pixels_become_the_means_of_blocks(dtype: type) -> None:
    pixels = np.random.default_rng(0).integers(0, 200, (9, 13, 3)).astype(dtype)
    reduced = reduce_pixels(pixels, 2)
    assert reduced.dtype == dtype
    expected = pixels[:8, :12].reshape(4, 2, 6, 2, 3).astype(np.float64).mean(axis=(1, 3))
    np.testing.assert_allclose(reduced, expected, atol=0.51 if dtype != np.float32 else 1e-4)
    assert reduce_pixels(pixels, 1) is pixels


def test_a_block_of_a_mask_gets_the_class_that_most_of_it_has() -> None:
    mask = np.array([[1, 1, 2, VOID], [1, 0, VOID, VOID], [0, 0, 2, 2], [0, 0, 2, 2]], np.uint8)
    np.testing.assert_array_equal(reduce_mask(mask, (0, 1, 2), 2), [[1, 2], [0, 2]])


def test_a_stroke_of_one_pixel_does_not_vanish() -> None:
    mask = np.full((16, 16), VOID, np.uint8)
    mask[:, 5] = 1
    mask[3, 12] = 0
    for factor in (2, 4):
        reduced = reduce_mask(mask, (0, 1), factor)
        assert (reduced[:, 5 // factor] == 1).all()
        assert reduced[3 // factor, 12 // factor] == 0
        assert (reduced == VOID).sum() == reduced.size - 16 // factor - 1


@pytest.mark.parametrize("outputs", [1, 3, 9])
def test_enlarged_probabilities_still_sum_to_one_and_stay_in_place(outputs: int) -> None:
    probabilities = np.random.default_rng(1).random((8, 10, outputs), dtype=np.float32)
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    large = enlarge_probabilities(probabilities, 2)
    assert large.shape == (16, 20, outputs)
    np.testing.assert_allclose(large.sum(axis=-1), 1, atol=1e-5)
    step = np.zeros((8, 8, outputs), np.float32)
    step[:, 4:] = 1
    back = reduce_pixels(enlarge_probabilities(step, 2)[..., 0], 2)
    np.testing.assert_allclose(back[:, [0, 1, 2, 5, 6, 7]], step[:, [0, 1, 2, 5, 6, 7], 0], atol=1e-6)
    np.testing.assert_allclose(back[:, 3] + back[:, 4], 1, atol=1e-6)


def test_a_line_of_pixels_is_reduced_along_its_length():
    pixels = np.full((1, 40, 3), 7, dtype=np.uint8)
    assert reduce_pixels(pixels, 2).shape == (1, 20, 3)
    assert (reduce_pixels(pixels, 2) == 7).all()
    mask = np.ones((1, 40), dtype=np.uint8)
    assert reduce_mask(mask, (0, 1), 2).tolist() == [[1] * 20]
