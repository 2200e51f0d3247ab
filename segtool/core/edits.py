"""Reversible changes of a mask, kept as the tiles that they changed."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect

TILE = 256
Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class TilePixels:
    """What stands in one tile: uint8 of shape (H, W), or the zlib stream of its rows."""

    rect: Rect
    pixels: Mask | bytes

    def packed(self) -> bytes:
        """Return the zlib stream; in any thread."""
        return _packed(self.pixels)


@dataclass(slots=True, eq=False)
class TileChange:
    """One tile before and after an edit: its pixels, uint8 of shape (H, W); once packed, zlib streams of its rows."""

    rect: Rect
    before: Mask | bytes
    after: Mask | bytes


@dataclass(slots=True, eq=False)
class Edit:
    """One undoable change of a mask: a stroke, a segmentation, a class removed.

    Attributes
    ----------
    name : str
        What it is called in the Edit menu and the list of edits.
    tiles : tuple of TileChange
        Lie on one grid for all edits of a mask.
    pixels : int
        How many pixels it has changed.
    size : int
        Memory that it holds, in bytes; 0 while it is not packed, as it soon will be.
    """

    name: str
    tiles: tuple[TileChange, ...]
    pixels: int = 0
    size: int = field(default=0, init=False)

    @property
    def rect(self) -> Rect:
        """Box of the tiles that changed."""
        box = Rect(0, 0, 0, 0)
        for tile in self.tiles:
            box = box.union(tile.rect)
        return box

    @property
    def after(self) -> tuple[TilePixels, ...]:
        """What stands in its tiles once it is done."""
        return tuple(TilePixels(tile.rect, tile.after) for tile in self.tiles)

    @property
    def is_packed(self) -> bool:
        """Whether its pixels are compressed, so that its size is known."""
        return self.size > 0

    def pack(self) -> None:
        """Compress the pixels; in any thread, also while another one undoes or redoes the edit."""
        size = 0
        for tile in self.tiles:
            tile.before, tile.after = before, after = _packed(tile.before), _packed(tile.after)
            size += len(before) + len(after)
        self.size = size

    def undo(self, mask: Mask) -> Rect:
        """Put the pixels from before the edit back into ``mask``; return what changed."""
        return self._write(mask, after=False)

    def redo(self, mask: Mask) -> Rect:
        """Put the pixels from after the edit back into ``mask``; return what changed."""
        return self._write(mask, after=True)

    def _write(self, mask: Mask, *, after: bool) -> Rect:
        for tile in self.tiles:
            _write_tile(mask, tile, after=after)
        return self.rect


def _write_tile(mask: Mask, tile: TileChange, *, after: bool) -> None:
    kept = tile.after if after else tile.before
    if isinstance(kept, bytes):
        stream = zlib.decompress(kept)
        kept = np.frombuffer(stream, dtype=np.uint8).reshape(tile.rect.height, tile.rect.width)
    mask[tile.rect.slices] = kept


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
        """Set the pixels of ``region`` (bool, the size of ``rect``) to ``value``; return a box around them.

        Tiles without any of them are left alone: what changes little in a large box costs little.
        """
        box = Rect(0, 0, 0, 0)
        for tile, part in self._tiles(rect):
            inside = region[part.moved(-rect.x, -rect.y).slices]
            if inside.any():
                self._remember(tile)
                pixels = self._mask[part.slices]
                # An assignment by index would take many times as long where a region is speckled.
                cv2.copyTo(np.full_like(pixels, value), inside.view(np.uint8), pixels)
                box = box.union(part)
        return box

    def replace(self, rect: Rect, pixels: Mask, *, where: npt.NDArray[np.bool_] | None = None) -> Rect:
        """Set the pixels of ``rect`` to ``pixels`` (uint8, the size of ``rect``); return a box around the changes.

        With ``where`` (bool, the size of ``rect``), only there. Tiles that stay as they are are left alone.
        """
        box = Rect(0, 0, 0, 0)
        for tile, part in self._tiles(rect):
            slices = part.moved(-rect.x, -rect.y).slices
            after, before = pixels[slices], self._mask[part.slices]
            if where is not None:
                after = np.where(where[slices], after, before)
            if not np.array_equal(before, after):
                self._remember(tile)
                self._mask[part.slices] = after
                box = box.union(part)
        return box

    @property
    def touched(self) -> tuple[Rect, ...]:
        """The tiles in which something was painted, also those that stand as before again."""
        return tuple(self._tile_rect(row, column) for row, column in self._before)

    def original(self, rect: Rect) -> Mask:
        """Return a copy of the pixels of ``rect`` as they were before the edit; in any thread while nothing paints."""
        pixels = self._mask[rect.slices].copy()
        for (row, column), before in self._before.items():
            tile = self._tile_rect(row, column)
            part = tile.intersect(rect)
            if not part.is_empty:
                pixels[part.moved(-rect.x, -rect.y).slices] = before[part.moved(-tile.x, -tile.y).slices]
        return pixels

    def commit(self, *, packed: bool = True) -> Edit | None:
        """Finish: return the edit, or None if no pixel has changed; if not ``packed``, `Edit.pack` is to be called."""
        tiles, pixels = [], 0
        for (row, column), before in self._before.items():
            rect = self._tile_rect(row, column)
            after = self._mask[rect.slices]
            if changed := int(np.count_nonzero(before != after)):
                tiles.append(TileChange(rect, before, after.copy()))
                pixels += changed
        self._before.clear()
        if not tiles:
            return None
        edit = Edit(self._name, tuple(tiles), pixels)
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

    def _tiles(self, rect: Rect) -> Iterator[tuple[tuple[int, int], Rect]]:
        """Yield row and column of each tile that a rectangle touches, and the part of the rectangle inside it."""
        if rect.is_empty:
            return
        for row in range(rect.y // TILE, (rect.bottom - 1) // TILE + 1):
            for column in range(rect.x // TILE, (rect.right - 1) // TILE + 1):
                yield (row, column), self._tile_rect(row, column).intersect(rect)

    def _remember(self, tile: tuple[int, int]) -> None:
        if tile not in self._before:
            self._before[tile] = self._mask[self._tile_rect(*tile).slices].copy()

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
    def last(self) -> Edit | None:
        """The edit that undo would take back, or None."""
        return self._done[-1] if self._done else None

    @property
    def undo_name(self) -> str:
        """Name of the edit that undo would take back, or an empty string."""
        return self._done[-1].name if self._done else ""

    @property
    def redo_name(self) -> str:
        """Name of the edit that redo would do again, or an empty string."""
        return self._undone[-1].name if self._undone else ""

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits, the oldest first: those that are done, then those that are undone."""
        return (*self._done, *reversed(self._undone))

    @property
    def position(self) -> int:
        """How many of ``edits`` are done."""
        return len(self._done)

    @property
    def size(self) -> int:
        """Memory that the edits hold, undone ones among them, in bytes."""
        tiles = (tile for edit in (*self._done, *self._undone) for tile in edit.tiles)
        pixels = (kept for tile in tiles for kept in (tile.before, tile.after))
        return sum(len(kept) if isinstance(kept, bytes) else kept.nbytes for kept in pixels)

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

    def go_to(self, mask: Mask, position: int) -> tuple[TilePixels, ...]:
        """Undo or redo until so many of ``edits`` are done, as often as is possible; return what changed tiles hold.

        A tile that several of the edits have changed is written once.
        """
        forward = position > len(self._done)
        last: dict[Rect, TileChange] = {}
        while self._undone if forward else self._done:
            if len(self._done) == position:
                break
            edit = self._undone.pop() if forward else self._done.pop()
            (self._done if forward else self._undone).append(edit)
            last.update((tile.rect, tile) for tile in edit.tiles)
        for tile in last.values():
            _write_tile(mask, tile, after=forward)
        return tuple(TilePixels(tile.rect, tile.after if forward else tile.before) for tile in last.values())


def runs_of_tiles(tiles: Iterable[Rect]) -> tuple[Rect, ...]:
    """Return few boxes around tiles of one grid: each row's neighbours as one, or one box where that is no larger."""
    runs: list[Rect] = []
    for tile in sorted(tiles, key=lambda item: (item.y, item.x)):
        if runs and runs[-1].y == tile.y and runs[-1].right == tile.x:
            runs[-1] = runs[-1].union(tile)
        else:
            runs.append(tile)
    box = Rect(0, 0, 0, 0)
    for run in runs:
        box = box.union(run)
    covered = sum(run.width * run.height for run in runs)
    return (box,) if runs and box.width * box.height <= covered else tuple(runs)
