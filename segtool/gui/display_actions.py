"""The actions about how image and mask are shown, for the action table."""

from __future__ import annotations

from functools import partial

from segtool.core.display import MaskStyle
from segtool.gui.actions import ActionId, ActionSpec, Menu
from segtool.gui.preferences import Preferences
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
            text="Show the ima&ge as it is",
            run=session.display.reset,
            enabled=lambda s: s.document is not None and s.display.is_adjusted,
            status_tip=lambda _: "Take brightness, contrast, gamma, window and channel back",
        ),
    )


def keep_mask_style(session: Session, preferences: Preferences) -> None:
    """Draw masks as the person had it last, and remember what they choose."""
    display = session.display
    display.set_mask_style(preferences.mask_style)
    display.set_outline_width(preferences.outline_width)
    known = (display.mask_style, display.outline_width)

    def remember() -> None:
        nonlocal known
        # Settings are files: they are not touched at each step of a slider.
        if (display.mask_style, display.outline_width) != known:
            preferences.mask_style, preferences.outline_width = known = (display.mask_style, display.outline_width)

    session.display_changed.connect(remember)


def _style_tip(session: Session) -> str:
    style = session.display.mask_style
    return f"Now: {STYLE_NAMES[style]}. Next: {STYLE_NAMES[style.next]}"
