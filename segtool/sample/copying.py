"""The person's own copy of the sample images."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from platformdirs import user_documents_path

from segtool.core.errors import ProjectError
from segtool.resources import resource_path

FOLDER_NAME = "segtool-sample"


def sample_destination() -> Path:
    """Return where the copy lies: in the person's documents, or in their home if there is no such folder."""
    documents = user_documents_path()
    return (documents if documents.is_dir() else Path.home()) / FOLDER_NAME


def copy_sample(destination: Path | None = None) -> Path:
    """Copy the sample images, unless there is a copy already: work in it is never overwritten.

    Parameters
    ----------
    destination : Path, optional
        The folder to make; ``sample_destination()`` if not given.

    Returns
    -------
    Path
        The copy, new or as it was.

    Raises
    ------
    ProjectError
        If there is no copy and none can be made.
    """
    target = sample_destination() if destination is None else destination
    if target.is_dir() and any(target.iterdir()):
        return target
    source = resource_path("sample")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".segtool-", dir=target.parent) as staging:
            whole = Path(staging) / "sample"
            shutil.copytree(source, whole)
            # In one step, so that a copy that was broken off is never taken for one with work in it.
            whole.rename(target)
    except OSError as exc:
        raise ProjectError(
            f"the sample images could not be copied ({exc.strerror})",
            path=target,
            remedy="Check that there is room on the disk and that you may write there.",
        ) from exc
    return target
