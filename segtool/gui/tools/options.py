"""The options of the tools, as data: their values, and how the bar above the canvas offers them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

MAX_BRUSH_SIZE = 500
MAX_TOLERANCE = 255


class BrushShape(StrEnum):
    """The form of a dab."""

    ROUND = "Round"
    SQUARE = "Square"


@dataclass(frozen=True, slots=True)
class ToolOptions:
    """The value of every option of every tool; tools share those of the same name.

    Attributes
    ----------
    brush_size : int
        Diameter of the brush in image pixels, 1…500.
    brush_shape : BrushShape
    pen_pressure : bool
        Whether the brush gets smaller the less a pen is pressed.
    tolerance : int
        How far a pixel may be from the one under the press: 0…255 levels, all of them the image's contrast.
    contiguous : bool
        Whether only pixels joined with the one under the press are found.
    smoothing : int
        Standard deviation in pixels of the blur through which pixels are compared, 0…10.
    """

    brush_size: int = 20
    brush_shape: BrushShape = BrushShape.ROUND
    pen_pressure: bool = True
    tolerance: int = 24
    contiguous: bool = True
    smoothing: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOption:
    """A whole number with a slider.

    Attributes
    ----------
    field : str
        Its name in ToolOptions.
    label, tip, suffix : str
        What stands before it, what a tip says, and its unit with a space before.
    minimum, maximum : int
    is_geometric : bool
        Whether small values get most of the slider.
    lowest_text : str
        What a person reads instead of the smallest value; empty: that value.
    has_slider : bool
        Whether it is worth the room of a slider.
    """

    field: str
    label: str
    tip: str
    minimum: int
    maximum: int
    suffix: str = ""
    is_geometric: bool = False
    lowest_text: str = ""
    has_slider: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ToggleOption:
    """Something that is on or off; see NumberOption for the fields."""

    field: str
    label: str
    tip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceOption:
    """One of the members of an enum, whose values are what a person reads; see NumberOption for the fields."""

    field: str
    label: str
    tip: str
    choices: type[Enum]


Option = NumberOption | ToggleOption | ChoiceOption

BRUSH_SIZE = NumberOption(
    field="brush_size",
    label="Size",
    tip="Diameter of the brush ([ and ])",
    minimum=1,
    maximum=MAX_BRUSH_SIZE,
    suffix=" px",
    is_geometric=True,
)
BRUSH_SHAPE = ChoiceOption(field="brush_shape", label="Shape", tip="Form of the brush", choices=BrushShape)
PEN_PRESSURE = ToggleOption(
    field="pen_pressure", label="Pressure", tip="A pen that is pressed less makes the brush smaller"
)
TOLERANCE = NumberOption(
    field="tolerance",
    label="Tolerance",
    tip="How far a pixel may be from the one under the press: 0 is equal, 255 the whole contrast of the image",
    minimum=0,
    maximum=MAX_TOLERANCE,
)
CONTIGUOUS = ToggleOption(
    field="contiguous",
    label="Contiguous",
    tip="Only what is joined with the place of the press (off: everywhere; Shift+click: everywhere this once)",
)
SMOOTHING = NumberOption(
    field="smoothing",
    label="Smoothing",
    tip="How far noise is blurred away before pixels are compared",
    minimum=0,
    maximum=10,
    suffix=" px",
    has_slider=False,
)
