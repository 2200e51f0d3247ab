"""The actions that say where a person's work is needed, for the action table."""

from __future__ import annotations

from segtool.gui.actions import ActionId, ActionSpec, Menu
from segtool.gui.session import Session


def next_useful(session: Session) -> ActionSpec:
    """Return the action that opens the image that is most worth working on."""
    return ActionSpec(
        id=ActionId.NEXT_USEFUL,
        menu=Menu.EDIT,
        text="Next &most useful image",
        shortcuts=("Shift+N",),
        run=session.guidance.what_next.open_next,
        enabled=lambda s: s.project is not None,
        status_tip=lambda s: "Open a folder first" if s.project is None else "One that the model is unsure of, or any",
    )
