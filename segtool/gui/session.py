"""The session: what is open and how it changes; the only object that changes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject

from segtool.core.classes import DEFAULT_CLASSES, ClassSet
from segtool.core.geometry import Rect
from segtool.core.palette import Colour
from segtool.gui.class_edits import ClassEdits
from segtool.gui.class_in_hand import ClassInHand
from segtool.gui.documents import Documents
from segtool.gui.effort_tracker import EffortTracker
from segtool.gui.evaluating import Evaluating
from segtool.gui.folder_hold import FolderHold
from segtool.gui.guidance import Guidance
from segtool.gui.history.comparing import Comparing
from segtool.gui.history.version_edits import VersionEdits
from segtool.gui.image_watch import ImageWatch
from segtool.gui.jobs.runner import JobRunner
from segtool.gui.journalling import Journalling
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.mask_questions import MaskQuestions
from segtool.gui.model_choice import ModelChoice
from segtool.gui.navigation import Navigation
from segtool.gui.operations.operating import Operating
from segtool.gui.paint_limits import PaintLimits
from segtool.gui.recovering import Recovering
from segtool.gui.region_work import RegionWork
from segtool.gui.save_troubles import SaveTroubles
from segtool.gui.saving import Saving
from segtool.gui.segmenting import Segmenting
from segtool.gui.session_state import JobState, Level, ModelOffer, Overwrite, SaveState
from segtool.gui.splitting import Splitting
from segtool.gui.suggesting import Suggesting
from segtool.gui.tool_state import ToolState
from segtool.gui.tools.tool_id import ToolId
from segtool.inference.probe import end_trials
from segtool.models.store import ModelEntry
from segtool.project.document import Document
from segtool.project.project import Project
from segtool.project.status import Status

JOB_ENDS_WITHIN_S = 10.0


class Session(ToolState):
    """Everything that is open, and every way to change it.

    Views call its methods, listen to its signals (see `SessionSignals`) and read its properties; they keep no truth
    of their own. All of it belongs to the window's thread. A method that cannot do what it is asked says so through
    ``message`` and leaves everything as it was. ``class_edits`` changes classes, ``guidance`` says where
    work is needed, ``effort`` what it took.

    Parameters
    ----------
    parent : QObject, optional
        Owner.
    autosave_ms : int
        Milliseconds of quiet after an edit before the mask is saved.
    suggest_models : bool
        Whether another model is proposed for a new folder that it suits better.
    """

    def __init__(self, parent: QObject | None = None, *, autosave_ms: int = 3000, suggest_models: bool = True) -> None:
        super().__init__(parent)
        documents = self._documents = Documents()
        jobs = self._jobs = JobRunner(self)
        saving = self._saving = Saving(self, documents, delay_ms=autosave_ms)
        edits = self._edits = MaskEdits(self, documents, saving)
        self.journal = Journalling(self, documents, edits, saving)
        navigation = self.navigation = Navigation(self, documents, edits, saving)
        self.troubles = SaveTroubles(self, documents, edits=edits, saving=saving, navigation=navigation)
        self._image_watch = ImageWatch(self, documents, navigation)
        self.holding = FolderHold(
            self, documents, saving=saving, troubles=self.troubles, navigation=navigation, open_folder=self.open_folder
        )
        models = self._models = ModelChoice(self, documents, saving)
        segmenting = self._segmenting = Segmenting(
            self, documents, edits=edits, navigation=navigation, saving=saving, models=models, jobs=jobs
        )
        self._evaluating = Evaluating(
            self, documents, edits=edits, saving=saving, models=models, segmenting=segmenting, jobs=jobs
        )
        self.splitting = Splitting(self, documents, jobs)
        self._suggesting = Suggesting(self, documents, models, is_on=suggest_models)
        self.class_edits = ClassEdits(self, documents, edits=edits, navigation=navigation, saving=saving, jobs=jobs)
        self.mask_questions = MaskQuestions(
            self, documents, edits=edits, navigation=navigation, saving=saving, classes=self.class_edits, jobs=jobs
        )
        self.recovery = Recovering(
            self, documents, edits=edits, navigation=navigation, saving=saving, questions=self.mask_questions
        )
        self.regions = RegionWork(self, edits)
        self.limits = PaintLimits(self, documents)
        self.operations = Operating(self, documents, edits=edits, regions=self.regions)
        self.comparing = Comparing(self, documents, models)
        self.versions = VersionEdits(self, self._documents, models=self._models, jobs=self._jobs)
        self.effort = EffortTracker(self, self._documents)
        self._class_in_hand = ClassInHand(self, self._documents)
        self.model_changed.connect(self._segmenting.follow_model)
        # Its parts follow the model too, and then take the network of the one that is active now.
        self.guidance = Guidance(self, self._documents, self._models, self.navigation, self._segmenting, self._jobs)

    # What is open ------------------------------------------------------------------------------

    @property
    def project(self) -> Project | None:
        """The open folder, or None."""
        return self._documents.project

    @property
    def document(self) -> Document | None:
        """The open image with its mask, or None."""
        return self._documents.current

    @property
    def classes(self) -> ClassSet:
        """Classes of the open folder; the default ones while none is open."""
        return DEFAULT_CLASSES if self.project is None else self.project.classes

    def entry_reason(self, key: str) -> str:
        """Return why an image could not be opened or segmented, an empty string if nothing is known against it."""
        return self._documents.reasons.get(key, "")

    def open_folder(self, root: Path, *, data_root: Path | None = None) -> bool:
        """Open a folder of images; what was open is saved first and stays open if anything goes wrong."""
        is_saved = self.wait_until_saved()
        if is_saved:
            # It may have to put back what it has half done, as long as the folder is ours.
            self._jobs.end(timeout=JOB_ENDS_WITHIN_S)
            is_saved = self.wait_until_saved()
        if not is_saved:
            self.message.emit("The folder was not opened, because not every mask could be saved.", Level.ERROR)
            return False
        project = self.holding.open(root, data_root=data_root)
        if project is None:
            return False
        # What the job has in hand belongs to the other folder.
        self._jobs.cancel()
        self._edits.forget_project()
        self.class_edits.forget_project()
        self._documents.reset(project)
        self._models.project_opened()
        self._saving.project_opened()
        for signal in (self.project_changed, self.classes_changed, self.model_changed, self.document_changed):
            signal.emit()
        self.history_changed.emit()
        self.saved_changed.emit()
        self._models.report_problems()
        for text in project.notes:
            self.warn(text)
        self.holding.opened(project)
        self._suggesting.project_opened()
        return True

    def open_image(self, key: str) -> bool:
        """Show an image of the folder, now or once it is loaded; False if it cannot be read: the shown one stays."""
        return self.navigation.open_image(key)

    def step_image(self, delta: int) -> None:
        """Show the image ``delta`` places further in the list, passing over those that cannot be read."""
        self.navigation.step_image(delta)

    # Editing -----------------------------------------------------------------------------------

    def begin_stroke(self, name: str) -> bool:
        """Start one edit that ``paint`` adds to; False, with a message, if the open mask must not be changed."""
        return self._edits.begin_stroke(name)

    def may_edit(self) -> bool:
        """Tell whether the open mask may be changed; if not, a message says why."""
        return self._edits.may_edit()

    def paint(self, rect: Rect, region: npt.NDArray[np.bool_], value: int) -> None:
        """Give the pixels of ``region`` (bool, the size of ``rect``) a class id or void; only inside a stroke.

        Here and in everything else that changes the mask inside a stroke, pixels that ``rules`` protect stay.
        """
        self._edits.paint(rect, region, value)

    def revert_stroke(self) -> None:
        """Take back what the stroke has painted so far and go on with it: for previews."""
        self._edits.revert_stroke()

    def end_stroke(self) -> None:
        """Finish the stroke: it becomes one step of undo."""
        self._edits.end_stroke()

    def cancel_stroke(self) -> None:
        """Take the unfinished stroke back."""
        self._edits.cancel_stroke()

    def after_stroke(self, action: Callable[[], None]) -> None:
        """Call something now, or once the stroke that is under way has ended: it may end strokes itself."""
        self._edits.after_stroke(action)

    def apply_pixels(self, name: str, rect: Rect, pixels: npt.NDArray[np.uint8]) -> bool:
        """Replace the pixels of ``rect`` in one undoable edit; False, with a message, if that is not allowed."""
        return self._edits.apply_pixels(name, rect, pixels)

    def undo(self) -> None:
        """Take the last edit of the open image back."""
        self._edits.undo()

    def redo(self) -> None:
        """Do the last undone edit of the open image again."""
        self._edits.redo()

    def go_to_edit(self, position: int) -> None:
        """Undo or redo edits of the open image until so many of those in its history are done."""
        self._edits.go_to(position)

    def set_status(self, key: str, status: Status) -> None:
        """Give an image a status."""
        self._edits.set_status(key, status)

    def approve(self) -> None:
        """Approve the open image, or take its approval back."""
        self.regions.end_then(self._edits.approve)

    # Tool and active class (brush, overlay, averaging: see ToolState) --------------------------

    @property
    def active_class(self) -> int:
        """The class id that tools paint with, 255 for void."""
        return self._class_in_hand.active

    def set_active_class(self, class_id: int) -> None:
        """Paint with that class from now on (255: void); an id without a class is passed over."""
        self._class_in_hand.take(class_id)

    def swap_with_background(self) -> None:
        """Change between background and the class that was active before it."""
        self._class_in_hand.swap_with_background()

    def set_tool(self, tool: ToolId) -> None:
        """Take another tool; an unfinished stroke is kept, and what is just being found for one waited for."""
        if tool is not self.tool:
            take = super().set_tool
            self.regions.end_then(lambda: take(tool))

    # Classes -----------------------------------------------------------------------------------

    def add_class(self, name: str, colour: Colour | None = None) -> bool:
        """Add a class under a free id and make it active."""
        class_id = self.class_edits.add(name, colour=colour)
        if class_id is not None:
            self.set_active_class(class_id)
        return class_id is not None

    # Saving ------------------------------------------------------------------------------------

    @property
    def is_dirty(self) -> bool:
        """Whether the open mask has changes that are not on disk."""
        return self._saving.is_dirty

    @property
    def save_state(self) -> SaveState:
        """Where the open mask stands between memory and disk."""
        return self.journal.told(self._saving.state)

    def save(self) -> None:
        """Save the open mask; if something else has changed its file meanwhile, the person is asked first."""
        self.regions.end_then(self.troubles.save_shown)

    def save_all(self) -> None:
        """Save every mask that has changes."""
        self.regions.end_then(self.troubles.retry)

    def has_unsaved(self) -> bool:
        """Whether any mask has changes that are not on disk."""
        return bool(self._saving.unsaved_keys())

    def unsaved_keys(self) -> frozenset[str]:
        """Return the images whose masks have changes that are not on disk, or are about to have some."""
        document, coming = self._documents.current, self._edits.ends_by_itself()
        return self._saving.unsaved_keys() | ({document.entry.key} if document is not None and coming else set())

    def is_unsaved(self, key: str) -> bool:
        """Whether the mask of an image has changes that are not on disk."""
        return key in self._saving.unsaved_keys()

    def wait_until_saved(self, timeout: float = 20.0) -> bool:
        """Save everything and wait for it, at most ``timeout`` seconds; False if something is not on disk then."""
        self.regions.wait(timeout)
        self._edits.end_stroke()
        self.troubles.tell_again()
        return self._saving.save_all_and_wait(timeout=timeout)

    # Models and jobs ---------------------------------------------------------------------------

    @property
    def model(self) -> ModelEntry | None:
        """The active model, or None if there is none."""
        return self._models.active

    @property
    def models(self) -> list[ModelEntry]:
        """Every model that can be used, bundled ones first."""
        return list(self._models.entries)

    @property
    def job(self) -> JobState | None:
        """The job that is under way, or None."""
        return self._jobs.state

    def set_active_model(self, name: str) -> bool:
        """Segment with that model from now on."""
        return self._models.activate(name)

    @property
    def offer(self) -> ModelOffer | None:
        """The model that is proposed for the folder, None if there is no such proposal."""
        return self._suggesting.offer

    def refresh_models(self) -> None:
        """Read the list of models again."""
        self._models.refresh()

    def segment(self, keys: Sequence[str], *, policy: Overwrite = Overwrite.FILL_VOID) -> bool:
        """Start a job that segments images with the active model; ``policy`` holds for corrected and approved ones."""
        self._suggesting.drop()
        return self._segmenting.start(keys, policy=policy, tta=self.averages_turns)

    def segment_needs_question(self, keys: Sequence[str]) -> list[str]:
        """Return those of ``keys`` that hold a person's work, so that the window can ask what to do with them."""
        return self._segmenting.protected(keys)

    def evaluate(self) -> bool:
        """Start a job that measures the active model on corrected and approved masks and writes a report."""
        return self._evaluating.start(tta=self.averages_turns)

    def cancel_job(self) -> None:
        """Ask the job that is under way to end."""
        self._jobs.cancel()

    def close(self) -> None:
        """End the job and the threads; what is not being saved by then is lost, so `wait_until_saved` comes first."""
        end_trials()
        parts = (self._suggesting, self.comparing, self.versions, self.guidance, self.operations, self.regions)
        after_them = (self._image_watch, self.recovery, self.navigation, self._jobs, self.troubles)
        for part in (*parts, *after_them, self._saving, self.journal, self.effort, self.holding):
            part.close()
