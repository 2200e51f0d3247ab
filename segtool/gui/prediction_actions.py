"""The rows of the action table about what the model says of the open image."""

from __future__ import annotations

from functools import partial

from segtool.gui.actions import ActionId, ActionSpec, Menu
from segtool.gui.commands import Commands
from segtool.gui.operations.table import OperationId
from segtool.gui.session import Session


def prediction_threshold(do: Commands) -> ActionSpec:
    """Return the action that sets a class by its probability."""
    return ActionSpec(
        id=ActionId.PREDICTION_THRESHOLD,
        menu=Menu.MODEL,
        text="Set by &prediction threshold…",
        run=partial(do.operations.ask, OperationId.PREDICTION_THRESHOLD),
        enabled=lambda s: not _why_not(s),
        status_tip=lambda s: _why_not(s) or "Give a class the pixels that the model finds probable enough",
    )


def _why_not(session: Session) -> str:
    if session.document is None:
        return "Open an image first"
    return session.document.read_only_reason or ("" if session.model is not None else "There is no model to ask")
