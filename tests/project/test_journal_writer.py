"""What is handed over stands in the journal at once, is synced soon, and goes when it is saved."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segtool.core.edits import TilePixels
from segtool.core.geometry import Rect
from segtool.project import journal_file, journal_writer
from segtool.project.document import FilePrint
from segtool.project.journal import NO_MASK, Journal, RecordKind, apply_changes, read_journal
from segtool.project.journal_writer import Change, JournalWriter

SHAPE = (256, 300)
RECT = Rect(0, 0, 256, 256)


class Heard:
    """What a writer has said."""

    def __init__(self) -> None:
        self.synced: list[tuple[str, int]] = []
        self.troubles: list[str] = []
        self._news = threading.Condition()

    def on_synced(self, key: str, revision: int) -> None:
        with self._news:
            self.synced.append((key, revision))
            self._news.notify_all()

    def on_trouble(self, reason: str) -> None:
        with self._news:
            self.troubles.append(reason)
            self._news.notify_all()

    def wait_for(self, *, synced: tuple[str, int] | None = None, troubles: int = 0) -> None:
        with self._news:
            assert self._news.wait_for(
                lambda: (synced is None or synced in self.synced) and len(self.troubles) >= troubles, timeout=30
            )


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_writer, "SYNC_WITHIN_S", 0.001)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    # A folder with nothing in it is where a drive was: no journal is put there.
    (tmp_path / "a.tif").touch()
    return tmp_path / ".segtool" / "journal"


@pytest.fixture
def writer(folder: Path, heard: Heard) -> Iterator[JournalWriter]:
    writer = JournalWriter(folder, on_synced=heard.on_synced, on_trouble=heard.on_trouble)
    yield writer
    writer.close()


def change(tmp_path: Path, revision: int, *, kind: RecordKind = RecordKind.CHANGE, saved: int = 0) -> Change:
    """Return a change that fills the first tile with its revision."""
    path = tmp_path / "a.png"
    return Change(
        key="a.tif",
        shape=SHAPE,
        mask_path=path,
        mask_file=FilePrint.of(path),
        written=(),
        saved_revision=saved,
        revision=revision,
        kind=kind,
        what=f"Stroke {revision}",
        tiles=(TilePixels(RECT, np.full((256, 256), revision, np.uint8)),),
        time=1e9 + revision,
    )


def journals(folder: Path) -> list[Journal]:
    found = [read_journal(path) for path in sorted(folder.glob("*.journal"))]
    return [journal for journal in found if journal is not None]


def state_of(journal: Journal, *, after: int = 0) -> int:
    mask = np.zeros(SHAPE, np.uint8)
    apply_changes(mask, journal.changes(after=after), path=journal.path)
    return int(mask[0, 0])


def test_a_change_is_written_and_synced(writer: JournalWriter, heard: Heard, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"the mask")
    for revision in (1, 2, 3):
        writer.write(change(tmp_path, revision))
    heard.wait_for(synced=("a.tif", 3))
    (journal,) = journals(folder)
    assert journal.header.base == hashlib.sha256(b"the mask").hexdigest()
    assert [record.what for record in journal.records] == ["Stroke 1", "Stroke 2", "Stroke 3"]
    assert state_of(journal) == 3


def test_another_mask_file_than_was_read_is_no_base(
    writer: JournalWriter, heard: Heard, folder: Path, tmp_path: Path
) -> None:
    writer.write(replace(change(tmp_path, 1), mask_file=FilePrint(1, 1)))
    heard.wait_for(synced=("a.tif", 1))
    (tmp_path / "a.png").write_bytes(b"the mask")
    digest = hashlib.sha256(b"the mask").hexdigest()
    late = replace(change(tmp_path, 1), mask_file=FilePrint(1, 8), key="b.tif")
    writer.write(late)
    writer.write(replace(late, written=(digest,), key="c.tif"))
    heard.wait_for(synced=("c.tif", 1))
    known = {journal.header.key: journal.revision_of(digest) for journal in journals(folder)}
    assert known == {"a.tif": None, "b.tif": None, "c.tif": 0}
    assert all(journal.revision_of(NO_MASK) is None for journal in journals(folder))


def test_a_save_removes_what_it_holds_and_keeps_what_is_newer(
    writer: JournalWriter, heard: Heard, folder: Path, tmp_path: Path
) -> None:
    for revision in (1, 2):
        writer.write(change(tmp_path, revision))
    writer.announce("a.tif", 1, "digest of 1")
    (journal,) = journals(folder)
    assert journal.revision_of("digest of 1") == 1
    writer.saved("a.tif", 1)
    writer.write(change(tmp_path, 3))
    heard.wait_for(synced=("a.tif", 3))
    (journal,) = journals(folder)
    assert [record.revision for record in journal.changes(after=journal.revision_of("digest of 1") or 0)] == [2, 3]
    writer.announce("a.tif", 3, "digest of 3")
    writer.saved("a.tif", 3)
    writer.write(replace(change(tmp_path, 1), key="b.tif"))
    heard.wait_for(synced=("b.tif", 1))
    assert [journal.header.key for journal in journals(folder)] == ["b.tif"]


def test_a_long_journal_starts_anew_with_what_is_newer(
    writer: JournalWriter, heard: Heard, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_file, "_ANEW_FROM", 100)
    for revision in (1, 2, 3):
        writer.write(change(tmp_path, revision))
    writer.announce("a.tif", 2, "digest of 2")
    writer.saved("a.tif", 2)
    writer.write(change(tmp_path, 4))
    heard.wait_for(synced=("a.tif", 4))
    (journal,) = journals(folder)
    assert (journal.header.base, journal.header.revision) == ("digest of 2", 2)
    assert [record.revision for record in journal.records] == [3, 4]
    assert state_of(journal, after=2) == 4
    assert [path.name for path in folder.iterdir()] == [journal.path.name]


def test_a_stroke_that_was_taken_back_leaves_no_journal(
    writer: JournalWriter, heard: Heard, folder: Path, tmp_path: Path
) -> None:
    writer.write(change(tmp_path, 1, kind=RecordKind.PAINTING))
    writer.write(replace(change(tmp_path, 1, kind=RecordKind.TAKEN_BACK), tiles=()))
    writer.write(replace(change(tmp_path, 1), key="b.tif"))
    heard.wait_for(synced=("b.tif", 1))
    assert [journal.header.key for journal in journals(folder)] == ["b.tif"]


def test_closing_keeps_what_is_not_saved_and_discarding_keeps_nothing(
    writer: JournalWriter, folder: Path, tmp_path: Path, heard: Heard
) -> None:
    writer.write(change(tmp_path, 1))
    writer.close()
    assert [state_of(journal) for journal in journals(folder)] == [1]
    other = JournalWriter(folder, on_synced=heard.on_synced, on_trouble=heard.on_trouble)
    other.write(change(tmp_path, 2))
    other.discard()
    assert [state_of(journal) for journal in journals(folder)] == [1], "that of another start stays"
    other.write(change(tmp_path, 3))
    other.announce("a.tif", 3, "digest")
    assert len(journals(folder)) == 1


def test_a_full_disk_is_told_once_and_nothing_is_missing_when_there_is_room_again(
    writer: JournalWriter, heard: Heard, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.write(change(tmp_path, 1))
    heard.wait_for(synced=("a.tif", 1))
    write, is_full = os.write, True

    def short(descriptor: int, data: bytes) -> int:
        # A full disk takes a part of what it is given, then nothing.
        if not is_full:
            return write(descriptor, data)
        if len(data) > 100:
            return write(descriptor, data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal_file.os, "write", short)
    for revision in (2, 3):
        writer.write(change(tmp_path, revision))
    writer.announce("a.tif", 3, "digest of 3")
    heard.wait_for(troubles=1)
    (journal,) = journals(folder)
    assert state_of(journal) == 1
    is_full = False
    writer.write(change(tmp_path, 4))
    heard.wait_for(synced=("a.tif", 4), troubles=2)
    assert heard.troubles == ["no space left on device", ""]
    (journal,) = journals(folder)
    assert [record.revision for record in journal.records] == [1, 2, 3, 3, 4]
    assert journal.is_whole


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, heard: Heard) -> None:
    (tmp_path / ".segtool").write_bytes(b"a file")
    writer = JournalWriter(tmp_path / ".segtool" / "journal", on_synced=heard.on_synced, on_trouble=heard.on_trouble)
    writer.write(change(tmp_path, 1))
    heard.wait_for(troubles=1)
    writer.saved("a.tif", 1)
    writer.close()
    assert heard.troubles[1:] == [""]


def test_a_folder_of_images_that_is_gone_is_not_made_again(tmp_path: Path, heard: Heard) -> None:
    folder = tmp_path / "gone" / ".segtool" / "journal"
    writer = JournalWriter(folder, on_synced=heard.on_synced, on_trouble=heard.on_trouble)
    writer.write(change(tmp_path, 1))
    heard.wait_for(troubles=1)
    writer.close()
    assert not (tmp_path / "gone").exists()


def test_what_cannot_be_kept_in_memory_leaves_no_gap(
    writer: JournalWriter, heard: Heard, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_file, "_UNSENT_LIMIT", 10)
    writer.write(change(tmp_path, 1))
    heard.wait_for(synced=("a.tif", 1))

    def refuse(descriptor: int, data: bytes) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(journal_file.os, "write", refuse)
        writer.write(change(tmp_path, 2))
        heard.wait_for(troubles=1)
    writer.write(change(tmp_path, 3))
    writer.saved("a.tif", 2)
    writer.write(replace(change(tmp_path, 1), key="b.tif"))
    heard.wait_for(synced=("b.tif", 1))
    (journal,) = [journal for journal in journals(folder) if journal.header.key == "a.tif"]
    assert [record.revision for record in journal.records] == [1], "revision 2 is missing, so 3 must not follow"
    writer.saved("a.tif", 3)
    writer.write(change(tmp_path, 4, saved=3))
    heard.wait_for(synced=("a.tif", 4))
    (journal,) = [journal for journal in journals(folder) if journal.header.key == "a.tif"]
    assert [record.revision for record in journal.records] == [4]


def test_a_journal_that_was_removed_is_told_and_begins_anew_after_the_next_save(
    writer: JournalWriter, heard: Heard, folder: Path, tmp_path: Path
) -> None:
    writer.write(change(tmp_path, 1))
    heard.wait_for(synced=("a.tif", 1))
    (journal,) = journals(folder)
    journal.path.unlink()
    writer.write(change(tmp_path, 2))
    heard.wait_for(troubles=1)
    # Without what was in it, what comes now would be a state that never was.
    assert journals(folder) == []
    writer.saved("a.tif", 2)
    writer.write(change(tmp_path, 3, saved=2))
    heard.wait_for(synced=("a.tif", 3), troubles=2)
    assert heard.troubles == ["the file was removed", ""]
    (journal,) = journals(folder)
    assert (journal.header.revision, state_of(journal, after=2)) == (2, 3)


class _EndsTooLate(threading.Event):
    """An end that comes just after the thread has stopped to wait for it."""

    def __init__(self, writer: JournalWriter) -> None:
        super().__init__()
        self._writer = writer

    def wait(self, timeout: float | None = None) -> bool:
        found = super().wait(timeout)
        self.set()
        self._writer._something_to_sync.set()
        return found


def test_an_end_at_any_moment_is_seen(writer: JournalWriter, tmp_path: Path) -> None:
    writer._ending = _EndsTooLate(writer)
    writer.write(change(tmp_path, 1))
    _, syncing = writer._threads
    syncing.join(timeout=30)
    assert not syncing.is_alive()
