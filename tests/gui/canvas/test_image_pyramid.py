"""Sampling of an image at screen resolution."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest

from segtool.core.display import Channel, Display, Intensities, Tones, WindowKind
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


# Images as they are: each dtype, grey and colour -------------------------------------------------

DTYPES = ["u1", "u2", "f4"]


def _image(dtype: str, shape: tuple[int, ...]) -> npt.NDArray[np.generic]:
    values = np.random.default_rng(8).gamma(3.0, 20.0, size=shape)
    if dtype == "u1":
        return values.clip(0, 255).astype(np.uint8)
    return (values * 90 + 400).astype(np.uint16) if dtype == "u2" else (values / 7 - 3).astype(np.float32)


def _as_bgra(shown: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    colour = shown[..., ::-1] if shown.ndim == 3 else np.stack([shown] * 3, axis=-1)
    return np.concatenate([colour, np.full((*shown.shape[:2], 1), 255, dtype=np.uint8)], axis=-1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("display", [Display(), Display(gamma=1.8, contrast=0.2), Display(channel=Channel.THIRD)])
def test_zoomed_in_each_value_is_shown_by_its_tone(dtype: str, channels: tuple[int, ...], display: Display) -> None:
    pixels = _image(dtype, (31, 43, *channels))
    tones = Tones(display, Intensities(pixels))
    view = ViewTransform(3.0, -5, 4)
    shown = ImagePyramid(pixels).sample(view, _whole(view, pixels), tones)
    expected = _as_bgra(tones.apply(pixels)).repeat(3, axis=0).repeat(3, axis=1)
    assert np.array_equal(shown, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_zoomed_out_it_is_the_values_that_are_averaged(dtype: str, channels: tuple[int, ...]) -> None:
    pixels = _image(dtype, (203, 319, *channels))
    intensities = Intensities(pixels)
    display = Display(window=WindowKind.MOST, gamma=2.0)
    low, high = intensities.window(display)
    shown = ImagePyramid(pixels).sample(ViewTransform(0.25, 0, 0), Rect(0, 0, 79, 50), Tones(display, intensities))
    means = pixels[:200, :316].astype(float).reshape(50, 4, 79, 4, *channels).mean(axis=(1, 3))
    expected = 255 * ((means - low) / (high - low)).clip(0, 1) ** 0.5
    # Two halvings, each rounded to whole values where these are integers; gamma makes more of that in the dark.
    off = np.abs(shown[..., 2::-1].astype(float) - (expected if channels else expected[..., np.newaxis]))
    assert np.percentile(off, 99) <= (3.0 if dtype == "u1" else 0.6)


@pytest.mark.parametrize("dtype", ["u2", "f4"])
@pytest.mark.parametrize("scale", [0.0625, 0.21, 0.83, 1.0, 7.0])
def test_a_part_of_a_wide_image_looks_the_same_as_in_the_whole(dtype: str, scale: float) -> None:
    pixels = _image(dtype, (203, 317, 3)).copy()
    if dtype == "f4":
        pixels[40:90:7, 30:200:9] = np.nan
        pixels[50, 60] = np.inf
    pyramid, view = ImagePyramid(pixels), ViewTransform(scale, -4, 9)
    rect = _whole(view, pixels)
    whole = pyramid.sample(view, rect)
    part = Rect(rect.x + rect.width // 3, rect.y + rect.height // 4, rect.width // 2, rect.height // 3)
    inside = Rect(part.x - rect.x, part.y - rect.y, part.width, part.height)
    assert np.array_equal(pyramid.sample(view, part), whole[inside.slices])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [0.1, 0.3, 0.5, 0.7, 1.0, 2.0])
def test_values_that_are_no_numbers_spoil_nothing_beside_them(scale: float) -> None:
    clean = _image("f4", (200, 200)).copy()
    clean[100, 100], clean[20, 20] = clean.min(), clean.max()
    spoilt = clean.copy()
    spoilt[100, 100], spoilt[20, 20] = np.nan, np.inf
    tones = Tones(Display(window=WindowKind.FULL), Intensities(clean))
    view = ViewTransform(scale, 0, 0)
    rect = _whole(view, clean)
    expected = ImagePyramid(clean).sample(view, rect, tones)
    assert np.array_equal(ImagePyramid(spoilt).sample(view, rect, tones), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (3, 40_000), (40_000, 3, 3)])
@pytest.mark.parametrize("scale", [0.01, 0.4, 1.0, 3.0])
def test_any_size_can_be_shown(dtype: str, shape: tuple[int, ...], scale: float) -> None:
    pixels = np.full(shape, 77, dtype=dtype)
    view = ViewTransform(scale, 0, 0)
    pyramid = ImagePyramid(pixels)
    pyramid.make_all()
    tones = Tones(Display(window=WindowKind.FIXED, fixed=(0, 154), fixed_for=pixels.dtype.name), pyramid.intensities)
    right, bottom = (max(1, int(side * scale)) for side in (shape[1], shape[0]))
    rect = Rect.from_edges(max(0, right - 1500), max(0, bottom - 1500), right, bottom)
    shown = pyramid.sample(view, rect, tones)
    assert shown.shape == (rect.height, rect.width, 4)
    assert np.abs(shown[..., :3].astype(int) - 128).max() <= 1


def test_the_image_is_not_copied() -> None:
    pixels = _image("u1", (2000, 2000, 3))
    tracemalloc.start()
    pyramid = ImagePyramid(pixels)
    _, at_start = tracemalloc.get_traced_memory()
    pyramid.make_all()
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The sample of its values, and then its halvings: a quarter, a sixteenth …
    assert at_start < pixels.nbytes * 0.6
    assert kept < pixels.nbytes * 0.7
    assert most < pixels.nbytes * 0.9


def test_halvings_may_be_made_while_the_image_is_painted() -> None:
    pixels = _image("u1", (1500, 1400, 3))
    view, rect = ViewTransform(0.1, 0, 0), Rect(0, 0, 140, 150)
    expected = ImagePyramid(pixels).sample(view, rect)
    pyramid = ImagePyramid(pixels)
    with ThreadPoolExecutor(2) as pool:
        made = [pool.submit(pyramid.make_all), pool.submit(pyramid.make_all)]
        shown = pyramid.sample(view, rect)
        for item in made:
            item.result()
    assert np.array_equal(shown, expected)
    assert np.array_equal(pyramid.sample(view, rect), expected)
