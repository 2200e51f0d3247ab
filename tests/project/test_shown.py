from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segtool.core.errors import SaveError
from segtool.formats.mask_png import read_mask, write_mask
from segtool.project.project import Project
from segtool.project.shown import (
    forget_shown,
    forget_shown_with,
    keep_shown,
    read_shown,
    shown_pairs,
    shown_path,
)
from segtool.project.status import Status

MASK = np.arange(48, dtype=np.uint8).reshape(6, 8)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "photos"
    for name in ("a.png", "b.jpg", "b.tif", "sub/c.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((6, 8), dtype=np.uint8)).save(root / name)
    return Project.open(root)


def test_the_file_is_called_like_the_mask(project: Project) -> None:
    root = project.root
    assert shown_path(project, project.entry("sub/c.png")) == root / ".segtool/shown/sub/c.png"
    assert shown_path(root, project.entry("b.jpg")) == root / ".segtool/shown/b.jpg.png"


def test_the_file_lies_where_the_data_of_the_folder_lie(tmp_path: Path, project: Project) -> None:
    elsewhere = Project.open(project.root, data_root=tmp_path / "data")
    assert shown_path(elsewhere, elsewhere.entry("a.png")) == tmp_path / "data/.segtool/shown/a.png"


def test_what_is_kept_reads_back_and_shows_up_in_no_list_of_images(project: Project) -> None:
    path = shown_path(project, project.entry("sub/c.png"))
    keep_shown(path, MASK)
    assert np.array_equal(read_mask(path), MASK)
    assert np.array_equal(read_shown(path, shape=MASK.shape), MASK)
    assert [entry.key for entry in Project.open(project.root).entries] == [entry.key for entry in project.entries]


def test_pairs_are_those_that_exist_of_images_that_a_person_worked_on(project: Project) -> None:
    keys = ["sub/c.png", "b.tif", "a.png", "b.jpg"]
    for key in keys[:3]:
        keep_shown(shown_path(project, project.entry(key)), MASK)
    project.set_status("sub/c.png", Status.APPROVED)
    # A newer prediction lies over what was shown for this one.
    project.set_status("b.tif", Status.PREDICTED)
    project.set_status("a.png", Status.CORRECTED)
    project.set_status("b.jpg", Status.CORRECTED)
    assert shown_pairs(project, keys) == [
        ("sub/c.png", project.root / ".segtool/shown/sub/c.png"),
        ("a.png", project.root / ".segtool/shown/a.png"),
    ]


def test_what_is_missing_damaged_or_of_another_size_is_not_known(project: Project) -> None:
    path = shown_path(project, project.entry("a.png"))
    assert read_shown(path, shape=MASK.shape) is None
    keep_shown(path, MASK)
    assert read_shown(path, shape=(8, 6)) is None
    path.write_bytes(path.read_bytes()[:-20])
    assert read_shown(path, shape=MASK.shape) is None


def test_forgetting_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    forget_shown(tmp_path / "nowhere" / "a.png")
    (tmp_path / "file").touch()
    forget_shown(tmp_path / "file" / "a.png")
    forget_shown_with(tmp_path / "nowhere", [1])


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / ".segtool").touch()
    with pytest.raises(SaveError, match="cannot be made"):
        keep_shown(tmp_path / ".segtool" / "shown" / "a.png", MASK)


def test_an_older_prediction_does_not_stay_in_place_of_one_that_cannot_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.symlink_to(path)
    with pytest.raises(SaveError, match="leads back to itself"):
        keep_shown(path, MASK)
    assert not path.is_symlink()


def test_predictions_with_a_class_that_is_gone_are_let_go_of(tmp_path: Path) -> None:
    with_it, without = tmp_path / ".segtool/shown/sub/a.png", tmp_path / ".segtool/shown/b.png"
    write_mask(with_it, MASK)
    write_mask(without, np.zeros_like(MASK))
    forget_shown_with(tmp_path, [7, 200])
    assert not with_it.exists()
    assert without.exists()
