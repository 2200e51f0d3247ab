"""Where models are found: those that come with the program and the versions that a project has trained."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from natsort import natsort_keygen, ns

from segtool.core.errors import ModelError
from segtool.models.card import CARD_FILE, ModelCard
from segtool.models.foreign import foreign_model
from segtool.models.integrity import verify_model
from segtool.resources import resource_path

_VERSION = re.compile(r"(\d{4,})-(.+)", re.DOTALL)
_MAX_NAME = 40
_natural = natsort_keygen(alg=ns.IGNORECASE)

DEFAULT_MODEL = "nuclei"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One whole model: its name (that of its folder), the folder, its card and whether it came with the program."""

    name: str
    folder: Path
    card: ModelCard
    bundled: bool

    @property
    def label(self) -> str:
        """What lists show: the title that a person has given it, else its name."""
        return self.card.title or self.name


@dataclass(frozen=True, slots=True)
class _Scan:
    """What a look at the folders has found: whole models in order, and by name why others are not."""

    entries: tuple[ModelEntry, ...]
    problems: dict[str, ModelError]


def bundled_models_dir() -> Path:
    """Return the folder of the models that come with the program."""
    return resource_path("models")


class ModelStore:
    """The models that a person can choose from.

    Parameters
    ----------
    project_models : Path, optional
        ``models/`` of a project; need not exist. Without it there are the bundled models only.
    bundled : Path, optional
        Folder of the models that come with the program, if not ``bundled_models_dir()``.
    """

    def __init__(self, project_models: Path | None = None, *, bundled: Path | None = None) -> None:
        self._project_models = project_models
        self._bundled = bundled_models_dir() if bundled is None else bundled

    def entries(self) -> list[ModelEntry]:
        """Return the whole models: bundled ones by name, then the project's by version number.

        Every file is hashed on the first call and again only when it has changed.
        """
        return list(self._scan().entries)

    def problems(self) -> list[ModelError]:
        """Return why models that are there are not among the entries."""
        return list(self._scan().problems.values())

    def resolve(self, name_or_dir: str) -> Path:
        """Return the folder of a model given by its name or as a folder with a ``model.json``.

        A name goes before a folder of the same name; write ``./name`` for the folder.

        Raises
        ------
        ModelError
            If the model of that name is damaged (why), or if there is none (which there are).
        """
        scan = self._scan()
        for entry in scan.entries:
            if entry.name == name_or_dir:
                return entry.folder
        if name_or_dir in scan.problems:
            raise scan.problems[name_or_dir]
        folder = Path(name_or_dir).expanduser()
        if name_or_dir and (folder / CARD_FILE).is_file():
            return folder
        if name_or_dir and folder.exists() and (foreign := foreign_model(folder)):
            raise foreign
        names = ", ".join(entry.name for entry in scan.entries) or "none"
        raise ModelError(
            f"there is no model called {name_or_dir!r} and no folder of that name with a {CARD_FILE}",
            remedy=f"Models that there are: {names}.",
        )

    def default(self, chosen: str = "") -> ModelEntry | None:
        """Return the model of the chosen name; else the one that the program proposes first; None if there is none."""
        return default_model(self.entries(), chosen=chosen)

    def next_version_name(self, base: str) -> str:
        """Return the name of the version to be trained next, as in ``0003-nuclei``.

        Parameters
        ----------
        base : str
            What it is called or trained from; a version number before it is dropped, and what cannot
            stand in a folder's name becomes a hyphen. Numbers of damaged versions are not used again.
        """
        match = _VERSION.fullmatch(base)
        stem = match[2] if match else base
        stem = re.sub(r"[^\w]+", "-", stem).strip("-_")[:_MAX_NAME].rstrip("-_") or "model"
        numbers = [int(found[1]) for path in _folders(self._project_models) if (found := _VERSION.fullmatch(path.name))]
        return f"{max(numbers, default=0) + 1:04d}-{stem}"

    def _scan(self) -> _Scan:
        entries: list[ModelEntry] = []
        problems: dict[str, ModelError] = {}
        for parent, bundled in ((self._bundled, True), (self._project_models, False)):
            try:
                folders = _folders(parent)
                problems |= {} if bundled else _foreign_models(parent)
            except ModelError as exc:
                problems[str(parent)] = exc
                continue
            for folder in folders:
                is_version = not bundled and _VERSION.fullmatch(folder.name)
                if not is_version and not (folder / CARD_FILE).exists():
                    continue
                if folder.name in problems:
                    continue
                try:
                    if any(entry.name == folder.name for entry in entries):
                        raise ModelError(
                            "a model that comes with the program has the same name",
                            path=folder,
                            remedy="Rename the folder.",
                        )
                    entries.append(ModelEntry(folder.name, folder, verify_model(folder), bundled))
                except ModelError as exc:
                    problems.setdefault(folder.name, exc)
        return _Scan(tuple(entries), problems)


def default_model(entries: Sequence[ModelEntry], *, chosen: str = "") -> ModelEntry | None:
    """Return the model of the chosen name; else the one that the program proposes first; None if there is none."""
    by_name = {entry.name: entry for entry in entries}
    return by_name.get(chosen) or by_name.get(DEFAULT_MODEL) or next(iter(entries), None)


def _folders(parent: Path | None) -> list[Path]:
    """Return the folders in one: versions by number, then others by name; names with a dot are still being written."""
    if parent is None:
        return []
    return sorted((path for path in _visible(parent) if path.is_dir()), key=_order)


def _foreign_models(parent: Path | None) -> dict[str, ModelError]:
    """Return by name what somebody has put among the models that other programs have written."""
    found = {} if parent is None else {path.name: foreign_model(path) for path in sorted(_visible(parent))}
    return {name: problem for name, problem in found.items() if problem is not None}


def _visible(parent: Path) -> list[Path]:
    try:
        return [path for path in parent.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise ModelError(
            f"the folder of models cannot be read ({exc.strerror})", path=parent, remedy="Check who may read it."
        ) from exc


def _order(path: Path) -> tuple[int, int, object]:
    match = _VERSION.fullmatch(path.name)
    return (0, int(match[1]), _natural(path.name)) if match else (1, 0, _natural(path.name))
