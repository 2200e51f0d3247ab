"""Names of files and classes as they can be shown: what would break a line or turn a text round is spelled out."""

from __future__ import annotations

import re

# Control characters, line and paragraph separators, the marks that reverse what follows, and halves of characters that
# stand for bytes that are no text.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def printable(text: str) -> str:
    r"""Return a text of one line in which every such character is an escape, such as ``\n`` or ``\u202e``."""
    return _UNSEEN.sub(_escape, text)


def printable_lines(text: str) -> str:
    """Return a text of several lines, each of them printable."""
    return "\n".join(map(printable, text.split("\n")))


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    number = ord(letter)
    if 0xDC80 <= number <= 0xDCFF:
        # A byte of a name that is not UTF-8 (PEP 383).
        return f"\\x{number - 0xDC00:02x}"
    return _SHORT.get(letter) or (f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}")
