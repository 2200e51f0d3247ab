"""What has to be asked about the mask of an image before it can be edited, and the mask that an answer makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segtool.core.classes import ClassSet
from segtool.core.errors import MaskError
from segtool.formats.mask_kinds import Fit, MaskKind, OddMask, Table, fit_mask, guess
from segtool.project.layout import ImageEntry
from segtool.project.mask_answers import MaskAnswers

Mask = npt.NDArray[np.uint8]

# Sides that differ by so much come from one picture at two sizes.
_SAME_ASPECT = 0.02
_WAIT = "It is read-only until you say what to do; its file stays as it is."


@dataclass(frozen=True, slots=True, eq=False)
class MaskQuestion:
    """A mask that cannot be used as it is.

    Attributes
    ----------
    text : str
        What there is to ask, for a person.
    found : ndarray of uint8, shape (H, W), or OddMask
        What the file holds: class ids, or values that have to be mapped.
    shape : tuple of int
        Height and width of the image.
    table : Table
        What the values mean as far as that is known or can be guessed; empty for class ids.
    is_known : bool
        Whether the table holds for every value by what a person said before, so that only the size is asked about.
    """

    text: str
    found: Mask | OddMask
    shape: tuple[int, int]
    table: Table
    is_known: bool = False

    @property
    def odd(self) -> OddMask | None:
        """The values that have to be mapped, None if there are none."""
        return self.found if isinstance(self.found, OddMask) else None

    @property
    def mask_shape(self) -> tuple[int, int]:
        """Height and width of the mask."""
        return _shape_of(self.found)

    @property
    def asks_size(self) -> bool:
        """Whether the mask has another size than its image."""
        return self.mask_shape != self.shape

    @property
    def asks_values(self) -> bool:
        """Whether a person has to say what the values mean."""
        return self.odd is not None and not self.is_known

    @property
    def likely_fit(self) -> Fit:
        """What the sizes suggest."""
        (height, width), (tall, wide) = self.mask_shape, self.shape
        aspect = (width * tall) / (height * wide)
        return Fit.RESIZE if abs(aspect - 1) < _SAME_ASPECT else Fit.CROP

    def answered(self, *, table: Table, fit: Fit) -> Mask:
        """Return the mask (uint8, size of the image) that an answer makes."""
        if fit is Fit.BLANK and self.asks_size:
            return fit_mask(np.empty((0, 0), np.uint8), self.shape, fit)
        mask = self.found if isinstance(self.found, np.ndarray) else self.found.to_mask(table)
        return fit_mask(mask, self.shape, fit) if self.asks_size else mask

    def preview(self) -> Mask:
        """Return the mask as it would be by the guesses."""
        return self.answered(table=self.table, fit=self.likely_fit)


@dataclass(frozen=True, slots=True, eq=False)
class SettledMask:
    """A mask as it is shown.

    Attributes
    ----------
    mask : ndarray of uint8, size of the image
    question : MaskQuestion or None
        What has to be asked before it can be edited.
    mapped : MaskQuestion or None
        What would have been asked, had a person not answered the same before; its file holds something else then.
    """

    mask: Mask
    question: MaskQuestion | None = None
    mapped: MaskQuestion | None = None


def settle(
    entry: ImageEntry, found: Mask | OddMask, shape: tuple[int, int], *, classes: ClassSet, answers: MaskAnswers
) -> SettledMask:
    """Decide whether something has to be asked about a mask.

    Parameters
    ----------
    entry : ImageEntry
        Its image.
    found : ndarray of uint8, shape (H, W), or OddMask
        What the file holds.
    shape : tuple of int
        Height and width of the image.
    classes : ClassSet
    answers : MaskAnswers
        What was said about other masks of the folder.
    """
    has_size = _shape_of(found) == shape
    if not isinstance(found, OddMask):
        if has_size:
            return SettledMask(found)
        question = MaskQuestion(_text(entry, [_size_text(found.shape, shape)]), found, shape, {})
        return SettledMask(question.preview(), question)
    known = answers.table_for(found, classes)
    reasons = [] if has_size else [_size_text(_shape_of(found), shape)]
    reasons += [_kind_text(found)] if known is None or has_size else []
    table = {**guess(found, classes), **answers.tables.get(found.kind, {})} if known is None else known
    question = MaskQuestion(_text(entry, reasons), found, shape, table, known is not None)
    if has_size and known is not None:
        return SettledMask(question.preview(), mapped=question)
    return SettledMask(question.preview(), question)


def _shape_of(found: Mask | OddMask) -> tuple[int, int]:
    height, width = (found.places if isinstance(found, OddMask) else found).shape
    return height, width


def _text(entry: ImageEntry, reasons: Sequence[str]) -> str:
    return str(MaskError(" and ".join(reasons), path=entry.mask_path, remedy=_WAIT))


def _size_text(mask: Sequence[int], image: Sequence[int]) -> str:
    return f"the mask has {mask[1]} × {mask[0]} pixels, its image {image[1]} × {image[0]}"


def _kind_text(odd: OddMask) -> str:
    match odd.kind:
        case MaskKind.TWO_VALUES:
            return "the mask holds nothing but 0 and 255, and 255 may be void or a class"
        case MaskKind.WIDE:
            return "the mask holds 16-bit numbers, not class ids"
        case MaskKind.PALETTE:
            return "the colours of the mask are those of other class ids than its numbers"
        case MaskKind.COLOURS:
            count = len(odd.values)
            return f"the mask holds {count} {'colour' if count == 1 else 'colours'}, not class ids"
