"""An image in halved sizes, sampled at the resolution of the screen."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect
from segtool.gui.canvas.view_transform import ViewTransform

Pixels = npt.NDArray[np.uint8]

# Sub-pixel positions of a smooth view are kept in this many steps, OpenCV's own fixed-point grid.
_STEPS = cv2.INTER_TAB_SIZE


class ImagePyramid:
    """Serves screen pixels of one image at any zoom, at a cost that depends on the screen only.

    Halvings are made when a zoom first needs them.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (H, W, 3)
        The image as it is to be seen.
    """

    def __init__(self, rgb: Pixels) -> None:
        # Four bytes a pixel in the order of the screen: no conversion is left for painting.
        self._levels: list[Pixels] = [np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA), dtype=np.uint8)]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the image in pixels."""
        height, width = self._levels[0].shape[:2]
        return width, height

    def sample(self, view: ViewTransform, rect: Rect) -> Pixels:
        """Return the screen pixels of a rectangle that lies on the image.

        Parameters
        ----------
        view : ViewTransform
            A snapped view.
        rect : Rect
            Screen pixels, all of them over the image.

        Returns
        -------
        ndarray of uint8, shape (rect.height, rect.width, 4)
            Blue, green, red and 255. Unsmoothed from 100 % on, smooth below. A pixel's colour does
            not depend on the rectangle that it was asked for with.
        """
        return self._sample_smooth(view, rect) if view.scale < 1 else self._sample_nearest(view, rect)

    def _sample_nearest(self, view: ViewTransform, rect: Rect) -> Pixels:
        width, height = self.size
        columns = view.columns(rect.x, rect.right, width=width)
        rows = view.rows(rect.y, rect.bottom, height=height)
        # One 32-bit item per pixel: gathering those is several times faster than gathering four bytes.
        packed = self._levels[0].view(np.uint32)[..., 0]
        crop = packed[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        wide = np.take(crop, columns - columns[0], axis=1)
        return np.asarray(np.take(wide, rows - rows[0], axis=0)[..., np.newaxis].view(np.uint8))

    def _sample_smooth(self, view: ViewTransform, rect: Rect) -> Pixels:
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
        whole = np.empty((rect.height, rect.width, 2), dtype=np.int16)
        whole[..., 0] = across // _STEPS - left
        whole[..., 1] = (down // _STEPS - top)[:, np.newaxis]
        parts = (down % _STEPS * _STEPS)[:, np.newaxis] + across % _STEPS
        sampled = cv2.remap(crop, whole, parts.astype(np.uint16), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(sampled, dtype=np.uint8)

    def make_all(self) -> None:
        """Make every halving now: off the window's thread, so that no zoom waits for one."""
        index = 0
        while self._has_level(index + 1):
            index += 1
        self._level(index)

    def _has_level(self, index: int) -> bool:
        return min(self.size) >> index >= 1

    def _level(self, index: int) -> Pixels:
        while len(self._levels) <= index:
            last = self._levels[-1]
            height, width = last.shape[0] // 2, last.shape[1] // 2
            # An odd last row or column is left out, so that each level is exactly half of the one before.
            even = last[: height * 2, : width * 2]
            self._levels.append(
                np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
            )
        return self._levels[index]


def _positions(start: int, stop: int, scale: float, extent: int) -> npt.NDArray[np.int64]:
    """Return where the centres of screen pixels fall between the centres of source pixels, in steps."""
    places = (np.arange(start, stop) + 0.5) / scale - 0.5
    steps: npt.NDArray[np.int64] = np.rint(places * _STEPS).astype(np.int64)
    return steps.clip(0, (extent - 1) * _STEPS)
