from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from segtool.core.errors import ModelError
from segtool.models import integrity
from segtool.models.card import CARD_FILE, MODEL_FILES, NETWORK_DATA_FILE, NETWORK_FILE, WEIGHTS_FILE, read_card
from segtool.models.integrity import MAX_FILE_BYTES, sha256_of, verify_model
from tests.model_fixtures import change_card


@pytest.fixture
def folder(tiny_model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model_folder, tmp_path / "model"))


def files_of(folder: Path) -> dict[str, str]:
    return dict(json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))["files"])


def test_a_whole_folder_gives_its_card(folder: Path):
    assert verify_model(folder) == read_card(folder)


@pytest.mark.parametrize("name", MODEL_FILES)
def test_every_flipped_bit_is_found(folder: Path, name: str):
    path = folder / name
    whole = path.read_bytes()
    for position in np.random.default_rng(0).integers(0, len(whole), 20):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << (position % 8)
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match="damaged or was changed") as caught:
            verify_model(folder)
        assert caught.value.path == path
        assert caught.value.remedy
    path.write_bytes(whole)
    verify_model(folder)


@pytest.mark.parametrize("name", MODEL_FILES)
@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_found(folder: Path, name: str, part: float):
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ModelError, match=name):
        verify_model(folder)


@pytest.mark.parametrize("name", [*MODEL_FILES, CARD_FILE])
def test_a_missing_file_is_named(folder: Path, name: str):
    (folder / name).unlink()
    with pytest.raises(ModelError, match="lacks this file") as caught:
        verify_model(folder)
    assert caught.value.path == folder / name


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(ModelError, match="nowhere: there is no such model folder"):
        verify_model(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": 1}', '{"format": 99}', "\x00\xff", '{"format": 1, "files": 3}', "[" * 99999],
)
def test_a_malformed_card_is_an_error_that_names_it(folder: Path, text: str):
    (folder / CARD_FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelError) as caught:
        verify_model(folder)
    assert caught.value.path == folder / CARD_FILE


@pytest.mark.parametrize(
    "name", ["../network.xml", "/etc/hostname", "..", ".", "", "sub/file", "..\\file", "C:file", "a\0b"]
)
def test_a_card_cannot_name_files_outside_its_folder(folder: Path, name: str):
    change_card(folder, files={**files_of(folder), name: "0" * 64})
    with pytest.raises(ModelError, match="no plain file name"):
        verify_model(folder)


def test_further_files_that_the_card_names_are_checked_too(folder: Path):
    (folder / "NOTICE").write_text("from the Broad Bioimage Benchmark Collection", encoding="utf-8")
    change_card(folder, files={**files_of(folder), "NOTICE": sha256_of(folder / "NOTICE")})
    verify_model(folder)
    (folder / "NOTICE").write_text("", encoding="utf-8")
    with pytest.raises(ModelError, match="NOTICE"):
        verify_model(folder)


def test_a_card_without_a_hash_is_refused(folder: Path):
    files = files_of(folder)
    del files[NETWORK_DATA_FILE]
    change_card(folder, files=files)
    with pytest.raises(ModelError, match=f"no hash for {NETWORK_DATA_FILE}"):
        verify_model(folder)


def test_a_link_is_refused_even_to_the_right_file(folder: Path, tmp_path: Path):
    outside = tmp_path / "outside.bin"
    os.replace(folder / NETWORK_DATA_FILE, outside)
    try:
        (folder / NETWORK_DATA_FILE).symlink_to(outside)
    except OSError:
        pytest.skip("this system lets nobody make links")
    with pytest.raises(ModelError, match="is a link"):
        verify_model(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a Unix thing")
@pytest.mark.parametrize("name", [WEIGHTS_FILE, CARD_FILE])
def test_a_pipe_is_refused_without_waiting_for_it(folder: Path, name: str):
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(ModelError, match="not a plain file"):
        verify_model(folder)


def test_a_huge_file_is_refused_before_it_is_read(folder: Path):
    with (folder / NETWORK_FILE).open("r+b") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(ModelError, match="larger than 256 MB"):
        verify_model(folder)


def test_a_digest_is_remembered_until_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hashed = []
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, name: hashed.append(file.name) or real(file, name))
    path = tmp_path / "file"
    path.write_bytes(b"first")
    first = sha256_of(path)
    assert sha256_of(path) == first
    assert len(hashed) == 2, "a file just written may change under the same time stamp"
    monkeypatch.setattr(integrity, "_SETTLED_NS", -(10**18))
    sha256_of(path)
    assert sha256_of(path) == first
    assert len(hashed) == 3
    path.write_bytes(b"longer than before")
    assert sha256_of(path) == hashlib.sha256(b"longer than before").hexdigest()
