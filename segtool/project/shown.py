"""The predictions that a person was shown before correcting them: what a model is honestly measured against.

Beside the masks of a folder, ``.segtool/shown/`` holds for each corrected or approved image the mask as it was
predicted. It may be deleted at any time: of an image without such a file, it is not known what was shown.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segtool.core.errors import MaskError, SaveError
from segtool.formats.mask_png import read_mask, write_mask
from segtool.formats.source import why
from segtool.project.layout import MASKS_FOLDER, OWN_FOLDER, ImageEntry
from segtool.project.project import Project

SHOWN_FOLDER = Path(OWN_FOLDER, "shown")
Mask = npt.NDArray[np.uint8]


def shown_path(place: Project | Path, entry: ImageEntry) -> Path:
    """Return where the prediction is kept that was shown for an image; the file need not exist.

    Parameters
    ----------
    place : Project or Path
        The project, or the folder of its data (``Project.data_root``).
    entry : ImageEntry
        An image of that project.
    """
    data_root = place if isinstance(place, Path) else place.data_root
    return data_root / SHOWN_FOLDER / entry.mask_path.relative_to(data_root / MASKS_FOLDER)


def shown_pairs(project: Project, keys: Iterable[str]) -> list[tuple[str, Path]]:
    """Return those of the images whose shown prediction is kept, each with its file, in the order of ``keys``.

    Only corrected and approved images count: what is kept for another one belongs to an earlier prediction.
    ProjectError if there is no image of such a key.
    """
    pairs = [(key, shown_path(project, project.entry(key))) for key in keys if project.status(key).is_persons_work]
    return [(key, path) for key, path in pairs if path.is_file()]


def read_shown(path: Path, *, shape: tuple[int, ...]) -> Mask | None:
    """Read a shown prediction, uint8 of ``shape`` (H, W); None if there is none of that size that can be read."""
    try:
        mask = read_mask(path)
    except MaskError:
        return None
    return mask if mask.shape == shape else None


def keep_shown(path: Path, mask: Mask) -> None:
    """Keep a prediction (H×W uint8) as the one that was shown.

    Raises
    ------
    SaveError
        If it cannot be written. An older prediction is not kept then either: it was not the one that was shown.
    """
    try:
        write_mask(path, mask)
    except SaveError:
        forget_shown(path)
        raise


def forget_shown(path: Path) -> None:
    """Let go of a shown prediction if there is one; SaveError if that fails."""
    try:
        path.unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as cause:
        raise SaveError(f"could not be removed ({why(cause)})", path=path) from cause


def forget_shown_with(data_root: Path, class_ids: Collection[int]) -> None:
    """Let go of every shown prediction that holds one of these classes; SaveError if that fails.

    Without the class, such a prediction cannot be compared with masks any more.
    """
    for folder, _, names in os.walk(data_root / SHOWN_FOLDER):
        for path in (Path(folder, name) for name in names if name.endswith(".png")):
            try:
                is_outdated = bool(np.isin(read_mask(path), list(class_ids)).any())
            except MaskError:
                is_outdated = True
            if is_outdated:
                forget_shown(path)
