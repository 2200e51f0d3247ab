"""The signals by which the session says what has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from segtool.core.errors import SegToolError
from segtool.gui.session_state import Level


class SessionSignals(QObject):
    """Base of the session that its parts hold: they emit here, the views listen.

    Signals
    -------
    project_changed()
        Another folder is open.
    document_changed()
        Another image is open, or the same one was read again.
    loading_changed()
        Another image is being loaded, the one that is has come further, or none is any more.
    mask_changed(object)
        Pixels of the open image's mask have changed inside a Rect.
    entries_changed(object)
        Status, saved state or reason of some images has changed: a frozenset of their keys.
    classes_changed()
        The classes have changed.
    active_class_changed(int)
        Another class is active: its id, 255 for void.
    history_changed()
        What can be undone or redone has changed.
    worked(object)
        A person has edited, undone, redone or approved something: a Work.
    effort_changed()
        What is recorded of a person's work in the folder has changed.
    tool_changed()
        The tool, its options, or how the mask is overlaid has changed.
    rules_changed()
        What every tool is held to has changed.
    stroke_ended()
        The stroke that was under way has become an edit or has been taken back.
    display_changed()
        How images are shown, or the style of the mask, has changed.
    model_changed()
        The active model or the list of models has changed.
    job_changed()
        A job has started, moved on or ended.
    saved_changed()
        The saved state of the open image or of any other has changed.
    offer_changed()
        Another model is proposed, or no longer.
    prediction_known(object)
        A prediction has been made, or made again: a KnownPrediction.
    prediction_changed()
        What is known of the prediction of the open image, who wants it, or how far its computation is, has changed.
    uncertainty_changed()
        The uncertainty that is shown over the open image, or whether it is shown, has changed.
    overlay_changed()
        What has changed since the last save is to be shown or no longer, or another mask is shown in place of the open
        one.
    expectations_changed(object)
        What the model expects of some images has changed: a frozenset of their keys.
    report_written(object)
        A report on a model is whole: the Path of the page to look at.
    message(str, object)
        A sentence for the person, with its Level.
    question(str, object, object)
        A sentence with its Level and its answers: a sequence of (text of a button, callable).
    mask_written(str, int)
        A mask was saved: key of its image, and which revision its file holds now.
    message_over(str)
        A sentence that was told before holds no longer.
    """

    project_changed = Signal()
    document_changed = Signal()
    loading_changed = Signal()
    mask_changed = Signal(object)
    entries_changed = Signal(object)
    classes_changed = Signal()
    active_class_changed = Signal(int)
    history_changed = Signal()
    worked = Signal(object)
    effort_changed = Signal()
    tool_changed = Signal()
    rules_changed = Signal()
    stroke_ended = Signal()
    display_changed = Signal()
    model_changed = Signal()
    job_changed = Signal()
    saved_changed = Signal()
    offer_changed = Signal()
    prediction_known = Signal(object)
    prediction_changed = Signal()
    uncertainty_changed = Signal()
    overlay_changed = Signal()
    expectations_changed = Signal(object)
    report_written = Signal(object)
    message = Signal(str, object)
    question = Signal(str, object, object)
    mask_written = Signal(str, int)
    message_over = Signal(str)

    def info(self, text: str) -> None:
        """Tell the person something in passing."""
        self.message.emit(text, Level.INFO)

    def warn(self, text: str) -> None:
        """Tell the person something that they should act on."""
        self.message.emit(text, Level.WARNING)

    def ask(self, text: str, level: Level, choices: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """Tell the person something that can be answered; ``message_over`` takes it back."""
        self.question.emit(text, level, choices)

    def report(self, error: Exception) -> None:
        """Tell the person about a failure."""
        self.message.emit(error_text(error), Level.ERROR)


def error_text(error: Exception) -> str:
    """Return what a person is told about a failure; one that nobody foresaw is named by its type."""
    if isinstance(error, SegToolError):
        return str(error)
    return f"Something went wrong ({type(error).__name__}: {error})."
