"""A model's network as it lies on disk: read once, hashed as read, and looked through before OpenVINO sees it."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from segtool.core.errors import ModelError
from segtool.models.card import NETWORK_DATA_FILE, NETWORK_FILE, ModelCard
from segtool.models.integrity import changed_file, verify_model
from segtool.models.plain_file import OTHER_MODEL, REMEDY

# A network of the greatest depth that a card may ask for has some 360 layers and 200 kB. OpenVINO takes minutes for a
# chain of 10,000, and nothing can stop it while it does.
MAX_LAYERS = 1024
MAX_DESCRIPTION_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 16
_ELEMENT_BYTES = {"f32": 4, "i32": 4, "i64": 8}
_NUMBER = re.compile(r"-?\d{1,10}")
# What an exported U-Net has in these places. Padding, or a stride, of a million would ask for a terabyte.
_RANGES = {
    "strides": (1, 2),
    "dilations": (1, 1),
    "pads_begin": (0, 1),
    "pads_end": (0, 1),
    "output_padding": (0, 1),
    "kernel": (1, 3),
    "axis": (-1, 3),
    "batch_dims": (0, 0),
}


@dataclass(frozen=True, slots=True, eq=False)
class NetworkFiles:
    """A verified model's network, in memory: whatever becomes of the files, this does not change.

    Attributes
    ----------
    card : ModelCard
    description, data : bytes
        OpenVINO's XML and the constants that it points into.
    """

    card: ModelCard
    description: bytes
    data: bytes


def read_network(folder: Path) -> NetworkFiles:
    """Verify a model folder and read its network.

    The bytes that are returned are the very ones that were hashed. Mapped into memory instead, as OpenVINO does by
    itself, a file that another program cuts off ends the process with a bus error.

    Raises
    ------
    ModelError
        Naming the file: whatever ``verify_model`` and ``check_description`` find.
    """
    card = verify_model(folder)
    description, data = (_read(folder / name, card.files[name]) for name in (NETWORK_FILE, NETWORK_DATA_FILE))
    check_description(description, data_size=len(data), path=folder / NETWORK_FILE)
    return NetworkFiles(card, description, data)


def check_description(description: bytes, *, data_size: int, path: Path) -> None:
    """Look a network's description through, without building anything of it.

    OpenVINO reads it in C++, in this process, and believes what it says: how large an array is, how far an image is
    to be padded. What no U-Net of this program says is refused before.

    Parameters
    ----------
    description : bytes
        The XML.
    data_size : int
        Bytes of the file that its constants lie in.
    path : Path
        For messages.

    Raises
    ------
    ModelError
        If it is too large, too deep or no plain XML in UTF-8, has too many layers, a constant that does not
        lie in the file or whose size is not that of its shape, constants that are larger together than the file can
        be, or a number where only smaller ones make sense.
    """
    if len(description) > MAX_DESCRIPTION_BYTES:
        limit = MAX_DESCRIPTION_BYTES // 1024**2
        raise ModelError(f"the file is larger than {limit} MB, the most that is read", path=path, remedy=REMEDY)
    reader = _Reader(data_size, path)
    try:
        description.decode("utf-8")
        reader.read(description)
    except (expat.ExpatError, UnicodeDecodeError, ValueError) as exc:
        raise ModelError(f"the network's description is damaged ({exc})", path=path, remedy=REMEDY) from exc


class _Reader:
    """Goes through the XML once."""

    def __init__(self, data_size: int, path: Path) -> None:
        self._data_size, self._path = data_size, path
        self._depth = self._layers = self._constants = 0
        self._type = ""

    def read(self, description: bytes) -> None:
        parser = expat.ParserCreate("utf-8")
        # No entity is ever expanded and nothing is fetched: there is no document type in a network.
        parser.StartDoctypeDeclHandler = self._refuse_document_type
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.Parse(description, True)

    def _refuse_document_type(self, *_arguments: object) -> None:
        raise self._error("declares entities")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error("is nested too deeply")
        if name == "layer":
            self._layers += 1
            self._type = attributes.get("type", "")
            if self._layers > MAX_LAYERS:
                raise self._error(f"has more than {MAX_LAYERS} layers")
        elif name == "data" and self._type == "Const":
            self._check_constant(attributes)
        elif name == "data":
            self._check_numbers(attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name == "layer":
            self._type = ""

    def _check_constant(self, attributes: Mapping[str, str]) -> None:
        width = _ELEMENT_BYTES.get(attributes.get("element_type", ""))
        shape = [number for number in attributes.get("shape", "").split(",") if number.strip()]
        numbers = [attributes.get("offset", ""), attributes.get("size", ""), *map(str.strip, shape)]
        if width is None or not all(map(_NUMBER.fullmatch, numbers)):
            raise self._error("has a constant of an unknown kind")
        offset, size, *sides = map(int, numbers)
        self._constants += size
        # Constants may share their bytes, yet most do not.
        fits = 0 <= offset <= offset + size <= self._data_size and self._constants <= 2 * self._data_size
        if not fits or min(sides, default=1) < 1 or math.prod(sides) * width != size:
            raise self._error(f"has a constant of {' x '.join(map(str, sides)) or 'one number'} that its file lacks")

    def _check_numbers(self, attributes: Mapping[str, str]) -> None:
        for name, (least, most) in _RANGES.items():
            for number in attributes.get(name, "").split(",") if name in attributes else ():
                if not _NUMBER.fullmatch(number.strip()) or not least <= int(number) <= most:
                    raise self._error(f"has {name} of {attributes[name][:40]!r}, which no U-Net of this program has")

    def _error(self, what: str) -> ModelError:
        return ModelError(f"the network {what}", path=self._path, remedy=OTHER_MODEL)


def _read(path: Path, digest: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise ModelError(f"the file cannot be read ({exc.strerror})", path=path, remedy=REMEDY) from exc
    if hashlib.sha256(data).hexdigest() != digest.lower():
        raise changed_file(path)
    return data
