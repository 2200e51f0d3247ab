"""The row of the action table about images of several pages."""

from __future__ import annotations

from functools import partial

from segtool.gui.actions import ActionId, ActionSpec, Menu
from segtool.gui.commands import Commands
from segtool.gui.dialogs import ask
from segtool.gui.session import Session


def page_actions(do: Commands) -> tuple[ActionSpec, ...]:
    """Return what can be done with pages."""
    return (
        ActionSpec(
            id=ActionId.SPLIT_PAGES,
            menu=Menu.FILE,
            text="S&plit pages into files…",
            run=partial(_split, do),
            enabled=lambda s: not s.splitting.why_not(),
            status_tip=_tip,
        ),
    )


def _tip(session: Session) -> str:
    if reason := session.splitting.why_not():
        return reason
    return f"Only the first of its {session.splitting.pages} pages is shown: write each into a file of its own"


def _split(do: Commands) -> None:
    document = do.session.document
    if document is None:
        return
    title = "Choose where the folder with the pages goes"
    into = ask.ask_folder(do.window, title=title, start=document.entry.path.parent)
    if into is not None:
        do.session.splitting.start(into, open_folder=do.opener.open)
