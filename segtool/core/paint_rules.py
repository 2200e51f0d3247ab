"""Which pixels tools may change: the one place where locks and limits are applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect

Region = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PaintRules:
    """What every tool and operation is held to.

    Attributes
    ----------
    only_over : frozenset of int or None
        Only pixels of these ids (255: void) may change; None: of any id.
    locked : frozenset of int
        Pixels of these ids keep them.
    intensity : (float, float) or None
        Only pixels whose intensity in the image lies in this closed range may change, in the image's own values.
    """

    only_over: frozenset[int] | None = None
    locked: frozenset[int] = frozenset()
    intensity: tuple[float, float] | None = None

    @property
    def are_free(self) -> bool:
        """Whether any pixel may change."""
        return self.only_over is None and not self.locked and self.intensity is None

    def allowed(self, rect: Rect, *, mask: npt.NDArray[np.uint8], pixels: npt.NDArray[np.generic]) -> Region | None:
        """Return which pixels of a rectangle may change.

        Parameters
        ----------
        rect : Rect
            Inside the image.
        mask : ndarray of uint8, shape (H, W)
            Class ids, 255 for void.
        pixels : ndarray, shape (H, W) or (H, W, 3)
            The image.

        Returns
        -------
        ndarray of bool, shape (rect.height, rect.width), or None
            None if all of them may.
        """
        if self.are_free or rect.is_empty:
            return None
        result = np.ones((rect.height, rect.width), dtype=np.bool_)
        if self.only_over is not None or self.locked:
            table = np.array([self._may_change(value) for value in range(256)], dtype=np.uint8)
            result = cv2.LUT(np.ascontiguousarray(mask[rect.slices]), table).view(np.bool_)
        if self.intensity is not None:
            low, high = self.intensity
            values = intensity_of(pixels[rect.slices])
            result &= (values >= low) & (values <= high)
        return result

    def _may_change(self, value: int) -> bool:
        return value not in self.locked and (self.only_over is None or value in self.only_over)


def intensity_of(pixels: npt.NDArray[np.generic]) -> npt.NDArray[Any]:
    """Return the intensity of pixels of shape (H, W) or (H, W, 3): grey values as they are, colours as luma.

    The weights are those of ITU-R BT.601, the ones that OpenCV turns colours to grey with; the dtype is kept.
    """
    if pixels.ndim == 2:
        return pixels
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY), dtype=pixels.dtype)
