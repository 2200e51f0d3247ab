"""The names of the tools."""

from __future__ import annotations

from enum import StrEnum


class ToolId(StrEnum):
    """A tool that a person can hold."""

    BRUSH = "brush"
    ERASER = "eraser"
    PREDICTION_BRUSH = "prediction_brush"
    POLYGON = "polygon"
    LASSO = "lasso"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    FILL = "fill"
    WAND = "wand"
    SCISSORS = "scissors"
    GROW_SEEDS = "grow_seeds"
    CUT_OUT = "cut_out"
    THRESHOLD_BRUSH = "threshold_brush"
    PICKER = "picker"
    RULER = "ruler"
    PAN = "pan"
