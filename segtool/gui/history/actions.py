"""The rows of the action table about versions."""

from __future__ import annotations

from functools import partial

from segtool.gui.actions import ActionId, ActionSpec, Menu
from segtool.gui.commands import Commands
from segtool.gui.session import Session


def version_actions(do: Commands) -> tuple[ActionSpec, ...]:
    """Return what can be done with versions, in the order of the menu."""
    row = partial(ActionSpec, menu=Menu.MODEL)
    return (
        row(
            id=ActionId.ROLL_BACK,
            text="Roll &back",
            shortcuts=("Ctrl+Shift+B",),
            run=do.session.versions.roll_back,
            separator=True,
            enabled=lambda s: not s.versions.why_not_roll_back(),
            status_tip=_roll_back_tip,
        ),
        row(
            id=ActionId.HISTORY,
            text="&History of versions…",
            shortcuts=("Ctrl+H",),
            run=do.history.show_history,
            enabled=lambda s: s.project is not None,
            status_tip=lambda s: "Open a folder first" if s.project is None else "Every version and how it came about",
        ),
        row(
            id=ActionId.COMPARE_VERSIONS,
            text="Compare &versions…",
            shortcuts=("Ctrl+D",),
            run=do.history.compare,
            enabled=lambda s: not s.comparing.why_not(),
            status_tip=lambda s: s.comparing.why_not() or "See what two versions say of the open image",
        ),
    )


def _roll_back_tip(session: Session) -> str:
    return session.versions.why_not_roll_back() or "Make the model active that the active one took the place of"
