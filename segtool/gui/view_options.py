"""What a person wants to have around and over the image."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OtherMask(StrEnum):
    """The mask that is shown in place of the open one while a key is held."""

    SAVED = "saved"
    PREDICTED = "predicted"
    BEFORE_EDIT = "before the last edit"


class Overlay(StrEnum):
    """What is laid over the image and its mask; one at a time."""

    NONE = "none"
    UNCERTAINTY = "uncertainty"
    CONFIDENCE = "confidence"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """Choices that the next start remembers.

    Attributes
    ----------
    minimap : bool
        Whether a small picture of the whole image stands in a corner while only a part is in view.
    rulers : bool
        Whether rulers with image pixels lie along the top and the left.
    crosshair : bool
        Whether two lines cross under the pointer.
    keeps_view : bool
        Whether zoom and position stay from image to image of one size, whatever each was left with.
    compared_with : OtherMask
        What is shown in place of the mask while J is held.
    """

    minimap: bool = True
    rulers: bool = False
    crosshair: bool = False
    keeps_view: bool = False
    compared_with: OtherMask = OtherMask.SAVED
