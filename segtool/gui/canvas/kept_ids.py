"""The class ids under the pixels of the screen, kept so that only what looks different is drawn again."""

from __future__ import annotations

import numpy as np

from segtool.core.geometry import Rect
from segtool.gui.canvas.mask_layer import Mask, screen_ids
from segtool.gui.canvas.view_transform import ViewTransform

_BANDS = 12
_LEAST_ROWS = 64


class KeptIds:
    """Class ids of a picture and of a margin around it, which the outlines along its sides depend on.

    All rectangles are in screen pixels from the corner of the picture.

    Parameters
    ----------
    width, height : int
        Size of the picture.
    margin : int
        Pixels around it.
    """

    def __init__(self, width: int, height: int, *, margin: int) -> None:
        self._margin = margin
        self._picture = Rect(0, 0, width, height)
        self._ids = np.zeros((height + 2 * margin, width + 2 * margin), dtype=np.uint8)

    def around(self, rect: Rect) -> Mask:
        """Return the ids of a rectangle of the picture and of the margin around that, as a view."""
        return self._ids[self._inside(rect.expand(self._margin)).slices]

    def shift(self, dx: int, dy: int) -> None:
        """Move what is kept; what comes in at the sides has to be fetched."""
        shift_pixels(self._ids, dx, dy)

    def fetch(self, mask: Mask, *, view: ViewTransform, rect: Rect) -> None:
        """Look up the ids of a rectangle of the picture and of its margin."""
        wanted = rect.expand(self._margin)
        self._ids[self._inside(wanted).slices] = screen_ids(mask, view=view, rect=wanted)

    def update(self, mask: Mask, *, view: ViewTransform, rect: Rect) -> list[Rect]:
        """Look up the ids of a rectangle again.

        Returns
        -------
        list of Rect
            What looks different now, outlines included, in boxes that may overlap: what a large brush adds on its
            way is a thin sickle, and the box around all of it would be mostly pixels that are as they were.
        """
        wanted = rect.expand(self._margin)
        kept = self._ids[self._inside(wanted).slices]
        now = screen_ids(mask, view=view, rect=wanted)
        differs = kept != now
        kept[...] = now
        boxes = []
        height = max(_LEAST_ROWS, -(-wanted.height // _BANDS))
        for top in range(0, wanted.height, height):
            band = differs[top : top + height]
            columns = np.flatnonzero(band.any(axis=0))
            if not columns.size:
                continue
            rows = np.flatnonzero(band.any(axis=1))
            box = Rect.from_edges(
                wanted.x + int(columns[0]),
                wanted.y + top + int(rows[0]),
                wanted.x + int(columns[-1]) + 1,
                wanted.y + top + int(rows[-1]) + 1,
            )
            # Not cut to the rectangle: what differs beside it would be taken for known when its turn comes.
            boxes.append(box.expand(self._margin).intersect(self._picture))
        return [box for box in boxes if not box.is_empty]

    def _inside(self, rect: Rect) -> Rect:
        return Rect(rect.x + self._margin, rect.y + self._margin, rect.width, rect.height)


def shift_pixels(pixels: Mask, dx: int, dy: int) -> None:
    """Move what an array (H, W) or (H, W, C) shows, in place; what is left behind keeps its old values."""
    whole = Rect.of_shape(pixels.shape)
    target = whole.intersect(Rect(dx, dy, whole.width, whole.height))
    source = Rect(target.x - dx, target.y - dy, target.width, target.height)
    pixels[target.slices] = pixels[source.slices]
