"""The small values that the session shows to its views."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

from segtool.core.edits import Edit
from segtool.project.status import Status


class Level(Enum):
    """How much a message matters: the window shows INFO in passing, the others until they are dismissed."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class SaveKind(Enum):
    """Where the mask of the open image stands between memory and disk."""

    SAVED = "saved"
    UNSAVED = "unsaved"
    SAVING = "saving"
    FAILED = "failed"
    READ_ONLY = "read only"


@dataclass(frozen=True, slots=True)
class SaveState:
    """The saved state of the open image.

    Attributes
    ----------
    kind : SaveKind
        What the state is. FAILED also if the mask of another image could not be saved.
    when : datetime or None
        Local time of the last save of this image, None if there was none since it was opened.
    reason : str
        Why saving failed or the image is read-only; empty otherwise.
    can_force : bool
        Whether saving failed only because something else has changed the file meanwhile, so that
        ``SaveTroubles.keep_mine`` would overwrite it.
    is_journalled : bool
        Whether the disk has what is not saved in the journal, so that a crash would not cost it.
    """

    kind: SaveKind
    when: datetime | None = None
    reason: str = ""
    can_force: bool = False
    is_journalled: bool = False


@dataclass(frozen=True, slots=True)
class JobState:
    """A job that is under way.

    Attributes
    ----------
    title : str
        What the job does, "Segment" for example.
    done, total : int
        Steps finished and steps in all; total is at least 1.
    text : str
        What is happening right now: an image's key, or a phrase.
    """

    title: str
    done: int
    total: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A proposal to segment with another model; nothing changes before the person answers.

    Attributes
    ----------
    model, instead_of : str
        Names of the proposed model and of the active one.
    text : str
        Why, in a sentence.
    """

    model: str
    instead_of: str
    text: str


class Overwrite(StrEnum):
    """What segmenting does with corrected and approved images: fill only their void, replace all, or pass over them.

    REFRESH is for what nobody has asked for: it passes over them, over those that become one of them
    meanwhile, and leaves an unfinished stroke alone.
    """

    FILL_VOID = "fill void"
    REPLACE = "replace"
    SKIP = "skip"
    REFRESH = "refresh"


class ChangedMaskAnswer(Enum):
    """Whose mask it shall be if something else has changed its file."""

    RELOAD = "reload"
    KEEP = "keep"
    COPY = "copy"


class LockAnswer(Enum):
    """What to do with a folder in which somebody else may be working."""

    VIEW = "view"
    EDIT = "edit"


class WorkKind(Enum):
    """What a person has done to a mask."""

    EDIT = "edit"
    UNDO = "undo"
    REDO = "redo"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class Work:
    """Something that a person has just done to the mask of the open image.

    Attributes
    ----------
    kind : WorkKind
        What it was.
    status_before : Status
        Where the image stood before.
    edit : Edit or None
        The change, for an edit.
    """

    kind: WorkKind
    status_before: Status
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class ClassUsage:
    """Where a class is in use.

    Attributes
    ----------
    pixels_here : int
        Pixels of the class in the mask of the open image.
    images_with_it : int
        Images of the project whose mask holds the class.
    is_complete : bool
        Whether every mask could be looked at in the time there was; if not, it may be more images.
    """

    pixels_here: int
    images_with_it: int
    is_complete: bool = True
