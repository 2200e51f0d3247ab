"""Masks that cannot be used as they are: the question above the canvas, and what an answer does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Slot

from segtool.core.classes import VOID, ClassSet
from segtool.core.edits import Edit
from segtool.core.errors import SegToolError
from segtool.core.geometry import Rect
from segtool.formats.mask_kinds import Fit, MaskKind, Table
from segtool.gui.class_edits import ClassEdits
from segtool.gui.documents import Documents
from segtool.gui.jobs.convert_masks_job import TITLE, ConvertedMasks, convert_masks
from segtool.gui.jobs.runner import JobEnd, JobRunner
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.navigation import Navigation
from segtool.gui.saving import Saving
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import JobState, Level
from segtool.project.document import Document
from segtool.project.mask_answers import write_answers
from segtool.project.mask_question import MaskQuestion

_EDIT = "Map the mask"
_OTHERS = (
    "Other masks of this folder with the same values are mapped the same way when their images are opened. "
    "Until they are converted, nothing is trained on them."
)


@dataclass(frozen=True, slots=True)
class ValuesAnswer:
    """What a person says the values of a mask mean.

    Attributes
    ----------
    table : Table
        From the key of each value to an id of ``classes``, or void.
    classes : ClassSet
        Those of the folder, and the ones to be added.
    for_all : bool
        Whether it holds for all such masks of the folder.
    """

    table: Table
    classes: ClassSet
    for_all: bool


@dataclass(slots=True)
class _Answered:
    """A question that an edit has answered; ``is_written`` once the mask's file holds the answer."""

    question: MaskQuestion
    is_written: bool = False


class MaskQuestions(QObject):
    """Tells of masks that need an answer, and turns answers into edits.

    A file is never changed by an answer itself: the mask is saved like any other, and what somebody else had written
    is kept as a copy beside it the first time. Undoing the edit brings the question back.

    Parameters are the session and its parts.

    Attributes
    ----------
    ask_size : callable
        Called with a MaskQuestion; answers what to do about the size, None for nothing.
    ask_values : callable
        Called with a MaskQuestion and the classes; answers what its values mean, None for nothing.
    """

    def __init__(
        self,
        session: SessionSignals,
        documents: Documents,
        *,
        edits: MaskEdits,
        navigation: Navigation,
        saving: Saving,
        classes: ClassEdits,
        jobs: JobRunner,
    ) -> None:
        super().__init__(session)
        self._session, self._documents, self._edits = session, documents, edits
        self._navigation, self._saving, self._classes, self._jobs = navigation, saving, classes, jobs
        self.ask_size: Callable[[MaskQuestion], Fit | None] = lambda question: None
        self.ask_values: Callable[[MaskQuestion, ClassSet], ValuesAnswer | None] = lambda question, classes: None
        self._answered: dict[Edit, _Answered] = {}
        self._told = ""
        session.document_changed.connect(self._tell)
        session.history_changed.connect(self._follow_history)
        session.project_changed.connect(self._forget)

    # Asking ------------------------------------------------------------------------------------

    def decide(self) -> None:
        """Ask what the open mask means, and make it that."""
        document, project = self._documents.current, self._documents.project
        question = None if document is None else document.question or document.mapped
        if document is None or project is None or question is None or self._refuses(document):
            return
        fit: Fit | None = question.likely_fit
        if question.asks_size:
            fit = self.ask_size(question)
        if fit is None:
            return
        table = question.table
        is_mapped_again = document.question is None
        if question.odd is not None and fit is not Fit.BLANK and (question.asks_values or is_mapped_again):
            answer = self.ask_values(question, project.classes)
            found = None if answer is None else self._with_classes(answer)
            if answer is None or found is None:
                return
            table = found
            if answer.for_all:
                self._remember(question.odd.kind, table)
        if document is self._documents.current:
            self._edits.end_stroke()
            self._apply(document, question, table=table, fit=fit)

    def keep(self) -> None:
        """Save the open mask as class ids, although only its file is of another kind."""
        document = self._documents.current
        if document is not None and document.mapped is not None and not self._refuses(document):
            self._take_back()
            document.note_change()
            self._saving.save(document)

    def convert_all(self) -> None:
        """Start saving every mask of the folder as class ids whose values have been said to mean something."""
        project = self._documents.project
        if project is None or self._refuses(None) or self._jobs.refuses():
            return
        self._session.message_over.emit(_OTHERS)
        self._take_back()
        for document in self._documents:
            if document.mapped is not None:
                document.note_change()
                self._saving.save(document)
        job = convert_masks(project.entries, project.classes, project.mask_answers, claims=self._documents.claims)
        state = JobState(TITLE, 0, max(1, len(project.entries)))
        self._jobs.start(job, state=state, on_item=self._on_converted, on_end=self._on_end)

    def _refuses(self, document: Document | None) -> bool:
        """Tell whether the folder or a mask is read-only for another reason than a question; the person is told why."""
        project = self._documents.project
        reason = "" if project is None else project.writable_reason
        if document is not None and document.question is None:
            reason = reason or document.read_only_reason
        if reason:
            self._session.warn(reason)
        return bool(reason)

    @Slot()
    def _tell(self) -> None:
        self._take_back()
        document = self._documents.current
        if document is None:
            return
        if document.question is not None:
            self._told = document.read_only_reason
            self._session.ask(self._told, Level.WARNING, [("Decide…", self.decide)])
        elif document.mapped is not None and document.mapped.is_known and not document.read_only_reason:
            # It offers the same and more.
            self._session.message_over.emit(_OTHERS)
            self._told = (
                f"{document.entry.key}: the values of its mask were mapped as before. Its file stays as it is until "
                "the mask is saved."
            )
            choices = [("Map again…", self.decide), ("Convert", self.keep), ("Convert all", self.convert_all)]
            self._session.ask(self._told, Level.INFO, choices)

    def _take_back(self) -> None:
        if self._told:
            self._session.message_over.emit(self._told)
            self._told = ""

    # Answering ---------------------------------------------------------------------------------

    def _apply(self, document: Document, question: MaskQuestion, *, table: Table, fit: Fit) -> None:
        documents, key = self._documents, document.entry.key
        # Claimed first: a job that is just writing the mask is waited for.
        documents.claims.claim(key)
        if document.mask_changed_on_disk():
            documents.give_up(key)
            self._navigation.reload_current()
            return
        self._take_back()
        pixels = question.answered(table=table, fit=fit)
        if document.question is None:
            # It was mapped as before: undoing leads back to that.
            self._edits.replace_mask(document, pixels, name=_EDIT)
            return
        self._set_asked(document, None)
        document.mapped = question
        # What was shown was a guess: undoing leads to a mask that says nothing, and to the question.
        document.mask[...] = VOID
        if self._edits.replace_mask(document, pixels, name=_EDIT):
            edit = document.history.last
            assert edit is not None
            self._answered[edit] = _Answered(question)
        elif fit is not Fit.BLANK:
            document.note_change()
            self._saving.schedule()
        self._say_changed()

    def answered_before(self, document: Document, edit: Callable[[], bool]) -> bool:
        """Take the question about a mask as answered by an edit that says what every pixel is; False if it stays.

        Parameters
        ----------
        document : Document
            Has a question.
        edit : callable
            Makes the edit; answers whether anything has changed.
        """
        question = document.question
        assert question is not None
        self._documents.claims.claim(document.entry.key)
        if document.mask_changed_on_disk():
            self._documents.give_up(document.entry.key)
            return False
        if document is self._documents.current:
            self._take_back()
        self._set_asked(document, None)
        document.mapped = question
        document.mask[...] = VOID
        if edit():
            assert document.history.last is not None
            self._answered[document.history.last] = _Answered(question)
        if document is self._documents.current:
            self._say_changed()
        return True

    def _with_classes(self, answer: ValuesAnswer) -> Table | None:
        """Add the classes that the folder lacks; return the table with the ids that they have got, None if it fails."""
        project = self._documents.project
        assert project is not None
        ids: dict[int, int] = {}
        for item in answer.classes:
            if item.id not in project.classes and item.id in answer.table.values():
                added = self._classes.add(item.name, colour=item.colour)
                if added is None:
                    return None
                ids[item.id] = added
        return {key: ids.get(value, value) for key, value in answer.table.items()}

    def _remember(self, kind: MaskKind, table: Table) -> None:
        project = self._documents.project
        assert project is not None
        project.mask_answers = project.mask_answers.with_table(kind, table)
        try:
            project.confirm_lock()
            write_answers(project.data_root, project.mask_answers)
        except SegToolError as exc:
            self._session.report(exc)
        self._session.ask(_OTHERS, Level.INFO, [("Convert all", self.convert_all)])

    def _set_asked(self, document: Document, question: MaskQuestion | None) -> None:
        document.question = question
        document.read_only_reason = "" if question is None else question.text

    def _say_changed(self) -> None:
        document = self._documents.current
        assert document is not None
        for signal in (self._session.document_changed, self._session.history_changed, self._session.saved_changed):
            signal.emit()
        self._session.mask_changed.emit(Rect.of_shape(document.mask.shape))

    # Undoing -----------------------------------------------------------------------------------

    @Slot()
    def _follow_history(self) -> None:
        """Ask again once the edit that was the answer is undone, and not any more once it is done again."""
        document = self._documents.current
        if document is None or not self._answered:
            return
        position = document.history.position
        for place, edit in enumerate(document.history.edits):
            answered = self._answered.get(edit)
            if answered is None:
                continue
            if place >= position and document.question is None:
                answered.is_written = document.mapped is None
                self._set_asked(document, answered.question)
                # What nobody has decided is not saved; the file holds what it held, or what was saved of it.
                document.note_saved(document.revision, mask_file=document.mask_file)
                self._say_changed()
            elif place < position and document.question is answered.question:
                self._set_asked(document, None)
                document.mapped = None if answered.is_written else answered.question
                self._say_changed()
            return

    @Slot()
    def _forget(self) -> None:
        self._answered.clear()

    # All of them -------------------------------------------------------------------------------

    def _on_converted(self, item: object) -> None:
        if not isinstance(item, ConvertedMasks):
            return
        count = len(item.keys)
        text = f"{count} {'mask was' if count == 1 else 'masks were'} converted to class ids."
        if item.left:
            names = ", ".join(item.left[:3]) + (f" and {len(item.left) - 3} more" if len(item.left) > 3 else "")
            self._session.warn(f"{text} Not those of {names}: open them to see why.")
        else:
            self._session.info(text)
        self._session.entries_changed.emit(frozenset(item.keys))
        self._navigation.reload_current()

    def _on_end(self, _how: JobEnd, error: Exception | None) -> None:
        if error is not None:
            self._session.report(error)
