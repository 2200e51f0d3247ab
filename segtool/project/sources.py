"""The files that a training learns from: images, their masks, and what had been shown of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from segtool.core.classes import VOID


@dataclass(frozen=True, slots=True)
class Source:
    """The files that a sample is made of.

    Attributes
    ----------
    key : str
    image, mask : Path
    shown : Path or None
        Mask of what a model had shown before it was corrected; need not exist.
    void_is : int
        The class that void pixels of the mask count as, 255 for void.
    """

    key: str
    image: Path
    mask: Path
    shown: Path | None = None
    void_is: int = VOID


def used_image(source: Source) -> dict[str, str]:
    """Return what a card remembers of an image that was trained on: its key, and a hash of image and mask together."""
    digest = hashlib.sha256()
    for path in (source.image, source.mask):
        try:
            digest.update(path.read_bytes())
        except OSError:
            # It was there when it was trained on: a finished training is not lost for want of its hash.
            return {"key": source.key, "sha256": ""}
    return {"key": source.key, "sha256": digest.hexdigest()}
