"""Connected components of a region of any size, as runs of pixels in rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect
from segtool.core.operations.change import Mask, Region, Tick, bands, no_tick

Ints = npt.NDArray[np.int64]

# Pixels of components that are listed at once: their rows, columns and numbers take 24 bytes each.
_LISTED = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Pixels side by side in a row, as many as there are: arrays of int32 or int64, one value for each run.

    Attributes
    ----------
    rows, starts, ends : ndarray
        Row, first column, and first column past the run.
    numbers : ndarray
        Component that it belongs to.
    """

    rows: npt.NDArray[np.integer]
    starts: npt.NDArray[np.integer]
    ends: npt.NDArray[np.integer]
    numbers: npt.NDArray[np.integer]

    def chosen(self, which: Region | Ints) -> Runs:
        """Return the runs for which ``which`` is true, or that have those places."""
        return Runs(self.rows[which], self.starts[which], self.ends[which], self.numbers[which])

    def pixels(self) -> tuple[Ints, Ints, Ints]:
        """Return rows, columns and component numbers of their pixels."""
        lengths = (self.ends - self.starts).astype(np.int64)
        first = np.cumsum(lengths) - lengths
        columns = np.arange(int(lengths.sum())) + np.repeat(self.starts - first, lengths)
        return np.repeat(self.rows, lengths).astype(np.int64), columns, np.repeat(self.numbers, lengths)


class Components:
    """The connected components of a region, numbered from 1; 0 is what lies outside the region.

    OpenCV labels the region band by band, since labels take four times the memory of a mask; what is kept are runs.

    Parameters
    ----------
    region : ndarray of bool, shape (H, W)
        Not looked at any more afterwards.
    connectivity : 4 or 8
        Whether corners join pixels too.
    tick : callable
        Called before each band.

    Attributes
    ----------
    areas : ndarray of int64, shape (n + 1,)
        Pixels of each component; 0 for the outside.
    boxes : ndarray of int64, shape (n + 1, 4)
        First column and row, and first column and row past each component.
    runs : Runs
        All their pixels, row by row.
    """

    def __init__(self, region: Region, *, connectivity: Literal[4, 8], tick: Tick = no_tick) -> None:
        self.shape, self._connectivity = region.shape, connectivity
        found: list[Runs] = []
        seams: list[Ints] = []
        last_row: npt.NDArray[np.int32] | None = None
        offset = 0
        for band in bands(Rect.of_shape(region.shape), tick=tick):
            part = region[band.slices]
            count, found_labels = cv2.connectedComponents(part.view(np.uint8), connectivity=connectivity)
            labels = np.asarray(found_labels, dtype=np.int32)
            found.append(_runs_of(part, labels, top=band.y, offset=offset))
            if last_row is not None:
                seams.append(self._seam(last_row, np.where(labels[0], labels[0] + offset, 0)))
            last_row = np.where(labels[-1], labels[-1] + offset, 0)
            offset += count - 1
        numbers = _joined(np.concatenate(seams), offset) if seams else None
        of_all = np.concatenate([runs.numbers for runs in found])
        self.runs = Runs(
            np.concatenate([runs.rows for runs in found]),
            np.concatenate([runs.starts for runs in found]),
            np.concatenate([runs.ends for runs in found]),
            of_all if numbers is None else numbers[of_all],
        )
        self._measure(offset if numbers is None else int(numbers.max(initial=0)))

    @property
    def count(self) -> int:
        """How many components there are."""
        return len(self.areas) - 1

    def touching_edge(self) -> Region:
        """Return for each number, 0 included, whether the component touches the edge of the array."""
        return ~self.inside(Rect.of_shape(self.shape).expand(-1))

    def inside(self, box: Rect) -> Region:
        """Return for each number, 0 included, whether the component lies wholly inside a box."""
        left, top, right, bottom = self.boxes.T
        return (left >= box.x) & (top >= box.y) & (right <= box.right) & (bottom <= box.bottom)

    def box_around(self, wanted: Region) -> Rect:
        """Return the smallest box around the components for which ``wanted`` (bool, shape (n + 1,)) is true."""
        boxes = self.boxes[1:][wanted[1:]]
        if len(boxes) == 0:
            return Rect(0, 0, 0, 0)
        left, top = boxes[:, :2].min(axis=0).tolist()
        right, bottom = boxes[:, 2:].max(axis=0).tolist()
        return Rect.from_edges(left, top, right, bottom)

    def parts(self, wanted: Region) -> Iterator[Runs]:
        """Yield the runs of the components for which ``wanted`` (bool, shape (n + 1,)) is true, some at a time."""
        runs = self.runs.chosen(wanted[self.runs.numbers])
        sizes = np.cumsum(runs.ends - runs.starts, dtype=np.int64)
        cuts = np.searchsorted(sizes, np.arange(_LISTED, int(sizes[-1]) if len(sizes) else 0, _LISTED))
        for start, end in zip((0, *cuts.tolist()), (*cuts.tolist(), len(sizes)), strict=True):
            if end > start:
                part = slice(start, end)
                yield Runs(runs.rows[part], runs.starts[part], runs.ends[part], runs.numbers[part])

    def one_by_one(self, wanted: Region) -> Iterator[tuple[Rect, Region]]:
        """Yield the box of each of the components for which ``wanted`` is true, and its pixels in that box."""
        order = np.argsort(self.runs.numbers, kind="stable")
        ends = np.cumsum(np.bincount(self.runs.numbers, minlength=self.count + 1))
        for number in np.flatnonzero(wanted[1:]) + 1:
            runs = self.runs.chosen(order[ends[number - 1] : ends[number]])
            box = Rect.from_edges(*self.boxes[number].tolist())
            region = np.zeros((box.height, box.width), dtype=np.bool_)
            rows, columns, _ = runs.pixels()
            region[rows - box.y, columns - box.x] = True
            yield box, region

    def _seam(self, above: npt.NDArray[np.int32], below: npt.NDArray[np.int32]) -> Ints:
        """Return the pairs of numbers that touch where one band ends and the next begins, shape (n, 2)."""
        shifts = (0,) if self._connectivity == 4 else (-1, 0, 1)
        width, found = len(above), []
        for shift in shifts:
            upper = above[max(0, shift) : width + min(0, shift)]
            lower = below[max(0, -shift) : width + min(0, -shift)]
            touch = (upper > 0) & (lower > 0)
            found.append(np.stack((upper[touch], lower[touch]), axis=1))
        return np.unique(np.concatenate(found), axis=0)

    def _measure(self, count: int) -> None:
        runs = self.runs
        weights = (runs.ends - runs.starts).astype(np.float64)
        self.areas = np.bincount(runs.numbers, weights=weights, minlength=count + 1).astype(np.int64)
        self.boxes = np.zeros((count + 1, 4), dtype=np.int64)
        self.boxes[1:, :2] = np.iinfo(np.int64).max
        for column, values in enumerate((runs.starts, runs.rows)):
            np.minimum.at(self.boxes[:, column], runs.numbers, values)
        for column, values in enumerate((runs.ends, runs.rows + 1)):
            np.maximum.at(self.boxes[:, 2 + column], runs.numbers, values)


def _runs_of(region: Region, labels: npt.NDArray[np.int32], *, top: int, offset: int) -> Runs:
    """Return the runs of a band that begins in row ``top``; ``offset`` is added to its labels."""
    height, width = region.shape
    changes = np.empty((height, width + 1), dtype=np.bool_)
    changes[:, 0], changes[:, width] = region[:, 0], region[:, -1]
    np.not_equal(region[:, 1:], region[:, :-1], out=changes[:, 1:width])
    # Begin and end of runs take turns: each row ends outside.
    places = np.flatnonzero(changes)
    rows, starts = np.divmod(places[::2], width + 1)
    ends = places[1::2] - rows * (width + 1)
    numbers = labels[rows, starts] + offset
    return Runs(*(values.astype(np.int32) for values in (rows + top, starts, ends, numbers)))


def _joined(pairs: Ints, count: int) -> Ints:
    """Return new numbers without gaps, shape (count + 1,), in which those of each pair are the same; 0 stays 0."""
    parents = list(range(count + 1))
    for first, second in pairs.tolist():
        a, b = find_root(parents, first), find_root(parents, second)
        parents[max(a, b)] = min(a, b)
    roots = np.array([find_root(parents, number) for number in range(count + 1)])
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def find_root(parents: list[int], number: int) -> int:
    """Return the root of a number in a union-find forest, and shorten the way to it."""
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


def most_bordering(
    mask: Mask, components: Components, wanted: Region, *, place: Rect, members: Region
) -> npt.NDArray[np.uint8]:
    """Return for each component the value that most edges of its pixels border on.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        The whole mask.
    components : Components
        Of a region of it.
    wanted : ndarray of bool, shape (n + 1,)
        Components to look at.
    place : Rect
        Where that region lies in the mask.
    members : ndarray of bool, shape (256,)
        Values that belong to the components: they are no neighbours.

    Returns
    -------
    ndarray of uint8, shape (n + 1,)
        The smallest of the values that border most. A component without neighbours, which fills the whole mask, and
        those not looked at get what ``mask`` has in its first pixel.
    """
    keys, counts = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for runs in components.parts(wanted):
        rows, columns, numbers = runs.pixels()
        beside = [
            _bordering(mask, rows + (place.y - 1), columns + place.x, numbers, members=members),
            _bordering(mask, rows + (place.y + 1), columns + place.x, numbers, members=members),
            _bordering(mask, runs.rows + place.y, runs.starts + (place.x - 1), runs.numbers, members=members),
            _bordering(mask, runs.rows + place.y, runs.ends + place.x, runs.numbers, members=members),
        ]
        found = np.unique_counts(np.concatenate(beside))
        keys.append(found.values)
        counts.append(found.counts)
    # A component of which only a part was listed at a time has been counted more than once.
    borders, which = np.unique(np.concatenate(keys), return_inverse=True)
    sums = np.bincount(which, weights=np.concatenate(counts), minlength=len(borders))
    owners, values = np.divmod(borders, 256)
    order = np.lexsort((values, -sums, owners))
    first = order[np.unique(owners[order], return_index=True)[1]]
    result = np.full(components.count + 1, mask[0, 0], dtype=np.uint8)
    result[owners[first]] = values[first]
    return result


def _bordering(
    mask: Mask,
    rows: npt.NDArray[np.integer],
    columns: npt.NDArray[np.integer],
    numbers: npt.NDArray[np.integer],
    *,
    members: Region,
) -> Ints:
    """Return 256 times the number plus the value for each of those pixels that is in the mask and no member."""
    height, width = mask.shape
    exists = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    values = mask[rows[exists], columns[exists]]
    foreign = ~members[values]
    return np.asarray(numbers[exists][foreign].astype(np.int64) * 256 + values[foreign])
