from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from segtool.core.errors import ModelError
from segtool.models.card import NETWORK_DATA_FILE, NETWORK_FILE
from segtool.models.network_file import MAX_LAYERS, check_description, read_network

CONSTANT = (
    '<net><layers><layer id="0" name="a" type="Const" version="opset1">'
    '<data element_type="{kind}" shape="{shape}" offset="{offset}" size="{size}" /></layer></layers></net>'
)
LAYER = '<net><layers><layer id="0" name="a" type="{type}" version="opset1"><data {data} /></layer></layers></net>'


def check(text: str, *, data_size: int = 432) -> None:
    check_description(text.encode(), data_size=data_size, path=Path("network.xml"))


def constant(*, kind: str = "f32", shape: str = "4, 3, 3, 3", offset: str = "0", size: str = "432") -> str:
    return CONSTANT.format(kind=kind, shape=shape, offset=offset, size=size)


def test_what_was_read_does_not_change_with_the_files(tiny_model_folder: Path, tmp_path: Path):
    folder = Path(shutil.copytree(tiny_model_folder, tmp_path / "model"))
    files = read_network(folder)
    for name, data in ((NETWORK_FILE, files.description), (NETWORK_DATA_FILE, files.data)):
        assert data == (tiny_model_folder / name).read_bytes()
        (folder / name).write_bytes(b"")
    assert len(files.data) > 0


def test_the_networks_of_this_program_pass(tiny_model_folder: Path, tiny_ground_folder: Path):
    for folder in (tiny_model_folder, tiny_ground_folder):
        read_network(folder)
    check(constant())
    check(constant(shape="", size="4"))
    check(LAYER.format(type="Convolution", data='strides="2, 2" pads_begin="0, 0" auto_pad="same_upper"'))


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": "100000, 100000, 4", "size": "160000000000"},
        {"shape": "100000, 100000, 4"},
        {"shape": "0, 3"},
        {"shape": "-4, -3, 3, 3"},
        {"offset": "4"},
        {"offset": "-4"},
        {"offset": "99999999999999999999"},
        {"size": "431"},
        {"size": "abc"},
        {"kind": "string"},
        {"kind": "u1"},
    ],
)
def test_a_constant_must_lie_in_its_file(changes: dict[str, str]):
    with pytest.raises(ModelError, match="has a constant of") as caught:
        check(constant(**changes))
    assert caught.value.path == Path("network.xml")
    assert caught.value.remedy


def test_constants_cannot_share_their_bytes_without_end():
    one = constant().removeprefix("<net><layers>").removesuffix("</layers></net>")
    check(f"<net><layers>{one * 2}</layers></net>")
    with pytest.raises(ModelError, match="has a constant of"):
        check(f"<net><layers>{one * 3}</layers></net>")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><net>&b;</net>', "declares entities"),
        ("<a>" * 50 + "</a>" * 50, "nested too deeply"),
        (f"<net>{'<layer/>' * (MAX_LAYERS + 1)}</net>", "more than 1024 layers"),
        ("<net><layers>", "description is damaged"),
        ("", "description is damaged"),
        (LAYER.format(type="MaxPool", data='kernel="1000000, 1"'), "kernel of '1000000, 1'"),
        (LAYER.format(type="Convolution", data='pads_begin="-1, 0"'), "pads_begin"),
        (LAYER.format(type="Convolution", data='strides="9223372036854775808, 1"'), "strides"),
        (LAYER.format(type="Softmax", data='axis="x"'), "axis"),
    ],
)
def test_what_no_network_says_is_refused(text: str, reason: str):
    with pytest.raises(ModelError, match=reason):
        check(text)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_another_encoding_is_refused(encoding: str):
    text = f'<?xml version="1.0" encoding="{encoding}"?><net name="ü"/>'
    with pytest.raises(ModelError, match="damaged"):
        check_description(text.encode(encoding), data_size=1, path=Path("network.xml"))
