"""Reversible changes of a mask, kept as the tiles that they changed."""

from __future__ import annotations

import zlib
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect

TILE = 256
Mask = npt.NDArray[np.uint8]


@dataclass(slots=True, eq=False)
class TileChange:
    """One tile before and after an edit: its pixels, uint8 of shape (H, W); once packed, zlib streams of its rows."""

    rect: Rect
    before: Mask | bytes
    after: Mask | bytes


@dataclass(frozen=True, slots=True)
class Edit:
    """One undoable change of a mask: a stroke, a segmentation, a class removed."""

    name: str
    tiles: tuple[TileChange, ...]

    @property
    def rect(self) -> Rect:
        """Box of the tiles that changed."""
        box = Rect(0, 0, 0, 0)
        for tile in self.tiles:
            box = box.union(tile.rect)
        return box

    @property
    def size(self) -> int:
        """Memory that the edit holds, in bytes; what is not packed yet, and will soon be, is not counted."""
        streams = (stream for tile in self.tiles for stream in (tile.before, tile.after))
        return sum(len(stream) for stream in streams if isinstance(stream, bytes))

    def pack(self) -> None:
        """Compress the pixels; in any thread, also while another one undoes or redoes the edit."""
        for tile in self.tiles:
            tile.before, tile.after = _packed(tile.before), _packed(tile.after)

    def undo(self, mask: Mask) -> Rect:
        """Put the pixels from before the edit back into ``mask``; return what changed."""
        return self._write(mask, after=False)

    def redo(self, mask: Mask) -> Rect:
        """Put the pixels from after the edit back into ``mask``; return what changed."""
        return self._write(mask, after=True)

    def _write(self, mask: Mask, *, after: bool) -> Rect:
        for tile in self.tiles:
            kept = tile.after if after else tile.before
            if isinstance(kept, bytes):
                stream = zlib.decompress(kept)
                kept = np.frombuffer(stream, dtype=np.uint8).reshape(tile.rect.height, tile.rect.width)
            mask[tile.rect.slices] = kept
        return self.rect


def _packed(pixels: Mask | bytes) -> bytes:
    return pixels if isinstance(pixels, bytes) else zlib.compress(pixels.tobytes(), 1)


class EditRecorder:
    """Writes regions into a mask and remembers each tile as it was before its first change.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        Changed in place.
    name : str
        What the edit will be called in the Edit menu.
    """

    def __init__(self, mask: Mask, *, name: str) -> None:
        self._mask = mask
        self._name = name
        self._before: dict[tuple[int, int], Mask] = {}

    def paint(self, rect: Rect, region: npt.NDArray[np.bool_], value: int) -> Rect:
        """Set the pixels of ``region`` (bool, the size of ``rect``) to ``value``; return the box touched."""
        if rect.is_empty:
            return rect
        self._remember(rect)
        self._mask[rect.slices][region] = value
        return rect

    def replace(self, rect: Rect, pixels: Mask, *, where: npt.NDArray[np.bool_] | None = None) -> Rect:
        """Set the pixels of ``rect`` to ``pixels`` (uint8, the size of ``rect``); return the box touched.

        With ``where`` (bool, the size of ``rect``), only there.
        """
        if rect.is_empty:
            return rect
        self._remember(rect)
        np.copyto(self._mask[rect.slices], pixels, where=True if where is None else where)
        return rect

    def original(self, rect: Rect) -> Mask:
        """Return a copy of the pixels of ``rect`` as they were before the edit; in any thread while nothing paints."""
        pixels = self._mask[rect.slices].copy()
        for (row, column), before in self._before.items():
            tile = self._tile_rect(row, column)
            part = tile.intersect(rect)
            if not part.is_empty:
                shifted = Rect(part.x - rect.x, part.y - rect.y, part.width, part.height)
                pixels[shifted.slices] = before[Rect(part.x - tile.x, part.y - tile.y, part.width, part.height).slices]
        return pixels

    def commit(self, *, packed: bool = True) -> Edit | None:
        """Finish: return the edit, or None if no pixel has changed; if not ``packed``, `Edit.pack` is to be called."""
        tiles = []
        for (row, column), before in self._before.items():
            rect = self._tile_rect(row, column)
            after = self._mask[rect.slices]
            if not np.array_equal(before, after):
                tiles.append(TileChange(rect, before, after.copy()))
        self._before.clear()
        if not tiles:
            return None
        edit = Edit(self._name, tuple(tiles))
        if packed:
            edit.pack()
        return edit

    def revert(self) -> Rect:
        """Put everything back as it was, to go on from there; return the box that changed."""
        box = Rect(0, 0, 0, 0)
        for (row, column), before in self._before.items():
            rect = self._tile_rect(row, column)
            self._mask[rect.slices] = before
            box = box.union(rect)
        return box

    def cancel(self) -> Rect:
        """Put everything back as it was, for good; return the box that changed."""
        box = self.revert()
        self._before.clear()
        return box

    def _remember(self, rect: Rect) -> None:
        for row in range(rect.y // TILE, (rect.bottom - 1) // TILE + 1):
            for column in range(rect.x // TILE, (rect.right - 1) // TILE + 1):
                if (row, column) not in self._before:
                    self._before[row, column] = self._mask[self._tile_rect(row, column).slices].copy()

    def _tile_rect(self, row: int, column: int) -> Rect:
        return Rect(column * TILE, row * TILE, TILE, TILE).intersect(Rect.of_shape(self._mask.shape))


@dataclass(slots=True)
class History:
    """Undo and redo stacks of one mask, bounded by the bytes they hold.

    Attributes
    ----------
    limit : int
        Bytes after which the oldest edits are forgotten; the newest one always stays.
    """

    limit: int = 256 * 1024 * 1024
    _done: deque[Edit] = field(default_factory=deque)
    _undone: list[Edit] = field(default_factory=list)

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to do again."""
        return bool(self._undone)

    @property
    def undo_name(self) -> str:
        """Name of the edit that undo would take back, or an empty string."""
        return self._done[-1].name if self._done else ""

    @property
    def redo_name(self) -> str:
        """Name of the edit that redo would do again, or an empty string."""
        return self._undone[-1].name if self._undone else ""

    def push(self, edit: Edit) -> None:
        """Add an edit that has just been made; what was undone is forgotten."""
        self._undone.clear()
        self._done.append(edit)
        size = sum(item.size for item in self._done)
        while size > self.limit and len(self._done) > 1:
            size -= self._done.popleft().size

    def undo(self, mask: Mask) -> Rect:
        """Take the last edit back in ``mask``; return the box that changed (empty if there is none)."""
        if not self._done:
            return Rect(0, 0, 0, 0)
        edit = self._done.pop()
        self._undone.append(edit)
        return edit.undo(mask)

    def redo(self, mask: Mask) -> Rect:
        """Do the last undone edit again in ``mask``; return the box that changed (empty if there is none)."""
        if not self._undone:
            return Rect(0, 0, 0, 0)
        edit = self._undone.pop()
        self._done.append(edit)
        return edit.redo(mask)
