"""Reading images that nobody vouches for: each is decoded in a process that it may take down.

Everything that reads an image of a person's folder calls ``read_image`` and ``probe_image`` of this module. What
``segtool.formats.image`` does with a file is done in the decoder; here its answer is looked at.
"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segtool.core.errors import ImageError
from segtool.formats import image as in_this_process
from segtool.formats.decoder_channel import Message
from segtool.formats.decoder_limits import PATIENCE, limits_for
from segtool.formats.decoder_pool import CAN_ISOLATE, POOL, Lane
from segtool.formats.decoder_process import DecoderEndedError, DecoderProcess, TooLateError
from segtool.formats.image import Image, ImageHeader
from segtool.formats.source import MAX_PIXELS

BREAK_OFF_PIXELS = 50_000_000
"""An image of more pixels is broken off when it is no longer wanted; others are done before a new decoder would be."""

_LOOK_AGAIN_S = 1.0
# Enough for any image; whoever takes longer to hand it over has hung.
_HAND_OVER_S = 60.0
_TYPES = ("uint8", "uint16", "float32")
_SAVE_ANEW = "If another program opens it, save it anew with that, as PNG or TIFF."
_CLOSE_OTHERS = "Close other programs and open it again."
_KILLED, _TIMERS = 9, (14, 27)


def probe_image(path: Path, *, partial: bool = False, lane: Lane = Lane.BACK) -> ImageHeader:
    """Read the header of an image file; as ``segtool.formats.image.probe_image``, in a decoder.

    Raises
    ------
    ImageError
        Also if the decoder has crashed or was ended because it took too long.
    """
    if not CAN_ISOLATE:
        return in_this_process.probe_image(path, partial=partial)
    return _ask(path, pixels=False, partial=partial, lane=lane, is_wanted=lambda: True)[0]


def read_image(
    path: Path, *, partial: bool = False, lane: Lane = Lane.BACK, is_wanted: Callable[[], bool] = lambda: True
) -> Image:
    """Decode an image file; as ``segtool.formats.image.read_image``, in a decoder.

    Parameters
    ----------
    path : Path
        The file.
    partial : bool
        Whether an image that is cut short is read as far as it goes.
    lane : Lane
        Who asks.
    is_wanted : callable
        Asked from time to time; a large image is broken off when it says no.

    Raises
    ------
    ImageError
        Also if the decoder has crashed, was ended because it took too long or too much memory, or was broken off.
    """
    if not CAN_ISOLATE:
        return in_this_process.read_image(path, partial=partial)
    _, answer, pixels = _ask(path, pixels=True, partial=partial, lane=lane, is_wanted=is_wanted)
    try:
        return Image(pixels=pixels, path=path, **_fields_of(answer["image"]))
    except (TypeError, KeyError) as cause:
        raise _senseless(path) from cause


_Answer = tuple[ImageHeader, Message, npt.NDArray[np.generic]]


def _ask(path: Path, *, pixels: bool, partial: bool, lane: Lane, is_wanted: Callable[[], bool]) -> _Answer:
    """Return the header and, for ``pixels``, what is known of the image and its pixels; they are empty otherwise."""
    for is_last in (False, True):
        try:
            with POOL.decoder(lane) as decoder:
                found = _Question(path, pixels=pixels, partial=partial, is_wanted=is_wanted, decoder=decoder).ask()
            break
        except DecoderEndedError as ended:
            # One that nobody has asked for long goes by itself, maybe in this moment, or was ended by somebody.
            if is_last or (ended.code != 0 and ended.was_asked):
                raise _lost(path, ended) from ended
        except TooLateError as late:
            raise _too_slow(path) from late
    if isinstance(found, ImageError):
        raise found
    return found


class _Question:
    """One file that a decoder is asked about."""

    def __init__(
        self, path: Path, *, pixels: bool, partial: bool, is_wanted: Callable[[], bool], decoder: DecoderProcess
    ) -> None:
        self._path = path
        self._with_pixels = pixels
        self._partial = partial
        self._is_wanted = is_wanted
        self._decoder = decoder
        self._header: ImageHeader | None = None
        self._look_at = self._give_up_at = math.inf

    def ask(self) -> _Answer | ImageError:
        """Return the answer; an error that the decoder has explained does it no harm, one that is raised ends it."""
        request = {"path": _name_for(self._path), "pixels": self._with_pixels, "partial": self._partial}
        self._decoder.send(request, check=self._check)
        answer = self._receive()
        if "header" in answer:
            try:
                self._header = ImageHeader(**_fields_of(answer["header"]))
            except TypeError as cause:
                raise _senseless(self._path) from cause
            if not self._with_pixels:
                return self._header, {}, np.empty(0, dtype=np.uint8)
            answer = self._receive()
        if "reason" in answer:
            return ImageError(str(answer["reason"]), path=self._path, remedy=str(answer.get("remedy", "")))
        if self._header is None:
            raise _senseless(self._path)
        pixels = self._room_for(answer, self._header)
        self._set_deadline(_HAND_OVER_S)
        self._decoder.receive_into(pixels.data.cast("B"), check=self._check)
        pixels.setflags(write=False)
        return self._header, answer, pixels

    def _receive(self) -> Message:
        self._set_deadline(limits_for(_size_of(self._path), self._header).wall_s)
        return self._decoder.receive(check=self._check)

    def _set_deadline(self, seconds: float) -> None:
        now = time.monotonic()
        self._look_at, self._give_up_at = now + seconds, now + seconds * PATIENCE

    def _check(self) -> None:
        """Break it off if it takes too long or is no longer wanted."""
        now, header = time.monotonic(), self._header
        if header is not None and header.width * header.height > BREAK_OFF_PIXELS and not self._is_wanted():
            raise ImageError("is no longer wanted", path=self._path)
        if now >= self._look_at:
            # Its work has a limit that the system watches; beyond that only what stands still is given up.
            if now >= self._give_up_at or not self._decoder.is_at_work():
                raise TooLateError
            self._look_at = now + _LOOK_AGAIN_S

    def _room_for(self, answer: Message, header: ImageHeader) -> npt.NDArray[np.generic]:
        """Return an array for the pixels: a decoder may be in the hands of the file that it was given."""
        shape = (header.height, header.width, *([3] if header.channels == 3 else []))
        is_expected = answer.get("shape") == list(shape) and answer.get("dtype") == header.dtype
        is_sane = min(header.width, header.height) > 0 and header.width * header.height <= MAX_PIXELS
        if not is_expected or not is_sane or header.dtype not in _TYPES:
            raise _senseless(self._path)
        try:
            return np.empty(shape, dtype=header.dtype)
        except MemoryError as cause:
            raise ImageError("does not fit into memory", path=self._path, remedy=_CLOSE_OTHERS) from cause


def _name_for(path: Path) -> str:
    """Return a file's whole name as the decoder, which takes names for UTF-8 whatever the locale, finds it."""
    whole = os.fspath(path)
    # The current folder may have gone, or the name have letters that the locale lacks: there is no such file then.
    with suppress(OSError, ValueError):
        whole = os.path.abspath(path)
        return os.fsencode(whole).decode("utf-8", "surrogateescape")
    return whole


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def _fields_of(values: dict[str, Any]) -> dict[str, Any]:
    """Return what a dataclass is made of: JSON knows no tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _lost(path: Path, ended: DecoderEndedError) -> ImageError:
    """Say what a decoder has ended of."""
    if not ended.was_ready:
        reason = "cannot be read, because the image decoder does not start"
        return ImageError(reason, path=path, remedy="Close other programs and try again.")
    number = -(ended.code or 0)
    if number in _TIMERS:
        return _too_slow(path)
    if number == _KILLED:
        reason = "could not be decoded: the image decoder was ended from outside, maybe because memory ran out"
        return ImageError(reason, path=path, remedy=_CLOSE_OTHERS)
    how = f" ({_name_of(number)})" if number > 0 else ""
    return ImageError(f"made the image decoder crash{how}, so it is probably damaged", path=path, remedy=_SAVE_ANEW)


def _too_slow(path: Path) -> ImageError:
    return ImageError("takes far too long to decode for its size and was given up", path=path, remedy=_SAVE_ANEW)


def _senseless(path: Path) -> ImageError:
    return ImageError("confused the image decoder, so it is probably damaged", path=path, remedy=_SAVE_ANEW)


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
