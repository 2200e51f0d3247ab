"""What is shown of an image's values, against the same formula in plain float arithmetic."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from segtool.core.display import Channel, Display, Intensities, MaskStyle, Tones, WindowKind
from segtool.core.normalisation import Normalisation, normalise
from tests.formats.file_makers import noise

ADJUSTED = [
    Display(brightness=0.2),
    Display(brightness=-0.4, contrast=0.5),
    Display(contrast=-0.6),
    Display(contrast=1.0),
    Display(gamma=2.2),
    Display(gamma=0.3, brightness=0.1, is_inverted=True),
    Display(window=WindowKind.FULL),
    Display(window=WindowKind.MOST, gamma=1.5),
    Display(window=WindowKind.EXTREMES, is_inverted=True),
]
PERCENTILES = {WindowKind.EXTREMES: (0, 100), WindowKind.NEARLY_ALL: (0.1, 99.9), WindowKind.MOST: (1, 99)}


def _image(dtype: str, *, channels: int = 3) -> npt.NDArray[np.generic]:
    rng = np.random.default_rng(4)
    values = rng.gamma(3.0, 20.0, size=(60, 80, 3) if channels == 3 else (60, 80))
    if dtype == "u1":
        return values.clip(0, 255).astype(np.uint8)
    return (values * 90 + 400).astype(np.uint16) if dtype == "u2" else (values / 7 - 3).astype(np.float32)


def _window(pixels: npt.NDArray[np.generic], display: Display) -> tuple[float, float]:
    values = pixels.astype(np.float64).ravel()
    if display.window is WindowKind.FULL:
        top = {np.uint8: 255.0, np.uint16: 65_535.0}.get(pixels.dtype.type)
        return (values.min(), values.max()) if top is None else (0.0, top)
    if display.window is WindowKind.AUTOMATIC and pixels.dtype == np.uint8:
        return 0.0, 255.0
    low, high = np.percentile(values, PERCENTILES.get(display.window, (0.5, 99.8)))
    return float(low), float(high)


def _oracle(pixels: npt.NDArray[np.generic], display: Display) -> npt.NDArray[np.float64]:
    """Return the brightness 0…255 of each value, without rounding."""
    low, high = _window(pixels, display)
    shown = ((pixels.astype(np.float64) - low) / (high - low)).clip(0, 1) ** (1 / display.gamma)
    slope = math.tan((display.contrast + 1) * math.pi / 4)
    shown = ((shown - 0.5) * slope + 0.5 + display.brightness).clip(0, 1)
    return 255 * (1 - shown if display.is_inverted else shown)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("display", [Display(), *ADJUSTED])
def test_values_are_shown_by_the_formula(dtype: str, channels: int, display: Display) -> None:
    pixels = _image(dtype, channels=channels)
    shown = Tones(display, Intensities(pixels)).apply(pixels)
    assert shown.dtype == np.uint8
    assert shown.shape == pixels.shape
    expected = _oracle(pixels, display)
    # A table for floats has 65,536 steps: next to a jump of full contrast a value may be on either side.
    is_far = np.abs(expected - shown) > 0.51
    assert is_far.mean() <= (0.001 if dtype == "f4" else 0)


@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_without_adjustments_wide_values_are_shown_as_a_network_gets_them(dtype: str) -> None:
    pixels = _image(dtype)
    shown = Tones(Display(), Intensities(pixels)).apply(pixels)
    given = np.rint(normalise(pixels, Normalisation()) * 255)
    assert np.abs(shown - given).max() <= (0 if dtype == "u2" else 1)


def test_eight_bits_without_adjustments_are_not_even_copied() -> None:
    pixels = noise((7, 9, 3), "u1")
    assert np.shares_memory(Tones(Display(), Intensities(pixels)).apply(pixels), pixels)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_a_single_channel_is_stretched_by_its_own_values(dtype: str) -> None:
    pixels = _image(dtype).copy()
    pixels[..., 1] //= 4
    display = Display(channel=Channel.SECOND, window=WindowKind.EXTREMES)
    shown = Tones(display, Intensities(pixels)).apply(pixels)
    np.testing.assert_allclose(shown, _oracle(pixels[..., 1], display), atol=0.51)
    grey = _image(dtype, channels=1)
    assert Tones(display, Intensities(grey)).apply(grey).shape == grey.shape


def test_a_window_that_is_set_by_hand_holds_for_its_kind_of_image() -> None:
    wide, eight = _image("u2"), _image("u1")
    display = Display(window=WindowKind.FIXED, fixed=(1000.0, 3000.0), fixed_for="uint16")
    shown = Tones(display, Intensities(wide)).apply(wide)
    expected = ((wide.astype(float) - 1000) / 2000).clip(0, 1) * 255
    np.testing.assert_allclose(shown, expected, atol=0.51)
    assert np.array_equal(Tones(display, Intensities(eight)).apply(eight), eight)
    assert Intensities(eight).kind(display) is WindowKind.AUTOMATIC


@pytest.mark.parametrize("fixed", [(5.0, 5.0), (9.0, 3.0)])
def test_a_window_of_no_width_parts_black_from_white(fixed: tuple[float, float]) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    display = Display(window=WindowKind.FIXED, fixed=fixed, fixed_for="uint8")
    shown = Tones(display, Intensities(pixels)).apply(pixels)
    assert np.array_equal(shown, np.where(pixels > fixed[0], 255, 0))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("display", [Display(), *ADJUSTED[:6]])
def test_values_that_are_no_numbers_are_the_ends(display: Display) -> None:
    pixels = np.linspace(-1, 1, 60, dtype=np.float32).reshape(6, 10).copy()
    pixels[0, :4] = np.nan, np.inf, -np.inf, np.finfo(np.float32).max
    intensities = Intensities(pixels)
    shown = Tones(display, intensities).apply(pixels)
    black, white = np.rint(display.curve(np.array([0.0, 1.0])) * 255)
    assert shown[0, :4].tolist() == [black, white, black, white]
    nothing = np.full((3, 3), np.nan, dtype=np.float32)
    assert np.unique(Tones(display, Intensities(nothing)).apply(nothing)).tolist() == [black]


@pytest.mark.parametrize("kind", [kind for kind in WindowKind if kind is not WindowKind.FIXED])
@pytest.mark.parametrize("value", [1e20, -1e20, np.finfo(np.float32).max, 1e-44])
def test_a_float_image_of_one_value_is_shown_however_large_it_is(kind: WindowKind, value: float) -> None:
    pixels = np.full((6, 10), value, dtype=np.float32)
    assert np.unique(Tones(Display(window=kind), Intensities(pixels)).apply(pixels)).tolist() == [0]


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_a_histogram_counts_the_values_of_each_channel(dtype: str) -> None:
    pixels = _image(dtype)
    counts, (low, high) = Intensities(pixels).histogram(16)
    assert counts.shape == (3, 16)
    for channel in range(3):
        expected, _ = np.histogram(pixels[..., channel], bins=16, range=(low, high))
        assert np.abs(counts[channel] - expected).sum() <= 4
    single, _ = Intensities(pixels).histogram(16, channel=Channel.THIRD)
    assert np.array_equal(single[0], counts[2])
    if dtype == "u1":
        assert (low, high) == (0.0, 255.0)


def test_stray_values_do_not_squeeze_a_histogram() -> None:
    pixels = _image("u2", channels=1).copy()
    pixels[0, 0] = 65_535
    _, (low, high) = Intensities(pixels).histogram(16)
    assert high < 40_000
    assert low >= pixels.min()


def test_mask_styles_go_round() -> None:
    style, seen = MaskStyle.TINT, []
    for _ in MaskStyle:
        seen.append(style)
        style = style.next
    assert set(seen) == set(MaskStyle)
    assert style is MaskStyle.TINT
