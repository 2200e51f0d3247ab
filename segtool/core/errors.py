"""Errors that a person can read: what happened, to which file, what to do."""

from __future__ import annotations

from pathlib import Path

from segtool.core.printable import printable


class SegToolError(Exception):
    """A failure that is explained to the person instead of shown as a traceback.

    Parameters
    ----------
    reason : str
        What happened, as a clause without a final full stop.
    path : Path, optional
        The file or folder it happened to.
    remedy : str
        What the person can do about it, as a full sentence; may be empty.
    """

    def __init__(self, reason: str, *, path: Path | str | None = None, remedy: str = "") -> None:
        self.reason = reason
        self.path = None if path is None else Path(path)
        self.remedy = remedy
        super().__init__(reason)

    def __str__(self) -> str:
        where = "" if self.path is None else f"{printable(str(self.path))}: "
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{where}{self.reason.rstrip('.')}.{remedy}"


class ImageError(SegToolError):
    """An image that cannot be read."""


class MaskError(SegToolError):
    """A mask that cannot be read, or that does not fit its image or classes."""


class SaveError(SegToolError):
    """A file that could not be written; the old one is untouched."""


class ModelError(SegToolError):
    """A model folder that is damaged, incomplete or not trusted."""


class ProjectError(SegToolError):
    """A folder that cannot be opened as a project."""


class TrainingError(SegToolError):
    """A training that cannot start or cannot go on."""
