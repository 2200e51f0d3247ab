"""Whether a model folder is whole and unchanged: plain files, of a sane size, that hash to what the card says."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from segtool.core.errors import ModelError
from segtool.models.bundled import check_bundled
from segtool.models.card import CARD_FILE, MODEL_FILES, ModelCard, read_card
from segtool.models.plain_file import REMEDY, check_plain_file

MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_FILES = 32
# A file system's clock is coarse: a file written this recently could change again under the same time stamp.
_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class _Fingerprint:
    """What a file's digest is remembered by."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int


_digests: dict[Path, tuple[_Fingerprint, str]] = {}


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex, remembered until the file changes.

    Raises
    ------
    ModelError
        If the file cannot be read.
    """
    try:
        info = path.stat()
        found = _Fingerprint(info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
        known = _digests.get(path)
        if known is not None and known[0] == found:
            return known[1]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise ModelError(f"the file cannot be read ({exc.strerror})", path=path, remedy=REMEDY) from exc
    if time.time_ns() - max(found.modified_ns, found.changed_ns) > _SETTLED_NS:
        _digests[path] = found, digest
    return digest


def verify_model(folder: Path, *, required: Sequence[str] = MODEL_FILES) -> ModelCard:
    """Check that a model folder is whole; nothing in it is opened before its hash is known to fit.

    The hashes prove that the files belong to the card, not that the card is to be trusted.

    Parameters
    ----------
    folder : Path
        Holds ``model.json`` and the files that it names.
    required : sequence of str
        Files that it must have; a base has no network.

    Returns
    -------
    ModelCard

    Raises
    ------
    ModelError
        Naming the file: one that is missing, a link, no plain file, larger than 256 MB or of another hash;
        a card that is malformed, does not fit its seal, names files outside the folder or lacks one that is required;
        for a model that comes with the program, any file that did not come with it.
    """
    if not folder.is_dir():
        raise ModelError("there is no such model folder", path=folder, remedy="Choose another model.")
    card = read_card(folder)
    if len(card.files) > MAX_FILES:
        raise ModelError(f"the card names {len(card.files):,} files", path=folder / CARD_FILE, remedy=REMEDY)
    for name in card.files:
        # Any system's separators and drives are refused on every system: a folder may have come from another.
        if not name or set(name) & set("/\\:\0") or name in {".", ".."}:
            raise ModelError(
                f"the card names the file {name!r}, which is no plain file name",
                path=folder / CARD_FILE,
                remedy=REMEDY,
            )
    for name in required:
        if name not in card.files:
            raise ModelError(f"the card has no hash for {name}", path=folder / CARD_FILE, remedy=REMEDY)
    for name in card.files:
        check_plain_file(folder / name, most_bytes=MAX_FILE_BYTES)
    for name, digest in card.files.items():
        if sha256_of(folder / name) != digest.lower():
            raise changed_file(folder / name)
    check_bundled(folder, {CARD_FILE: sha256_of(folder / CARD_FILE), **card.files})
    return card


def changed_file(path: Path) -> ModelError:
    """Return what is said of a file that does not hash to what the card says."""
    return ModelError(
        "the file is not the one that the model's card was written for: it is damaged or was changed",
        path=path,
        remedy=REMEDY,
    )
