"""What tools share whose regions are found off the window's thread."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from segtool.core.brush import Point
from segtool.core.regions.region import Pixel, Region
from segtool.gui.region_work import Compute, Painting
from segtool.gui.session import Session
from segtool.gui.tools.base import Tool


@dataclass(slots=True, eq=False)
class Search:
    """One stroke that paints what is found.

    Attributes
    ----------
    compute : callable
        What the region work is asked for.
    is_complete : bool
        Whether the stroke ends with the region found; if not, it waits for more.
    is_wanted : bool
        Whether anybody waits for it; one that takes seconds looks at this in between.
    """

    compute: Compute
    is_complete: bool = True
    is_wanted: bool = True


class SearchTool(Tool):
    """Has regions searched for, one after the other: none is lost because the one before takes its time.

    Attributes
    ----------
    stroke_name : str
        What the edit is called.
    """

    stroke_name: str

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._waiting: deque[Search] = deque()
        self._current: Search | None = None

    @property
    def is_active(self) -> bool:
        """Whether something is being searched for."""
        return self._current is not None or bool(self._waiting)

    def begin(self, search: Search) -> None:
        """Begin a stroke with it, now or once the one before that this tool has begun has ended."""
        if self._current is None:
            # It is not this tool's: as with every other tool a new stroke ends it.
            self._session.end_stroke()
        self._waiting.append(search)
        self._session.after_stroke(self._begin_next)

    def cancel(self) -> None:
        """Take back what is being searched for."""
        for search in self._waiting:
            search.is_wanted = False
        self._waiting.clear()
        if self._current is not None:
            self._session.cancel_stroke()

    def stroke_ended(self) -> None:
        """Let go of what has been searched for."""
        if self._current is not None:
            self._current.is_wanted = False
            self._current = None

    def _begin_next(self) -> None:
        if self._current is not None:
            self._session.after_stroke(self._begin_next)
        elif self._waiting:
            search = self._waiting.popleft()
            if self._session.begin_stroke(self.stroke_name):
                self._current = search
                self._session.regions.request(search.compute, then_end=search.is_complete)


def pixel_at(session: Session, pos: Point) -> Pixel | None:
    """Return column and row of the pixel at an image position, None beside the image or without one."""
    document = session.document
    if document is None:
        return None
    x, y = math.floor(pos[0]), math.floor(pos[1])
    height, width = document.mask.shape
    return (x, y) if 0 <= x < width and 0 <= y < height else None


def painting(found: Region, value: int) -> Painting | None:
    """Return a region that was found as something to paint, None if nothing was found."""
    rect, region = found
    return None if rect.is_empty else Painting(rect, region, value)
