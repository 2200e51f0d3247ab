"""Brush and eraser without a canvas."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.geometry import Rect
from segtool.gui.session import Session
from segtool.gui.tools.brush import BrushTool, EraserTool

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier


def test_a_stroke_is_one_step_of_undo(open_session: Session) -> None:
    document = open_session.document
    assert document is not None
    before = document.mask.copy()
    tool = BrushTool(open_session)
    tool.press((75.0, 70.0), button=LEFT, modifiers=NONE)
    for x in range(76, 90, 3):
        tool.move((float(x), 75.0))
    assert tool.is_active
    tool.release((95.0, 80.0))
    assert not tool.is_active
    assert document.history.undo_name == "Brush stroke"
    open_session.undo()
    assert np.array_equal(document.mask, before)
    assert not document.history.can_undo


def test_moves_within_one_pixel_paint_once(open_session: Session) -> None:
    painted: list[Rect] = []
    open_session.mask_changed.connect(painted.append)
    tool = BrushTool(open_session)
    tool.press((75.1, 70.1), button=LEFT, modifiers=NONE)
    count = len(painted)
    for step in range(8):
        tool.move((75.1 + step / 100, 70.1))
    assert len(painted) == count
    tool.release((75.2, 70.1))


def test_only_the_touched_box_changes(open_session: Session) -> None:
    painted: list[Rect] = []
    open_session.set_brush_size(5)
    tool = BrushTool(open_session)
    tool.press((75.0, 70.0), button=LEFT, modifiers=NONE)
    open_session.mask_changed.connect(painted.append)
    tool.move((79.0, 70.0))
    assert painted == [Rect(73, 68, 9, 5)]
    tool.release((79.0, 70.0))


@pytest.mark.parametrize(
    ("tool_class", "active", "idle", "with_right"),
    [(BrushTool, 2, 2, BACKGROUND), (BrushTool, VOID, VOID, BACKGROUND), (EraserTool, 2, 0, BACKGROUND)],
)
def test_the_outline_has_the_colour_of_what_is_painted(
    open_session: Session, tool_class: type[BrushTool], active: int, idle: int, with_right: int
) -> None:
    open_session.set_active_class(active)
    tool = tool_class(open_session)
    assert tool.outline().value == idle
    tool.press((75.0, 70.0), button=RIGHT, modifiers=NONE)
    assert tool.outline().value == with_right
    tool.cancel()
    assert tool.outline().value == idle


def test_with_nothing_in_progress_nothing_happens(open_session: Session) -> None:
    document = open_session.document
    assert document is not None
    before = document.mask.copy()
    tool = BrushTool(open_session)
    tool.move((75.0, 70.0))
    tool.release((75.0, 70.0))
    tool.finish()
    tool.cancel()
    assert np.array_equal(document.mask, before)
    assert not document.history.can_undo
