"""One journal file that is being written: only ever appended to, or replaced whole."""

from __future__ import annotations

import contextlib
import errno
import os
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

from segtool.formats.atomic import write_atomic
from segtool.project.guard import make_own_folder
from segtool.project.journal import Header, Record, RecordKind, encode_header, encode_record

# A shorter one is not worth a new file: which of its records a save has made old can be told at recovery.
_ANEW_FROM = 1 << 20
_UNSENT_LIMIT = 64 << 20
# A slow drive takes one after the other, and it can be seen that it does.
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class _Written:
    """Where a record lies in the file."""

    kind: RecordKind
    revision: int
    begin: int
    size: int


class JournalFile:
    """Appends records; what cannot be written is kept in memory and written first the next time.

    Parameters
    ----------
    path : Path
        Must not exist yet; missing folders are made.
    header : Header
        What it begins with.

    Attributes
    ----------
    last_revision : int
        The highest revision of a change that was written or is waiting for it.
    is_new : bool
        Whether the folder has not been synced since the file was made.
    has_gap : bool
        Whether so much could not be written that records were dropped: nothing can follow until the next save.
    pieces : int
        How many pieces of records have been written: it grows while a long one is.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._path, self._header = path, header
        self._descriptor = -1
        self._size = 0
        self._written: list[_Written] = []
        self._unsent: deque[tuple[Record, bytes]] = deque()
        self._unsent_size = 0
        self._saves: dict[int, str] = {}
        self.last_revision = header.revision
        self.is_new = True
        self.has_gap = False
        self.pieces = 0

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def is_waiting(self) -> bool:
        """Whether something could not be written yet."""
        return bool(self._unsent)

    @property
    def has_changes(self) -> bool:
        """Whether any record changes the mask: none does if the only stroke in it was taken back."""
        kinds = [item.kind for item in self._written] + [record.kind for record, _ in self._unsent]
        painting = [kind for kind in kinds if kind in (RecordKind.PAINTING, RecordKind.TAKEN_BACK)]
        return RecordKind.CHANGE in kinds or painting[-1:] == [RecordKind.PAINTING]

    def append(self, record: Record) -> None:
        """Write a record behind the others; OSError if that fails, then `retry` may be more lucky."""
        if record.kind is RecordKind.SAVING:
            self._saves[record.revision] = record.digest
        if record.kind is RecordKind.CHANGE:
            self.last_revision = record.revision
        if self.has_gap:
            return
        data = encode_record(record)
        self._unsent.append((record, data))
        self._unsent_size += len(data)
        self.retry()

    def retry(self) -> None:
        """Write what is waiting; OSError if that fails."""
        try:
            if self._descriptor < 0:
                self._create(encode_header(self._header))
            while self._unsent:
                record, data = self._unsent[0]
                self._write(data)
                self._written.append(_Written(record.kind, record.revision, self._size - len(data), len(data)))
                self._unsent.popleft()
                self._unsent_size -= len(data)
        except OSError:
            if self._unsent_size > _UNSENT_LIMIT:
                # What would be written later would not follow upon what stands in the file.
                self._unsent.clear()
                self._unsent_size = 0
                self.has_gap = True
            raise

    def duplicate(self) -> int:
        """Return another descriptor of the file, to sync and close; -1 if there is no file."""
        return os.dup(self._descriptor) if self._descriptor >= 0 else -1

    def forget_saved(self, revision: int) -> bool:
        """Drop what a verified save holds; False if nothing else is left, then the file is to be removed.

        Raises
        ------
        OSError, SaveError
            If the shorter file could not be written; the longer one is as good.
        """
        self._written, old = [item for item in self._written if item.revision > revision], self._written
        self._unsent = deque(item for item in self._unsent if item[0].revision > revision)
        self._unsent_size = sum(len(data) for _, data in self._unsent)
        if self.has_gap:
            return self.last_revision > revision
        if not self.has_changes:
            return False
        dropped = sum(item.size for item in old) - sum(item.size for item in self._written)
        digest = self._saves.get(revision)
        if dropped > _ANEW_FROM and digest is not None:
            self._begin_anew(replace(self._header, base=digest, revision=revision))
        return True

    def remove(self) -> None:
        """Remove the file; one that cannot be removed is of no harm."""
        self._close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file, which stays."""
        self._close()

    def _create(self, header: bytes) -> None:
        # A folder that is gone is not made again: it would hide what comes back there.
        make_own_folder(self._path.parent.parent)
        make_own_folder(self._path.parent)
        if self._size:
            raise OSError(errno.EBADF, "the journal could not be opened again")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        # Left over from a try that has failed: it holds nothing.
        self._path.unlink(missing_ok=True)
        self._descriptor = os.open(self._path, flags, 0o666)
        self._size = 0
        try:
            self._write(header)
        except OSError:
            self._close()
            raise

    def _write(self, data: bytes) -> None:
        found = os.fstat(self._descriptor)
        if not found.st_nlink:
            raise OSError(errno.ENOENT, "the file was removed")
        # A piece that was left behind by a full disk would hide all that follows.
        if found.st_size != self._size:
            os.ftruncate(self._descriptor, self._size)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest[:_PIECE]) :]
            self.pieces += 1
        self._size += len(data)

    def _begin_anew(self, header: Header) -> None:
        kept = []
        for item in self._written:
            os.lseek(self._descriptor, item.begin, os.SEEK_SET)
            kept.append(os.read(self._descriptor, item.size))
            if len(kept[-1]) != item.size:
                raise OSError(errno.EIO, "the journal is shorter than what was written")
        first = encode_header(header)
        self._close()
        try:
            write_atomic(self._path, b"".join((first, *kept)))
        finally:
            # If the new one could not be written, the old one is still there.
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
        begin, written = len(first), []
        for item in self._written:
            written.append(replace(item, begin=begin))
            begin += item.size
        self._header, self._written, self._size = header, written, begin
        self.is_new = True

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
