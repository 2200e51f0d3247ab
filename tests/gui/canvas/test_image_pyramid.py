"""Sampling of an image at screen resolution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from segtool.core.geometry import Rect
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.canvas.view_transform import ViewTransform


@pytest.fixture(scope="module")
def rgb() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, size=(203, 317, 3), dtype=np.uint8)


def _whole(view: ViewTransform, rgb: npt.NDArray[np.uint8]) -> Rect:
    return view.screen_rect(Rect.of_shape(rgb.shape))


def test_at_100_percent_every_pixel_is_shown_as_it_is(rgb: npt.NDArray[np.uint8]) -> None:
    view = ViewTransform(1.0, 5, -3)
    shown = ImagePyramid(rgb).sample(view, _whole(view, rgb))
    assert np.array_equal(shown[..., 2::-1], rgb)


def test_zoomed_in_pixels_are_squares_of_one_colour(rgb: npt.NDArray[np.uint8]) -> None:
    view = ViewTransform(4.0, 0, 0)
    shown = ImagePyramid(rgb).sample(view, _whole(view, rgb))
    assert np.array_equal(shown[..., 2::-1], rgb.repeat(4, axis=0).repeat(4, axis=1))


def test_zoomed_out_to_a_quarter_each_pixel_is_a_mean(rgb: npt.NDArray[np.uint8]) -> None:
    view = ViewTransform(0.25, 0, 0)
    shown = ImagePyramid(rgb).sample(view, Rect(0, 0, 79, 50)).astype(float)[..., 2::-1]
    means = rgb[:200, :316].reshape(50, 4, 79, 4, 3).mean(axis=(1, 3))
    # Two halvings, each rounded.
    assert np.abs(shown - means).max() <= 1.0


@pytest.mark.parametrize("scale", [0.0625, 0.21, 0.5, 0.83, 1.0, 1.61, 7.0])
def test_a_part_looks_the_same_as_in_the_whole(rgb: npt.NDArray[np.uint8], scale: float) -> None:
    pyramid, view = ImagePyramid(rgb), ViewTransform(scale, -4, 9)
    rect = _whole(view, rgb)
    whole = pyramid.sample(view, rect)
    part = Rect(rect.x + rect.width // 3, rect.y + rect.height // 4, rect.width // 2, rect.height // 3)
    inside = Rect(part.x - rect.x, part.y - rect.y, part.width, part.height)
    assert np.array_equal(pyramid.sample(view, part), whole[inside.slices])


@pytest.mark.parametrize("shape", [(1, 500, 3), (500, 1, 3), (1, 1, 3), (3, 3, 3)])
def test_thin_images_can_be_shown_small(shape: tuple[int, int, int]) -> None:
    pixels = np.full(shape, 77, dtype=np.uint8)
    shown = ImagePyramid(pixels).sample(ViewTransform(0.05, 0, 0), Rect(0, 0, 1, 1))
    assert shown[0, 0, :3].tolist() == [77, 77, 77]


def test_an_image_wider_than_opencv_can_map() -> None:
    pixels = np.zeros((4, 40_000, 3), dtype=np.uint8)
    pixels[:, 39_000:] = 200
    shown = ImagePyramid(pixels).sample(ViewTransform(0.9, 0, 0), Rect(34_000, 0, 2000, 3))
    assert shown[1, 0, 0] == 0
    assert shown[1, 39_500 * 9 // 10 - 34_000, 0] == 200
