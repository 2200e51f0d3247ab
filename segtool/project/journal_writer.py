"""Writing journals: handed over without waiting, appended in one thread, synced to the disk in another."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from queue import Empty, Queue

from segtool.core.edits import TilePixels
from segtool.core.errors import SegToolError
from segtool.formats.source import why
from segtool.project.document import FilePrint
from segtool.project.journal import NO_MASK, Header, Record, RecordKind, TileStream, journal_name
from segtool.project.journal_file import JournalFile
from segtool.project.status import Status
from segtool.project.syncing import sync, sync_folder

_log = logging.getLogger(__name__)

SYNC_WITHIN_S = 1.0
_RETRY_S = 5.0
_LOOK_S = 0.05
# A save does not wait longer for a journal that does not answer: it is the better place for the work.
_ANNOUNCE_TIMEOUT_S = 5.0
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A change of a mask in memory, as the window hands it over.

    Attributes
    ----------
    key : str
        Of the image.
    shape : tuple of int
        Height and width of the mask.
    mask_path : Path
        Its file.
    mask_file : FilePrint or None
        The file as it was when it was read or saved last.
    written : tuple of str
        SHA-256 of what was saved there last: with one of them it is that file, whatever its time.
    saved_revision, revision : int
        Of the mask: which the file holds, and which it is after the change.
    kind : RecordKind
    what : str
        Name of the edit.
    status, predicted_by : Status, str
        What is recorded about the mask then.
    tiles : tuple of TilePixels
        What the changed tiles hold; nobody changes the arrays any more.
    time : float
        Seconds since 1970.
    """

    key: str
    shape: tuple[int, int]
    mask_path: Path
    mask_file: FilePrint | None
    written: tuple[str, ...]
    saved_revision: int
    revision: int
    kind: RecordKind
    what: str = ""
    status: Status = Status.CORRECTED
    predicted_by: str = ""
    tiles: tuple[TilePixels, ...] = ()
    time: float = 0.0


class JournalWriter:
    """Writes the journals of one folder.

    Its methods return at once, except ``announce`` and ``close``. A journal that cannot be written never fails
    anything else.

    Parameters
    ----------
    folder : Path
        Where the journals go; made when the first one is.
    on_synced : callable
        Called in a thread of its own with key and revision once the disk has everything up to that.
    on_trouble : callable
        Called in one of the threads with a reason when a journal cannot be written, with "" when all can be again.
    """

    def __init__(
        self, folder: Path, *, on_synced: Callable[[str, int], None], on_trouble: Callable[[str], None]
    ) -> None:
        self._folder, self._on_synced, self._on_trouble = folder, on_synced, on_trouble
        self._owner = secrets.token_hex(4)
        self._files: dict[str, JournalFile] = {}
        self._tasks: Queue[Callable[[], object] | None] = Queue()
        self._lock = threading.Lock()
        self._to_sync: dict[str, tuple[int, int]] = {}
        self._new_names = False
        self._something_to_sync = threading.Event()
        self._ending = threading.Event()
        self._is_in_trouble = False
        self._is_over = False
        self._tiles_packed = 0
        self._threads: tuple[threading.Thread, ...] = ()

    def write(self, change: Change) -> None:
        """Append a change."""
        self._submit(lambda: self._append(change))

    def announce(self, key: str, revision: int, digest: str) -> None:
        """Note, on the disk, which file is about to replace a mask; waits for that, in the thread that saves."""
        if not self._threads or self._is_over:
            return
        answer: Future[int] = Future()
        self._submit(lambda: self._note_save(key, revision, digest, answer))
        with contextlib.suppress(OSError, TimeoutError):
            descriptor = answer.result(timeout=_ANNOUNCE_TIMEOUT_S)
            if descriptor >= 0:
                try:
                    sync(descriptor)
                finally:
                    os.close(descriptor)

    def saved(self, key: str, revision: int) -> None:
        """Drop what a verified save of that revision has made old."""
        self._submit(lambda: self._forget_saved(key, revision))

    def wait_until_appended(self, timeout: float) -> bool:
        """Wait, in whatever thread, until the files hold what was handed over so far: they outlive the process.

        False after ``timeout`` seconds in which nothing has come of it; a change of hundreds of megapixels takes long.
        """
        if not self._threads:
            return True
        appending, done = self._threads[0], threading.Event()
        self._tasks.put(done.set)
        seen, since = self._steps(), time.monotonic()
        while not done.wait(_LOOK_S) and appending.is_alive():
            if self._steps() != seen:
                seen, since = self._steps(), time.monotonic()
            elif time.monotonic() - since > timeout:
                return False
        return True

    def discard(self) -> None:
        """Remove every journal that was written here, and write none any more."""
        if self._threads:
            self._submit(self._remove_all)
        self.close()

    def close(self) -> None:
        """Write and sync what was handed over, and end the threads; journals that hold changes stay."""
        self._is_over = True
        if not self._threads:
            return
        appending, syncing = self._threads
        self._tasks.put(None)
        appending.join()
        self._ending.set()
        self._something_to_sync.set()
        syncing.join()
        self._threads = ()
        for file in self._files.values():
            file.close()
        self._files.clear()
        # Nobody should wonder about empty folders.
        with contextlib.suppress(OSError):
            self._folder.rmdir()
            self._folder.parent.rmdir()

    def _submit(self, task: Callable[[], object]) -> None:
        if self._is_over:
            return
        if not self._threads:
            self._threads = (
                threading.Thread(target=self._run, name="segtool-journal", daemon=True),
                threading.Thread(target=self._run_sync, name="segtool-journal-sync", daemon=True),
            )
            for thread in self._threads:
                thread.start()
        self._tasks.put(task)

    # In the thread that appends ----------------------------------------------------------------

    def _run(self) -> None:
        while True:
            is_waiting = any(file.is_waiting for file in self._files.values())
            try:
                task = self._tasks.get(timeout=_RETRY_S if is_waiting else None)
            except Empty:
                task = self._retry
            if task is None:
                return
            try:
                task()
            except Exception:
                # Painting and saving go on, whatever is the matter with the journal.
                _log.exception("the journal has failed")
                self._tell_trouble("an unexpected error, see the log")

    def _append(self, change: Change) -> None:
        file = self._files.get(change.key)
        if file is None:
            if change.kind is RecordKind.TAKEN_BACK:
                return
            base = _digest_of(change.mask_path, change.mask_file, change.written)
            header = Header(change.key, *change.shape, base=base, revision=change.saved_revision)
            path = self._folder / journal_name(change.key, owner=self._owner)
            file = self._files[change.key] = JournalFile(path, header)
        record = Record(
            kind=change.kind,
            revision=change.revision,
            time=change.time,
            what=change.what,
            status=change.status,
            predicted_by=change.predicted_by,
            tiles=tuple(self._packed(tile) for tile in change.tiles),
        )
        self._try(file, change.key, record)
        if change.kind is RecordKind.TAKEN_BACK and not file.has_changes:
            self._remove(change.key)

    def _steps(self) -> tuple[int, int]:
        """Return what grows as long as something comes of what was handed over."""
        return self._tiles_packed, sum(file.pieces for file in tuple(self._files.values()))

    def _packed(self, tile: TilePixels) -> TileStream:
        self._tiles_packed += 1
        return TileStream(tile.rect, tile.packed())

    def _note_save(self, key: str, revision: int, digest: str, answer: Future[int]) -> None:
        """Append where a save stands; the answer is a descriptor to sync, -1 if there is no journal."""
        descriptor = -1
        try:
            file = self._files.get(key)
            record = Record(RecordKind.SAVING, revision, time.time(), digest=digest)
            if file is not None and self._try(file, key, record):
                descriptor = file.duplicate()
        finally:
            answer.set_result(descriptor)

    def _try(self, file: JournalFile, key: str, record: Record | None) -> bool:
        try:
            if record is None:
                file.retry()
            else:
                file.append(record)
        except OSError as exc:
            self._tell_trouble(why(exc))
            return False
        if file.has_gap:
            return False
        if not any(item.is_waiting or item.has_gap for item in self._files.values()):
            self._tell_trouble("")
        with self._lock:
            if key in self._to_sync:
                self._to_sync[key] = self._to_sync[key][0], file.last_revision
            else:
                self._to_sync[key] = file.duplicate(), file.last_revision
            self._new_names = self._new_names or file.is_new
        file.is_new = False
        self._something_to_sync.set()
        return True

    def _retry(self) -> None:
        for key, file in self._files.items():
            if file.is_waiting:
                self._try(file, key, None)

    def _forget_saved(self, key: str, revision: int) -> None:
        file = self._files.get(key)
        if file is None:
            return
        try:
            if not file.forget_saved(revision):
                self._remove(key)
        except (OSError, SegToolError) as exc:
            self._tell_trouble(why(exc) if isinstance(exc, OSError) else exc.reason)

    def _remove(self, key: str) -> None:
        file = self._files.pop(key, None)
        if file is not None:
            file.remove()
            if not any(item.is_waiting or item.has_gap for item in self._files.values()):
                self._tell_trouble("")

    def _remove_all(self) -> None:
        for key in tuple(self._files):
            self._remove(key)

    def _tell_trouble(self, reason: str) -> None:
        """Say when it begins and when it is over, not every time."""
        if bool(reason) != self._is_in_trouble:
            self._is_in_trouble = bool(reason)
            self._on_trouble(reason)

    # In the thread that syncs ------------------------------------------------------------------

    def _run_sync(self) -> None:
        is_last = False
        while not is_last:
            self._something_to_sync.wait()
            # Before anything is looked at: whatever is set from here on has its turn, the end above all.
            self._something_to_sync.clear()
            # What is written meanwhile is synced with it.
            is_last = self._ending.wait(SYNC_WITHIN_S)
            with self._lock:
                batch, self._to_sync = self._to_sync, {}
                new_names, self._new_names = self._new_names, False
            try:
                self._sync_all(batch, new_names=new_names)
            except OSError as exc:
                self._tell_trouble(why(exc))

    def _sync_all(self, batch: dict[str, tuple[int, int]], *, new_names: bool) -> None:
        try:
            for descriptor, _ in batch.values():
                sync(descriptor)
        finally:
            for descriptor, _ in batch.values():
                os.close(descriptor)
        if new_names:
            for folder in (self._folder, *self._folder.parents[:2]):
                sync_folder(folder)
        for key, (_, revision) in batch.items():
            self._on_synced(key, revision)


def _digest_of(path: Path, expected: FilePrint | None, written: tuple[str, ...]) -> str:
    """Return the SHA-256 of a mask file, something that is none if it is not the file that was expected."""
    try:
        found = FilePrint.of(path)
        if found is None:
            return NO_MASK if expected is None else _UNKNOWN
        digest = sha256(path.read_bytes()).hexdigest()
        is_same = digest in written or found == expected == FilePrint.of(path)
        return digest if is_same else _UNKNOWN
    except OSError:
        return _UNKNOWN
