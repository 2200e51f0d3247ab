"""A person's wish to see an image, on its way from one candidate to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Route:
    """Images to try until one can be shown.

    Attributes
    ----------
    keys : iterator of str
        Those that are left.
    on_shown : callable
        Called with the key of the one that is shown.
    on_none : callable
        Called if none can be.
    passes_large : bool
        Whether the next one is tried if a person does not want a large one to be opened.
    key : str
        The one that is tried.
    progress : int
        How much of it is loaded, in parts of 100.
    may_be_large : bool
        Whether a person wants it to be opened however much memory it takes.
    was_outdated : bool
        Whether it was loaded once already, but a file had changed meanwhile.
    first_error : Exception or None
        Why the first of them could not be shown.
    """

    keys: Iterator[str]
    on_shown: Callable[[str], None] = lambda key: None
    on_none: Callable[[], None] = lambda: None
    passes_large: bool = False
    key: str = ""
    progress: int = 0
    may_be_large: bool = False
    was_outdated: bool = False
    first_error: Exception | None = None

    def go_on(self) -> bool:
        """Turn to the next image; False if none is left."""
        self.key = next(self.keys, "")
        self.progress, self.may_be_large, self.was_outdated = 0, False, False
        return bool(self.key)
