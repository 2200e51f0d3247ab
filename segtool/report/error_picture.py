"""Where a prediction is right and wrong, as a picture: over its image, or alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID, ClassSet, is_background, match_classes
from segtool.core.normalisation import Normalisation, intensity_range, normalise
from segtool.core.palette import Colour

PICTURE_SIDE = 1024
MAP_SIDE = 320

# Green, orange and sky blue of Okabe and Ito's palette: told apart with any kind of colour vision.
RIGHT_COLOUR: Colour = (0, 158, 115)
FALSE_POSITIVE_COLOUR: Colour = (230, 159, 0)
FALSE_NEGATIVE_COLOUR: Colour = (86, 180, 233)
_GROUND: Colour = (52, 52, 56)
_VOID_COLOUR: Colour = (0, 0, 0)

_DARKEST, _BRIGHTEST = 0.05, 0.62
_BAND_PIXELS = 1 << 20
_VOID_CODE, _RIGHT_CODE, _FIRST_CODE = 0, 1, 2

_Draw = Callable[[slice], npt.NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A colour of the pictures and what it means."""

    colour: Colour
    text: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """How one code of pixel is drawn: its colour, its opacity over an image, and its colour where there is none."""

    colour: Colour
    opacity: float
    alone: Colour
    text: str


class ErrorPicture:
    """Draws right and wrong pixels.

    With two classes: true positives, false positives and false negatives of the one that is not background, or of
    the second if neither is called so. With more: wrong pixels in the colour of the class that was predicted.

    Parameters
    ----------
    classes : ClassSet
        Those of the folder.
    predicted : ClassSet
        Those of the model. Classes that the folder lacks are drawn too, in their own colours.
    """

    def __init__(self, classes: ClassSet, predicted: ClassSet) -> None:
        merged, _ = match_classes(predicted, classes)
        # 255 classes and the codes before them are more than a byte holds.
        self._codes = np.full((256, 256), _RIGHT_CODE, dtype=np.uint16)
        if len(merged) == 2:
            positive = next((item for item in reversed(merged.classes) if not is_background(item)), merged.classes[1])
            wrong = self._set_two_classes(positive.id, positive.name)
        else:
            wrong = self._set_many_classes(merged)
        self._codes[VOID] = _VOID_CODE
        self._marks = (
            _Mark(_VOID_COLOUR, 0.75, _VOID_COLOUR, "void: not labelled, does not count"),
            _Mark(_GROUND, 0.0, _GROUND, "right" if len(merged) > 2 else ""),
            *wrong,
        )

    def _set_two_classes(self, positive: int, name: str) -> list[_Mark]:
        self._codes[:, positive] = _FIRST_CODE + 1
        self._codes[positive] = _FIRST_CODE + 2
        self._codes[positive, positive] = _FIRST_CODE
        entries = (
            (RIGHT_COLOUR, 0.45, f"true positive: {name}, and found"),
            (FALSE_POSITIVE_COLOUR, 0.9, f"false positive: predicted as {name}, but is not"),
            (FALSE_NEGATIVE_COLOUR, 0.9, f"false negative: {name}, but missed"),
        )
        return [_Mark(colour, opacity, colour, text) for colour, opacity, text in entries]

    def _set_many_classes(self, merged: ClassSet) -> list[_Mark]:
        for index, item in enumerate(merged):
            self._codes[:, item.id] = _FIRST_CODE + index
        every = np.arange(256)
        self._codes[every, every] = _RIGHT_CODE
        return [_Mark(item.colour, 0.85, item.colour, f"wrong: predicted as {item.name}") for item in merged]

    def legend(self, *, with_void: bool) -> tuple[LegendEntry, ...]:
        """Return what the colours mean, void last if it is wanted."""
        void, right, *wrong = self._marks
        marks = (*wrong, right, *((void,) if with_void else ()))
        return tuple(LegendEntry(item.colour, item.text) for item in marks if item.text)

    def over_image(
        self, pixels: npt.NDArray[np.generic], mask: npt.NDArray[np.uint8], class_ids: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.uint8]:
        """Draw over the image, which is made grey and dark.

        Parameters
        ----------
        pixels : ndarray, shape (H, W) or (H, W, 3)
        mask, class_ids : ndarray of uint8, shape (H, W)
            What is true and what is predicted.

        Returns
        -------
        ndarray of uint8, shape (h, w, 3)
            RGB, scaled down by a whole number to at most ``PICTURE_SIDE``.
        """
        normalisation = Normalisation()
        value_range = intensity_range(pixels, normalisation)
        colours = np.array([item.colour for item in self._marks], dtype=np.float32)
        opacities = np.array([item.opacity for item in self._marks], dtype=np.float32)

        def draw(rows: slice) -> npt.NDArray[np.uint8]:
            grey = normalise(pixels[rows], normalisation, value_range=value_range).mean(axis=2, keepdims=True)
            ground = (_DARKEST + (_BRIGHTEST - _DARKEST) * grey) * 255.0
            codes = self._codes[mask[rows], class_ids[rows]]
            opacity = opacities[codes][:, :, None]
            drawn: npt.NDArray[np.uint8] = np.rint(ground * (1.0 - opacity) + colours[codes] * opacity).astype(np.uint8)
            return drawn

        return _drawn_small(draw, mask.shape, PICTURE_SIDE)

    def alone(self, mask: npt.NDArray[np.uint8], class_ids: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Draw on a plain ground, without the image: RGB of at most ``MAP_SIDE`` pixels a side."""
        colours = np.array([item.alone for item in self._marks], dtype=np.uint8)

        def draw(rows: slice) -> npt.NDArray[np.uint8]:
            drawn: npt.NDArray[np.uint8] = colours[self._codes[mask[rows], class_ids[rows]]]
            return drawn

        return _drawn_small(draw, mask.shape, MAP_SIDE)


def _drawn_small(draw: _Draw, shape: tuple[int, ...], side: int) -> npt.NDArray[np.uint8]:
    """Draw an image in bands of rows, each averaged over squares: a large image is never held as colours."""
    height, width = shape
    factor = -(-max(height, width) // side)
    if factor == 1:
        return draw(slice(0, height))
    columns = max(1, width // factor)
    # A whole number of squares; what is left over at the lower edge is less than one of them.
    band = max(1, _BAND_PIXELS // width // factor) * factor
    last = max(height // factor, 1) * factor
    parts = []
    for top in range(0, last, band):
        drawn = draw(slice(top, min(top + band, last)))
        size = (columns, max(1, drawn.shape[0] // factor))
        parts.append(cv2.resize(drawn[:, : columns * factor], size, interpolation=cv2.INTER_AREA))
    return np.concatenate(parts, axis=0).astype(np.uint8, copy=False)
