"""Which model a command uses, and which images have masks."""

from __future__ import annotations

from segtool.core.errors import ProjectError
from segtool.inference.runtime import Runtime
from segtool.models.store import ModelStore
from segtool.project.layout import ImageEntry
from segtool.project.project import Project

DEFAULT_MODEL = "nuclei"


def default_model(store: ModelStore, active: str) -> str:
    """Return the active model's name if it is still there, else that of a bundled model."""
    names = [entry.name for entry in store.entries()]
    if active in names:
        return active
    return DEFAULT_MODEL if DEFAULT_MODEL in names or not names else names[0]


def load_runtime(project: Project, name_or_dir: str | None) -> Runtime:
    """Load the model that was asked for, else the project's active one, else the bundled one; ModelError if damaged."""
    name = default_model(project.store, project.active_model) if name_or_dir is None else name_or_dir
    return Runtime.load(project.store.resolve(name))


def require_images(project: Project) -> tuple[ImageEntry, ...]:
    """Return the project's images; ProjectError if there are none."""
    if not project.entries:
        raise ProjectError(
            "there are no images in this folder",
            path=project.root,
            remedy="Images are PNG, JPEG, TIFF, BMP, WebP or GIF files.",
        )
    return project.entries
