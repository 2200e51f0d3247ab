"""Augmentation moves image and mask together and obeys its switches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segtool.core.augmentation import augment, preview
from segtool.core.errors import TrainingError
from segtool.core.run_settings import AUGMENTATION_LIMITS, AugmentationSettings

OFF = AugmentationSettings.none()


def _scene() -> tuple[np.ndarray, np.ndarray]:
    """A bright, lopsided object on a dark ground, its mask, and a void stripe."""
    mask = np.zeros((96, 96), np.uint8)
    mask[20:50, 30:80] = 1
    mask[50:70, 30:45] = 2
    image = np.repeat((mask[..., None] * 0.4 + 0.1).astype(np.float32), 3, axis=2)
    return image, mask


def test_with_everything_off_the_crop_is_the_image() -> None:
    image, mask = _scene()
    crop, labels = augment(image, mask, OFF, np.random.default_rng(0), crop=96)
    np.testing.assert_array_equal(labels, mask)
    np.testing.assert_allclose(crop, image, atol=1e-6)


@pytest.mark.parametrize("name", ["horizontal_flip", "vertical_flip"])
def test_flips_are_exact(name: str) -> None:
    image, mask = _scene()
    settings = replace(OFF, **{name: 1.0})
    crop, labels = augment(image, mask, settings, np.random.default_rng(0), crop=96)
    axis = 1 if name == "horizontal_flip" else 0
    np.testing.assert_array_equal(labels, np.flip(mask, axis))
    np.testing.assert_allclose(crop, np.flip(image, axis), atol=1e-6)


@pytest.mark.parametrize("name", ["rotation", "zoom", "shift"])
def test_geometry_moves_image_and_mask_together(name: str) -> None:
    image, mask = _scene()
    settings = replace(OFF, **{name: AUGMENTATION_LIMITS[name]})
    moved = 0
    for seed in range(8):
        crop, labels = augment(image, mask, settings, np.random.default_rng(seed), crop=96)
        assert set(np.unique(labels)) <= {0, 1, 2}
        moved += not np.array_equal(labels, mask)
        # Interpolation blurs a pixel at each border; elsewhere intensity and label must agree.
        wrong = np.abs(crop[..., 0] - (labels * 0.4 + 0.1)) > 0.25
        assert wrong.mean() < 0.02
    assert moved >= 7


@pytest.mark.parametrize("name", ["brightness", "contrast"])
def test_intensity_leaves_the_mask_alone(name: str) -> None:
    image, mask = _scene()
    settings = replace(OFF, **{name: AUGMENTATION_LIMITS[name] / 2})
    crop, labels = augment(image, mask, settings, np.random.default_rng(1), crop=96)
    np.testing.assert_array_equal(labels, mask)
    assert np.abs(crop - image).max() > 0.02
    assert np.unique(crop[mask == 1][:, 0]).size == 1
    assert crop[mask == 1][0, 0] > crop[mask == 0][0, 0]


def test_a_dim_object_stays_to_be_seen_however_dark_the_crop_becomes() -> None:
    mask = np.zeros((32, 32), np.uint8)
    mask[8:16, 8:16] = 1
    image = np.repeat((mask[..., None] * 0.05).astype(np.float32), 3, axis=2)
    settings = replace(OFF, brightness=0.5)
    for seed in range(6):
        crop, _ = augment(image, mask, settings, np.random.default_rng(seed), crop=32)
        assert crop[12, 12, 0] - crop[0, 0, 0] == pytest.approx(0.05, abs=1e-5)


def test_colour_tints_colour_images_and_leaves_grey_ones_grey() -> None:
    image, mask = _scene()
    settings = replace(OFF, colour=0.3)
    grey, _ = augment(image, mask, settings, np.random.default_rng(0), crop=96)
    np.testing.assert_array_equal(grey[..., 0], grey[..., 2])
    image[..., 2] *= 0.5
    tinted, _ = augment(image, mask, settings, np.random.default_rng(0), crop=96)
    factors = tinted[0, 0] / image[0, 0]
    assert np.ptp(factors) > 0.02
    assert (np.abs(np.log(factors)) <= np.log(1.3)).all()


def test_what_lies_outside_is_reflected() -> None:
    image, mask = _scene()
    crop, labels = augment(image, mask, OFF, np.random.default_rng(0), crop=128)
    np.testing.assert_array_equal(labels[16:-16, 16:-16], mask)
    np.testing.assert_array_equal(labels[:16, 16:-16], mask[16:0:-1])
    np.testing.assert_allclose(crop[:16, 16:-16], image[16:0:-1], atol=1e-6)


def test_the_same_seed_gives_the_same_preview_and_another_seed_another() -> None:
    image, mask = _scene()
    settings = AugmentationSettings()
    first, again, other = (preview(image * 255, mask, settings, count=3, seed=s, side=64) for s in (5, 5, 6))
    for (a, mask_a), (b, mask_b) in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(mask_a, mask_b)
        assert a.shape == (64, 64, 3)
        assert a.dtype == np.uint8
    assert not np.array_equal(first[0][0], other[0][0])


@pytest.mark.parametrize("name", list(AUGMENTATION_LIMITS))
def test_strengths_have_limits(name: str) -> None:
    with pytest.raises(TrainingError, match=name):
        replace(OFF, **{name: AUGMENTATION_LIMITS[name] * 1.01})
