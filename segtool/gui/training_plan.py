"""Which images a run takes part with, what would stop it, and the job that finds out."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from segtool.core.classes import ClassSet
from segtool.core.errors import SegToolError, TrainingError
from segtool.core.run_settings import FINE_TUNING_RATE, FROM_SCRATCH_RATE, NEW_CLASSES_RATE, RunSettings
from segtool.gui.training_run import RunRequest
from segtool.gui.training_state import Phase, RunState
from segtool.models import base as bases
from segtool.models.base import FROM_SCRATCH
from segtool.models.store import ModelEntry, ModelStore
from segtool.project.held_out import choose_held_out
from segtool.project.layout import MODELS_FOLDER, ImageEntry
from segtool.project.project import Project
from segtool.project.training_images import check_trainable, usable_images
from segtool.project.unfinished import UnfinishedRun, new_checkpoint


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
    checkpoint : Path
        Where the run keeps its state.
    resumes : bool
        Whether it goes on from there.
    resumed_after : int
        How many epochs it has behind it then.
    """

    project: Project
    settings: RunSettings
    base: str
    name: str
    compare: str
    checkpoint: Path
    resumes: bool = False
    resumed_after: int = 0

    @property
    def out(self) -> Path:
        """Folder of the new model."""
        return self.project.data_root / MODELS_FOLDER / self.name

    @property
    def first_state(self) -> RunState:
        """How it stands when it has just been asked for."""
        asked = RunState(phase=Phase.SAVING, name=self.name, base=self.base, resumed_after=self.resumed_after)
        return replace(asked, stage="Saving masks")


def new_plan(project: Project, settings: RunSettings, *, base: str, name: str, active: ModelEntry | None) -> RunPlan:
    """Return the plan of a run from its beginning, to be compared with the active model; nothing is written."""
    return RunPlan(project, settings, base, name, _name(active), new_checkpoint(project.data_root))


def resuming_plan(project: Project, run: UnfinishedRun, *, active: ModelEntry | None) -> RunPlan:
    """Return the plan of going on with a run, under another name if there is a model of its name by now."""
    name = run.name
    if not run.is_version or os.path.lexists(project.data_root / MODELS_FOLDER / name):
        name = project.store.next_version_name(name)
    plan = RunPlan(project, run.settings, run.base, name, _name(active), run.path)
    return replace(plan, resumes=True, resumed_after=run.epochs)


def _name(active: ModelEntry | None) -> str:
    return "" if active is None else active.name


def make_request(plan: RunPlan, classes: ClassSet) -> RunRequest:
    """Return what the process of a run is asked to do; a new one settles which images are held out.

    Parameters
    ----------
    plan : RunPlan
    classes : ClassSet
        Those that the masks were painted with.
    """
    project, settings = plan.project, plan.settings
    if not plan.resumes:
        project.ensure_held_out()
        train, held_out = choose_images(project, settings)
        settings = replace(settings, images=tuple(e.key for e in train), held_out=tuple(e.key for e in held_out))
    if not project.has_classes:
        # The child reads the classes from the folder.
        project.set_classes(classes)
    return RunRequest(
        root=project.root,
        base=plan.base,
        out=plan.out,
        settings=settings,
        data_root=None if project.data_root == project.root else project.data_root,
        compare=plan.compare,
        checkpoint=plan.checkpoint,
        resumes=plan.resumes,
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """What the worker found about the masks of a run: why it cannot work, or an empty string."""

    plan: RunPlan
    problem: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The worker has looked at the models of a run's folder, the new one among them."""

    plan: RunPlan


def base_choices(models: Sequence[ModelEntry], active: ModelEntry | None) -> list[tuple[str, str]]:
    """Return what a run may start from as (name, text) in the order in which it is offered.

    Parameters
    ----------
    models : sequence of ModelEntry
        The models to choose from.
    active : ModelEntry or None
        The one that segments.
    """
    choices = [(entry.name, f"{entry.name} base (has seen images of many kinds)") for entry in bases.bundled_bases()]
    for entry in models:
        marks = ["active"] if active is not None and entry.name == active.name else []
        marks += ["bundled"] if entry.bundled else []
        choices.append((entry.name, f"{entry.label} ({', '.join(marks)})" if marks else entry.label))
    return [*choices, (FROM_SCRATCH, "From scratch (random weights)")]


def fitting_rate(rate: float, *, base: str, store: ModelStore, classes: ClassSet) -> float:
    """Return the learning rate that fits a start if ``rate`` is one that fits some start; else it was chosen."""
    if rate not in (FINE_TUNING_RATE, NEW_CLASSES_RATE, FROM_SCRATCH_RATE):
        return rate
    try:
        folder = None if base == FROM_SCRATCH else bases.resolve_base(store, base)
        return bases.fitting_rate(folder, classes)
    except SegToolError:
        # The run will say what is wrong with its base.
        return rate


def held_out_keys(project: Project) -> frozenset[str]:
    """Return the images that a run started now would hold out; nothing is recorded yet."""
    return _held_out_among(usable_images(project), project)


def choose_images(project: Project, settings: RunSettings) -> tuple[list[ImageEntry], list[ImageEntry]]:
    """Return the images to train on and those to score on.

    An image that is held out is never among those to train on, whatever the settings name.
    """
    usable = usable_images(project)
    held = _held_out_among(usable, project)
    train = [e for e in usable if e.key not in held and (settings.images is None or e.key in settings.images)]
    scored = [e for e in usable if e.key in held and (settings.held_out is None or e.key in settings.held_out)]
    return train, scored


def _held_out_among(usable: Sequence[ImageEntry], project: Project) -> frozenset[str]:
    state = project.state
    return frozenset(choose_held_out([entry.key for entry in usable], held=state.held_out, known=state.known))


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


def check_job(plan: RunPlan, classes: ClassSet) -> Generator[Checked, None, None]:
    """Return what finds out about the masks of a run; which these are is settled at once."""
    # Those of a run that is gone on with were found good once; what has changed since, its process says.
    images = None if plan.resumes else choose_images(plan.project, plan.settings)
    return _checking(plan, images, classes)


def _checking(
    plan: RunPlan, images: tuple[list[ImageEntry], list[ImageEntry]] | None, classes: ClassSet
) -> Generator[Checked, None, None]:
    yield Checked(plan, "" if images is None else find_problem(*images, classes))


def look_job(plan: RunPlan) -> Generator[Looked, None, None]:
    """Yield once every file of the new model is hashed: the window looks at it then without a wait."""
    plan.project.store.entries()
    yield Looked(plan)
