"""The action that makes a log bundle, for the action table."""

from __future__ import annotations

from segtool.gui.actions import ActionId, ActionSpec, Menu
from segtool.gui.commands import Commands


def export_logs(do: Commands) -> ActionSpec:
    """Return the action that writes what a maintainer needs into a zip."""
    return ActionSpec(
        id=ActionId.EXPORT_LOGS,
        menu=Menu.HELP,
        text="Export &log bundle…",
        run=do.logs.export,
        status_tip=lambda _: "Write logs, versions and settings into a zip: no image, no mask, nothing is sent",
    )
