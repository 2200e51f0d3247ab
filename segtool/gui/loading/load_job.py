"""Loading one image with all that showing it takes, as a job for a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from segtool.core.classes import ClassSet
from segtool.formats.decoder_pool import Lane
from segtool.formats.isolated import probe_image, read_image
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.loading import memory
from segtool.project.document import Document, FilePrint, add_mask
from segtool.project.layout import ImageEntry
from segtool.project.mask_answers import MaskAnswers


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """Which image to load, and what of the project decides how it comes out.

    ``accepts_damage`` says that a person wants to edit the mask of an image that is cut short.
    """

    entry: ImageEntry
    classes: ClassSet
    writable_reason: str
    answers: MaskAnswers
    accepts_damage: bool = False


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far the loading of an image is, in parts of 100."""

    key: str
    done: int


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """An image, ready to be shown at any zoom.

    Attributes
    ----------
    request : LoadRequest
    document : Document
    pyramid : ImagePyramid
        Every halving is made.
    """

    request: LoadRequest
    document: Document
    pyramid: ImagePyramid

    def is_current(self) -> bool:
        """Tell whether both files are still what was read."""
        entry = self.request.entry
        is_same_image = FilePrint.of_readable(entry.path) == self.document.image_file
        return is_same_image and FilePrint.of_readable(entry.mask_path) == self.document.mask_file


@dataclass(frozen=True, slots=True)
class TooLarge:
    """An image that was not loaded.

    Attributes
    ----------
    needs, free : int
        Bytes that it takes, and that there are.
    is_swollen : bool
        Whether its file is far smaller than one of such an image usually is; else it takes more than was allowed.
    """

    needs: int
    free: int
    is_swollen: bool = False


Outcome = Loaded | TooLarge | Exception


@dataclass(slots=True, eq=False)
class LoadTask:
    """One image to load; the thread fills it, the window's thread may wait for it.

    Attributes
    ----------
    request : LoadRequest
    limit : int or None
        Bytes that the image may take; None for any number.
    is_wanted : bool
        Whether somebody has asked to see it; else it is loaded ahead.
    outcome : Outcome or None
        What has come of it, None before that.
    is_taken : bool
        Whether the window's thread has dealt with the outcome.
    """

    request: LoadRequest
    limit: int | None
    is_wanted: bool
    outcome: Outcome | None = None
    is_taken: bool = False
    _done: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def done_with(cls, loaded: Loaded) -> LoadTask:
        """Return a task for an image that is there already."""
        task = cls(loaded.request, None, is_wanted=True, outcome=loaded, is_taken=True)
        task._done.set()
        return task

    @property
    def key(self) -> str:
        """The image's key."""
        return self.request.entry.key

    @property
    def is_done(self) -> bool:
        """Whether there is an outcome."""
        return self._done.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the thread; tell whether there is an outcome."""
        return self._done.wait(seconds)

    def run(self) -> Generator[LoadProgress, None, None]:
        """Load the image, in the thread.

        Yields
        ------
        LoadProgress
            Before each step, so that it can be cancelled there.

        Raises
        ------
        ImageError
            If the image cannot be read; it is the outcome, too.
        """
        try:
            self.outcome = yield from _load(self.request, self.limit, lambda: not self.is_taken)
        except Exception as exc:
            self.outcome = exc
            raise
        finally:
            self._done.set()


def _load(
    request: LoadRequest, limit: int | None, is_wanted: Callable[[], bool]
) -> Generator[LoadProgress, None, Outcome]:
    entry = request.entry
    yield LoadProgress(entry.key, 0)
    image_file = FilePrint.of_readable(entry.path)
    if limit is not None:
        header = probe_image(entry.path, partial=True, lane=Lane.FRONT)
        needs = memory.bytes_of(header)
        is_swollen = image_file is not None and memory.is_swollen(header, file_bytes=image_file.size)
        if needs > limit or is_swollen:
            return TooLarge(needs, memory.available(), is_swollen)
    image = read_image(entry.path, partial=True, lane=Lane.FRONT, is_wanted=is_wanted)
    yield LoadProgress(entry.key, 60)
    document = add_mask(
        entry,
        image,
        request.classes,
        writable_reason=request.writable_reason,
        answers=request.answers,
        accepts_damage=request.accepts_damage,
    )
    document.image_file = image_file
    yield LoadProgress(entry.key, 80)
    pyramid = make_pyramid(image.pixels)
    pyramid.make_all()
    return Loaded(request, document, pyramid)


def make_pyramid(pixels: npt.NDArray[np.generic]) -> ImagePyramid:
    """Return an image for the canvas; halvings are made when a zoom first needs them."""
    return ImagePyramid(pixels)
