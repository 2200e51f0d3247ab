"""What commands have in common: the folder that they work on, its lock, the model that they use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segtool.commands.reporting import Reporter
from segtool.core.errors import ModelError, ProjectError
from segtool.inference.runtime import Runtime
from segtool.project.layout import ImageEntry
from segtool.project.lock import FolderLock
from segtool.project.project import Project


def open_project(folder: str, reporter: Reporter, *, data_root: str | None = None) -> Project:
    """Open a folder and warn of what its notes say, such as a list of classes that cannot be used."""
    project = Project.open(Path(folder), data_root=None if data_root is None else Path(data_root))
    for note in project.notes:
        reporter.warning(note)
    return project


@contextmanager
def held(project: Project, *, doing: str) -> Iterator[None]:
    """Hold a folder that a command changes, so that no window and no other command does; FolderHeldError if one does.

    ``doing`` is the name of the command, for whoever wants the folder meanwhile.
    """
    project.lock = FolderLock.take(project.data_root, doing=doing)
    try:
        yield
    finally:
        project.lock.release()
        project.lock = None


def load_runtime(project: Project, name_or_dir: str | None) -> Runtime:
    """Load the model that was asked for, else the project's active one, else the bundled one; ModelError if damaged."""
    if name_or_dir is not None:
        return Runtime.load(project.store.resolve(name_or_dir))
    entry = project.store.default(project.active_model)
    if entry is None:
        raise ModelError("there is no model to segment with", remedy="Name one with --model.")
    return Runtime.load(entry.folder)


def require_images(project: Project) -> tuple[ImageEntry, ...]:
    """Return the project's images; ProjectError if there are none."""
    if not project.entries:
        raise ProjectError(
            "there are no images in this folder",
            path=project.root,
            remedy="Images are PNG, JPEG, TIFF, BMP, WebP or GIF files.",
        )
    return project.entries
