"""Handing every change of a mask in memory to the journal, so that a crash costs at most two seconds of painting."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import product

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from segtool.core.edits import TILE, TilePixels
from segtool.core.geometry import Rect
from segtool.gui.documents import Documents
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.saving import Saving
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import SaveKind, SaveState
from segtool.gui.status_trail import MaskRecord
from segtool.project.document import Document
from segtool.project.journal import JOURNAL_FOLDER, RecordKind
from segtool.project.journal_writer import Change, JournalWriter
from segtool.project.status import Status

# What an unfinished stroke has painted is handed over after this long; written and synced, it is within two seconds.
_PAINTED_MS = 500
# Copying more takes longer than a stroke may be held up. No brush touches as many so soon.
_MOST_TILES = 1024
# A box of more tiles is compared with those that were painted in.
_SMALL_BOX = 16


class Journalling(QObject):
    """Keeps the journals of the open folder up to date; see ``segtool.project.journal``.

    Nothing is compressed or written in the window's thread. What cannot be journalled is told once, and neither
    painting nor saving notices.
    """

    _synced = Signal(str, int)
    _trouble = Signal(str)

    def __init__(self, session: SessionSignals, documents: Documents, edits: MaskEdits, saving: Saving) -> None:
        super().__init__(session)
        self._session, self._documents, self._edits = session, documents, edits
        self._writer: JournalWriter | None = None
        self._unsaved: dict[str, Document] = {}
        self._saved: dict[str, int] = {}
        self._on_disk: dict[str, int] = {}
        self._whole: set[str] = set()
        self._told = ""
        self._painted: set[tuple[int, int]] = set()
        self._painted_boxes: list[Rect] = []
        self._has_partial = False
        self._timer = QTimer(self, singleShot=True, interval=_PAINTED_MS)
        self._timer.timeout.connect(self._write_painted)
        edits.changes.on_change = self._note_change
        saving.about_to_replace = self._announce
        session.mask_changed.connect(self._note_painted)
        session.stroke_ended.connect(self._end_stroke)
        # Emitted once what is recorded about a saved mask is in segtool.json: its journal goes after that.
        session.saved_changed.connect(self._note_saves)
        session.project_changed.connect(self._begin_anew)
        self._synced.connect(self._note_synced)
        self._trouble.connect(self._tell_trouble)

    def told(self, state: SaveState) -> SaveState:
        """Return the saved state of the shown mask with what the journal knows of it."""
        return replace(state, is_journalled=state.kind is SaveKind.UNSAVED and self._is_journalled())

    def discard(self) -> bool:
        """Remove the journals of what is not saved, as a person has chosen; returns True."""
        if self._writer is not None:
            self._writer.discard()
        return True

    def wait_until_written(self, timeout: float) -> bool:
        """Wait, in whatever thread, until an end of the process costs nothing that was handed over.

        False after ``timeout`` seconds in which nothing has come of it.
        """
        writer = self._writer
        return writer is None or writer.wait_until_appended(timeout)

    def close(self) -> None:
        """Write what is left and end the threads; the journals of what is not saved stay."""
        self._timer.stop()
        if self._writer is not None:
            self._writer.close()

    def _is_journalled(self) -> bool:
        document = self._documents.current
        return document is not None and self._on_disk.get(document.entry.key, -1) >= document.revision

    # Changes -----------------------------------------------------------------------------------

    def _note_change(self, document: Document, what: str, tiles: tuple[TilePixels, ...], record: MaskRecord) -> None:
        if document is self._documents.current:
            # This holds all that the stroke has painted.
            self._forget_painted()
        if self._needs_whole(document):
            tiles = _copies(document, _all_tiles(document))
            self._whole.add(document.entry.key)
        self._hand_over(document, RecordKind.CHANGE, document.revision, what, tiles, record)

    def _needs_whole(self, document: Document) -> bool:
        """Tell whether the next record has to hold the whole mask: its file holds something else than it began as."""
        is_mapped = document.mapped is not None or document.question is not None
        return is_mapped and document.entry.key not in self._whole

    def _hand_over(
        self,
        document: Document,
        kind: RecordKind,
        revision: int,
        what: str = "",
        tiles: tuple[TilePixels, ...] = (),
        record: MaskRecord | None = None,
    ) -> None:
        project, key = self._documents.project, document.entry.key
        if project is None:
            return
        if self._writer is None:
            self._writer = JournalWriter(
                project.data_root / JOURNAL_FOLDER, on_synced=self._synced.emit, on_trouble=self._trouble.emit
            )
        if key not in self._unsaved:
            self._unsaved[key], self._saved[key] = document, document.saved_revision
        record = self._edits.changes.recorded(document) if record is None else record
        self._writer.write(
            Change(
                key=key,
                shape=(document.mask.shape[0], document.mask.shape[1]),
                mask_path=document.entry.mask_path,
                mask_file=document.mask_file,
                written=document.written,
                saved_revision=document.saved_revision,
                revision=revision,
                kind=kind,
                what=what,
                status=record.status,
                predicted_by=record.predicted_by,
                tiles=tiles,
                time=time.time(),
            )
        )

    # A stroke that is under way ----------------------------------------------------------------

    @Slot(object)
    def _note_painted(self, rect: Rect) -> None:
        if not self._documents.is_in_stroke:
            return
        columns = range(rect.x // TILE, (rect.right - 1) // TILE + 1)
        rows = range(rect.y // TILE, (rect.bottom - 1) // TILE + 1)
        if len(columns) * len(rows) <= _SMALL_BOX:
            self._painted.update((column * TILE, row * TILE) for column in columns for row in rows)
        elif rect not in self._painted_boxes[-1:]:
            self._painted_boxes.append(rect)
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _write_painted(self) -> None:
        document, touched = self._documents.current, self._edits.painted_tiles()
        if document is None or not touched:
            self._take_back_painted()
            return
        tiles = [tile for tile in touched if self._is_painted(tile)]
        if tiles and not self._has_partial and self._needs_whole(document):
            tiles = _all_tiles(document)
        if not tiles or len(tiles) > _MOST_TILES:
            return
        self._painted.clear()
        self._painted_boxes.clear()
        self._has_partial = True
        # What the end of the stroke will record.
        record = replace(self._edits.changes.recorded(document), status=Status.CORRECTED)
        pixels = _copies(document, tiles)
        self._hand_over(document, RecordKind.PAINTING, document.revision + 1, "Stroke", pixels, record)

    def _is_painted(self, tile: Rect) -> bool:
        in_a_box = (not tile.intersect(box).is_empty for box in self._painted_boxes)
        return (tile.x, tile.y) in self._painted or any(in_a_box)

    @Slot()
    def _end_stroke(self) -> None:
        self._take_back_painted()
        self._forget_painted()

    def _take_back_painted(self) -> None:
        """Say that the stroke has not changed anything, if it was said that it has."""
        document = self._documents.current
        if self._has_partial and document is not None:
            self._has_partial = False
            self._hand_over(document, RecordKind.TAKEN_BACK, document.revision + 1)
            if not document.is_dirty:
                self._forget(document.entry.key)

    def _forget_painted(self) -> None:
        self._timer.stop()
        self._painted.clear()
        self._painted_boxes.clear()
        self._has_partial = False

    # Saves -------------------------------------------------------------------------------------

    def _announce(self, key: str, revision: int, digest: str) -> None:
        """Say, in the saving thread, which file is about to replace a mask."""
        writer = self._writer
        if writer is not None:
            writer.announce(key, revision, digest)

    @Slot()
    def _note_saves(self) -> None:
        """Drop what the mask files hold by now: saved and verified, or read again because the person wanted that."""
        for key, document in tuple(self._unsaved.items()):
            if document.saved_revision > self._saved.get(key, 0) and self._writer is not None:
                self._saved[key] = document.saved_revision
                self._writer.saved(key, document.saved_revision)
                if not document.is_dirty:
                    self._forget(key)

    def _forget(self, key: str) -> None:
        del self._unsaved[key], self._saved[key]
        self._whole.discard(key)

    @Slot()
    def _begin_anew(self) -> None:
        self._forget_painted()
        self._unsaved.clear()
        self._saved.clear()
        self._on_disk.clear()
        self._whole.clear()
        self._tell_trouble("")
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    # What the threads say ----------------------------------------------------------------------

    @Slot(str, int)
    def _note_synced(self, key: str, revision: int) -> None:
        if key in self._unsaved:
            was_journalled = self._is_journalled()
            self._on_disk[key] = revision
            if self._is_journalled() is not was_journalled:
                self._session.saved_changed.emit()

    @Slot(str)
    def _tell_trouble(self, reason: str) -> None:
        if self._told:
            self._session.message_over.emit(self._told)
            self._told = ""
        if reason and self._writer is not None:
            self._told = (
                f"The journal of unsaved changes cannot be written ({reason}): a crash would cost what is not saved. "
                "Free some space on the disk, or save often."
            )
            self._session.warn(self._told)


def _all_tiles(document: Document) -> list[Rect]:
    height, width = document.mask.shape
    whole = Rect.of_shape(document.mask.shape)
    corners = product(range(0, height, TILE), range(0, width, TILE))
    return [Rect(x, y, TILE, TILE).intersect(whole) for y, x in corners]


def _copies(document: Document, tiles: Iterable[Rect]) -> tuple[TilePixels, ...]:
    return tuple(TilePixels(tile, document.mask[tile.slices].copy()) for tile in tiles)
