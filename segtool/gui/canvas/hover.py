"""What lies under the pointer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from segtool.project.document import Document


@dataclass(frozen=True, slots=True)
class HoverInfo:
    """The pixel under the pointer.

    Attributes
    ----------
    x, y : int
        Column and row.
    value : str
        The image's value as it is in the file, "118" or "12, 30, 200".
    class_id : int
        The value of the mask, 255 for void.
    """

    x: int
    y: int
    value: str
    class_id: int


def hover_info(document: Document, pos: tuple[float, float]) -> HoverInfo | None:
    """Return what is at an image position, None beside the image."""
    x, y = math.floor(pos[0]), math.floor(pos[1])
    height, width = document.mask.shape
    if not (0 <= x < width and 0 <= y < height):
        return None
    values = np.atleast_1d(document.image.pixels[y, x])
    text = ", ".join(f"{value:.4g}" if value.dtype.kind == "f" else str(value) for value in values)
    return HoverInfo(x, y, text, int(document.mask[y, x]))
