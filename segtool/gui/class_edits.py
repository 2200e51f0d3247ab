"""Changing the classes of the open folder, in its masks too."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from segtool.core.classes import BACKGROUND, MAX_CLASS_ID, VOID, ClassInfo, ClassSet
from segtool.core.errors import SegToolError
from segtool.core.palette import Colour, default_colour
from segtool.formats.mask_png import read_mask
from segtool.gui.documents import Documents
from segtool.gui.jobs.replace_class_job import TITLE, MaskFile, ReplacedClass, replace_class
from segtool.gui.jobs.runner import JobEnd, JobRunner
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.navigation import Navigation
from segtool.gui.saving import Saving
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import ClassUsage, JobState
from segtool.project.document import Document, FilePrint
from segtool.project.project import Project

# How long the window may stand still for counting in how many masks a class is.
_USAGE_SECONDS = 1.5


@dataclass(slots=True)
class _Removal:
    """A class on its way out: files first, then masks in memory, then the class itself."""

    project: Project
    item: ClassInfo
    replacement: int
    rewritten: set[str] = field(default_factory=set)
    awaited: dict[str, int] = field(default_factory=dict)
    """Images in memory whose masks have been changed, with the revision that must be on disk."""
    is_edited: bool = False


class ClassEdits:
    """Adds, renames, recolours and removes classes."""

    def __init__(
        self,
        session: SessionSignals,
        documents: Documents,
        *,
        edits: MaskEdits,
        navigation: Navigation,
        saving: Saving,
        jobs: JobRunner,
    ) -> None:
        self._session, self._documents, self._edits = session, documents, edits
        self._navigation, self._saving, self._jobs = navigation, saving, jobs
        self._removed: dict[int, ClassInfo] = {}
        self._removal: _Removal | None = None
        self._ids_in_file: dict[Path, tuple[FilePrint, frozenset[int]]] = {}
        edits.on_unknown_ids = self._bring_back
        session.saved_changed.connect(self._go_on_when_saved)

    def forget_project(self) -> None:
        """Start anew for another folder."""
        self._removed.clear()
        self._removal = None
        self._ids_in_file.clear()

    def add(self, name: str, *, colour: Colour | None = None, class_id: int | None = None) -> int | None:
        """Add a class, under a free id unless one is given; return its id, or None with a message."""
        project = self._writable_project()
        if project is None:
            return None
        try:
            class_id = self._free_id(project.classes) if class_id is None else class_id
            item = ClassInfo(class_id, name.strip(), default_colour(class_id) if colour is None else colour)
            classes = ClassSet(tuple(sorted((*project.classes, item), key=lambda c: c.id)))
        except SegToolError as exc:
            self._session.report(exc)
            return None
        return class_id if self._set(project, classes) else None

    def rename(self, class_id: int, name: str) -> bool:
        """Give a class another name; False, with a message, if it cannot have that one."""
        project = self._writable_project()
        if project is None or class_id not in project.classes:
            return False
        try:
            return self._set(project, project.classes.with_renamed(class_id, name))
        except SegToolError as exc:
            self._session.report(exc)
            return False

    def recolour(self, class_id: int, colour: Colour) -> bool:
        """Give a class another colour; False, with a message, if that cannot be saved."""
        project = self._writable_project()
        if project is None or class_id not in project.classes:
            return False
        return self._set(project, project.classes.with_recoloured(class_id, colour))

    def usage(self, class_id: int) -> ClassUsage:
        """Return where a class is in use; masks that cannot be read do not count."""
        project, current = self._documents.project, self._documents.current
        if project is None:
            return ClassUsage(0, 0)
        here = 0 if current is None else int((current.mask == class_id).sum())
        deadline = time.monotonic() + _USAGE_SECONDS
        images, is_complete = 0, True
        for entry in project.entries:
            document = self._documents.get(entry.key)
            if document is not None and not document.read_only_reason:
                images += bool((document.mask == class_id).any())
            elif time.monotonic() > deadline:
                is_complete = False
            else:
                images += class_id in self._ids_in(entry.mask_path)
        return ClassUsage(here, images, is_complete)

    def _ids_in(self, path: Path) -> frozenset[int]:
        """Return the ids in a mask file, remembered as long as the file is the same."""
        try:
            version = FilePrint.of(path)
            if version is None:
                return frozenset()
            known = self._ids_in_file.get(path)
            if known is None or known[0] != version:
                counts = np.bincount(read_mask(path).ravel(), minlength=VOID + 1)
                known = version, frozenset(np.flatnonzero(counts).tolist())
                self._ids_in_file[path] = known
        except (OSError, SegToolError):
            return frozenset()
        return known[1]

    def _writable_project(self) -> Project | None:
        project = self._documents.project
        if project is None:
            self._session.warn("Open a folder first.")
        elif project.writable_reason:
            self._session.warn(project.writable_reason)
        elif self._removal is not None:
            self._session.warn("A class is just being removed. Wait for it or stop it first.")
        else:
            return project
        return None

    def _set(self, project: Project, classes: ClassSet) -> bool:
        """Make those the classes and write them, so that no mask is ever on disk before its classes are."""
        before = project.classes
        project.set_classes(classes)
        if not self._saving.save_project():
            project.set_classes(before)
            return False
        self._session.classes_changed.emit()
        return True

    def _free_id(self, classes: ClassSet) -> int:
        """Return an id that no class has; one that undo could bring back into a mask, or that is met in one, is taken
        last."""
        met = {value for document in self._documents for value in document.unknown_ids}
        unused = (i for i in range(MAX_CLASS_ID + 1) if not (i in classes or i in self._removed or i in met))
        return next(unused, None) or classes.free_id()

    def _bring_back(self, ids: tuple[int, ...]) -> None:
        """Take removed classes back into the set, because an undo has put their pixels back into a mask."""
        project = self._documents.project
        assert project is not None
        names = {item.name.casefold() for item in project.classes}
        known = [self._removed[i] for i in ids if i in self._removed]
        items = [c if c.name.casefold() not in names else ClassInfo(c.id, f"{c.name} {c.id}", c.colour) for c in known]
        if items:
            self._set(project, ClassSet(tuple(sorted((*project.classes, *items), key=lambda c: c.id))))
            self._session.info(f"{', '.join(item.name for item in items)} is a class again.")

    # Removing ----------------------------------------------------------------------------------

    def remove(self, class_id: int, *, replacement: int) -> bool:
        """Start removing a class: its pixels get ``replacement`` (a class id or void) in every mask of the folder.

        Masks that are in memory are changed by an edit that can be undone. The class goes last; it stays
        if anything fails.
        """
        project = self._writable_project()
        if project is None or class_id not in project.classes or self._jobs.refuses():
            return False
        if class_id == BACKGROUND or replacement == class_id:
            self._session.warn("That class cannot be removed." if class_id == BACKGROUND else "Choose another class.")
            return False
        if replacement != VOID and replacement not in project.classes:
            self._session.warn(f"There is no class with the id {replacement}.")
            return False
        self._edits.end_stroke()
        self._removal = _Removal(project, project.classes.get(class_id), replacement)
        masks = [MaskFile(entry.key, entry.mask_path) for entry in project.entries]
        job = replace_class(masks, class_id=class_id, replacement=replacement, claims=self._documents.claims)
        state = JobState(TITLE, 0, max(1, len(masks)))
        return self._jobs.start(job, state=state, on_item=self._on_item, on_end=self._on_end)

    def _on_item(self, item: object) -> None:
        if isinstance(item, ReplacedClass) and self._removal is not None:
            self._removal.rewritten |= item.keys

    def _on_end(self, how: JobEnd, error: Exception | None) -> None:
        removal = self._removal
        if removal is None or removal.project is not self._documents.project:
            return
        if how is JobEnd.FINISHED:
            self._forget_rewritten(removal)
            self._jobs.show(JobState(TITLE, 1, 1, "Saving"))
            self._edits.after_stroke(lambda: self._edit_masks(removal))
            return
        self._removal = None
        if error is not None:
            self._session.report(error)
        reason = "could not be changed in every mask" if error is not None else "was not removed"
        self._session.warn(f"The class {removal.item.name} {reason}, so it stays.")

    def _forget_rewritten(self, removal: _Removal) -> None:
        """Let go of images whose mask files were rewritten; of those, only read-only ones can be in memory."""
        for document in self._documents:
            if document.entry.key in removal.rewritten and document is not self._documents.current:
                self._documents.forget(document)
        self._navigation.reload_current()
        self._session.entries_changed.emit(frozenset(removal.rewritten))

    def _edit_masks(self, removal: _Removal) -> None:
        if removal is not self._removal:
            return
        for document in self._editable():
            name = f"Remove {removal.item.name}"
            if self._edits.replace_class(document, removal.item.id, removal.replacement, name=name):
                removal.awaited[document.entry.key] = document.revision
        removal.is_edited = True
        for document in self._editable():
            self._saving.save(document)
        self._go_on_when_saved()

    def _go_on_when_saved(self) -> None:
        removal = self._removal
        if removal is None or not removal.is_edited:
            return
        for key, revision in removal.awaited.items():
            document = self._documents.get(key)
            if document is None or document.saved_revision >= revision:
                continue
            if self._saving.has_failed(key):
                self._finish(removal, f"The class {removal.item.name} stays, because the mask of {key} was not saved.")
            return
        if self._edits.stroke_number:
            # It may be about to paint with the class.
            self._edits.after_stroke(self._go_on_when_saved)
            return
        # Painted with meanwhile, or undone: then once more.
        if any(bool((document.mask == removal.item.id).any()) for document in self._editable()):
            removal.is_edited = False
            self._edits.after_stroke(lambda: self._edit_masks(removal))
            return
        self._drop(removal)

    def _drop(self, removal: _Removal) -> None:
        self._removal = None
        if self._set(removal.project, removal.project.classes.without(removal.item.id)):
            self._removed[removal.item.id] = removal.item
            images = len(removal.rewritten | set(removal.awaited))
            count = "1 mask was" if images == 1 else f"{images} masks were"
            self._session.info(f"The class {removal.item.name} was removed; {count} changed.")
        self._jobs.show(None)

    def _finish(self, removal: _Removal, warning: str) -> None:
        self._removal = None
        self._session.warn(warning)
        self._jobs.show(None)

    def _editable(self) -> list[Document]:
        return [document for document in self._documents if not document.read_only_reason]
