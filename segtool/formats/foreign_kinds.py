"""What a file is that is no image that can be read, in words: "a JPEG 2000 image" helps, "unidentified" does not.

Nothing is decoded here; the first bytes of a file are compared with the signatures of common formats.
"""

from __future__ import annotations

from typing import BinaryIO

_HEAD = 1024
_EXPORT = "Export it as TIFF or PNG from the program that made it."
_SAVE = "Save it as PNG or TIFF with a program that opens it."

# Offset, signature, name, what to do. The first that fits counts.
_SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image", _SAVE),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 image", _SAVE),
    (0, b"\x00\x00\x00\x0cJXL ", "a JPEG XL image", _SAVE),
    (0, b"\xff\x0a", "a JPEG XL image", _SAVE),
    (0, b"II\xbc", "a JPEG XR image", _SAVE),
    (4, b"ftypavif", "an AVIF image", _SAVE),
    (4, b"ftypavis", "an AVIF image", _SAVE),
    (4, b"ftyphe", "a HEIC image", _SAVE),
    (4, b"ftypmif1", "a HEIC image", _SAVE),
    (4, b"ftypmsf1", "a HEIC image", _SAVE),
    (4, b"ftyp", "a film", "Save the pictures that you want to see as PNG."),
    (0, b"8BPS", "a Photoshop document", _SAVE),
    (0, b"%PDF", "a PDF document", _SAVE),
    (0, b"%!PS", "a PostScript document", _SAVE),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript document", _SAVE),
    (128, b"DICM", "a DICOM image", _EXPORT),
    (0, b"SIMPLE  =", "a FITS image", _EXPORT),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file (as Imaris and ilastik write it)", _EXPORT),
    (0, b"ZISRAWFILE", "a Zeiss CZI image", _EXPORT),
    (0, b"\xda\xce\xbe\x0a", "a Nikon ND2 image", _EXPORT),
    (0, b"\x70\x00\x00\x00", "a Leica LIF image", _EXPORT),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a microscope's file (such as OIB or ZVI) or an old Office file", _EXPORT),
    (0, b"v/1\x01", "an OpenEXR image", _SAVE),
    (0, b"#?RADIANCE", "a Radiance image", _SAVE),
    (0, b"qoif", "a QOI image", _SAVE),
    (0, b"gimp xcf", "a GIMP document", _SAVE),
    (0, b"\x00\x00\x01\x00", "an icon", _SAVE),
    (0, b"\x93NUMPY", "a NumPy array", _SAVE),
    (0, b"PK\x03\x04", "a ZIP archive or an Office document", "Unpack it, and open the folder with the images."),
    (0, b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it first."),
    (0, b"\x00\x05\x16\x07", "a companion file that macOS makes, without pixels", "It can be deleted."),
    (
        0,
        b"version https://git-lfs",
        "a placeholder of Git LFS, not the image itself",
        "Fetch the images with “git lfs pull”.",
    ),
)
_COPY_AGAIN = "Copy it again from where it came."


def foreign_kind(stream: BinaryIO) -> tuple[str, str] | None:
    """Tell what a file is that is none of the formats that are read.

    Parameters
    ----------
    stream : BinaryIO
        A file that can seek.

    Returns
    -------
    tuple of str and str, or None
        A phrase such as "a Photoshop document", and what to do about it; None if that cannot be told.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    for offset, signature, name, remedy in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return name, remedy
    if not head.strip(b"\0"):
        return "nothing but zeros", _COPY_AGAIN
    return _kind_of_text(head)


def _kind_of_text(head: bytes) -> tuple[str, str] | None:
    lower = head.lower()
    if b"<svg" in lower:
        return "a vector drawing (SVG)", _SAVE
    if b"<html" in lower or b"<!doctype html" in lower:
        return "a web page", "Download the image itself."
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A letter may be cut at the end of what was read.
        if error.start < len(head) - 3 or not error.start:
            return None
        text = head[: error.start].decode("utf-8-sig")
    is_text = all(letter.isprintable() or letter in "\t\r\n\f" for letter in text)
    return ("text", "If it should be an image, copy it again from where it came.") if is_text else None
