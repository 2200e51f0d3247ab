"""Rows of the table of actions that are about tools: made from the table of tools."""

from __future__ import annotations

from functools import partial

from segtool.gui.actions import ActionId, ActionSpec, Menu, MenuItem
from segtool.gui.commands import Commands
from segtool.gui.session import Session
from segtool.gui.tools.table import TOOLS
from segtool.gui.tools.tool_id import ToolId


def tool_actions(do: Commands) -> tuple[MenuItem, ...]:
    """Return a row for each tool, and the two that change the size of the brush."""
    row = partial(ActionSpec, menu=Menu.TOOLS, enabled=_has_document)
    return (
        *(
            row(
                id=ActionId(spec.id.value),
                text=spec.text,
                icon=spec.id.value,
                shortcuts=(spec.key,),
                run=partial(do.session.set_tool, spec.id),
                checked=partial(_holds, tool=spec.id),
                separator=spec.begins_group,
                status_tip=partial(_hint, hint=spec.hint),
            )
            for spec in TOOLS
        ),
        row(
            id=ActionId.SMALLER_BRUSH,
            text="Smaller brus&h",
            shortcuts=("[",),
            run=do.smaller_brush,
            separator=True,
        ),
        row(id=ActionId.LARGER_BRUSH, text="Lar&ger brush", shortcuts=("]",), run=do.larger_brush),
    )


def _has_document(session: Session) -> bool:
    return session.document is not None


def _holds(session: Session, *, tool: ToolId) -> bool:
    return session.tool is tool


def _hint(_session: Session, *, hint: str) -> str:
    return hint
