"""The program's own models: known to the code by their hashes, and said when they are not what they were."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from segtool import resources
from segtool.core.errors import ModelError
from segtool.inference.runtime import Runtime
from segtool.models.base import base_problems, bundled_bases
from segtool.models.bundled import BUNDLED_PLACES
from segtool.models.bundled_digests import BUNDLED_DIGESTS
from segtool.models.card import CARD_FILE, WEIGHTS_FILE, read_card
from segtool.models.integrity import verify_model
from segtool.models.store import ModelStore, bundled_models_dir
from segtool.resources import resource_path
from tests.model_fixtures import change_card, seal_files


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the program's models and bases that a test may change."""
    for place in BUNDLED_PLACES:
        shutil.copytree(resource_path(place), tmp_path / "own" / place)
    monkeypatch.setattr(resources, "_IN_CHECKOUT", tmp_path / "own")
    return tmp_path / "own"


def test_the_table_is_that_of_the_files():
    folders = [path.parent for place in BUNDLED_PLACES for path in resource_path(place).glob(f"*/{CARD_FILE}")]
    found = {
        f"{folder.parent.name}/{folder.name}": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
        }
        for folder in folders
    }
    assert found == BUNDLED_DIGESTS, "run tools/seal_bundled.py"


@pytest.mark.parametrize("name", ["nuclei", "aerial"])
def test_they_answer_as_they_did_when_they_were_made(name: str):
    runtime = Runtime.load(bundled_models_dir() / name)
    assert runtime.card.self_test is not None


def test_one_that_was_changed_together_with_its_card_is_refused_and_said(own: Path):
    change_card(own / "models" / "nuclei", note="hello")
    (own / "models" / "aerial" / WEIGHTS_FILE).write_bytes(b"other weights")
    seal_files(own / "models" / "aerial")
    store = ModelStore()
    assert store.entries() == []
    assert [problem.path for problem in store.problems()] == [
        own / "models" / "aerial" / CARD_FILE,
        own / "models" / "nuclei" / CARD_FILE,
    ]
    assert "did not come" not in str(store.problems()[0])
    assert "not the file that came with SegTool. Install SegTool again." in str(store.problems()[0])
    with pytest.raises(ModelError, match="came with SegTool"):
        Runtime.load(own / "models" / "nuclei")


def test_one_that_did_not_come_with_the_program_is_refused(own: Path, tiny_model_folder: Path):
    shutil.copytree(tiny_model_folder, own / "models" / "mine")
    with pytest.raises(ModelError, match="came with SegTool"):
        verify_model(own / "models" / "mine")
    assert [entry.name for entry in ModelStore().entries()] == ["aerial", "nuclei"]


def test_a_base_that_was_changed_is_not_offered_and_said(own: Path):
    assert [entry.name for entry in bundled_bases()] == ["general"]
    change_card(own / "bases" / "general", created="today")
    assert bundled_bases() == []
    (problem,) = base_problems()
    assert problem.path == own / "bases" / "general" / CARD_FILE


def test_a_card_that_lost_its_self_test_is_not_taken_for_an_old_one(own: Path):
    path = own / "models" / "nuclei" / CARD_FILE
    value = json.loads(path.read_bytes())
    del value["self_test"], value["seal"]
    path.write_text(json.dumps(value), encoding="utf-8")
    assert read_card(path.parent).self_test is None
    with pytest.raises(ModelError, match="came with SegTool"):
        verify_model(path.parent)
