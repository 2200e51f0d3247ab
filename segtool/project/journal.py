"""The journal of one image: every change of its mask since the mask file was read or saved, as bytes of a file.

A journal is a signature, then frames: length and CRC-32 of what follows, 4 bytes each, then so many bytes. The first
frame is the header, a JSON object. Every other one is a record: the length of a JSON object in 4 bytes, the object,
and the zlib streams of the tiles that it names. A frame that is cut short or does not match its check sum ends the
journal: what stands before it counts.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segtool.core.edits import TILE
from segtool.core.errors import SegToolError
from segtool.core.geometry import Rect
from segtool.formats.source import MAX_PIXELS, open_regular
from segtool.project.layout import OWN_FOLDER
from segtool.project.status import Status

JOURNAL_FOLDER = Path(OWN_FOLDER, "journal")
JOURNAL_SUFFIX = ".journal"
FORMAT_VERSION = 1
NO_MASK = ""
"""Stands for the SHA-256 of a mask file where there is no such file."""

_SIGNATURE = b"SegTool journal\n"
_FRAME = struct.Struct("<II")
_LENGTH = struct.Struct("<I")
_LATEST_TIME = 2e11  # the calendar ends soon after that


class JournalError(SegToolError):
    """A journal of which nothing can be used."""


class UnreadJournalError(JournalError):
    """A journal that may be good: it is out of reach just now, or of a newer version."""


class RecordKind(StrEnum):
    """What a record says.

    CHANGE: the mask has changed. PAINTING: a stroke that is not over yet has painted; the next CHANGE holds that too.
    TAKEN_BACK: such a stroke was taken back. SAVING: a file with a copy of the mask is about to replace the mask file.
    """

    CHANGE = "change"
    PAINTING = "painting"
    TAKEN_BACK = "taken back"
    SAVING = "saving"


@dataclass(frozen=True, slots=True)
class TileStream:
    """The pixels of one tile as the zlib stream of its rows."""

    rect: Rect
    stream: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What a journal is about.

    Attributes
    ----------
    key : str
        Of the image.
    height, width : int
        Of its mask in pixels.
    base : str
        SHA-256, in hex, of the mask file that the changes begin at; ``NO_MASK`` if there was none.
    revision : int
        The revision of the mask in memory that this file held.
    """

    key: str
    height: int
    width: int
    base: str
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a journal.

    Attributes
    ----------
    kind : RecordKind
    revision : int
        Of the mask: after the change, or of the copy that is about to be saved.
    time : float
        Seconds since 1970.
    what : str
        Name of the edit.
    status, predicted_by : Status, str
        What is recorded about the mask after the change.
    digest : str
        SHA-256 of the file that is about to be in place.
    tiles : tuple of TileStream
        The tiles that have changed, as they are now.
    """

    kind: RecordKind
    revision: int
    time: float
    what: str = ""
    status: Status = Status.CORRECTED
    predicted_by: str = ""
    digest: str = ""
    tiles: tuple[TileStream, ...] = ()


def journal_name(key: str, *, owner: str) -> str:
    """Return the name of a journal; another ``owner`` (a start of the program) never writes into the same file."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{digest[:24]}-{owner}{JOURNAL_SUFFIX}"


def encode_header(header: Header) -> bytes:
    """Return the bytes that a journal begins with."""
    value = {
        "format": FORMAT_VERSION,
        "key": header.key,
        "height": header.height,
        "width": header.width,
        "base": header.base,
        "revision": header.revision,
    }
    return _SIGNATURE + _frame(json.dumps(value).encode())


def encode_record(record: Record) -> bytes:
    """Return the bytes of a record."""
    value: dict[str, Any] = {"kind": record.kind, "revision": record.revision, "time": record.time}
    match record.kind:
        case RecordKind.SAVING:
            value["digest"] = record.digest
        case RecordKind.CHANGE | RecordKind.PAINTING:
            value |= {"what": record.what, "status": record.status, "predicted_by": record.predicted_by}
            value["tiles"] = [
                (tile.rect.x, tile.rect.y, tile.rect.width, tile.rect.height, len(tile.stream)) for tile in record.tiles
            ]
    text = json.dumps(value).encode()
    return _frame(b"".join((_LENGTH.pack(len(text)), text, *(tile.stream for tile in record.tiles))))


def _frame(payload: bytes) -> bytes:
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


@dataclass(frozen=True, slots=True)
class Journal:
    """What could be read of a journal.

    Attributes
    ----------
    path : Path
    header : Header
    records : tuple of Record
        In the order in which they were written.
    is_whole : bool
        Whether the file ends with a whole record; else what stands behind the last of them was dropped.
    """

    path: Path
    header: Header
    records: tuple[Record, ...]
    is_whole: bool = True

    def revision_of(self, digest: str) -> int | None:
        """Return which revision a mask file with that SHA-256 holds; None if it is none that this journal knows of."""
        known = [record.revision for record in self.records if record.digest == digest and _is_save(record)]
        if digest == self.header.base:
            known.append(self.header.revision)
        return max(known, default=None)

    def changes(self, *, after: int) -> tuple[Record, ...]:
        """Return the changes that a mask file of revision ``after`` lacks, a stroke that never ended among them."""
        found: list[Record] = []
        painting: list[Record] = []
        for record in self.records:
            match record.kind:
                case RecordKind.PAINTING:
                    painting.append(record)
                case RecordKind.TAKEN_BACK:
                    painting.clear()
                case RecordKind.CHANGE:
                    # It holds all that the stroke has changed in the end, which can be less than it had painted.
                    painting.clear()
                    found.append(record)
        return tuple(record for record in (*found, *painting) if record.revision > after)


def _is_save(record: Record) -> bool:
    return record.kind is RecordKind.SAVING


def apply_changes(mask: npt.NDArray[np.uint8], changes: Sequence[Record], *, path: Path) -> None:
    """Write the tiles of some changes into a mask.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        Of the size that the journal is for; changed in place.
    changes : sequence of Record
        The oldest first.
    path : Path
        The journal, for the error.

    Raises
    ------
    JournalError
        If a stream does not hold its tile; part of the tiles may be written then.
    """
    last = {tile.rect: tile.stream for record in changes for tile in record.tiles}
    for rect, stream in last.items():
        unpacking = zlib.decompressobj()
        try:
            # One byte more than there is room for shows a stream that is too long, whatever its real length.
            pixels = unpacking.decompress(stream, rect.width * rect.height + 1)
        except zlib.error as exc:
            raise JournalError(f"the journal is damaged ({exc})", path=path) from exc
        if len(pixels) != rect.width * rect.height:
            raise JournalError("the journal is damaged (a tile has another size)", path=path)
        mask[rect.slices] = np.frombuffer(pixels, dtype=np.uint8).reshape(rect.height, rect.width)


def read_journal(path: Path) -> Journal | None:
    """Read a journal as far as it is whole; None if it was just being begun: it holds nothing.

    Raises
    ------
    JournalError
        If nothing of it can be used: it is damaged from the start; an UnreadJournalError if it is of a newer version
        or cannot be opened.
    """
    try:
        with open_regular(path, error=UnreadJournalError) as stream:
            data = stream.read()
    except OSError as exc:
        raise UnreadJournalError(f"the journal cannot be read ({exc.strerror})", path=path) from exc
    except UnreadJournalError as exc:
        if not path.is_file():
            raise JournalError(exc.reason, path=path) from exc
        if path.stat().st_size == 0:
            return None
        raise
    if data[: len(_SIGNATURE)] != _SIGNATURE[: len(data)]:
        raise JournalError("this is not a journal", path=path)
    place = len(_SIGNATURE)
    if len(data) <= place:
        return None
    payload, place = _next_frame(data, place)
    if payload is None:
        raise JournalError("the journal is damaged at its start", path=path)
    header = _header(payload, path)
    records: list[Record] = []
    is_whole = True
    while place < len(data):
        payload, place = _next_frame(data, place)
        record = None if payload is None else _record(payload, header)
        if record is None:
            is_whole = False
            break
        records.append(record)
    return Journal(path, header, tuple(records), is_whole)


def _next_frame(data: bytes, place: int) -> tuple[bytes | None, int]:
    """Return what a frame holds and where the next one begins; None if it is cut short or damaged."""
    begin = place + _FRAME.size
    if len(data) < begin:
        return None, len(data)
    length, check = _FRAME.unpack_from(data, place)
    payload = data[begin : begin + length]
    is_good = len(payload) == length and zlib.crc32(payload) == check
    return (payload, begin + length) if is_good else (None, len(data))


def _header(payload: bytes, path: Path) -> Header:
    try:
        value = json.loads(payload)
        version = int(value["format"])
        if version > FORMAT_VERSION:
            raise UnreadJournalError(
                f"the journal has format {version}, this program reads up to {FORMAT_VERSION}",
                path=path,
                remedy="Open the folder with the newer version of SegTool that has written it.",
            )
        header = Header(
            key=str(value["key"]),
            height=int(value["height"]),
            width=int(value["width"]),
            base=str(value["base"]),
            revision=int(value["revision"]),
        )
    except (ValueError, OverflowError, KeyError, TypeError, RecursionError) as exc:
        raise JournalError(f"the journal is damaged at its start ({exc})", path=path) from exc
    if version < 1 or min(header.height, header.width) < 1 or header.height * header.width > MAX_PIXELS:
        raise JournalError("the journal is damaged at its start", path=path)
    return header


def _record(payload: bytes, header: Header) -> Record | None:
    """Return a record, None if it is none that this version could have written."""
    try:
        (length,) = _LENGTH.unpack_from(payload)
        place = _LENGTH.size + length
        value = json.loads(payload[_LENGTH.size : place])
        tiles = []
        for x, y, width, height, size in value.get("tiles", ()):
            if not all(isinstance(number, int) for number in (x, y, width, height, size)):
                return None
            rect = Rect(x, y, width, height)
            is_inside = 0 <= x < rect.right <= header.width and 0 <= y < rect.bottom <= header.height
            if not (is_inside and width <= TILE and height <= TILE and 0 <= size <= len(payload) - place):
                return None
            tiles.append(TileStream(rect, payload[place : place + size]))
            place += size
        time = float(value["time"])
        if not 0 <= time < _LATEST_TIME:
            return None
        return Record(
            kind=RecordKind(value["kind"]),
            revision=int(value["revision"]),
            time=time,
            what=str(value.get("what", "")),
            status=Status(value.get("status", Status.CORRECTED)),
            predicted_by=str(value.get("predicted_by", "")),
            digest=str(value.get("digest", "")),
            tiles=tuple(tiles),
        )
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError, struct.error):
        return None
