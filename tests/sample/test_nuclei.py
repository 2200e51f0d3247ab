"""Drawn nuclei: the same for a seed, and where the mask says they are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segtool.sample import Look, Stain, draw_nuclei

SIZE = (120, 168)


def test_same_seed_draws_the_same_and_another_seed_another() -> None:
    pixels, mask = draw_nuclei(3, size=SIZE)
    again, mask_again = draw_nuclei(3, size=SIZE)
    other, other_mask = draw_nuclei(4, size=SIZE)
    np.testing.assert_array_equal(pixels, again)
    np.testing.assert_array_equal(mask, mask_again)
    assert not np.array_equal(pixels, other)
    assert not np.array_equal(mask, other_mask)


@pytest.mark.parametrize(
    ("stain", "dtype", "shape", "top"),
    [
        (Stain.FLUORESCENCE, np.uint8, SIZE, 255),
        (Stain.FLUORESCENCE_12_BIT, np.uint16, SIZE, 4095),
        (Stain.BRIGHT_FIELD, np.uint8, (*SIZE, 3), 255),
    ],
)
def test_each_stain_has_its_dtype_and_uses_its_range(
    stain: Stain, dtype: type[np.generic], shape: tuple[int, ...], top: int
) -> None:
    pixels, mask = draw_nuclei(5, size=SIZE, look=Look(stain=stain))
    assert pixels.dtype == dtype
    assert pixels.shape == shape
    assert top // 2 < pixels.max() <= top
    assert mask.shape == SIZE
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 1}


@pytest.mark.parametrize("stain", list(Stain))
def test_mask_lies_where_the_nuclei_are(stain: Stain) -> None:
    pixels, mask = draw_nuclei(6, size=SIZE, look=Look(stain=stain))
    grey = (pixels if pixels.ndim == 2 else pixels.mean(axis=2)).astype(np.float64)
    if stain is Stain.BRIGHT_FIELD:
        grey = -grey
    grey = cv2.GaussianBlur(grey, (0, 0), 1.0)
    scaled = np.rint(255 * (grey - grey.min()) / np.ptp(grey)).astype(np.uint8)
    _, split = cv2.threshold(scaled, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    overlap = np.count_nonzero(split & mask) / np.count_nonzero(split | mask)
    # Otsu's threshold sits above half of a faint nucleus's height, so it cannot find all of every rim.
    assert overlap > 0.85


def test_coverage_is_what_was_asked_for() -> None:
    for coverage in (0.0, 0.1, 0.25):
        _, mask = draw_nuclei(8, size=(256, 256), look=Look(coverage=coverage))
        largest = np.pi * 15.0**2 / mask.size
        assert coverage <= mask.mean() <= coverage + largest


def test_no_two_touch_unless_asked_to() -> None:
    apart = draw_nuclei(9, size=(256, 256), look=Look(touching=0.0))[1]
    touching = draw_nuclei(9, size=(256, 256), look=Look(touching=0.8))[1]
    # One of diameter 30 and elongation 1.8 is the largest there is; two that touch are larger.
    largest = np.pi * 15.0**2 * 1.2
    areas = [cv2.connectedComponentsWithStats(mask)[2][1:, cv2.CC_STAT_AREA] for mask in (apart, touching)]
    assert areas[0].max() < largest < areas[1].max()
