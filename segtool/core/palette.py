"""Colours of classes: what is drawn on screen and what a mask PNG carries."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Colour = tuple[int, int, int]

# Okabe & Ito's colour-blind-safe set, ordered so that the first ones stand out on grey micrographs.
# Source: Okabe, Ito, "Color Universal Design" (2008).
CLASS_COLOURS: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (213, 94, 0),
    (204, 121, 167),
    (0, 114, 178),
)
BACKGROUND_COLOUR: Colour = (120, 120, 120)
NO_CLASS_COLOUR: Colour = (190, 190, 190)
"""Of every id in a mask that no class has."""


def default_colour(class_id: int) -> Colour:
    """Return the display colour of a class that nobody has coloured yet.

    The first seven classes get the colour-blind-safe set; later ones the VOC colour of their id.
    """
    if class_id == 0:
        return BACKGROUND_COLOUR
    if class_id <= len(CLASS_COLOURS):
        return CLASS_COLOURS[class_id - 1]
    red, green, blue = (int(value) for value in voc_palette()[class_id])
    return red, green, blue


@cache
def voc_palette() -> npt.NDArray[np.uint8]:
    """Return the PASCAL VOC palette, uint8 of shape (256, 3), read-only.

    The bits of the index are dealt to the high bits of red, green and blue in turn, so that
    1 is (128, 0, 0) and 255 is (224, 224, 192).
    """
    index = np.arange(256, dtype=np.uint16)
    palette = np.zeros((256, 3), dtype=np.uint8)
    for bit in range(8):
        for channel in range(3):
            value = (index >> (3 * bit + channel)) & 1
            palette[:, channel] |= (value << (7 - bit)).astype(np.uint8)
    palette.setflags(write=False)
    return palette
