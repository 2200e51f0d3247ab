"""What a person does with a model folder as a whole: give it a title and a note, delete it, export it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from segtool.core.errors import ModelError, SaveError
from segtool.formats.atomic import write_atomic
from segtool.formats.source import why
from segtool.models.card import CARD_FILE, MAX_NOTE, MAX_TITLE, ModelCard, one_line, read_card
from segtool.models.card_text import card_text
from segtool.models.integrity import verify_model
from segtool.models.store import bundled_models_dir

_OTHER_PLACE = "Check that the folder may be written to, or choose another place."


def annotate(folder: Path, *, title: str | None = None, note: str | None = None) -> ModelCard:
    """Give a version another title, another note or both; everything else on its card stays as it is.

    Parameters
    ----------
    folder : Path
        A model folder.
    title : str, optional
        What lists show instead of the folder's name; "" takes the title away.
    note : str, optional
        "" takes the note away.

    Returns
    -------
    ModelCard
        As it is on disk now.

    Raises
    ------
    ModelError
        If the model comes with the program, its card cannot be read, or a text is too long.
    SaveError
        If the card cannot be written; the old one is untouched.
    """
    _refuse_bundled(folder, "renamed or given a note")
    card = read_card(folder)
    path = folder / CARD_FILE
    changes: dict[str, str] = {}
    if title is not None:
        changes["title"] = _within(one_line(title), MAX_TITLE, "title", path)
    if note is not None:
        changes["note"] = _within(note.strip(), MAX_NOTE, "note", path)
    # The file and not the card that was read from it: what a later version of the program wrote there is kept.
    value: dict[str, Any] = json.loads(path.read_bytes())
    if any(value.get(name, "") != text for name, text in changes.items()):
        write_atomic(path, card_text({**value, **changes}))
        card = read_card(folder)
    return card


def delete_version(folder: Path, *, models_root: Path, active: str) -> None:
    """Remove a version for good. It is moved to a hidden name first, so that a crash leaves no half model in the list.

    Parameters
    ----------
    folder : Path
        The version, which need not be whole.
    models_root : Path
        ``models/`` of the project: nothing outside it is ever removed.
    active : str
        Name of the active model.

    Raises
    ------
    ModelError
        If it comes with the program, is the active one, is a link or does not lie in ``models_root``.
    SaveError
        If it cannot be removed; the message says whether the version is still there.
    """
    _refuse_bundled(folder, "deleted")
    if folder.name == active:
        raise ModelError("the active model cannot be deleted", path=folder, remedy="Make another one active first.")
    is_here = os.path.realpath(folder.parent) == os.path.realpath(models_root) and folder.name not in ("", "..")
    if not is_here or folder.is_symlink() or not folder.is_dir():
        raise ModelError("this is no version of the open folder, so it was not deleted", path=folder)
    doomed = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.deleted")
    try:
        os.rename(folder, doomed)
    except OSError as cause:
        raise SaveError(
            f"the version could not be deleted ({why(cause)}) and is still there", path=folder, remedy=_OTHER_PLACE
        ) from cause
    try:
        shutil.rmtree(doomed)
    except OSError as cause:
        raise SaveError(
            f"the version is gone from the list, but not every file of it could be deleted ({why(cause)})",
            path=doomed,
            remedy="Delete this folder yourself.",
        ) from cause


def export_version(folder: Path, target: Path) -> ModelCard:
    """Copy a model folder to another place, whole or not at all.

    Parameters
    ----------
    folder : Path
        Any model, bundled ones too.
    target : Path
        The copy; must not exist, its parent must.

    Returns
    -------
    ModelCard
        The card of the copy, every file of which was hashed after copying.

    Raises
    ------
    ModelError
        If the model is damaged.
    SaveError
        If there is something at ``target`` already, or the copy cannot be written; nothing is left behind.
    """
    if os.path.lexists(target):
        raise SaveError(
            "there is something of that name already, so nothing was exported",
            path=target,
            remedy="Choose another folder.",
        )
    if Path(os.path.realpath(target)).is_relative_to(os.path.realpath(folder)):
        raise SaveError("a model cannot be exported into its own folder", path=target, remedy="Choose another folder.")
    if not target.parent.is_dir():
        raise SaveError("there is no such folder to export into", path=target.parent, remedy="Choose another folder.")
    verify_model(folder)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        shutil.copytree(folder, temporary)
        card = verify_model(temporary)
        os.rename(temporary, target)
    except OSError as cause:
        reason = why(cause) if cause.strerror else "not every file could be copied"
        raise SaveError(f"the model could not be exported ({reason})", path=target, remedy=_OTHER_PLACE) from cause
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(temporary)
    return card


def _refuse_bundled(folder: Path, what: str) -> None:
    if os.path.realpath(folder.parent) == os.path.realpath(bundled_models_dir()):
        raise ModelError(
            f"a model that comes with the program cannot be {what}",
            path=folder,
            remedy="Train a version of your own from it.",
        )


def _within(value: str, most: int, name: str, path: Path) -> str:
    if len(value) > most:
        raise ModelError(f"the {name} may have {most:,} characters at most, not {len(value):,}", path=path)
    return value
