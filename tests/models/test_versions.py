from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from segtool.core.errors import ModelError, SaveError
from segtool.models.card import CARD_FILE, MAX_NOTE, MAX_TITLE, NETWORK_FILE, ModelCard, read_card
from segtool.models.card_text import SEAL
from segtool.models.store import ModelStore, bundled_models_dir
from segtool.models.versions import annotate, delete_version, export_version
from tests.model_fixtures import change_card


@pytest.fixture
def models(tiny_model_folder: Path, tmp_path: Path) -> Path:
    """``models/`` of a project with two versions."""
    for name in ("0001-tiny", "0002-tiny"):
        shutil.copytree(tiny_model_folder, tmp_path / "photos" / "models" / name)
    return tmp_path / "photos" / "models"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_title_and_a_note_are_kept_on_the_card_and_shown_instead_of_the_name(models: Path):
    change_card(models / "0002-tiny", **{"of a later program": [1, 2]})
    before = json.loads((models / "0002-tiny" / CARD_FILE).read_text(encoding="utf-8"))
    card = annotate(models / "0002-tiny", title="  Best \n so far ", note="Größer.\nSecond line. ")
    assert (card.title, card.note) == ("Best so far", "Größer.\nSecond line.")
    assert annotate(models / "0002-tiny", note="").title == "Best so far"
    entries = {entry.name: entry for entry in ModelStore(models).entries()}
    assert entries["0002-tiny"].label == "Best so far"
    assert entries["0001-tiny"].label == "0001-tiny"
    after = json.loads((models / "0002-tiny" / CARD_FILE).read_text(encoding="utf-8"))
    assert after == {**before, "title": "Best so far", "note": "", SEAL: after[SEAL]}
    assert names(models / "0002-tiny") == names(models / "0001-tiny")


def test_a_text_that_is_too_long_changes_nothing(models: Path):
    card = models / "0001-tiny" / CARD_FILE
    before = card.read_bytes()
    with pytest.raises(ModelError, match="title may have 80"):
        annotate(models / "0001-tiny", title="x" * (MAX_TITLE + 1))
    with pytest.raises(ModelError, match="note may have 2,000"):
        annotate(models / "0001-tiny", title="good", note="x" * (MAX_NOTE + 1))
    assert card.read_bytes() == before


@pytest.mark.parametrize("value", [7, None, ["a"], {"a": 1}])
def test_a_card_from_elsewhere_may_say_anything_about_title_and_note(models: Path, value: object):
    raw = json.loads((models / "0001-tiny" / CARD_FILE).read_text(encoding="utf-8"))
    card = ModelCard.from_json({**raw, "title": value, "note": value})
    assert (card.title, card.note) == ("", "")
    long = ModelCard.from_json({**raw, "title": "t\n" * 500, "note": "n" * 9999})
    assert (len(long.title), len(long.note)) == (MAX_TITLE, MAX_NOTE)
    old = {name: item for name, item in raw.items() if name not in ("title", "note")}
    assert ModelCard.from_json(old) == read_card(models / "0001-tiny")


def test_a_bundled_model_is_left_as_it_is():
    folder = bundled_models_dir() / "nuclei"
    before = (folder / CARD_FILE).read_bytes()
    with pytest.raises(ModelError, match="comes with the program"):
        annotate(folder, title="mine")
    with pytest.raises(ModelError, match="comes with the program"):
        delete_version(folder, models_root=folder.parent, active="")
    assert (folder / CARD_FILE).read_bytes() == before


def test_a_deleted_version_is_gone_without_a_trace(models: Path):
    delete_version(models / "0001-tiny", models_root=models, active="0002-tiny")
    assert names(models) == ["0002-tiny"]
    # A damaged version too.
    (models / "0002-tiny" / CARD_FILE).unlink()
    delete_version(models / "0002-tiny", models_root=models, active="nuclei")
    assert names(models) == []


def test_only_a_version_of_the_folder_that_is_not_active_is_deleted(models: Path, tmp_path: Path):
    elsewhere = Path(shutil.copytree(models / "0001-tiny", tmp_path / "elsewhere" / "0001-tiny"))
    os.symlink(elsewhere, models / "0003-link", target_is_directory=True)
    (models / "0004-file").write_text("", encoding="utf-8")
    with pytest.raises(ModelError, match="active model cannot be deleted"):
        delete_version(models / "0002-tiny", models_root=models, active="0002-tiny")
    for folder in (
        elsewhere,
        models / "0003-link",
        models / "0004-file",
        models / "0005-missing",
        models / "..",
        models,
        models / "0001-tiny" / "..",
    ):
        with pytest.raises(ModelError, match="no version of the open folder"):
            delete_version(folder, models_root=models, active="0002-tiny")
    assert names(models) == ["0001-tiny", "0002-tiny", "0003-link", "0004-file"]
    assert (elsewhere / CARD_FILE).is_file()


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(errno.EACCES, "Permission denied")


def test_a_version_that_cannot_be_moved_is_still_there(models: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(SaveError, match=r"could not be deleted \(permission denied\) and is still there"):
        delete_version(models / "0001-tiny", models_root=models, active="")
    assert names(models) == ["0001-tiny", "0002-tiny"]
    with pytest.raises(SaveError, match=r"could not be exported \(permission denied\)"):
        export_version(models / "0001-tiny", models / "copy")
    assert names(models) == ["0001-tiny", "0002-tiny"]


def test_what_is_left_of_a_deleted_version_is_named_and_never_listed(models: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(SaveError, match="not every file") as caught:
        delete_version(models / "0001-tiny", models_root=models, active="")
    assert caught.value.path is not None
    assert caught.value.path.is_dir()
    store = ModelStore(models)
    assert [entry.name for entry in store.entries() if not entry.bundled] == ["0002-tiny"]
    assert store.problems() == []


def test_an_exported_version_is_a_whole_model(models: Path, tmp_path: Path):
    annotate(models / "0002-tiny", title="For the others")
    target = tmp_path / "out" / "0002-tiny"
    target.parent.mkdir()
    card = export_version(models / "0002-tiny", target)
    assert card.title == "For the others"
    assert names(target.parent) == ["0002-tiny"]
    assert ModelStore(None).resolve(str(target)) == target
    assert [entry.label for entry in ModelStore(target.parent).entries() if not entry.bundled] == ["For the others"]
    assert names(models) == ["0001-tiny", "0002-tiny"]


def test_an_export_overwrites_nothing_and_leaves_nothing_behind(models: Path, tmp_path: Path):
    out = tmp_path / "out"
    (out / "0001-tiny").mkdir(parents=True)
    with pytest.raises(SaveError, match="something of that name already"):
        export_version(models / "0001-tiny", out / "0001-tiny")
    with pytest.raises(SaveError, match="no such folder"):
        export_version(models / "0001-tiny", out / "missing" / "0001-tiny")
    with pytest.raises(SaveError, match="into its own folder"):
        export_version(models / "0001-tiny", models / "0001-tiny" / "copy")
    network = models / "0001-tiny" / NETWORK_FILE
    network.write_bytes(network.read_bytes() + b" ")
    with pytest.raises(ModelError, match="damaged or was changed"):
        export_version(models / "0001-tiny", out / "copy")
    assert names(out) == ["0001-tiny"]
    assert names(out / "0001-tiny") == []
