"""The text of ``model.json``: JSON with a seal, the hash of everything else in it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn

from segtool.core.errors import ModelError

SEAL = "seal"
MAX_CARD_BYTES = 4 * 1024 * 1024
_REMEDY = "Copy the model folder again from where it came from, or choose another model."


def card_text(value: dict[str, Any]) -> bytes:
    """Return what is written to ``model.json``, with its seal; ValueError if a number is not finite.

    File names that are not Unicode carry lone surrogates: what takes their place is how JSON escapes them.
    """
    sealed = {**value, SEAL: _seal(value)}
    text = json.dumps(sealed, indent=1, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode("utf-8", errors="backslashreplace")


def parse_card(data: bytes) -> object:
    """Return what a ``model.json`` holds.

    The hashes of the card prove the other files; its own seal proves that nothing of the card itself has changed by
    itself: a digit of the temperature, say, or the order of the classes. Who changes it on purpose can seal it again.

    Raises
    ------
    ModelError
        If it is no valid JSON, holds a number that is not finite or a name twice, or does not fit its seal.
        Cards of older versions of the program have none.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise ModelError(f"the model's card is not valid JSON ({exc})", remedy=_REMEDY) from exc
    if isinstance(value, dict) and SEAL in value and value[SEAL] != _seal(value):
        raise ModelError(
            "the model's card is not as SegTool wrote it: it is damaged or was changed",
            remedy=_REMEDY,
        )
    return value


def _seal(value: dict[str, Any]) -> str:
    content = {name: item for name, item in value.items() if name != SEAL}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
