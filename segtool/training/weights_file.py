"""What a file of Keras weights may hold: looked at before Keras reads it."""

from __future__ import annotations

from pathlib import Path

import h5py

from segtool.core.errors import ModelError
from segtool.models.plain_file import REMEDY

# The deepest network that a card may ask for has some 600.
MAX_MEMBERS = 4096
MAX_DEPTH = 8
_MAX_RANK = 4
_KINDS = "fiu"


def check_weights_file(path: Path) -> None:
    """Look at everything in a file of weights without reading any of it.

    HDF5 can point into other files, name what it holds a second time, and promise arrays that are larger than any
    memory; nothing of that is in the files that this program writes.

    Raises
    ------
    ModelError
        If the file is no HDF5, has links, data of other files, compressed or virtual arrays, arrays of anything but
        numbers, more members or a deeper nesting than a network has, or more data than fits in it.
    """
    try:
        with h5py.File(path, "r", locking=False) as file:
            room, members, waiting = path.stat().st_size, 0, [(file["/"], 0)]
            while waiting:
                group, depth = waiting.pop()
                for name in group:
                    members += 1
                    if members > MAX_MEMBERS or depth > MAX_DEPTH:
                        raise _error("holds more than the weights of a network", path)
                    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                        raise _error("points to something else instead of holding it", path)
                    item = group[name]
                    if isinstance(item, h5py.Group):
                        waiting.append((item, depth + 1))
                    else:
                        room -= _size(item, path)
                        if room < 0:
                            raise _error("says that it holds more than it can", path)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as exc:
        raise _error(f"is damaged ({str(exc)[:200]})", path) from exc


def _size(item: object, path: Path) -> int:
    """Return the bytes of an array; ModelError if it is none of plain numbers that lie in this file."""
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in _KINDS or item.ndim > _MAX_RANK:
        raise _error("holds something else than arrays of numbers", path)
    if item.is_virtual or item.external or item.compression or item.chunks:
        raise _error("holds arrays that are compressed or lie elsewhere", path)
    return int(item.nbytes)


def _error(what: str, path: Path) -> ModelError:
    return ModelError(f"the file of weights {what}", path=path, remedy=REMEDY)
