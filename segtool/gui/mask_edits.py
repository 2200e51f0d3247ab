"""Changing masks and statuses: strokes, predictions, undo, redo, approval."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID
from segtool.core.edits import EditRecorder, runs_of_tiles
from segtool.core.geometry import Rect
from segtool.gui.documents import Documents
from segtool.gui.jobs.segment_job import merge_prediction
from segtool.gui.mask_changes import MaskChanges
from segtool.gui.paint_limits import rules_text
from segtool.gui.saving import Saving
from segtool.gui.session_state import Work, WorkKind
from segtool.gui.status_trail import MaskRecord
from segtool.gui.tool_state import ToolState
from segtool.project.document import Document
from segtool.project.status import Status


class MaskEdits:
    """The one place where masks in memory change: each change is an edit that can be undone, and gets saved.

    Attributes
    ----------
    changes : MaskChanges
        Notes what is done here.
    stroke_number : int
        Which stroke is under way; 0 while none is.
    ends_by_itself : callable
        Tells whether the stroke under way ends as soon as the region that is being found for it has been painted.
    on_unknown_ids : callable
        Called with ids that have no class when undo or redo brings them back into a mask.
    """

    def __init__(self, session: ToolState, documents: Documents, saving: Saving) -> None:
        self._session, self._documents, self._saving = session, documents, saving
        self.changes = MaskChanges(session, documents, saving)
        self._recorder: EditRecorder | None = None
        self._is_preview = False
        self.stroke_number = self._strokes_begun = 0
        self._is_held_back = self._is_reverted = False
        self._after_stroke: list[Callable[[], object]] = []
        self._status_before_approval: dict[str, Status] = {}
        self.ends_by_itself: Callable[[], bool] = lambda: False
        self.on_unknown_ids: Callable[[tuple[int, ...]], None] = lambda ids: None

    # Strokes -----------------------------------------------------------------------------------

    def begin_stroke(self, name: str, *, is_preview: bool = False) -> bool:
        """Start an edit of the shown mask; False, with a message, if it must not be changed.

        A preview is taken back by whatever ends it, until ``keep_preview`` says that it is what the person wants.
        """
        # What waits for the end of a stroke may begin one: that is not what is wanted now either.
        while self._recorder is not None:
            self.end_stroke()
        document = self._editable()
        if document is None:
            return False
        self._recorder = EditRecorder(document.mask, name=name)
        self._is_preview = is_preview
        self._documents.is_in_stroke = True
        self._is_held_back = self._is_reverted = False
        self._strokes_begun += 1
        self.stroke_number = self._strokes_begun
        return True

    def paint(self, rect: Rect, region: npt.NDArray[np.bool_], value: int) -> None:
        """Add a region to the stroke as far as the rules allow it; outside a stroke nothing happens."""
        if self._recorder is not None and self._has_class(value):
            allowed = self._allowed(rect)
            self._tell_mask(self._recorder.paint(rect, region if allowed is None else region & allowed, value))

    def paint_pixels(self, rect: Rect, pixels: npt.NDArray[np.uint8]) -> None:
        """Replace pixels in the stroke as far as the rules allow it; outside a stroke nothing happens."""
        if self._recorder is not None:
            self._tell_mask(self._recorder.replace(rect, pixels, where=self._allowed(rect)))

    def revert_stroke(self) -> None:
        """Take back what the stroke has painted so far, and go on with it."""
        if self._recorder is not None:
            self._is_reverted = True
            self._tell_mask(self._recorder.revert())

    def original(self, rect: Rect) -> npt.NDArray[np.uint8]:
        """Return a copy of pixels of the shown mask as they were before the stroke that is under way."""
        document = self._documents.current
        assert document is not None
        return document.mask[rect.slices].copy() if self._recorder is None else self._recorder.original(rect)

    def painted_tiles(self) -> tuple[Rect, ...]:
        """Return the tiles that the stroke under way has painted in; none if it may well be taken back."""
        is_tentative = self._recorder is None or self._is_preview or self._is_reverted
        return () if is_tentative or self._recorder is None else self._recorder.touched

    def keep_preview(self) -> None:
        """Take the preview that is under way for a stroke like any other from now on."""
        self._is_preview = False

    def end_stroke(self) -> None:
        """Make the stroke an edit."""
        if self._is_preview:
            self.cancel_stroke()
        if self._recorder is None:
            return
        recorder, document = self._recorder, self._documents.current
        assert document is not None
        self._leave_stroke()
        if not self.changes.record(document, recorder, status=Status.CORRECTED) and self._is_held_back:
            project = self._documents.project
            assert project is not None
            self._session.info(f"Nothing has changed: {rules_text(self._session.rules, project.classes)}.")
        self._session.stroke_ended.emit()
        self._run_postponed()

    def cancel_stroke(self) -> None:
        """Take the unfinished stroke back."""
        if self._recorder is None:
            return
        recorder = self._recorder
        self._leave_stroke()
        self._tell_mask(recorder.cancel())
        self._session.stroke_ended.emit()
        self._run_postponed()

    def after_stroke(self, action: Callable[[], object]) -> None:
        """Run something that changes masks: at once, or when the stroke that is under way has ended."""
        if self._recorder is None:
            action()
        else:
            self._after_stroke.append(action)

    def forget_project(self) -> None:
        """Start anew for another folder."""
        # What waits for a stroke belongs to that folder; a stroke that one of them has begun ends as all strokes do.
        self._after_stroke.clear()
        self.cancel_stroke()
        self._status_before_approval.clear()

    def _leave_stroke(self) -> None:
        self._recorder = None
        self._is_preview = False
        self.stroke_number = 0
        self._documents.is_in_stroke = False

    def _run_postponed(self) -> None:
        # One of them may begin the next stroke: those behind it wait for that one too.
        while self._after_stroke and self._recorder is None:
            self._after_stroke.pop(0)()

    # Whole edits -------------------------------------------------------------------------------

    def apply_pixels(self, name: str, rect: Rect, pixels: npt.NDArray[np.uint8]) -> bool:
        """Replace the pixels of ``rect`` in one edit, as far as the rules allow it; False if no change is allowed."""
        if not self.begin_stroke(name):
            return False
        self.paint_pixels(rect, pixels)
        self.end_stroke()
        return True

    def apply_prediction(
        self, document: Document, class_ids: npt.NDArray[np.uint8], *, model: str, fill_void: bool
    ) -> bool:
        """Turn a prediction into one edit of a mask in memory; no stroke may be under way. False if nothing changed.

        Parameters
        ----------
        document : Document
            An image that may be edited.
        class_ids : ndarray of uint8, shape (H, W)
            What the model says, as ids of the project.
        model : str
            Its name, noted unless the status is corrected then.
        fill_void : bool
            Whether only void pixels get a class; the status is then corrected if a person has worked on the mask.
        """
        keeps_work = fill_void and self._status(document).is_persons_work
        pixels = merge_prediction(document.mask, class_ids, fill_void=fill_void)
        status = Status.CORRECTED if keeps_work else Status.PREDICTED
        return self._replace_all(document, pixels, name="Segment", status=status, model="" if keeps_work else model)

    def apply_recovered(
        self, document: Document, mask: npt.NDArray[np.uint8], record: MaskRecord, *, name: str
    ) -> bool:
        """Put a mask that was found in a journal in place of the one in memory, as one edit; False if it is the same.

        Parameters
        ----------
        document : Document
            An image that may be edited; no stroke may be under way.
        mask : ndarray of uint8, shape (H, W)
        record : MaskRecord
            What was recorded about it.
        name : str
            Of the edit.
        """
        project = self._documents.project
        assert project is not None
        if unknown := project.classes.unknown_ids(mask):
            self.on_unknown_ids(unknown)
            document.note_unknown(unknown)
        self._documents.claims.mark_edited(document.entry.key)
        return self._replace_all(document, mask, name=name, status=record.status, model=record.predicted_by)

    def replace_class(self, document: Document, class_id: int, replacement: int, *, name: str) -> bool:
        """Give the pixels of a class to another one in one edit; False if there are none."""
        if not bool((document.mask == class_id).any()):
            return False
        pixels = document.mask.copy()
        pixels[pixels == class_id] = replacement
        return self.replace_mask(document, pixels, name=name)

    def replace_mask(self, document: Document, pixels: npt.NDArray[np.uint8], *, name: str) -> bool:
        """Give a mask other pixels (uint8 of its shape) in one edit; its status stays. False if none is another."""
        return self._replace_all(document, pixels, name=name, status=self._status(document))

    def undo(self) -> None:
        """Take the last edit of the shown mask back; one that is under way is that."""
        self._step(-1)

    def redo(self) -> None:
        """Do the last undone edit of the shown mask again."""
        self._step(1)

    def _step(self, by: int) -> None:
        document = self._documents.current
        if self._recorder is not None:
            # It is the last thing that was done, and cannot be done again.
            self.cancel_stroke()
        elif document is not None:
            self.go_to(document.history.position + by)

    def go_to(self, position: int) -> None:
        """Undo or redo edits of the shown mask until so many are done, or none is left; a stroke is taken back."""
        self.cancel_stroke()
        document, project = self._documents.current, self._documents.project
        if document is None or project is None:
            return
        if document.read_only_reason and document.question is None:
            # The folder was taken over, perhaps. A question is answered by doing that edit again.
            self._session.warn(document.read_only_reason)
            return
        start = document.history.position
        tiles = document.history.go_to(document.mask, position)
        steps = document.history.position - start
        if not steps:
            return
        trail = self._documents.trail(document)
        records = [trail.redo() if steps > 0 else trail.undo() for _ in range(abs(steps))]
        # Not the box around all of them: that of one long stroke can be the whole of a large image.
        changed = runs_of_tiles(tile.rect for tile in tiles)
        unknown = {value for rect in changed for value in project.classes.unknown_ids(document.mask[rect.slices])}
        if unknown:
            self.on_unknown_ids(tuple(sorted(unknown)))
        self._documents.claims.mark_edited(document.entry.key)
        for rect in changed:
            self._tell_mask(rect)
        before = self._status(document)
        history = document.history
        what = f"Redo {history.undo_name}" if steps > 0 else f"Undo {history.redo_name}"
        self.changes.note(document, what, tiles, records[-1])
        self._session.worked.emit(Work(WorkKind.REDO if steps > 0 else WorkKind.UNDO, before))

    def _replace_all(
        self, document: Document, pixels: npt.NDArray[np.uint8], *, name: str, status: Status, model: str = ""
    ) -> bool:
        if np.array_equal(document.mask, pixels):
            # Found much sooner here than tile by tile.
            return False
        recorder = EditRecorder(document.mask, name=name)
        rect = recorder.replace(Rect.of_shape(document.mask.shape), pixels)
        if document is self._documents.current:
            self._tell_mask(rect)
        return self.changes.record(document, recorder, status=status, model=model, by_person=False)

    def _has_class(self, value: int) -> bool:
        """Tell whether a value may stand in a mask; a shape can be begun with a class that is removed meanwhile."""
        project = self._documents.project
        if value == VOID or (project is not None and value in project.classes):
            return True
        self._session.info("Nothing was painted: the class that this was begun with has been removed.")
        return False

    def _tell_mask(self, rect: Rect) -> None:
        if not rect.is_empty:
            self._session.mask_changed.emit(rect)

    def _allowed(self, rect: Rect) -> npt.NDArray[np.bool_] | None:
        document = self._documents.current
        assert document is not None
        allowed = self._session.rules.allowed(rect, mask=document.mask, pixels=document.image.pixels)
        self._is_held_back = self._is_held_back or allowed is not None
        return allowed

    def may_edit(self) -> bool:
        """Tell whether the shown mask may be changed; if not, the person is told why."""
        return self._editable() is not None

    def _editable(self) -> Document | None:
        document = self._documents.current
        if document is not None and document.read_only_reason:
            self._session.warn(document.read_only_reason)
            return None
        return document

    # Statuses ----------------------------------------------------------------------------------

    def set_status(self, key: str, status: Status) -> bool:
        """Give an image a status; False, with a message, if nothing can be saved in the folder."""
        project = self._documents.project
        if project is None:
            return False
        if project.writable_reason:
            self._session.warn(project.writable_reason)
            return False
        # A mask that was approved while a job is under way is not to be replaced by what the job predicts.
        self._documents.claims.mark_edited(key)
        project.set_status(key, status)
        self._saving.schedule()
        self._session.entries_changed.emit(frozenset((key,)))
        return True

    def approve(self) -> None:
        """Approve the shown image, or take its approval back."""
        self.end_stroke()
        document = self._editable()
        if document is None:
            return
        key, status = document.entry.key, self._status(document)
        if status is Status.APPROVED:
            self.set_status(key, self._status_before_approval.pop(key, Status.CORRECTED))
        elif bool((document.mask == VOID).all()):
            self._session.warn(f"Nothing in {key} is labelled yet. Segment or paint it before you approve it.")
        elif self.set_status(key, Status.APPROVED):
            self._status_before_approval[key] = status
            self._session.worked.emit(Work(WorkKind.APPROVAL, status))

    def _status(self, document: Document) -> Status:
        project = self._documents.project
        assert project is not None
        return project.status(document.entry.key)
