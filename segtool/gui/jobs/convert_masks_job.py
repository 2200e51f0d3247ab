"""The job that saves masks of other kinds as class ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segtool.core.classes import ClassSet
from segtool.core.errors import SegToolError
from segtool.formats.isolated import probe_image
from segtool.formats.mask_kinds import OddMask, read_any_mask
from segtool.formats.mask_png import write_mask
from segtool.formats.originals import keep_original
from segtool.gui.jobs.claims import MaskClaims
from segtool.gui.jobs.worker import Job
from segtool.gui.session_state import JobState
from segtool.project.layout import ImageEntry
from segtool.project.mask_answers import MaskAnswers

TITLE = "Convert masks"


@dataclass(frozen=True, slots=True)
class ConvertedMasks:
    """Keys of the images whose masks were saved, and of those whose masks could not be used."""

    keys: tuple[str, ...]
    left: tuple[str, ...]


def convert_masks(entries: Sequence[ImageEntry], classes: ClassSet, answers: MaskAnswers, *, claims: MaskClaims) -> Job:
    """Save masks as class ids whose values are known to mean something; each original is kept as a copy beside it.

    Parameters
    ----------
    entries : sequence of ImageEntry
        Where to look; class ids are left as they are.
    classes : ClassSet
    answers : MaskAnswers
        What the values mean.
    claims : MaskClaims
        Masks in memory are left alone.

    Yields
    ------
    JobState
        Progress.
    ConvertedMasks
        At the end.

    Raises
    ------
    SaveError
        If one cannot be written, or its original not be kept; those that were saved before stay so.
    """
    keys, left = [], []
    for done, entry in enumerate(entries):
        yield JobState(TITLE, done, max(1, len(entries)), entry.key)
        with claims.unclaimed(entry.key) as is_free:
            if not is_free or not entry.mask_path.exists():
                continue
            try:
                found = read_any_mask(entry.mask_path)
                table = answers.table_for(found, classes) if isinstance(found, OddMask) else None
                header = probe_image(entry.path)
            except SegToolError:
                left.append(entry.key)
                continue
            if not isinstance(found, OddMask):
                continue
            if table is None or found.places.shape != (header.height, header.width):
                left.append(entry.key)
                continue
            keep_original(entry.mask_path)
            write_mask(entry.mask_path, found.to_mask(table))
            keys.append(entry.key)
    yield ConvertedMasks(tuple(keys), tuple(left))
