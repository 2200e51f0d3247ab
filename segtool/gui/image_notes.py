"""What is to be known of an image, in the words of a tag and of a tooltip."""

from __future__ import annotations

from segtool.formats.image import Image


def notes_text(image: Image) -> str:
    """Return it in one line, such as "page 1 of 5  ·  converted from CMYK"; "" if there is nothing to be known."""
    return "  ·  ".join(image.told)


def notes_sentences(image: Image) -> str:
    """Return it as lines that are sentences."""
    return "\n".join(f"{note[:1].upper()}{note[1:]}." for note in image.told)
