"""The rows of the action table about a training that was broken off."""

from __future__ import annotations

from functools import partial

from segtool.gui.actions import ActionId, ActionSpec, Menu
from segtool.gui.commands import Commands


def unfinished_actions(do: Commands) -> tuple[ActionSpec, ...]:
    """Return what can be done with it, in the order of the menu."""
    unfinished = do.training.unfinished
    row = partial(ActionSpec, menu=Menu.MODEL)
    return (
        row(
            id=ActionId.RESUME_TRAINING,
            text="Res&ume training",
            run=unfinished.resume,
            enabled=lambda _: not _why_not_resume(do),
            status_tip=lambda _: _why_not_resume(do) or unfinished.text(),
        ),
        row(
            id=ActionId.DISCARD_TRAINING,
            text="D&iscard unfinished training",
            run=unfinished.discard,
            enabled=lambda _: unfinished.run is not None and not do.training.is_running,
            status_tip=lambda _: unfinished.text() or _NONE,
        ),
    )


_NONE = "No training of this folder was broken off"


def _why_not_resume(do: Commands) -> str:
    run = do.training.unfinished.run
    if do.training.is_running:
        return "A training is running"
    if run is None:
        return _NONE
    return do.training.unfinished.text() if run.problem else ""
