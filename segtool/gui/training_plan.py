"""Which images a run takes part with, what would stop it, and the job that finds out."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from segtool.core.classes import ClassSet
from segtool.core.errors import TrainingError
from segtool.core.run_settings import RunSettings
from segtool.project.held_out import choose_held_out
from segtool.project.layout import MODELS_FOLDER, ImageEntry
from segtool.project.project import Project
from segtool.project.training_images import check_trainable, usable_images

FROM_SCRATCH = "none"


@dataclass(frozen=True, slots=True, eq=False)
class RunPlan:
    """A run that has been asked for.

    Attributes
    ----------
    project : Project
        The folder that it belongs to.
    settings : RunSettings
    base, name : str
        Model to start from, or "none"; the new version.
    compare : str
        Model to score on the same held-out images; "" for none.
    """

    project: Project
    settings: RunSettings
    base: str
    name: str
    compare: str

    @property
    def out(self) -> Path:
        """Folder of the new model."""
        return self.project.data_root / MODELS_FOLDER / self.name


@dataclass(frozen=True, slots=True)
class Checked:
    """What the worker found about the masks of a run: why it cannot work, or an empty string."""

    plan: RunPlan
    problem: str


def held_out_keys(project: Project) -> frozenset[str]:
    """Return the images that a run started now would hold out; nothing is recorded yet."""
    usable = [entry.key for entry in usable_images(project)]
    return frozenset(choose_held_out(usable, held=project.state.held_out, known=project.state.known))


def choose_images(project: Project, settings: RunSettings) -> tuple[list[ImageEntry], list[ImageEntry]]:
    """Return the images to train on and those to score on.

    An image that is held out is never among those to train on, whatever the settings name.
    """
    held, usable = held_out_keys(project), usable_images(project)
    train = [e for e in usable if e.key not in held and (settings.images is None or e.key in settings.images)]
    scored = [e for e in usable if e.key in held and (settings.held_out is None or e.key in settings.held_out)]
    return train, scored


def find_problem(train: Sequence[ImageEntry], held_out: Sequence[ImageEntry], classes: ClassSet) -> str:
    """Return what would stop a training on these images, as a sentence or two; "" if nothing would."""
    try:
        check_trainable(train, classes)
        if held_out:
            check_trainable([*held_out, *train], classes)
    except TrainingError as exc:
        text = str(exc)
        # A message about a file begins with its path, which must stay as it is.
        return text if exc.path is not None else text[:1].upper() + text[1:]
    return ""


def check_job(
    plan: RunPlan, train: Sequence[ImageEntry], held_out: Sequence[ImageEntry], classes: ClassSet
) -> Generator[Checked, None, None]:
    """Yield what was found about the masks of a run."""
    yield Checked(plan, find_problem(train, held_out, classes))
