"""Segmenting images with the active model: what is asked of the job, and where its predictions go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from segtool.core.classes import ClassSet, match_classes
from segtool.core.errors import ImageError, ModelError, SegToolError
from segtool.gui.documents import Documents
from segtool.gui.jobs.known_prediction import KnownPrediction
from segtool.gui.jobs.runner import JobEnd, JobRunner
from segtool.gui.jobs.segment_job import (
    REFRESH_TITLE,
    TITLE,
    NotSegmented,
    PredictedMask,
    RuntimeCache,
    SegmentRequest,
    SparedMask,
    WrittenMask,
    segment_images,
)
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.model_choice import ModelChoice
from segtool.gui.navigation import Navigation
from segtool.gui.saving import Saving
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import JobState, Overwrite
from segtool.project.document import FilePrint
from segtool.project.project import Project
from segtool.project.status import Status


@dataclass(slots=True)
class _Batch:
    """What has become of the images of one job so far, by their keys.

    ``model`` is its name, ``label`` what it is called; ``is_refresh`` says that nobody has asked for it: older
    predictions are replaced.
    """

    project: Project
    model: str
    label: str
    total: int
    skipped: int
    is_refresh: bool
    segmented: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    only_filled: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    unsaved: list[str] = field(default_factory=list)
    spared: list[str] = field(default_factory=list)


class Segmenting:
    """Starts segmenting jobs and turns what comes of them into edits and statuses."""

    def __init__(
        self,
        session: SessionSignals,
        documents: Documents,
        *,
        edits: MaskEdits,
        navigation: Navigation,
        saving: Saving,
        models: ModelChoice,
        jobs: JobRunner,
    ) -> None:
        self._session, self._documents, self._edits = session, documents, edits
        self._navigation, self._saving, self._models, self._jobs = navigation, saving, models, jobs
        self._runtimes = RuntimeCache()
        self._runtimes_of: Path | None = None
        self._batch: _Batch | None = None

    @property
    def runtimes(self) -> RuntimeCache:
        """The network in memory, for other jobs with the active model."""
        return self._runtimes

    def protected(self, keys: Sequence[str]) -> list[str]:
        """Return those of the images that a person has worked on."""
        project = self._documents.project
        return [] if project is None else [key for key in keys if project.status(key).is_persons_work]

    def start(self, keys: Sequence[str], *, policy: Overwrite, tta: bool) -> bool:
        """Start segmenting, averaged over flips and turns if ``tta``; False, with a message, if it cannot be done."""
        project, model = self._documents.project, self._models.active
        if project is None or not keys:
            return False
        if self._jobs.refuses():
            return False
        if project.writable_reason or model is None:
            self._session.warn(project.writable_reason or "There is no model to segment with. Train one first.")
            return False
        protected = frozenset(self.protected(keys))
        passes_over = policy in (Overwrite.SKIP, Overwrite.REFRESH)
        wanted = [key for key in keys if not (passes_over and key in protected)]
        if not wanted:
            if policy is not Overwrite.REFRESH:
                self._session.info("Nothing to segment: a person has worked on every mask.")
            return False
        try:
            classes, id_table = match_classes(model.card.classes, project.classes)
        except SegToolError as exc:
            self._session.report(exc)
            return False
        if classes != project.classes:
            self._add_classes(project, classes, model.label)
        is_refresh = policy is Overwrite.REFRESH
        if not is_refresh:
            self._edits.end_stroke()
        fill_void = protected if policy is Overwrite.FILL_VOID else frozenset[str]()
        requests = [self._request(project, key, fill_void=key in fill_void, spares_work=is_refresh) for key in wanted]
        self._models.keep_classes()
        self._documents.claims.job_starts()
        self._batch = _Batch(
            project,
            model=model.name,
            label=model.label,
            total=len(wanted),
            skipped=len(keys) - len(wanted),
            is_refresh=is_refresh,
        )
        title = REFRESH_TITLE if is_refresh else TITLE
        job = segment_images(
            requests,
            model_folder=model.folder,
            runtimes=self._runtimes,
            classes=classes,
            id_table=id_table,
            claims=self._documents.claims,
            tta=tta,
            title=title,
        )
        return self._jobs.start(job, state=JobState(title, 0, len(wanted)), on_item=self._on_item, on_end=self._on_end)

    def _add_classes(self, project: Project, classes: ClassSet, label: str) -> None:
        added = [item.name for item in classes if item.id not in project.classes]
        project.set_classes(classes)
        self._saving.save_project()
        self._session.classes_changed.emit()
        if added:
            names = " and ".join(filter(None, (", ".join(added[:-1]), added[-1])))
            self._session.warn(f"{label} also predicts {names}: added to the classes of this folder.")

    def follow_model(self) -> None:
        """Let go of the network in memory if another model is active; the job that uses it keeps it until its end."""
        folder = None if self._models.active is None else self._models.active.folder
        if folder != self._runtimes_of:
            self._runtimes.free()
            self._runtimes, self._runtimes_of = RuntimeCache(), folder

    def _request(self, project: Project, key: str, *, fill_void: bool, spares_work: bool) -> SegmentRequest:
        entry, document = project.entry(key), self._documents.get(key)
        pixels = None if document is None else document.image.pixels
        if document is not None and document.image.damage and document.read_only_reason:
            # Read again, it is refused: what is left of it is there to be looked at.
            pixels = None
        return SegmentRequest(key, entry.path, entry.mask_path, pixels, fill_void, spares_work)

    # What the job says -------------------------------------------------------------------------

    def _on_item(self, item: object) -> None:
        batch = self._batch
        assert batch is not None
        if isinstance(item, NotSegmented):
            self._note_failure(batch, item)
        elif isinstance(item, WrittenMask):
            self._note_written(batch, item)
        elif isinstance(item, SparedMask):
            batch.spared.append(item.key)
        elif batch.project is not self._documents.project:
            return
        elif isinstance(item, KnownPrediction):
            self._session.prediction_known.emit(item)
        elif isinstance(item, PredictedMask):
            self._edits.after_stroke(lambda: self._apply(batch, item))

    def _note_failure(self, batch: _Batch, item: NotSegmented) -> None:
        failed = batch.unreadable if isinstance(item.error, ImageError) else batch.unsaved
        failed.append(item.key)
        if batch.project is self._documents.project:
            self._documents.reasons[item.key] = str(item.error)
            self._session.entries_changed.emit(frozenset((item.key,)))

    def _note_written(self, batch: _Batch, item: WrittenMask) -> None:
        (batch.unchanged if item.filled and not item.changed else batch.segmented).append(item.key)
        if item.demoted:
            batch.only_filled.append(item.key)
        if item.changed:
            batch.project.set_status(item.key, Status.CORRECTED if item.filled else Status.PREDICTED)
            if not item.filled:
                batch.project.note_prediction(item.key, batch.model)
        if batch.project is not self._documents.project:
            return
        self._saving.schedule()
        self._documents.reasons.pop(item.key, None)
        stale = self._documents.get(item.key)
        if stale is not None and stale is self._documents.current:
            self._navigation.reload_current()
        elif stale is not None and not stale.is_dirty and stale.read_only_reason:
            self._documents.forget(stale)
        self._session.entries_changed.emit(frozenset((item.key,)))

    def _apply(self, batch: _Batch, item: PredictedMask) -> None:
        documents = self._documents
        if batch.project is not documents.project:
            return
        if item.spares_work and self._must_spare(batch.project, item):
            batch.spared.append(item.key)
            return
        try:
            document = documents.load(item.key)
        except ImageError as exc:
            self._note_failure(batch, NotSegmented(item.key, exc))
            return
        self._navigation.show_again(document)
        if document.read_only_reason or document.mask.shape != item.class_ids.shape:
            reason = document.read_only_reason or "the image has another size now"
            self._note_failure(batch, NotSegmented(item.key, ImageError(reason, path=document.entry.path)))
            return
        # What a person has painted since the job started is never painted over.
        demoted = not item.fill_void and documents.claims.was_edited(item.key)
        if demoted:
            batch.only_filled.append(item.key)
        fill_void = item.fill_void or demoted
        changed = self._edits.apply_prediction(document, item.class_ids, model=batch.model, fill_void=fill_void)
        if batch.project.status(item.key) is Status.PREDICTED:
            batch.project.note_prediction(item.key, batch.model)
        (batch.unchanged if fill_void and not changed else batch.segmented).append(item.key)
        if documents.reasons.pop(item.key, ""):
            self._session.entries_changed.emit(frozenset((item.key,)))

    def _must_spare(self, project: Project, item: PredictedMask) -> bool:
        kept = self._documents.get(item.key)
        if self._documents.claims.was_edited(item.key) or project.status(item.key).is_persons_work:
            return True
        if kept is None:
            return FilePrint.of_readable(project.entry(item.key).mask_path) != item.mask_file
        # Another edit would take from a person what they can redo.
        if kept.history.can_redo:
            return True
        # Read since something else has changed the file, or not even that; what is unsaved, saving looks after.
        was_read_later = kept.revision == 0 and kept.mask_file != item.mask_file
        return was_read_later or (not kept.is_dirty and kept.mask_changed_on_disk())

    # Its end -----------------------------------------------------------------------------------

    def _on_end(self, how: JobEnd, error: Exception | None) -> None:
        batch, self._batch = self._batch, None
        assert batch is not None
        if batch.project is not self._documents.project:
            self._saving.save_left(batch.project)
            return
        # The prediction of the image in hand may be waiting for the end of a stroke.
        self._edits.after_stroke(lambda: self._summarise(batch, how, error))

    def _summarise(self, batch: _Batch, how: JobEnd, error: Exception | None) -> None:
        for document in filter(None, map(self._documents.get, batch.segmented)):
            self._saving.save(document)
        if error is not None:
            self._session.report(error)
        if isinstance(error, ModelError):
            # Without the damaged one the default one is active.
            self._models.model_failed(error)
        text = _summary(batch, stopped=how is not JobEnd.FINISHED)
        failed = batch.unreadable + batch.unsaved
        if batch.total == 1 and failed:
            self._session.warn(self._documents.reasons.get(failed[0], text))
        elif failed:
            self._session.warn(text)
        elif error is None:
            self._session.info(text)
        for key in batch.only_filled:
            self._session.warn(f"{key} was changed while it was segmented, so only its void pixels were filled.")


def _summary(batch: _Batch, *, stopped: bool) -> str:
    """Return one sentence on what has become of the images of a job."""
    again = f" again with {batch.label}" if batch.is_refresh else ""
    if batch.total == 1 and batch.segmented:
        return f"Segmented {batch.segmented[0]}{again}."
    if batch.total == 1 and batch.unchanged:
        return f"{batch.unchanged[0]} has no void pixels left, so it stays as it is."
    images = "1 image" if batch.total == 1 else f"{batch.total} images"
    parts = [f"{'Stopped: segmented' if stopped else 'Segmented'} {len(batch.segmented)} of {images}{again}"]
    if batch.unchanged:
        parts.append(f"{len(batch.unchanged)} had no void pixels left")
    if batch.unreadable:
        parts.append(f"{len(batch.unreadable)} could not be read")
    if batch.unsaved:
        parts.append(f"the masks of {len(batch.unsaved)} could not be used")
    if batch.spared:
        parts.append(f"{len(batch.spared)} changed meanwhile")
    if batch.skipped:
        parts.append(f"{batch.skipped} passed over")
    return f"{', '.join(parts)}."
