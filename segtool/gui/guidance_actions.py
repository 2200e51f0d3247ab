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


def show_uncertainty(session: Session) -> ActionSpec:
    """Return the action that shows or hides what the model is unsure of."""
    return ActionSpec(
        id=ActionId.SHOW_UNCERTAINTY,
        menu=Menu.VIEW,
        text="Show the un&certainty",
        shortcuts=("U",),
        run=lambda: session.guidance.uncertainty.set_on(not session.guidance.uncertainty.is_on),
        enabled=lambda s: not _why_not(s),
        checked=lambda s: s.guidance.uncertainty.is_on,
        status_tip=lambda s: _why_not(s) or "Colour what the model is unsure of; the mask stays as it is",
    )


def _why_not(session: Session) -> str:
    if session.document is None:
        return "Open an image first"
    return "" if session.model is not None else "There is no model that could be unsure"
