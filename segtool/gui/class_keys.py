"""The keys that pick a class: rows of the table of actions that stand in no menu."""

from __future__ import annotations

from functools import partial

from segtool.core.classes import VOID
from segtool.gui.actions import ActionId, ActionSpec, MenuItem
from segtool.gui.commands import Commands


def class_keys(do: Commands) -> tuple[MenuItem, ...]:
    """Return the keys that pick a class; they stand in no menu, the classes panel shows them."""
    digits = tuple(
        ActionSpec(
            id=ActionId(f"class_{digit}"),
            text=f"Class {digit}",
            shortcuts=(str(digit),),
            run=partial(do.session.set_active_class, digit),
            enabled=lambda s: s.document is not None,
        )
        for digit in range(10)
    )
    void = ActionSpec(
        id=ActionId.CLASS_VOID,
        text="Void (unlabelled)",
        shortcuts=("V", "`"),
        run=partial(do.session.set_active_class, VOID),
        enabled=lambda s: s.document is not None,
    )
    return (*digits, void)
