"""Rows of the table of actions that change whole masks: operations with a dialog, and those that are done at once."""

from __future__ import annotations

from functools import partial

from segtool.core.classes import BACKGROUND, VOID
from segtool.gui.actions import ActionId, ActionSpec, Menu
from segtool.gui.commands import Commands
from segtool.gui.operations.copying import copy_previous, previous_entry
from segtool.gui.operations.table import OPERATIONS, OperationSpec
from segtool.gui.session import Session


def operation_actions(do: Commands) -> tuple[ActionSpec, ...]:
    """Return a row for each operation, in the order of the menu."""
    row = partial(ActionSpec, menu=Menu.MASK, enabled=_can_edit)
    return (
        *(
            row(
                id=ActionId(spec.id.value),
                text=spec.text,
                shortcuts=(spec.key,) if spec.key else (),
                run=partial(do.operations.ask, spec.id),
                separator=number == 0,
                status_tip=partial(_about, spec=spec),
            )
            for number, spec in enumerate(OPERATIONS)
        ),
        row(
            id=ActionId.INVERT,
            text="In&vert the class",
            live_text=_invert_text,
            run=do.operations.invert,
            enabled=lambda s: _can_edit(s) and s.active_class not in (BACKGROUND, VOID),
            status_tip=lambda _: "The active class becomes background and background the class",
        ),
        row(
            id=ActionId.CLEAR_TO_BACKGROUND,
            text="Clear to &background",
            run=partial(do.operations.clear, to=BACKGROUND),
            separator=True,
            status_tip=lambda _: "The whole mask becomes background",
        ),
        row(
            id=ActionId.CLEAR_TO_VOID,
            text="Clear to voi&d",
            run=partial(do.operations.clear, to=VOID),
            status_tip=lambda _: "The whole mask becomes unlabelled",
        ),
        row(
            id=ActionId.COPY_PREVIOUS,
            text="&Copy from the previous image",
            shortcuts=("Ctrl+Shift+D",),
            run=partial(copy_previous, do.session),
            enabled=_has_previous,
            separator=True,
            status_tip=lambda _: "What is unlabelled here takes the mask of the image before this one",
        ),
        row(
            id=ActionId.REPLACE_BY_PREVIOUS,
            text="Re&place by that of the previous image",
            run=partial(copy_previous, do.session, over_all=True),
            enabled=_has_previous,
            status_tip=lambda _: "The whole mask becomes that of the image before this one",
        ),
    )


def _can_edit(session: Session) -> bool:
    return session.document is not None and not session.document.read_only_reason


def _has_previous(session: Session) -> bool:
    return _can_edit(session) and previous_entry(session) is not None


def _about(_session: Session, *, spec: OperationSpec) -> str:
    return spec.about


def _invert_text(session: Session) -> str:
    active = session.active_class
    name = session.classes.get(active).name.replace("&", "&&") if active in session.classes else "the class"
    return f"In&vert {name}"
