"""The table of everything a person can do: one row each, all shortcuts in one place."""

from __future__ import annotations

from functools import partial

from segtool.gui import guidance_actions
from segtool.gui.actions import ActionId, ActionSpec, Menu, MenuItem, Scope, SubmenuSpec
from segtool.gui.class_keys import class_keys
from segtool.gui.commands import (
    Commands,
    effort_tip,
    has_effort,
    redo_text,
    undo_text,
    why_not_evaluate,
    why_not_retrain,
)
from segtool.gui.display_actions import display_actions
from segtool.gui.faults.actions import export_logs
from segtool.gui.history.actions import version_actions
from segtool.gui.operation_actions import operation_actions
from segtool.gui.page_actions import page_actions
from segtool.gui.prediction_actions import prediction_threshold
from segtool.gui.session import Session
from segtool.gui.tool_actions import tool_actions
from segtool.gui.training_actions import unfinished_actions
from segtool.gui.view_actions import overlay_actions, place_actions
from segtool.project.status import Status

# What the canvas does with keys and buttons that are held; listed beside the actions on the shortcut sheet.
GESTURES: tuple[tuple[str, str], ...] = (
    ("Right button", "Take away: paint background"),
    ("Alt + click", "Take the class under the pointer"),
    ("Enter or double click", "Complete a shape of many clicks"),
    ("Backspace", "Take its last point back"),
    ("Shift (hold)", "45°, square, circle; wand, fill: everywhere"),
    ("Alt (hold)", "Rectangle, ellipse: from the middle"),
    ("Esc", "Cancel what is in progress"),
    ("Space or middle button + drag", "Move the image"),
    ("Wheel", "Zoom at the pointer"),
    ("Shift + wheel", "Move sideways"),
    ("H (hold)", "Hide the mask"),
    ("J (hold)", "Show another mask in its place"),
)


def action_table(commands: Commands) -> tuple[MenuItem, ...]:
    """Return the actions and submenus of the window, in the order of the menus."""
    return (
        *_file(commands),
        *_edit(commands),
        *_view(commands),
        *tool_actions(commands),
        *_mask(commands),
        *operation_actions(commands),
        *_model(commands),
        *version_actions(commands),
        *_help(commands),
        *class_keys(commands),
    )


def _has_project(session: Session) -> bool:
    return session.project is not None


def _has_document(session: Session) -> bool:
    return session.document is not None


def _can_edit(session: Session) -> bool:
    return session.document is not None and not session.document.read_only_reason


def _file(do: Commands) -> tuple[MenuItem, ...]:
    row = partial(ActionSpec, menu=Menu.FILE)
    return (
        row(
            id=ActionId.OPEN_FOLDER,
            text="&Open folder…",
            icon="open",
            shortcuts=("Ctrl+O", "Ctrl+U"),
            run=do.opener.ask,
        ),
        SubmenuSpec(menu=Menu.FILE, text="Open &recent", fill=do.fill_recent),
        row(id=ActionId.OPEN_SAMPLE, text="Open sa&mple images", run=do.opener.open_sample),
        row(
            id=ActionId.SAVE,
            text="&Save",
            icon="save",
            shortcuts=("Ctrl+S",),
            run=do.session.save,
            separator=True,
            enabled=lambda s: s.is_dirty,
        ),
        row(
            id=ActionId.SAVE_ALL,
            text="Save &all",
            shortcuts=("Ctrl+Shift+S",),
            run=do.session.save_all,
            enabled=lambda s: s.has_unsaved(),
        ),
        row(
            id=ActionId.EXPORT_EFFORT,
            text="&Export effort…",
            run=do.export_effort,
            enabled=has_effort,
            status_tip=effort_tip,
        ),
        *page_actions(do),
        row(id=ActionId.QUIT, text="&Quit", shortcuts=("Ctrl+Q",), run=do.window.close, separator=True),
    )


def _edit(do: Commands) -> tuple[MenuItem, ...]:
    row = partial(ActionSpec, menu=Menu.EDIT)
    return (
        row(
            id=ActionId.UNDO,
            text="&Undo",
            icon="undo",
            shortcuts=("Ctrl+Z",),
            run=do.session.undo,
            enabled=lambda s: s.document is not None and s.document.history.can_undo,
            live_text=undo_text,
        ),
        row(
            id=ActionId.REDO,
            text="&Redo",
            icon="redo",
            shortcuts=("Ctrl+Shift+Z", "Ctrl+Y"),
            run=do.session.redo,
            enabled=lambda s: s.document is not None and s.document.history.can_redo,
            live_text=redo_text,
        ),
        row(
            id=ActionId.APPROVE,
            text="&Approve",
            icon="approve",
            shortcuts=("Return", "Enter"),
            # A line that is being typed in leaves Return to shortcuts.
            scope=Scope.CANVAS,
            run=do.session.approve,
            separator=True,
            enabled=_can_edit,
            checked=lambda s: do.status() is Status.APPROVED,
        ),
        row(
            id=ActionId.PREVIOUS_IMAGE,
            text="&Previous image",
            shortcuts=("A", "PgUp"),
            run=do.previous_image,
            separator=True,
            enabled=_has_project,
        ),
        row(
            id=ActionId.NEXT_IMAGE,
            text="&Next image",
            shortcuts=("D", "PgDown"),
            run=do.next_image,
            enabled=_has_project,
        ),
        row(
            id=ActionId.NEXT_TO_DO,
            text="Next image not &yet approved",
            shortcuts=("N",),
            run=do.next_to_do,
            enabled=_has_project,
        ),
        guidance_actions.next_useful(do.session),
        row(
            id=ActionId.FIND_IMAGE,
            text="&Find image",
            shortcuts=("Ctrl+F",),
            run=do.window.images.focus_filter,
            enabled=_has_project,
        ),
    )


def _view(do: Commands) -> tuple[MenuItem, ...]:
    row = partial(ActionSpec, menu=Menu.VIEW, enabled=_has_document)
    return (
        row(
            id=ActionId.ZOOM_IN, text="Zoom &in", icon="zoom-in", shortcuts=("Ctrl++", "Ctrl+="), run=do.canvas.zoom_in
        ),
        row(id=ActionId.ZOOM_OUT, text="Zoom &out", icon="zoom-out", shortcuts=("Ctrl+-",), run=do.canvas.zoom_out),
        row(id=ActionId.FIT, text="&Fit the window", icon="fit", shortcuts=("Ctrl+0",), run=do.canvas.fit),
        row(
            id=ActionId.ACTUAL_SIZE,
            text="&Actual size (100 %)",
            icon="actual-size",
            shortcuts=("Ctrl+1",),
            run=do.actual_size,
        ),
        *place_actions(do),
        row(
            id=ActionId.SHOW_MASK,
            text="Show the &mask",
            shortcuts=("T",),
            run=do.toggle_mask,
            separator=True,
            checked=lambda s: s.overlay_visible,
        ),
        *display_actions(do.session),
        *overlay_actions(do),
        ActionSpec(
            id=ActionId.TOGGLE_PANELS,
            menu=Menu.VIEW,
            text="Show the &panels",
            shortcuts=("Tab",),
            scope=Scope.CANVAS,
            run=do.toggle_panels,
            enabled=_has_project,
            checked=lambda _: do.window.panels_visible(),
        ),
        SubmenuSpec(menu=Menu.VIEW, text="Pa&nels", fill=do.window.fill_panels),
        SubmenuSpec(menu=Menu.VIEW, text="App&earance", fill=do.fill_appearance, separator=True),
        ActionSpec(
            id=ActionId.FULL_SCREEN,
            menu=Menu.VIEW,
            text="F&ull screen",
            shortcuts=("F11",),
            run=do.window.toggle_full_screen,
            checked=lambda _: do.window.isFullScreen(),
        ),
    )


def _mask(do: Commands) -> tuple[MenuItem, ...]:
    row = partial(ActionSpec, menu=Menu.MASK)
    return (
        row(
            id=ActionId.SWAP_CLASS,
            text="S&witch to background and back",
            shortcuts=("X",),
            run=do.session.swap_with_background,
            enabled=_has_document,
        ),
        row(id=ActionId.ADD_CLASS, text="&Add class…", run=do.window.classes.add_class, enabled=_has_project),
    )


def _model(do: Commands) -> tuple[MenuItem, ...]:
    row = partial(ActionSpec, menu=Menu.MODEL)
    return (
        row(
            id=ActionId.SEGMENT_IMAGE,
            text="&Segment this image",
            button_text="Segment",
            icon="segment",
            shortcuts=("Ctrl+G",),
            run=do.segment_image,
            enabled=lambda s: _can_edit(s) and do.can_segment(),
        ),
        row(
            id=ActionId.SEGMENT_ALL,
            text="Segment &all images",
            shortcuts=("Ctrl+Shift+G",),
            run=do.segment_all,
            enabled=lambda s: _has_project(s) and do.can_segment(),
        ),
        prediction_threshold(do),
        row(
            id=ActionId.AVERAGE_TURNS,
            text="Average over &flips and turns",
            run=do.toggle_averaging,
            enabled=_has_project,
            checked=lambda s: s.averages_turns,
            status_tip=lambda _: "Predictions take 8 times as long and are slightly more accurate",
        ),
        row(
            id=ActionId.CANCEL_JOB,
            text="&Cancel running job",
            run=do.session.cancel_job,
            enabled=lambda s: s.job is not None,
        ),
        row(
            id=ActionId.EVALUATE,
            text="&Evaluate model…",
            run=do.session.evaluate,
            separator=True,
            enabled=lambda s: not why_not_evaluate(s),
            status_tip=lambda s: why_not_evaluate(s) or "Compare predictions with your masks and write a report",
        ),
        row(
            id=ActionId.RETRAIN,
            text="&Retrain…",
            icon="retrain",
            shortcuts=("Ctrl+R",),
            run=do.window.ask_for_training,
            enabled=lambda s: _has_project(s) and not do.training.is_running,
        ),
        row(
            id=ActionId.RETRAIN_AUTOMATICALLY,
            text="Retrain auto&matically…",
            run=do.retrain_automatically,
            enabled=lambda s: not why_not_retrain(s),
            checked=lambda _: do.auto.after > 0,
            status_tip=lambda s: why_not_retrain(s) or do.auto.text(),
        ),
        row(
            id=ActionId.STOP_TRAINING,
            text="S&top training",
            icon="stop",
            run=do.training.stop,
            enabled=lambda _: do.training.is_running,
        ),
        *unfinished_actions(do),
        row(
            id=ActionId.ADAPT,
            text="How much to a&dapt…",
            run=do.ask_how_much_to_adapt,
            enabled=lambda s: not do.why_not_adapt(s),
            status_tip=lambda s: do.why_not_adapt(s) or "Mix the active version with what it was trained from",
        ),
    )


def _help(do: Commands) -> tuple[MenuItem, ...]:
    row = partial(ActionSpec, menu=Menu.HELP)
    return (
        row(id=ActionId.SHORTCUTS, text="&Keyboard shortcuts", shortcuts=("F1",), run=do.window.show_shortcuts),
        export_logs(do),
        row(id=ActionId.ABOUT, text="&About SegTool", run=do.window.show_about),
    )
