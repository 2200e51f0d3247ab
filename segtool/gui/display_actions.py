"""The actions about how image and mask are shown, for the action table."""

from __future__ import annotations

from functools import partial

from segtool.core.display import MaskStyle
from segtool.gui.actions import ActionId, ActionSpec, Menu
from segtool.gui.session import Session

STYLE_NAMES: dict[MaskStyle, str] = {
    MaskStyle.TINT: "tinted",
    MaskStyle.OUTLINE: "outlines only",
    MaskStyle.HATCH: "hatched",
}


def display_actions(session: Session) -> tuple[ActionSpec, ...]:
    """Return what can be done about the picture, in the order of the menu."""
    row = partial(ActionSpec, menu=Menu.VIEW)
    return (
        row(
            id=ActionId.NEXT_MASK_STYLE,
            text="Next mask st&yle",
            shortcuts=("Shift+T",),
            run=session.display.next_mask_style,
            enabled=lambda s: s.document is not None,
            status_tip=_style_tip,
        ),
        row(
            id=ActionId.RESET_DISPLAY,
            text="Show the image as it is",
            run=session.display.reset,
            enabled=lambda s: s.document is not None and s.display.is_adjusted,
            status_tip=lambda _: "Take brightness, contrast, gamma, window and channel back",
        ),
    )


def _style_tip(session: Session) -> str:
    style = session.display.mask_style
    return f"Now: {STYLE_NAMES[style]}. Next: {STYLE_NAMES[style.next]}"
