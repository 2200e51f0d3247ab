from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from segtool.core.errors import ModelError
from segtool.models.card import CARD_FILE, WEIGHTS_FILE
from segtool.models.store import ModelStore, bundled_models_dir


@pytest.fixture
def bundled(tiny_model_folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny_model_folder, tmp_path / "bundled" / "nuclei")
    return tmp_path / "bundled"


@pytest.fixture
def versions(tiny_model_folder: Path, tmp_path: Path) -> Path:
    for name in ("0010-nuclei", "0002-nuclei", "my model"):
        shutil.copytree(tiny_model_folder, tmp_path / "models" / name)
    return tmp_path / "models"


def names(store: ModelStore) -> list[str]:
    return [entry.name for entry in store.entries()]


def test_bundled_models_come_first_then_versions_by_number(bundled: Path, versions: Path):
    store = ModelStore(versions, bundled=bundled)
    assert names(store) == ["nuclei", "0002-nuclei", "0010-nuclei", "my model"]
    assert [entry.bundled for entry in store.entries()] == [True, False, False, False]
    assert store.entries()[1].folder == versions / "0002-nuclei"
    assert store.entries()[1].card.name == "tiny"
    assert store.problems() == []


def test_what_is_being_written_and_what_is_no_model_is_passed_over(bundled: Path, versions: Path):
    (versions / "0010-nuclei").rename(versions / ".0010-nuclei.x1")
    (versions / "notes").mkdir()
    (versions / "readme.txt").write_text("", encoding="utf-8")
    store = ModelStore(versions, bundled=bundled)
    assert names(store) == ["nuclei", "0002-nuclei", "my model"]
    assert store.problems() == []


def test_a_damaged_version_is_left_out_and_said_why(bundled: Path, versions: Path):
    path = versions / "0002-nuclei" / WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:-1])
    (versions / "0010-nuclei" / CARD_FILE).unlink()
    store = ModelStore(versions, bundled=bundled)
    assert names(store) == ["nuclei", "my model"]
    assert [problem.path for problem in store.problems()] == [path, versions / "0010-nuclei" / CARD_FILE]
    with pytest.raises(ModelError, match="damaged or was changed"):
        store.resolve("0002-nuclei")


def test_a_version_cannot_hide_a_bundled_model(bundled: Path, versions: Path):
    (versions / "my model").rename(versions / "nuclei")
    store = ModelStore(versions, bundled=bundled)
    assert store.resolve("nuclei") == bundled / "nuclei"
    assert [problem.path for problem in store.problems()] == [versions / "nuclei"]


def test_a_model_is_found_by_name_or_folder(
    bundled: Path, versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(versions / "0002-nuclei", elsewhere)
    store = ModelStore(versions, bundled=bundled)
    assert store.resolve("0002-nuclei") == versions / "0002-nuclei"
    assert store.resolve(str(elsewhere)) == elsewhere
    monkeypatch.chdir(tmp_path)
    assert store.resolve("elsewhere").resolve() == elsewhere.resolve()


@pytest.mark.parametrize("name", ["", "nothing", "0002", "../bundled"])
def test_an_unknown_model_is_answered_with_those_that_there_are(bundled: Path, versions: Path, name: str):
    with pytest.raises(ModelError, match="nuclei, 0002-nuclei, 0010-nuclei, my model"):
        ModelStore(versions, bundled=bundled).resolve(name)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("nuclei", "0011-nuclei"),
        ("0010-nuclei", "0011-nuclei"),
        ("Zellkerne größer", "0011-Zellkerne-größer"),
        ("../../a:b", "0011-a-b"),
        ("", "0011-model"),
        ("...", "0011-model"),
        ("x" * 300, "0011-" + "x" * 40),
    ],
)
def test_the_next_version_has_the_next_number(versions: Path, base: str, expected: str):
    assert ModelStore(versions).next_version_name(base) == expected


def test_the_number_of_a_damaged_version_is_not_used_again(versions: Path):
    shutil.rmtree(versions / "0010-nuclei")
    (versions / "0010-nuclei").mkdir()
    assert ModelStore(versions).next_version_name("nuclei") == "0011-nuclei"


def test_a_project_without_models_has_the_bundled_ones(bundled: Path, tmp_path: Path):
    store = ModelStore(tmp_path / "none", bundled=bundled)
    assert names(store) == ["nuclei"]
    assert store.next_version_name("nuclei") == "0001-nuclei"


def test_the_models_that_come_with_the_program_are_whole():
    store = ModelStore()
    assert store.problems() == []
    assert all(entry.bundled and entry.folder.parent == bundled_models_dir() for entry in store.entries())


def test_a_model_that_comes_with_the_program_is_small_enough_to_be_sent_along():
    sizes = {
        entry.name: sum(path.stat().st_size for path in entry.folder.rglob("*") if path.is_file())
        for entry in ModelStore().entries()
    }
    assert sizes
    assert {name: size for name, size in sizes.items() if size > 16_000_000} == {}


@pytest.mark.parametrize("name", ["my.keras", "0011-net.h5", "weights.pkl", "model.zip", "NET.PT"])
def test_a_model_of_another_program_is_named_with_the_way_out(bundled: Path, versions: Path, name: str):
    (versions / name).write_bytes(b"anything")
    store = ModelStore(versions, bundled=bundled)
    (problem,) = store.problems()
    assert problem.path == versions / name
    assert "does not open this as a model" in problem.reason
    assert problem.remedy.endswith("or train a version here.")
    with pytest.raises(ModelError, match="does not open this as a model"):
        store.resolve(str(versions / name))


def test_a_saved_tensorflow_model_is_named(bundled: Path, versions: Path):
    (versions / "0011-saved").mkdir()
    (versions / "0011-saved" / "saved_model.pb").write_bytes(b"")
    (problem,) = ModelStore(versions, bundled=bundled).problems()
    assert "saved TensorFlow models can hold programs" in problem.reason
