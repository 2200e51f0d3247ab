"""Model folders that were damaged by accident, and some that somebody has made to do harm."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from segtool.models.card import CARD_FILE, NETWORK_DATA_FILE, NETWORK_FILE, WEIGHTS_FILE
from tests.model_fixtures import change_card, seal_files

MARKER = "segtool-was-here"


class Harm:
    """Writes a file as soon as it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._marker,)


def flip(data: bytes, bit: int) -> bytes:
    """Return data with one bit the other way round."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return data changed in one of the ways in which fuzzers change it."""
    changed = bytearray(data)
    place, length = int(rng.integers(len(changed))), int(rng.choice([1, 4, 16, 256, 4096]))
    match int(rng.integers(7)):
        case 0:
            return flip(data, int(rng.integers(8 * len(data))))
        case 1:
            for where in rng.integers(len(changed), size=8):
                changed[where] = int(rng.integers(256))
        case 2:
            del changed[place : place + length]
        case 3:
            changed[place:place] = changed[place : place + length]
        case 4:
            del changed[place:]
        case 5:
            changed[place : place + length] = bytes(len(changed[place : place + length]))
        case _:
            numbers = list(re.finditer(rb"\d+", data))
            if numbers:
                found = numbers[int(rng.integers(len(numbers)))]
                odd = (b"0", b"-1", b"99", b"2147483648", b"99999999999999999999", b"", b"1e99", b"nan")
                changed[found.start() : found.end()] = odd[int(rng.integers(len(odd)))]
    return bytes(changed)


def _edit(folder: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    before = (folder / name).read_bytes()
    after = change(before)
    assert after != before
    (folder / name).write_bytes(after)
    seal_files(folder)


def _network(change: Callable[[bytes], bytes]) -> Callable[[Path, Path], None]:
    return lambda folder, _marker: _edit(folder, NETWORK_FILE, change)


def _chain(text: bytes) -> bytes:
    """Put 10,000 layers before the result: OpenVINO would take minutes."""
    port = b"<port id='%d' precision='FP32'><dim>-1</dim><dim>-1</dim><dim>-1</dim><dim>1</dim></port>"
    layer = b"<layer id='%d' name='r%d' type='ReLU' version='opset1'><input>%s</input><output>%s</output></layer>"
    numbers = range(5000, 15000)
    layers = b"".join(layer % (number, number, port % 0, port % 1) for number in numbers)
    start, from_port, end = re.findall(rb'from-layer="(\d+)" from-port="(\d+)" to-layer="(\d+)" to-port="0"', text)[-1]
    edge = b'<edge from-layer="%d" from-port="%d" to-layer="%d" to-port="0" />'
    old = edge % (int(start), int(from_port), int(end))
    steps = [(int(start), int(from_port), 5000), *((number, 1, number + 1) for number in numbers[:-1])]
    new = b"".join(edge % step for step in (*steps, (14999, 1, int(end))))
    return text.replace(b"</layers>", layers + b"</layers>").replace(old, new)


def _grow(folder: Path, _marker: Path) -> None:
    """Enlarge by 700 instead of 2: 2.5 GB for the smallest of images."""
    text, data = (folder / NETWORK_FILE).read_bytes(), bytearray((folder / NETWORK_DATA_FILE).read_bytes())
    for offset in map(int, re.findall(rb'element_type="i32" shape="[^"]*" offset="(\d+)" size="4"', text)):
        if data[offset : offset + 4] == np.int32(2).tobytes():
            data[offset : offset + 4] = np.int32(700).tobytes()
    _edit(folder, NETWORK_DATA_FILE, lambda _data: bytes(data))


_FIRST = rb'element_type="f32" shape="4, 3, 3, 3" offset="32" size="432"'
_BOMB = b'element_type="f32" shape="100000, 100000, 4, 1" offset="0" size="160000000000"'
_LIE = b'element_type="f32" shape="100000, 100000, 4, 1" offset="0" size="432"'


def _weights(change: Callable[[h5py.File, Path], None]) -> Callable[[Path, Path], None]:
    def attack(folder: Path, marker: Path) -> None:
        with h5py.File(folder / WEIGHTS_FILE, "w") as file:
            change(file, marker)
        seal_files(folder)

    return attack


def _not_a_number(folder: Path, _marker: Path) -> None:
    _edit(folder, NETWORK_DATA_FILE, lambda data: data[:32] + np.float32(np.nan).tobytes() + data[36:])


def _pickled_card(folder: Path, marker: Path) -> None:
    (folder / CARD_FILE).write_bytes(pickle.dumps(Harm(marker)))


def _pickled_data(folder: Path, marker: Path) -> None:
    _edit(folder, NETWORK_DATA_FILE, lambda _data: pickle.dumps(Harm(marker)))


def _outside(folder: Path, marker: Path) -> None:
    files = json.loads((folder / CARD_FILE).read_bytes())["files"]
    change_card(folder, files={**files, f"../{marker.name}": "0" * 64})


def _pipe(name: str) -> Callable[[Path, Path], None]:
    def attack(folder: Path, _marker: Path) -> None:
        import os

        (folder / name).unlink()
        os.mkfifo(folder / name)

    return attack


# Of a sealed folder that the window is to segment with.
NETWORK_ATTACKS: dict[str, Callable[[Path, Path], None]] = {
    "another architecture": lambda folder, _marker: change_card(
        folder, network=json.loads((folder / CARD_FILE).read_bytes())["network"] | {"widths": [4, 8]}
    ),
    "weights that are not finite": _not_a_number,
    "an array of 160 GB": _network(lambda text: text.replace(_FIRST, _BOMB)),
    "an array of 160 GB in 432 bytes": _network(lambda text: text.replace(_FIRST, _LIE)),
    "padding of a million": _network(
        lambda text: text.replace(b'pads_begin="0, 0"', b'pads_begin="1000000, 1000000"').replace(
            b'auto_pad="same_upper"', b'auto_pad="explicit"'
        )
    ),
    "a chain of 10,000 layers": _network(_chain),
    "enlarging by 700": _grow,
    "nesting of 100,000": _network(lambda text: text.replace(b"<rt_info>", b"<a>" * 100_000 + b"</a>" * 100_000)),
    "entities": _network(lambda text: b'<!DOCTYPE net [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + text),
    "an operation of another kind": _network(lambda text: text.replace(b'type="Sigmoid"', b'type="Tanh"')),
    "a pickle for a card": _pickled_card,
    "a pickle for weights": _pickled_data,
    "a file outside the folder": _outside,
    "a temperature of nothing": lambda folder, _marker: change_card(folder, temperature="1e999"),
    "a pipe for a card": _pipe(CARD_FILE),
    "a pipe for a network": _pipe(NETWORK_FILE),
}


def _point_elsewhere(file: h5py.File, marker: Path) -> None:
    file["layers"] = h5py.ExternalLink("/etc/hostname", "/")
    file["soft"] = h5py.SoftLink("/layers")


def _bomb(file: h5py.File, _marker: Path) -> None:
    shape = (100_000, 100_000, 4)
    file.create_dataset("layers/conv2d/vars/0", shape, dtype="f4", chunks=(1000, 1000, 4), compression="gzip")


def _elsewhere(file: h5py.File, _marker: Path) -> None:
    file.create_dataset("layers/conv2d/vars/0", (4,), dtype="u1", external=[("/etc/hostname", 0, 4)])


def _objects(file: h5py.File, marker: Path) -> None:
    kind = h5py.special_dtype(vlen=np.dtype("u1"))
    file.create_dataset("layers/conv2d/vars/0", (1,), dtype=kind)[0] = np.frombuffer(pickle.dumps(Harm(marker)), "u1")


def _many(file: h5py.File, _marker: Path) -> None:
    for number in range(5000):
        file.create_group(f"layers/{number}")


# Of a sealed folder that a training is to start from.
WEIGHTS_ATTACKS: dict[str, Callable[[Path, Path], None]] = {
    "links into other files": _weights(_point_elsewhere),
    "an array of 160 GB": _weights(_bomb),
    "an array in another file": _weights(_elsewhere),
    "a pickle in an array": _weights(_objects),
    "5,000 groups": _weights(_many),
    "a pickle": lambda folder, marker: _edit(folder, WEIGHTS_FILE, lambda _data: pickle.dumps(Harm(marker))),
}


def put_foreign_models(folder: Path, marker: Path) -> list[Path]:
    """Write models of other programs into a folder, with programs in them that write a file; return their paths."""
    import keras

    code = f"__import__('pathlib').Path({str(marker)!r}).touch()"
    harmful = eval(f"lambda x: {code} or x")  # noqa: S307
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(harmful, output_shape=(4,))])
    marker.unlink(missing_ok=True)
    for name in ("0007-a.keras", "0008-b.h5"):
        model.save(folder / name)
    (folder / "model.pkl").write_bytes(pickle.dumps(Harm(marker)))
    shutil.copy(folder / "model.pkl", folder / "network.pt")
    with zipfile.ZipFile(folder / "0009-c.zip", "w") as archive:
        archive.writestr(f"../../{MARKER}", "out of its folder")
    (folder / "0010-saved").mkdir()
    (folder / "0010-saved" / "saved_model.pb").write_bytes(b"\x08\x01")
    marker.unlink(missing_ok=True)
    return sorted(path for path in folder.iterdir() if path.suffix or path.name.endswith("saved"))
