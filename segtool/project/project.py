"""A folder that a person opened: its images, what is known about them, and where their masks go."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from segtool.core.classes import ClassSet
from segtool.core.errors import ProjectError, SaveError
from segtool.models.store import ModelStore
from segtool.project.backups import add_backup, keep_before_writing, newest_good
from segtool.project.guard import guarded
from segtool.project.held_out import choose_held_out
from segtool.project.layout import (
    MASKS_FOLDER,
    MODELS_FOLDER,
    STATE_FILE,
    ImageEntry,
    Layout,
    find_layout,
)
from segtool.project.lock import FolderLock
from segtool.project.mask_answers import MaskAnswers, read_answers
from segtool.project.places import check_place, find_classes, why_not_writable
from segtool.project.state import ProjectState, merge_states
from segtool.project.state_file import FileVersion, NewerFileError, file_version, read_state_file, write_state
from segtool.project.status import Status
from segtool.project.training_images import usable_images

__all__ = ["ImageEntry", "Project"]

_UNTIL_THEN = (
    "It keeps the classes and what is approved: until it is whole again the folder is read-only. Masks are untouched."
)


class Project:
    """An opened folder. Build it with ``Project.open``.

    Changing methods change memory only; ``save_state`` writes ``segtool.json``.

    Attributes
    ----------
    root : Path
        The folder that was opened.
    data_root : Path
        Where masks, ``segtool.json`` and ``models/`` lie: ``root`` unless another place was chosen.
    entries : tuple of ImageEntry
        The images in natural order, unreadable ones among them.
    notes : tuple of str
        What a person should know about the folder, as full sentences.
    is_new : bool
        Whether nothing was known of the folder when it was opened: no ``segtool.json`` and no mask.
    damage : ProjectError or None
        Why ``segtool.json`` cannot be used; what is known then is from the last good backup, and nothing is written.
    lock : FolderLock or None
        What makes sure that nobody else changes the folder; who has taken it puts it here.
    """

    def __init__(
        self,
        root: Path,
        *,
        data_root: Path,
        layout: Layout,
        state: ProjectState,
        saved: ProjectState | None,
        saved_as: FileVersion | None,
        damage: ProjectError | None,
    ) -> None:
        self.root = root
        self.data_root = data_root
        self.entries = layout.entries
        self.notes = layout.notes
        self._places = {entry.key: place for place, entry in enumerate(layout.entries)}
        self._with_mask = layout.with_mask
        self._state = state
        self._saved, self._saved_as = saved, saved_as
        self._set_here: set[str] = set()
        self._persons_work: tuple[Mapping[str, Status], bool] | None = None
        self.is_new = saved is None and not layout.with_mask and damage is None
        self.damage = damage
        self.lock: FolderLock | None = None
        self._withheld = ""

    @classmethod
    def open(cls, root: Path, *, data_root: Path | None = None, for_viewing: bool = False) -> Project:
        """Open a folder; nothing is written and no image is opened.

        Parameters
        ----------
        root : Path
            A folder of images, or one that holds ``images/`` and ``masks/``.
        data_root : Path, optional
            Where masks, ``segtool.json`` and ``models/`` lie instead of in ``root``; need not exist yet.
        for_viewing : bool
            Open the folder also if ``segtool.json`` is damaged or of a newer version: see ``damage``.

        Raises
        ------
        ProjectError
            If the folder cannot be listed, ``segtool.json`` cannot be used (it is left as it is), or
            ``data_root`` belongs to another folder of images.
        """
        root = Path(os.path.abspath(root))
        place = root if data_root is None else Path(os.path.abspath(data_root))
        if not os.path.isdir(root):
            what = "this is a file, not a folder" if os.path.exists(root) else "there is no such folder"
            raise ProjectError(what, path=root, remedy="Open a folder that holds images.")
        if os.path.lexists(place) and not os.path.isdir(place):
            raise ProjectError("this is not a folder", path=place, remedy="Choose a folder for the masks.")
        damage: ProjectError | None = None
        # Taken before reading: a change in between is then noticed when saving.
        saved_as = file_version(place / STATE_FILE)
        try:
            file = read_state_file(place / STATE_FILE)
        except ProjectError as exc:
            if not for_viewing:
                raise
            damage, good = exc, newest_good(place)
            file = None if good is None else good.file
        state = ProjectState() if file is None else file.state
        saved = None if file is None else state
        notes = check_place(root, place, state)
        worked_on = {key for key, status in state.statuses.items() if status is not Status.UNTOUCHED}
        layout = find_layout(root, masks_root=place / MASKS_FOLDER, recorded=worked_on, images_in=state.images_in)
        if not state.has_classes:
            classes, class_notes = find_classes(root)
            if classes is not None:
                state = replace(state, classes=classes, has_classes=True)
            notes += class_notes
        state = replace(state, images_in=layout.images_in, images_from="" if place == root else os.fspath(root))
        layout = replace(layout, notes=(*notes, *layout.notes))
        return cls(root, data_root=place, layout=layout, state=state, saved=saved, saved_as=saved_as, damage=damage)

    @property
    def state(self) -> ProjectState:
        """What ``save_state`` will write."""
        return self._state

    @property
    def classes(self) -> ClassSet:
        """The classes; *background* and *object* as long as none are known."""
        return self._state.classes

    @property
    def has_classes(self) -> bool:
        """Whether the classes were set or found in a file."""
        return self._state.has_classes

    @property
    def active_model(self) -> str:
        """Name of the model that segments, "" if none was chosen; it need not be there any more."""
        return self._state.active_model

    @property
    def masks_root(self) -> Path:
        """Folder of the masks; need not exist."""
        return self.data_root / MASKS_FOLDER

    @cached_property
    def store(self) -> ModelStore:
        """The models to choose from: bundled ones and the versions trained here."""
        return ModelStore(self.data_root / MODELS_FOLDER)

    @cached_property
    def mask_answers(self) -> MaskAnswers:
        """What a person has said the values of masks mean; may be set, and is written by who sets it."""
        return read_answers(self.data_root)

    @property
    def writable_reason(self) -> str:
        """Why nothing may be changed, for a person; "" if it may: who else has the folder, what is wrong with it."""
        if self._withheld:
            return self._withheld
        if self.damage is None:
            return self.place_reason
        if isinstance(self.damage, NewerFileError):
            return f"{self.damage} Here it is read-only."
        return f"{self.damage.path}: {self.damage.reason}. {_UNTIL_THEN}"

    def withhold(self, reason: str) -> None:
        """Let nothing be changed from now on for a reason, a full sentence; "" takes that back."""
        self._withheld = reason

    @cached_property
    def place_reason(self) -> str:
        """Why nothing can be written where masks go, "" if it can. Found by trying, when it is first asked for."""
        return why_not_writable(self.masks_root) or why_not_writable(self.data_root)

    def entry(self, key: str) -> ImageEntry:
        """Return an image by its key; ProjectError if there is none."""
        return self.entries[self.index(key)]

    def has(self, key: str) -> bool:
        """Tell whether there is an image of that key."""
        return key in self._places

    def index(self, key: str) -> int:
        """Return the place of an image in ``entries``; ProjectError if there is none of that key."""
        try:
            return self._places[key]
        except KeyError:
            raise ProjectError(
                f"there is no image {key!r} in the folder", path=self.root, remedy="Open the folder again."
            ) from None

    def status(self, key: str) -> Status:
        """Return the status of an image; ProjectError if there is none of that key.

        What was recorded earlier counts only if the mask was there when the folder was opened. A mask that
        nothing is recorded about counts as corrected: it is somebody's work and must not be overwritten unasked.
        """
        self.entry(key)
        if key not in self._set_here and key not in self._with_mask:
            return Status.UNTOUCHED
        return self._state.statuses.get(key, Status.CORRECTED)

    def approved(self) -> frozenset[str]:
        """Return the keys of the approved images."""
        statuses = self._state.statuses.items()
        return frozenset(key for key, status in statuses if status is Status.APPROVED and self._counts(key))

    def _counts(self, key: str) -> bool:
        """Tell whether what is recorded about an image holds: it is there, and so is its mask."""
        return key in self._places and (key in self._set_here or key in self._with_mask)

    def has_persons_work(self) -> bool:
        """Tell whether any image is corrected or approved."""
        statuses = self._state.statuses
        # Menus ask after every stroke, and there may be 10,000 images: looked at again only after a change.
        if self._persons_work is None or self._persons_work[0] is not statuses:
            found = any(self.status(key).is_persons_work for key in self._with_mask | self._set_here)
            self._persons_work = statuses, found
        return self._persons_work[1]

    def set_status(self, key: str, status: Status) -> None:
        """Record the status of an image; ProjectError if there is none of that key."""
        self.entry(key)
        self._set_here.add(key)
        self._state = replace(self._state, statuses={**self._state.statuses, key: status})

    def predicted_by(self, key: str) -> str:
        """Return the name of the model that predicted the mask of an image last, "" if none is known to have."""
        return self._state.predicted_by.get(key, "")

    def note_prediction(self, key: str, model: str) -> None:
        """Record which model has predicted a mask, "" for none; ProjectError if there is no image of that key."""
        self.entry(key)
        self._state = replace(self._state, predicted_by={**self._state.predicted_by, key: model})

    def set_classes(self, classes: ClassSet) -> None:
        """Record the classes."""
        self._state = replace(self._state, classes=classes, has_classes=True)

    def set_active_model(self, name: str) -> None:
        """Record which model segments."""
        self._state = replace(self._state, active_model=name)

    def ensure_held_out(self, keys: Iterable[str] | None = None, *, seed: int = 0) -> tuple[str, ...]:
        """Complete the hold-out choice for a run that is about to start.

        Parameters
        ----------
        keys : iterable of str, optional
            Images that the run could use; those with a person's mask if not given. They count as
            trained on from now on unless they are held out.
        seed : int
            Seed of the choice.

        Returns
        -------
        tuple of str
            The held-out ones among ``keys``, in the project's order; empty if there are few images.
        """
        chosen = {entry.key for entry in usable_images(self)} if keys is None else set(keys)
        held = choose_held_out(chosen, held=self._state.held_out, known=self._state.known, seed=seed)
        known = tuple(sorted(chosen.union(self._state.known, held)))
        self._state = replace(self._state, held_out=held, known=known)
        chosen &= set(held)
        return tuple(entry.key for entry in self.entries if entry.key in chosen)

    def confirm_lock(self) -> None:
        """Make sure, in whatever thread, that the folder may still be changed; SaveError if it may not.

        That is a FolderLostError if somebody has taken it over.
        """
        if self.lock is not None:
            self.lock.confirm()
        elif self._withheld:
            raise SaveError(self._withheld.rstrip("."), remedy="Nothing was written.")

    def save_state(self) -> None:
        """Write ``segtool.json`` if anything has changed, and keep a backup of what is written.

        What another program has written there in the meantime is kept.

        Raises
        ------
        SaveError
            If it cannot be written, or the folder was taken over by somebody else (a FolderLostError).
        ProjectError
            If the file is damaged, or was made so in the meantime; it is left as it is.
        """
        if self.damage is not None:
            raise self.damage
        path = self.data_root / STATE_FILE
        if self._state == self._saved and file_version(path) == self._saved_as:
            return
        with guarded(self.data_root):
            self.confirm_lock()
            found = read_state_file(path)
            if found is not None and found.state != self._saved:
                base = ProjectState() if self._saved is None else self._saved
                self._state = merge_states(base, ours=self._state, theirs=found.state)
            if found is None or found.state != self._state:
                if found is not None:
                    keep_before_writing(self.data_root, found)
                add_backup(self.data_root, write_state(path, self._state))
            self._saved, self._saved_as = self._state, file_version(path)
