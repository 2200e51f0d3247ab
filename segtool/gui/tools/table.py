"""The table of tools: adding one is a file beside this one, a member of ToolId and ActionId, and a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from segtool.gui.session import Session
from segtool.gui.tools.base import Tool
from segtool.gui.tools.brush import BrushTool, EraserTool
from segtool.gui.tools.cut_out import CutOutTool
from segtool.gui.tools.drag_shape import EllipseTool, LassoTool, RectangleTool
from segtool.gui.tools.fill import FillTool
from segtool.gui.tools.grow import GrowTool
from segtool.gui.tools.options import (
    BRUSH_SHAPE,
    BRUSH_SIZE,
    CONTIGUOUS,
    PEN_PRESSURE,
    SMOOTHING,
    TOLERANCE,
    Option,
)
from segtool.gui.tools.picker import PickerTool
from segtool.gui.tools.polygon import PolygonTool
from segtool.gui.tools.prediction_brush import PredictionBrushTool
from segtool.gui.tools.ruler import RulerTool
from segtool.gui.tools.scissors import ScissorsTool
from segtool.gui.tools.threshold_brush import ThresholdBrushTool
from segtool.gui.tools.tool_id import ToolId
from segtool.gui.tools.wand import WandTool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """One tool.

    Attributes
    ----------
    id : ToolId
        Its name in the code, also that of its action and its icon.
    text : str
        What menus show, "&" before the letter of its menu key.
    key : str
        Its shortcut.
    make : callable or None
        Builds it; None for moving the image, which the canvas does itself.
    hint : str
        How it is used, in a line.
    options : tuple of Option
        What the bar above the canvas offers while it is in hand.
    begins_group : bool
        Whether a line stands above it in the menu and in the strip.
    """

    id: ToolId
    text: str
    key: str
    make: Callable[[Session], Tool] | None
    hint: str
    options: tuple[Option, ...] = ()
    begins_group: bool = False


_BRUSH = (BRUSH_SIZE, BRUSH_SHAPE, PEN_PRESSURE)

TOOLS: tuple[ToolSpec, ...] = (
    ToolSpec(
        id=ToolId.BRUSH,
        text="&Brush",
        key="B",
        make=BrushTool,
        hint="Drag to paint · right button takes away · Alt+click picks a class",
        options=_BRUSH,
    ),
    ToolSpec(
        id=ToolId.ERASER,
        text="&Eraser",
        key="E",
        make=EraserTool,
        hint="Drag to paint background",
        options=_BRUSH,
    ),
    ToolSpec(
        id=ToolId.PREDICTION_BRUSH,
        text="Predictio&n brush",
        key="Q",
        make=PredictionBrushTool,
        hint="Drag to paint what the model says · right button takes away",
        options=_BRUSH,
    ),
    ToolSpec(
        id=ToolId.THRESHOLD_BRUSH,
        text="&Threshold brush",
        key="Shift+B",
        make=ThresholdBrushTool,
        hint="Drag to paint only what is like the first pixel · right button takes away",
        options=(BRUSH_SIZE, TOLERANCE, SMOOTHING),
    ),
    ToolSpec(
        id=ToolId.POLYGON,
        text="&Polygon",
        key="P",
        make=PolygonTool,
        hint="Click corners, Enter fills · begin with the right button to take away · Shift: 45°",
        begins_group=True,
    ),
    ToolSpec(
        id=ToolId.LASSO,
        text="&Lasso",
        key="L",
        make=LassoTool,
        hint="Drag around an area to fill it · right button takes away",
    ),
    ToolSpec(
        id=ToolId.RECTANGLE,
        text="&Rectangle",
        key="R",
        make=RectangleTool,
        hint="Drag a rectangle · right button takes away · Shift: square · Alt: from the middle",
    ),
    ToolSpec(
        id=ToolId.ELLIPSE,
        text="Ellip&se",
        key="O",
        make=EllipseTool,
        hint="Drag an ellipse · right button takes away · Shift: circle · Alt: from the middle",
    ),
    ToolSpec(
        id=ToolId.FILL,
        text="&Fill",
        key="F",
        make=FillTool,
        hint="Click an area of the mask to give it the active class · right button takes away · Shift: everywhere",
        options=(CONTIGUOUS,),
        begins_group=True,
    ),
    ToolSpec(
        id=ToolId.WAND,
        text="Magic &wand",
        key="W",
        make=WandTool,
        hint="Press, drag right for more, left for less · right button takes away · Shift: everywhere",
        options=(TOLERANCE, SMOOTHING, CONTIGUOUS),
    ),
    ToolSpec(
        id=ToolId.SCISSORS,
        text="Sm&art scissors",
        key="S",
        make=ScissorsTool,
        hint="Click along an edge, Enter fills · begin with the right button to take away · Shift: no snapping",
    ),
    ToolSpec(
        id=ToolId.GROW_SEEDS,
        text="Gr&ow from seeds",
        key="G",
        make=GrowTool,
        hint="Mark the inside; the right button marks what does not belong to it · Enter keeps the result",
    ),
    ToolSpec(
        id=ToolId.CUT_OUT,
        text="&Cut out in a box",
        key="C",
        make=CutOutTool,
        hint="Drag a box closely around an object to paint it · right button takes away",
    ),
    ToolSpec(
        id=ToolId.PICKER,
        text="P&icker",
        key="I",
        make=PickerTool,
        hint="Click to take the class under the pointer",
        begins_group=True,
    ),
    ToolSpec(
        id=ToolId.RULER,
        text="R&uler",
        key="M",
        make=RulerTool,
        hint="Drag to measure · Shift: 45° · Esc takes the line away",
    ),
    ToolSpec(
        id=ToolId.PAN,
        text="&Move the image",
        key="Z",
        make=None,
        hint="Drag to move the image · with any tool: hold Space, or the middle button",
    ),
)

SPEC_OF: dict[ToolId, ToolSpec] = {spec.id: spec for spec in TOOLS}
