"""One open image: its pixels, its mask, the edits made to it and whether they are saved."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID, ClassSet
from segtool.core.edits import History
from segtool.core.errors import MaskError
from segtool.core.printable import printable
from segtool.formats.image import Image
from segtool.formats.isolated import read_image
from segtool.formats.mask_kinds import read_any_mask
from segtool.project.layout import ImageEntry
from segtool.project.mask_answers import MaskAnswers
from segtool.project.mask_question import MaskQuestion, SettledMask, settle

# A mask with more pixels than this, and so many times more than its image, is not decoded.
_ANY_PIXELS, _TIMES_LARGER = 64_000_000, 16
_READ_ONLY = "Until then it is read-only."
_COPY_AGAIN = "Copy it again from where it came."


@dataclass(frozen=True, slots=True)
class FilePrint:
    """What tells one version of a file from another: time of its last change in nanoseconds, size in bytes."""

    mtime_ns: int
    size: int

    @classmethod
    def of(cls, path: Path) -> FilePrint | None:
        """Return the print of a file, None if there is no such file; OSError if that cannot be told."""
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return cls.of_stat(found)

    @classmethod
    def of_stat(cls, found: os.stat_result) -> FilePrint:
        """Return the print of a file of which that is known."""
        return cls(found.st_mtime_ns, found.st_size)

    @classmethod
    def of_readable(cls, path: Path) -> FilePrint | None:
        """Return the print of a file, None if it cannot be told for whatever reason."""
        try:
            return cls.of(path)
        except OSError:
            return None


@dataclass(slots=True, eq=False)
class Document:
    """An open image with its mask.

    Attributes
    ----------
    entry : ImageEntry
        Which image it is.
    image : Image
        Its pixels.
    mask : ndarray of uint8, shape (H, W)
        Class ids, 255 for void; changed in place by edits.
    read_only_reason : str
        Why the mask must not be changed, for a person; "" if it may be.
    history : History
        Edits to take back.
    revision : int
        Rises with every change of the mask.
    saved_revision : int
        The revision that the mask file holds.
    mask_file : FilePrint or None
        The mask file as it was when it was last read or written here; None if there was none.
    written : tuple of str
        SHA-256, in hex, of what was written last into the mask file here, and of what a save that has failed since
        may have put there all the same; empty before the first save.
    question : MaskQuestion or None
        What has to be asked about the mask before it can be edited; it is read-only then, and shown as a guess.
    mapped : MaskQuestion or None
        What the mask was made of, if its file holds something else than class ids: it is kept as a copy
        before it is replaced.
    unknown_ids : tuple of int
        Ids without a class that the mask held when it was read, or that have come into it from elsewhere since.
    image_file : FilePrint or None
        The image's file as it was before it was read; None if that is not known.
    """

    entry: ImageEntry
    image: Image
    mask: npt.NDArray[np.uint8]
    read_only_reason: str = ""
    history: History = field(default_factory=History)
    revision: int = 0
    saved_revision: int = 0
    mask_file: FilePrint | None = None
    written: tuple[str, ...] = ()
    question: MaskQuestion | None = None
    mapped: MaskQuestion | None = None
    unknown_ids: tuple[int, ...] = ()
    image_file: FilePrint | None = None

    @property
    def is_dirty(self) -> bool:
        """Whether the mask has changes that its file does not hold."""
        return self.revision != self.saved_revision

    def note_change(self) -> int:
        """Note that the mask has changed, undoing and redoing included; return the new revision."""
        self.revision += 1
        return self.revision

    def note_unknown(self, ids: Iterable[int]) -> None:
        """Note ids without a class that have come into the mask from a file or a journal."""
        self.unknown_ids = tuple(sorted({*self.unknown_ids, *ids}))

    def note_writing(self, digest: str) -> None:
        """Note that a content, by its SHA-256, is about to be put into the mask file."""
        self.written = (*self.written[:1], digest)

    def note_saved(self, revision: int, *, mask_file: FilePrint | None) -> None:
        """Note that a revision is in the mask file, as which ``mask_file`` was written; later changes stay unsaved."""
        self.saved_revision = max(self.saved_revision, revision)
        self.mask_file = mask_file
        self.written = self.written[-1:]
        self.mapped = None

    def mask_changed_on_disk(self) -> bool:
        """Tell whether another program has changed, made or removed the mask file since it was read or saved here.

        A file with another time but the content that was saved here is the same: some drives change the time late.
        """
        path = self.entry.mask_path
        try:
            found = FilePrint.of(path)
            if found == self.mask_file:
                return False
            if found is None or not self.written:
                return True
            return hashlib.sha256(path.read_bytes()).hexdigest() not in self.written
        except OSError:
            # The folder is out of reach: a save will fail and say why.
            return False

    def image_is_gone(self) -> bool:
        """Tell whether the image's file is not there any more."""
        return self.image_file is not None and FilePrint.of_readable(self.entry.path) is None

    def image_changed_on_disk(self) -> bool:
        """Tell whether another file has taken the place of the image's since it was read; one that is gone has not."""
        found = FilePrint.of_readable(self.entry.path)
        return None not in (found, self.image_file) and found != self.image_file


def open_document(
    entry: ImageEntry,
    classes: ClassSet,
    *,
    writable_reason: str = "",
    answers: MaskAnswers | None = None,
    accepts_damage: bool = False,
) -> Document:
    """Read an image and its mask.

    Without a mask file the mask is void throughout. Ids that have no class stay what they are. A mask that cannot be
    used as it is, because it is damaged, of another size or of another kind, is never resized, replaced or dropped:
    the document is read-only and says why. If it can be used once something is answered, there is a question, and the
    mask is shown as the answer will probably make it; what was answered for the whole folder is not asked again.

    Parameters
    ----------
    entry : ImageEntry
        The image.
    classes : ClassSet
        Classes of the project.
    writable_reason : str
        Why nothing can be saved in the project (``Project.writable_reason``); "" if it can.
    answers : MaskAnswers, optional
        What was said about masks of the project.
    accepts_damage : bool
        Whether the mask of an image that is cut short may be edited: a person has said so.

    Raises
    ------
    ImageError
        If the image cannot be read, or is damaged and that is not accepted.
    """
    # Taken before reading: a change in between is then noticed.
    image_file = FilePrint.of_readable(entry.path)
    image = read_image(entry.path, partial=accepts_damage)
    document = add_mask(
        entry, image, classes, writable_reason=writable_reason, answers=answers, accepts_damage=accepts_damage
    )
    document.image_file = image_file
    return document


def add_mask(
    entry: ImageEntry,
    image: Image,
    classes: ClassSet,
    *,
    writable_reason: str = "",
    answers: MaskAnswers | None = None,
    accepts_damage: bool = False,
) -> Document:
    """Read the mask of an image that has been read already; see ``open_document``."""
    height, width = image.pixels.shape[:2]
    answers = MaskAnswers() if answers is None else answers
    try:
        # Taken before reading: a change in between is then noticed when saving.
        mask_file = FilePrint.of(entry.mask_path)
        if mask_file is None:
            settled = SettledMask(_blank(image))
        else:
            found = read_any_mask(entry.mask_path, most_pixels=max(_ANY_PIXELS, _TIMES_LARGER * height * width))
            settled = settle(entry, found, (height, width), classes=classes, answers=answers)
    except OSError as exc:
        reason = f"{printable(str(entry.mask_path))}: the mask cannot be read ({exc.strerror}). Check who may read it."
        return Document(entry, image, _blank(image), reason)
    except MaskError as exc:
        return Document(entry, image, _blank(image), f"{exc} {_READ_ONLY}", mask_file=mask_file)
    reason = ("" if accepts_damage else _why_damaged(image)) or writable_reason or _why_protected(entry.mask_path)
    # There is no use in asking about what cannot be saved.
    question = None if reason else settled.question
    if settled.question is not None:
        reason = f"{settled.question.text} {reason}".rstrip()
    return Document(
        entry,
        image,
        _own(settled.mask),
        reason,
        mask_file=mask_file,
        question=question,
        mapped=settled.mapped,
        unknown_ids=classes.unknown_ids(settled.mask),
    )


def _why_damaged(image: Image) -> str:
    if not image.damage:
        return ""
    return f"{printable(str(image.path))}: is {image.damage}. {_COPY_AGAIN} {_READ_ONLY}"


def _blank(image: Image) -> npt.NDArray[np.uint8]:
    return np.full(image.pixels.shape[:2], VOID, dtype=np.uint8)


def _why_protected(mask_path: Path) -> str:
    place = mask_path
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if os.access(place, os.W_OK):
        return ""
    # Replacing a file needs no right to write it, but whoever took that right away wants the mask kept.
    return f"{place}: this is write-protected, so changes of the mask could not be saved. Make it writable first."


def _own(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the mask as an array that can be painted in and shown without a copy."""
    return np.require(mask, dtype=np.uint8, requirements=["C", "W", "O"])
