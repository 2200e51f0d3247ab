"""What models expect to get wrong in the images of a folder, kept from one day to the next in ``.segtool/``."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segtool.core.errors import SegToolError
from segtool.formats.atomic import write_atomic
from segtool.models.card import NETWORK_DATA_FILE, ModelCard
from segtool.project.document import FilePrint

CACHE_FOLDER = ".segtool"
FILE_NAME = "uncertainty.json"
FORMAT_VERSION = 1
MOST_MODELS = 4
_MOST_BYTES = 16 * 1024 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a model expects 1 - F1 to be for an image, 0…1, and the version of the image file that this is about."""

    file: FilePrint
    error: float


ByModel = dict[str, dict[str, Expected]]
"""Print of a model → key of an image → what was expected; the model that was looked with last at the end."""


def model_print(card: ModelCard) -> str:
    """Return what tells a model, and what it makes of its network's answer, from any other."""
    return f"{card.files.get(NETWORK_DATA_FILE, card.created)} {card.temperature}"


def read_expected(data_root: Path) -> ByModel:
    """Return what is kept; nothing if there is no such file or it cannot be used, for it can be made again."""
    path = data_root / CACHE_FOLDER / FILE_NAME
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}
        value = json.loads(path.read_text(encoding="utf-8"))
        if value["format"] != FORMAT_VERSION:
            return {}
        return {
            str(model): {key: _expected(item) for key, item in images.items()}
            for model, images in value["models"].items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        _log.info("%s is not used: %s", path, exc)
        return {}


def write_expected(data_root: Path, kept: Mapping[str, Mapping[str, Expected]]) -> None:
    """Keep what models expect, of the last ``MOST_MODELS`` models; what cannot be written is not kept."""
    models = {
        model: {key: [item.file.mtime_ns, item.file.size, round(item.error, 4)] for key, item in images.items()}
        for model, images in list(kept.items())[-MOST_MODELS:]
    }
    path = data_root / CACHE_FOLDER / FILE_NAME
    try:
        path.parent.mkdir(exist_ok=True)
        # Names that are not Unicode carry lone surrogates: JSON escapes them.
        write_atomic(path, json.dumps({"format": FORMAT_VERSION, "models": models}).encode("ascii"))
    except (OSError, SegToolError) as exc:
        _log.info("%s is not written: %s", path, exc)


def _expected(item: object) -> Expected:
    if not isinstance(item, list):
        raise TypeError(f"not a list: {item!r}")
    mtime_ns, size, error = item
    if not (isinstance(mtime_ns, int) and isinstance(size, int) and math.isfinite(error) and 0.0 <= error <= 1.0):
        raise ValueError(f"not what was written here: {item!r}")
    return Expected(FilePrint(mtime_ns, size), float(error))
