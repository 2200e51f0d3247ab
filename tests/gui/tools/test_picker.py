"""The picker without a canvas."""

from __future__ import annotations

from PySide6.QtCore import Qt

from segtool.core.classes import VOID
from segtool.gui.session import Session
from segtool.gui.tools.picker import PickerTool

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def test_it_takes_the_class_under_the_pointer_and_follows_a_drag(open_session: Session) -> None:
    tool = PickerTool(open_session)
    tool.press((110.9, 20.0), button=LEFT, modifiers=NONE)
    assert open_session.active_class == 2
    tool.move((30.0, 110.0))
    assert open_session.active_class == VOID
    tool.release((59.9, 59.9))
    assert open_session.active_class == 1
    tool.move((110.0, 30.0))
    assert open_session.active_class == 1


def test_beside_the_image_there_is_nothing_to_take(open_session: Session) -> None:
    tool = PickerTool(open_session)
    for pos in ((-0.1, 10.0), (10.0, -3.0), (160.0, 10.0), (10.0, 120.0)):
        tool.press(pos, button=LEFT, modifiers=NONE)
        tool.release(pos)
    assert open_session.active_class == 1
