"""How an image is shown, by brightness, contrast, gamma, window and channel; its values stay as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.normalisation import Normalisation, intensity_sample, just_above, range_of

Range = tuple[float, float]
Pixels = npt.NDArray[np.generic]
Shown = npt.NDArray[np.uint8]

GAMMA_LIMITS = (0.2, 5.0)

_TOP = 65_535
_HISTOGRAM_ROOM = 0.3
# Float images are mapped by so many values at a time, which stay in the processor's cache.
_BAND_VALUES = 65_536


class Channel(IntEnum):
    """What of a colour image is shown; a single channel is shown grey."""

    ALL = -1
    FIRST = 0
    SECOND = 1
    THIRD = 2


class WindowKind(Enum):
    """Which values of an image become black and white; percentiles are those of the image that is shown.

    AUTOMATIC shows 8-bit values as they are and stretches wider ones as a network is given them. FULL is all
    that the type can hold, for floats all that the image holds. FIXED is set by hand.
    """

    AUTOMATIC = None
    FULL = "full"
    EXTREMES = (0.0, 100.0)
    NEARLY_ALL = (0.1, 99.9)
    MOST = (1.0, 99.0)
    FIXED = "fixed"


class MaskStyle(StrEnum):
    """How a mask is drawn over its image: tinted areas, outlines alone, or a hatching that differs by class."""

    TINT = "tint"
    OUTLINE = "outline"
    HATCH = "hatch"

    @property
    def next(self) -> MaskStyle:
        """The style that follows this one in a circle."""
        styles = list(MaskStyle)
        return styles[(styles.index(self) + 1) % len(styles)]


@dataclass(frozen=True, slots=True)
class Display:
    """Adjustments of how an image is shown; the default ones show it as it is.

    Attributes
    ----------
    brightness : float
        Added to what is shown, as a share of the way from black to white: -1…1.
    contrast : float
        -1 (all grey) … 0 (as it is) … 1 (black and white only).
    gamma : float
        0.2…5; above 1 dark values become brighter.
    window : WindowKind
        Which values become black and white.
    fixed : tuple of float or None
        These two values, if they are set by hand.
    fixed_for : str
        Name of the dtype of the images that ``fixed`` holds for; others are shown with the automatic window.
    channel : Channel
        What of a colour image is shown.
    is_inverted : bool
        Whether black and white change places.
    """

    brightness: float = 0.0
    contrast: float = 0.0
    gamma: float = 1.0
    window: WindowKind = WindowKind.AUTOMATIC
    fixed: Range | None = None
    fixed_for: str = ""
    channel: Channel = Channel.ALL
    is_inverted: bool = False

    def curve(self, places: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return how bright the places 0…1 inside the window are shown, 0…1.

        Gamma first, ``t ** (1 / gamma)``; then contrast about the middle grey with the slope
        ``tan((contrast + 1) * pi / 4)``, as in GIMP's brightness-contrast operation; then brightness.
        """
        shown = np.asarray(places, dtype=np.float64) ** (1 / self.gamma)
        slope = math.tan((min(max(self.contrast, -1.0), 1.0) + 1) * math.pi / 4)
        shown = np.clip((shown - 0.5) * slope + 0.5 + self.brightness, 0.0, 1.0)
        return 1.0 - shown if self.is_inverted else shown


class Intensities:
    """What there is of values in an image, estimated from a regular grid of its pixels.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        uint8, uint16 or float32.
    """

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels
        self._ranges: dict[tuple[WindowKind, Channel], Range] = {}

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the values."""
        return self._pixels.dtype

    @property
    def top(self) -> int:
        """The greatest value that the type can hold, 0 for floats."""
        return 256**self.dtype.itemsize - 1 if self.dtype.kind == "u" else 0

    @property
    def is_colour(self) -> bool:
        """Whether there are three channels."""
        return self._pixels.ndim == 3

    @cached_property
    def sample(self) -> npt.NDArray[np.float32]:
        """The values of the grid, shape (N, 1) or (N, 3)."""
        return intensity_sample(self._pixels)

    def values(self, channel: Channel = Channel.ALL) -> npt.NDArray[np.float32]:
        """Return the finite values of the grid, of one channel or of all, shape (N,)."""
        chosen = self.sample if channel is Channel.ALL or not self.is_colour else self.sample[:, channel]
        flat = chosen.ravel()
        return flat[np.isfinite(flat)]

    def kind(self, display: Display) -> WindowKind:
        """Return which window is in force: one set by hand holds for images of its own dtype alone."""
        is_fixed_here = display.fixed is not None and display.fixed_for == self.dtype.name
        is_other = display.window is WindowKind.FIXED and not is_fixed_here
        return WindowKind.AUTOMATIC if is_other else display.window

    def window(self, display: Display) -> Range:
        """Return the values that are shown black and white before gamma, contrast and brightness; low < high."""
        kind, channel = self.kind(display), display.channel
        if kind is WindowKind.FIXED and display.fixed is not None:
            low, high = display.fixed
            return low, max(high, float(np.nextafter(np.float32(low), np.float32(np.inf))))
        if (kind, channel) not in self._ranges:
            self._ranges[kind, channel] = self._found(kind, channel)
        return self._ranges[kind, channel]

    def histogram(self, bins: int, *, channel: Channel = Channel.ALL) -> tuple[npt.NDArray[np.float32], Range]:
        """Return how often values occur in the sample.

        Parameters
        ----------
        bins : int
            Of equal width.
        channel : Channel
            Which one to count; ALL: each of them.

        Returns
        -------
        ndarray of float32, shape (1, bins) or (3, bins)
            Counts.
        tuple of float
            Between which they are counted: 0 and 255 for 8 bits, else what is shown without adjustments, with some
            room beside it; a few stray ones would squeeze all others into a bar or two.
        """
        if self.dtype == np.uint8:
            low, high = self.window(Display(window=WindowKind.FULL))
        else:
            least, greatest = self.window(Display(window=WindowKind.EXTREMES))
            low, high = self.window(Display())
            room = _HISTOGRAM_ROOM * (high - low)
            low, high = max(least, low - room), min(greatest, high + room)
        single = channel is not Channel.ALL or not self.is_colour
        columns = [channel] if single else [Channel.FIRST, Channel.SECOND, Channel.THIRD]
        beyond = float(np.nextafter(np.float32(high), np.float32(np.inf)))
        counts = [cv2.calcHist([self.values(item)], [0], None, [bins], [low, beyond]).ravel() for item in columns]
        return np.stack(counts).astype(np.float32), (low, high)

    def _found(self, kind: WindowKind, channel: Channel) -> Range:
        if self.top and (kind is WindowKind.FULL or (kind is WindowKind.AUTOMATIC and self.dtype == np.uint8)):
            return 0.0, float(self.top)
        if kind is WindowKind.AUTOMATIC:
            return range_of(self.values(channel), Normalisation())
        values = self.values(channel)
        if kind in (WindowKind.FULL, WindowKind.EXTREMES) and values.size:
            # Several times faster than as percentiles.
            low, high = float(values.min()), float(values.max())
            return low, high if high > low else just_above(low)
        low, high = kind.value if isinstance(kind.value, tuple) else (0.0, 100.0)
        return range_of(values, Normalisation(low, high))


class Tones:
    """Turns values of one image into what is shown of them, by one table of brightnesses.

    Parameters
    ----------
    display : Display
        The adjustments.
    intensities : Intensities
        Of the image.
    """

    def __init__(self, display: Display, intensities: Intensities) -> None:
        self._channel = display.channel if intensities.is_colour else Channel.ALL
        self._low, self._high = intensities.window(display)
        if intensities.top:
            inputs = np.arange(intensities.top + 1, dtype=np.float32)
            with np.errstate(over="ignore"):
                places = (inputs - np.float32(self._low)) / np.float32(self._high - self._low)
        else:
            places = np.arange(_TOP + 1, dtype=np.float32) / np.float32(_TOP)
        self._table = np.rint(display.curve(places.clip(0, 1)) * 255).astype(np.uint8)
        self._is_plain = self._table.size == 256 and bool((self._table == np.arange(256)).all())

    def apply(self, values: Pixels) -> Shown:
        """Return what is shown of some of the image's pixels; NaN is shown as the low end, infinities as either end.

        Parameters
        ----------
        values : ndarray, shape (h, w) or (h, w, 3)
            Of the image's dtype and channels.

        Returns
        -------
        ndarray of uint8, shape (h, w) or (h, w, 3)
            Grey for a single channel; may be the argument itself.
        """
        if self._channel is not Channel.ALL:
            values = np.asarray(cv2.extractChannel(np.asarray(values), int(self._channel)))
        if self._is_plain:
            return values.astype(np.uint8, copy=False)
        if np.issubdtype(values.dtype, np.floating):
            values = self._places(values)
        return np.asarray(cv2.LUT(np.asarray(values), self._table), dtype=np.uint8)

    def _places(self, values: Pixels) -> npt.NDArray[np.uint16]:
        """Return where float values lie in the window, in 65,535 steps."""
        result = np.empty(values.shape, dtype=np.uint16)
        rows = max(1, _BAND_VALUES // max(1, values[:1].size))
        low = np.float32(self._low)
        with np.errstate(all="ignore"):
            steps = np.float32(_TOP / (self._high - self._low))
            for top in range(0, values.shape[0], rows):
                places = np.subtract(values[top : top + rows], low, dtype=np.float32)
                places *= steps
                # These two pass over NaN, which then is the low end.
                np.fmax(places, 0, out=places)
                np.fmin(places, _TOP, out=places)
                places += np.float32(0.5)
                result[top : top + rows] = places
        return result
