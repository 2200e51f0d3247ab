"""What a tool wants drawn over the image, as data: tools draw nothing themselves."""

from __future__ import annotations

from dataclasses import dataclass

from segtool.core.brush import Point


@dataclass(frozen=True, slots=True)
class Outline:
    """The edge of a brush under the pointer.

    Attributes
    ----------
    value : int
        Mask value that is painted, or would be; it gives the colour.
    diameter : int
        In image pixels.
    is_square : bool
        Whether the brush is a square.
    """

    value: int
    diameter: int
    is_square: bool = False


@dataclass(frozen=True, slots=True)
class SketchLine:
    """A line through image positions.

    Attributes
    ----------
    points : tuple of (x, y)
        Image coordinates.
    is_closed : bool
        Whether the last point is joined to the first, and the inside is tinted.
    is_dashed : bool
        Whether the line is provisional.
    value : int or None
        Mask value in whose colour the line is drawn; None: a neutral one.
    """

    points: tuple[Point, ...]
    is_closed: bool = False
    is_dashed: bool = False
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Sketch:
    """Lines, handles and a short text over the image.

    Attributes
    ----------
    lines : tuple of SketchLine
    handles : tuple of (x, y)
        Points that can be seen as such: corners that have been set.
    label : str
        A few words such as "120 × 80 px".
    label_at : (x, y) or None
        The image position that the text stands beside.
    """

    lines: tuple[SketchLine, ...] = ()
    handles: tuple[Point, ...] = ()
    label: str = ""
    label_at: Point | None = None
