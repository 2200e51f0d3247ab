"""What a project remembers about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segtool.core.classes import DEFAULT_CLASSES, ClassSet
from segtool.project.status import Status


@dataclass(frozen=True, slots=True)
class ProjectState:
    """The contents of ``segtool.json``, in whatever format it was written.

    Attributes
    ----------
    classes : ClassSet
        *background* and *object* as long as none are known.
    has_classes : bool
        Whether the classes are known: set by somebody, or found in a file.
    statuses : mapping of str to Status
        By key; images that are no longer there stay in it, they may come back.
    predicted_by : mapping of str to str
        By key, the name of the model whose prediction is or was the mask of an image.
    held_out : tuple of str
        Keys of the images that are never trained on, sorted.
    known : tuple of str
        Keys that took part in a hold-out choice, sorted: those not held out may have been trained on.
    active_model : str
        Name of the model that segments; "" if none was chosen.
    images_in : str
        How the folder was read (see ``layout.find_layout``); "" if not known.
    images_from : str
        Folder of the images if it is another one than that of the file; else "".
    extra : mapping
        Entries of the file that this version does not know; they are written back.
    """

    classes: ClassSet = DEFAULT_CLASSES
    has_classes: bool = False
    statuses: Mapping[str, Status] = field(default_factory=dict)
    predicted_by: Mapping[str, str] = field(default_factory=dict)
    held_out: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    active_model: str = ""
    images_in: str = ""
    images_from: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def merge_states(base: ProjectState, *, ours: ProjectState, theirs: ProjectState) -> ProjectState:
    """Bring our changes and those of another program together, ours winning where both changed the same thing.

    Parameters
    ----------
    base : ProjectState
        What both started from.
    ours, theirs : ProjectState
        What is in memory, and what is in the file now.

    Returns
    -------
    ProjectState
        An image that either side may have trained on is not held out.
    """
    changed = {key: status for key, status in ours.statuses.items() if base.statuses.get(key) is not status}
    predicted = {key: name for key, name in ours.predicted_by.items() if base.predicted_by.get(key) != name}
    trained = (set(ours.known) - set(ours.held_out)) | (set(theirs.known) - set(theirs.held_out))
    classes_from = theirs if ours.has_classes == base.has_classes and ours.classes == base.classes else ours
    return ProjectState(
        classes=classes_from.classes,
        has_classes=classes_from.has_classes,
        statuses={**theirs.statuses, **changed},
        predicted_by={**theirs.predicted_by, **predicted},
        held_out=tuple(sorted((set(ours.held_out) | set(theirs.held_out)) - trained)),
        known=tuple(sorted(set(ours.known) | set(theirs.known))),
        active_model=theirs.active_model if ours.active_model == base.active_model else ours.active_model,
        images_in=ours.images_in,
        images_from=ours.images_from,
        extra=theirs.extra,
    )
