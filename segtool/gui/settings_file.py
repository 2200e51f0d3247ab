"""The file of the program's settings, looked at before Qt reads it: some of what may stand in it ends the process."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSettings, QStandardPaths

_MAX_BYTES = 4_000_000
_DAMAGED_SUFFIX = ".damaged"
# Values that Qt builds objects from, of whatever kind and size; this program writes none of them.
_OBJECTS = (b"@Variant", b"@DateTime")
_ESCAPED = re.compile(rb"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3}))")
_CHECK_CHARS = 16


def open_settings() -> QSettings:
    """Return the settings; a file that cannot be meant to be them is put aside first, and they start anew."""
    # Elsewhere they are no file that Qt would parse.
    if sys.platform not in ("win32", "darwin"):
        _put_aside_if_dangerous(_file())
    return QSettings()


def checked_text(data: bytes) -> str:
    """Return bytes as a text that tells whether it is whole."""
    return hashlib.sha256(data).hexdigest()[:_CHECK_CHARS] + base64.b64encode(data).decode("ascii")


def checked_bytes(text: object) -> bytes:
    """Return the bytes of such a text, none if it is not whole: Qt trusts the layouts that it is given."""
    if not isinstance(text, str):
        return b""
    try:
        data = base64.b64decode(text[_CHECK_CHARS:], validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if checked_text(data) == text else b""


def _file() -> Path:
    """Return where Qt keeps the settings on this system: to ask it would let it read them."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder, QCoreApplication.organizationName(), f"{QCoreApplication.applicationName()}.conf")


def _put_aside_if_dangerous(path: Path) -> None:
    try:
        if not path.exists() or not is_dangerous(path):
            return
        os.replace(path, path.with_name(path.name + _DAMAGED_SUFFIX))
    except OSError:
        # What cannot be read or moved, Qt cannot read either.
        return


def is_dangerous(path: Path) -> bool:
    """Tell whether a file cannot be the settings: too large, no file, or with objects in it."""
    if not path.is_file():
        return True
    if path.stat().st_size > _MAX_BYTES:
        return True
    data = path.read_bytes()
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16) if found[1] else int(found[2], 8) & 255]), data)
    plain = re.sub(rb"\\(?:\r?\n)?", b"", plain)
    return any(word in text for word in _OBJECTS for text in (data, plain))
