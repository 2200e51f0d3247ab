"""The rows of the action table about what lies over and around the image, and where in it one is."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from segtool.core.class_box import class_box
from segtool.gui.actions import ActionId, ActionSpec, Menu, MenuItem, SubmenuSpec
from segtool.gui.commands import Commands
from segtool.gui.session import Session
from segtool.gui.view_options import OtherMask, Overlay

_MASKS: dict[OtherMask, str] = {
    OtherMask.SAVED: "The last &saved mask",
    OtherMask.PREDICTED: "What the model &predicted last",
    OtherMask.BEFORE_EDIT: "The mask &before the last edit",
}


def place_actions(do: Commands) -> tuple[MenuItem, ...]:
    """Return what brings another part of the image into view."""
    return (
        ActionSpec(
            id=ActionId.FIT_CLASS,
            menu=Menu.VIEW,
            text="Fit the c&lass",
            shortcuts=("Ctrl+2",),
            run=partial(_fit_class, do),
            enabled=_has_document,
            status_tip=lambda _: "Show everything of the active class as large as it gets",
        ),
        ActionSpec(
            id=ActionId.KEEP_VIEW,
            menu=Menu.VIEW,
            text="&Keep zoom and position between images",
            run=partial(_toggle, do, "keeps_view"),
            enabled=_has_project,
            checked=lambda s: s.view_options.keeps_view,
            status_tip=lambda _: "Show images of one size in the same place; otherwise each is found as it was left",
        ),
    )


def overlay_actions(do: Commands) -> tuple[MenuItem, ...]:
    """Return what lies over and around the image, and what can be shown in place of its mask."""
    row = partial(ActionSpec, menu=Menu.VIEW, enabled=_has_project)
    overlays = do.session.guidance.overlays
    return (
        row(
            id=ActionId.SHOW_UNCERTAINTY,
            text="Show the un&certainty",
            shortcuts=("U",),
            run=partial(overlays.toggle, Overlay.UNCERTAINTY),
            enabled=lambda s: not _why_no_model(s),
            checked=lambda _: overlays.shown is Overlay.UNCERTAINTY,
            status_tip=lambda s: _why_no_model(s) or "Colour what the model is unsure of; the mask stays as it is",
        ),
        row(
            id=ActionId.SHOW_CONFIDENCE,
            text="Show the confi&dence",
            shortcuts=("Shift+U",),
            run=partial(overlays.toggle, Overlay.CONFIDENCE),
            enabled=lambda s: not _why_no_model(s),
            checked=lambda _: overlays.shown is Overlay.CONFIDENCE,
            status_tip=lambda s: _why_no_model(s) or "Colour every pixel by how sure the model is of its class",
        ),
        row(
            id=ActionId.SHOW_CHANGES,
            text="Show changes &since the last save",
            shortcuts=("Shift+S",),
            run=partial(overlays.toggle, Overlay.DIFFERENCE),
            enabled=_has_document,
            checked=lambda _: overlays.shown is Overlay.DIFFERENCE,
            status_tip=lambda s: overlays.difference.problem or "Colour what was added, removed or changed",
        ),
        SubmenuSpec(menu=Menu.VIEW, text="Compare with (hold &J)", fill=partial(_fill_masks, do)),
        row(
            id=ActionId.SHOW_MINIMAP,
            text="S&how the minimap",
            shortcuts=("Shift+M",),
            run=partial(_toggle, do, "minimap"),
            checked=lambda s: s.view_options.minimap,
            separator=True,
            status_tip=lambda _: "In a corner, while only a part of the image is in view",
        ),
        row(
            id=ActionId.SHOW_RULERS,
            text="Show the &rulers",
            shortcuts=("Shift+R",),
            run=partial(_toggle, do, "rulers"),
            checked=lambda s: s.view_options.rulers,
            status_tip=lambda _: "In pixels of the image",
        ),
        row(
            id=ActionId.SHOW_CROSSHAIR,
            text="Sho&w the crosshair",
            shortcuts=("Shift+X",),
            run=partial(_toggle, do, "crosshair"),
            checked=lambda s: s.view_options.crosshair,
            status_tip=lambda _: "Two lines that cross under the pointer",
        ),
    )


def _has_project(session: Session) -> bool:
    return session.project is not None


def _has_document(session: Session) -> bool:
    return session.document is not None


def _why_no_model(session: Session) -> str:
    if session.document is None:
        return "Open an image first"
    return "" if session.model is not None else "There is no model that could be unsure"


def _toggle(do: Commands, name: str) -> None:
    do.set_view_options(**{name: not getattr(do.session.view_options, name)})


def _fit_class(do: Commands) -> None:
    session, document = do.session, do.session.document
    if document is None:
        return
    box = class_box(document.mask, session.active_class)
    if box.is_empty:
        session.info(f"There is nothing of {session.classes.label(session.active_class)} in {document.entry.key}.")
    else:
        do.canvas.fit_box(box)


def _fill_masks(do: Commands, menu: QMenu) -> None:
    """Put the masks to choose from into a menu."""
    menu.clear()
    group = QActionGroup(menu)
    for mask, text in _MASKS.items():
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(mask is do.session.view_options.compared_with)
        action.setActionGroup(group)
        action.triggered.connect(lambda _=False, choice=mask: do.set_view_options(compared_with=choice))
