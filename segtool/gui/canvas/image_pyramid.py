"""An image in halved sizes, sampled at the resolution of the screen and only then turned into what is shown."""

from __future__ import annotations

from threading import Lock

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.display import Display, Intensities, Tones
from segtool.core.geometry import Rect
from segtool.gui.canvas.view_transform import ViewTransform

Pixels = npt.NDArray[np.generic]
Shown = npt.NDArray[np.uint8]

# Sub-pixel positions of a smooth view are kept in this many steps, OpenCV's own fixed-point grid.
_STEPS = cv2.INTER_TAB_SIZE
_BAND_ROWS = 512


class ImagePyramid:
    """Serves screen pixels of one image at any zoom, at a cost that depends on the screen only.

    The first level is the image's own array; halvings have its dtype and channels, and are made when a zoom first
    needs them. In halvings, and wherever a view is smooth, values that are not finite count as the least or the
    greatest finite one: they would spoil all that is averaged with them.

    Parameters
    ----------
    pixels : ndarray of uint8, uint16 or float32, shape (H, W) or (H, W, 3)
        The image as it is; read at each painting.
    """

    def __init__(self, pixels: Pixels) -> None:
        self._levels: list[Pixels] = [pixels]
        self._lock = Lock()
        self._intensities = Intensities(pixels)
        self._is_finite = not np.issubdtype(pixels.dtype, np.floating) or _all_finite(pixels)
        # Estimated here, perhaps in another thread, and not when the image is first painted.
        self._tones = Tones(Display(), self._intensities)
        values = self._intensities.values()
        self._extremes = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        self._kept: list[tuple[ViewTransform, Rect, Pixels]] = []

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the image in pixels."""
        height, width = self._levels[0].shape[:2]
        return width, height

    @property
    def intensities(self) -> Intensities:
        """What there is of values in the image."""
        return self._intensities

    def sample(self, view: ViewTransform, rect: Rect, tones: Tones | None = None) -> Shown:
        """Return the screen pixels of a rectangle that lies on the image.

        Parameters
        ----------
        view : ViewTransform
            A snapped view.
        rect : Rect
            Screen pixels, all of them over the image.
        tones : Tones, optional
            How values are shown; as they are, if none are given.

        Returns
        -------
        ndarray of uint8, shape (rect.height, rect.width, 4)
            Blue, green, red and 255. Unsmoothed from 100 % on, smooth below. A pixel's colour does
            not depend on the rectangle that it was asked for with.
        """
        tones = tones or self._tones
        if view.scale >= 1:
            return self._sample_nearest(view, rect, tones)
        return _bgra(tones.apply(self._sample_smooth(view, rect)))

    def _sample_nearest(self, view: ViewTransform, rect: Rect, tones: Tones) -> Shown:
        width, height = self.size
        columns = view.columns(rect.x, rect.right, width=width)
        rows = view.rows(rect.y, rect.bottom, height=height)
        crop = _bgra(tones.apply(self._levels[0][rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]))
        if view.scale == 1:
            return crop
        # One 32-bit item per pixel: gathering those is several times faster than gathering four bytes.
        wide = np.take(crop.view(np.uint32)[..., 0], columns - columns[0], axis=1)
        return np.asarray(np.take(wide, rows - rows[0], axis=0)[..., np.newaxis].view(np.uint8))

    def _sample_smooth(self, view: ViewTransform, rect: Rect) -> Pixels:
        # What has been sampled last is asked for again and again while a person moves a slider.
        for kept_view, kept_rect, kept in self._kept:
            if (kept_view, kept_rect) == (view, rect):
                return kept
        index = 0
        while 2.0 ** -(index + 1) >= view.scale and self._has_level(index + 1):
            index += 1
        level = self._level(index)
        height, width = level.shape[:2]
        factor = view.scale * 2.0**index
        across = _positions(rect.x - int(view.x), rect.right - int(view.x), factor, width)
        down = _positions(rect.y - int(view.y), rect.bottom - int(view.y), factor, height)
        # The crop keeps coordinates small: OpenCV's fixed-point maps end at 32,767.
        left, top = int(across[0]) // _STEPS, int(down[0]) // _STEPS
        crop = level[top : int(down[-1]) // _STEPS + 2, left : int(across[-1]) // _STEPS + 2]
        if index == 0:
            crop = self._finite(crop)
        # Both coordinates of a place are written at once, as the halves of one number, in half the time.
        columns, rows = (across // _STEPS - left).astype("<u4"), (down // _STEPS - top).astype("<u4")
        whole = (rows << 16)[:, np.newaxis] | columns
        parts = (down % _STEPS * _STEPS).astype(np.uint16)[:, np.newaxis] + (across % _STEPS).astype(np.uint16)
        places = whole.view("<i2").reshape(rect.height, rect.width, 2)
        sampled: Pixels = cv2.remap(np.asarray(crop), places, parts, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        # Two: a large view and a small one beside it.
        self._kept = [(view, rect, sampled), *self._kept[:1]]
        return sampled

    def make_all(self) -> None:
        """Make every halving now: off the window's thread, so that no zoom waits for one."""
        index = 0
        while self._has_level(index + 1):
            index += 1
        self._level(index)

    def _has_level(self, index: int) -> bool:
        return min(self.size) >> index >= 1

    def _level(self, index: int) -> Pixels:
        with self._lock:
            while len(self._levels) <= index:
                self._levels.append(self._halved(self._levels[-1]))
        return self._levels[index]

    def _halved(self, last: Pixels) -> Pixels:
        height, width = last.shape[0] // 2, last.shape[1] // 2
        result = np.empty((height, width, *last.shape[2:]), dtype=last.dtype)
        # In bands, so that no copy of a large image stands beside it.
        for top in range(0, height, _BAND_ROWS):
            bottom = min(height, top + _BAND_ROWS)
            # An odd last row or column is left out, so that each level is exactly half of the one before.
            band = self._finite(last[2 * top : 2 * bottom, : 2 * width])
            cv2.resize(np.asarray(band), (width, bottom - top), dst=result[top:bottom], interpolation=cv2.INTER_AREA)
        return result

    def _finite(self, pixels: Pixels) -> Pixels:
        if self._is_finite:
            return pixels
        low, high = self._extremes
        return np.nan_to_num(pixels, nan=low, posinf=high, neginf=low)


def _all_finite(pixels: Pixels) -> bool:
    with np.errstate(all="ignore"):
        return all(
            bool(np.isfinite(pixels[top : top + _BAND_ROWS]).all()) for top in range(0, pixels.shape[0], _BAND_ROWS)
        )


def _bgra(shown: Shown) -> Shown:
    code = cv2.COLOR_GRAY2BGRA if shown.ndim == 2 else cv2.COLOR_RGB2BGRA
    return np.asarray(cv2.cvtColor(shown, code), dtype=np.uint8)


def _positions(start: int, stop: int, scale: float, extent: int) -> npt.NDArray[np.int64]:
    """Return where the centres of screen pixels fall between the centres of source pixels, in steps."""
    places = (np.arange(start, stop) + 0.5) / scale - 0.5
    steps: npt.NDArray[np.int64] = np.rint(places * _STEPS).astype(np.int64)
    return steps.clip(0, (extent - 1) * _STEPS)
