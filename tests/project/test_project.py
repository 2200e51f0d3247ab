from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from segtool.core.classes import DEFAULT_CLASSES, ClassSet
from segtool.core.errors import ProjectError, SaveError
from segtool.formats.mask_png import write_mask
from segtool.project.project import Project
from segtool.project.status import Status
from segtool.project.training_images import usable_images

PORES = [{"id": 0, "name": "matrix"}, {"id": 1, "name": "pore"}, {"id": 255, "name": "void"}]


def add_images(root: Path, *names: str, mask: bool = False) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        if mask:
            write_mask(root / "masks" / Path(name).with_suffix(".png"), np.zeros((4, 5), np.uint8))


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *folder.rglob("*")]
    }


def test_opening_and_looking_writes_nothing(sample_folder: Path):
    before = contents(sample_folder)
    project = Project.open(sample_folder)
    assert len(project.entries) >= 6
    assert project.root == project.data_root == sample_folder
    for entry in project.entries:
        assert project.entry(entry.key) is entry
        assert project.status(entry.key) is Status.UNTOUCHED
    project.set_status(project.entries[0].key, Status.CORRECTED)
    project.ensure_held_out()
    assert contents(sample_folder) == before


@pytest.mark.parametrize("name", ["gone", "file.png"])
def test_what_is_no_folder_is_refused(tmp_path: Path, name: str):
    (tmp_path / "file.png").touch()
    with pytest.raises(ProjectError) as caught:
        Project.open(tmp_path / name)
    assert caught.value.path == tmp_path / name
    assert caught.value.remedy


def test_a_folder_without_images_opens_empty(tmp_path: Path):
    assert Project.open(tmp_path).entries == ()


def test_status_of_images_that_nothing_is_recorded_about(tmp_path: Path):
    add_images(tmp_path, "a.png", mask=True)
    add_images(tmp_path, "b.png")
    project = Project.open(tmp_path)
    assert project.status("a.png") is Status.CORRECTED
    assert project.status("b.png") is Status.UNTOUCHED
    with pytest.raises(ProjectError, match=r"c\.png"):
        project.status("c.png")
    with pytest.raises(ProjectError, match=r"c\.png"):
        project.set_status("c.png", Status.APPROVED)


def test_what_is_saved_is_there_when_opened_again(tmp_path: Path):
    add_images(tmp_path, "a.png", "b.png", mask=True)
    project = Project.open(tmp_path)
    classes = ClassSet.from_json(PORES)
    project.set_status("a.png", Status.APPROVED)
    project.set_classes(classes)
    project.set_active_model("0001-pores")
    project.save_state()
    again = Project.open(tmp_path)
    assert again.status("a.png") is Status.APPROVED
    assert again.status("b.png") is Status.CORRECTED
    assert again.classes == again.state.classes == classes
    assert again.active_model == "0001-pores"


def test_an_image_that_comes_back_has_its_status_again(tmp_path: Path):
    add_images(tmp_path, "a.png", "b.png", mask=True)
    project = Project.open(tmp_path)
    project.set_status("a.png", Status.APPROVED)
    project.save_state()
    (tmp_path / "a.png").rename(tmp_path / "away")
    without = Project.open(tmp_path)
    without.set_status("b.png", Status.PREDICTED)
    without.save_state()
    (tmp_path / "away").rename(tmp_path / "a.png")
    assert Project.open(tmp_path).status("a.png") is Status.APPROVED


def test_a_recorded_status_without_its_mask_does_not_count(tmp_path: Path):
    add_images(tmp_path, "a.png", mask=True)
    project = Project.open(tmp_path)
    project.set_status("a.png", Status.APPROVED)
    project.save_state()
    (tmp_path / "masks" / "a.png").unlink()
    assert Project.open(tmp_path).status("a.png") is Status.UNTOUCHED


def test_the_mask_of_an_image_stays_its_own_when_one_of_its_stem_is_added(tmp_path: Path):
    add_images(tmp_path, "a.jpg")
    project = Project.open(tmp_path)
    write_mask(project.entry("a.jpg").mask_path, np.ones((4, 5), np.uint8))
    project.set_status("a.jpg", Status.CORRECTED)
    project.save_state()
    add_images(tmp_path, "a.tif")
    for _ in range(2):
        project = Project.open(tmp_path)
        assert project.entry("a.jpg").mask_path == tmp_path / "masks" / "a.png"
        assert project.entry("a.tif").mask_path == tmp_path / "masks" / "a.tif.png"
        assert (project.status("a.jpg"), project.notes) == (Status.CORRECTED, ())
        # The second time round, both have a mask and a status.
        write_mask(project.entry("a.tif").mask_path, np.ones((4, 5), np.uint8))
        project.set_status("a.tif", Status.PREDICTED)
        project.save_state()


@pytest.mark.parametrize("place", ["train", "."])
def test_classes_are_found_in_the_folder_or_the_one_around_it(tmp_path: Path, place: str):
    add_images(tmp_path / "train", "images/a.png")
    (tmp_path / place / "classes.json").write_text(json.dumps(PORES))
    project = Project.open(tmp_path / "train")
    assert project.has_classes
    assert [item.name for item in project.classes] == ["matrix", "pore"]


def test_without_a_file_the_classes_are_not_known_until_set(tmp_path: Path):
    add_images(tmp_path, "a.png")
    project = Project.open(tmp_path)
    assert not project.has_classes
    assert project.classes == DEFAULT_CLASSES
    project.set_classes(DEFAULT_CLASSES)
    assert project.has_classes


@pytest.mark.parametrize("text", ["{", '{"categories": []}', '[{"id": "1", "name": "x"}]'])
def test_a_classes_file_that_cannot_be_used_is_told_about(tmp_path: Path, text: str):
    add_images(tmp_path, "a.png")
    (tmp_path / "classes.json").write_text(text)
    project = Project.open(tmp_path)
    assert not project.has_classes
    assert str(tmp_path / "classes.json") in project.notes[0]


def test_a_damaged_state_file_is_never_written_over(tmp_path: Path):
    add_images(tmp_path, "a.png")
    state = tmp_path / "segtool.json"
    state.write_text("{")
    with pytest.raises(ProjectError):
        Project.open(tmp_path)
    state.unlink()
    project = Project.open(tmp_path)
    project.set_status("a.png", Status.CORRECTED)
    state.write_text("{")
    with pytest.raises(ProjectError):
        project.save_state()
    assert state.read_text() == "{"


def test_what_another_program_saved_in_the_meantime_is_kept(tmp_path: Path):
    add_images(tmp_path, "a.png", "b.png", mask=True)
    window, other = Project.open(tmp_path), Project.open(tmp_path)
    other.set_status("b.png", Status.APPROVED)
    other.save_state()
    window.set_status("a.png", Status.APPROVED)
    window.save_state()
    assert window.status("b.png") is Status.APPROVED
    again = Project.open(tmp_path)
    assert again.status("a.png") is again.status("b.png") is Status.APPROVED


def test_saving_without_a_change_leaves_the_file_alone(tmp_path: Path):
    add_images(tmp_path, "a.png")
    project = Project.open(tmp_path)
    project.set_status("a.png", Status.CORRECTED)
    project.save_state()
    before = contents(tmp_path)
    project.save_state()
    assert contents(tmp_path) == before


def test_everything_lies_in_another_place_when_one_is_given(tmp_path: Path):
    images, place = tmp_path / "images only", tmp_path / "work" / "here"
    add_images(images, "sub/a.png", mask=True)
    before = contents(images)
    project = Project.open(images, data_root=place)
    found = [(entry.key, entry.path, entry.mask_path) for entry in project.entries]
    assert found == [("sub/a.png", images / "sub" / "a.png", place / "masks" / "sub" / "a.png")]
    assert project.status("sub/a.png") is Status.UNTOUCHED
    assert str(images / "masks") in project.notes[0]
    assert not place.exists()
    assert project.writable_reason == ""
    write_mask(project.entries[0].mask_path, np.ones((4, 5), np.uint8))
    project.set_status("sub/a.png", Status.CORRECTED)
    project.save_state()
    assert Project.open(images, data_root=place).status("sub/a.png") is Status.CORRECTED
    assert contents(images) == before


def test_a_place_that_holds_the_masks_of_other_images_is_refused(tmp_path: Path):
    place = tmp_path / "place"
    for name in ("one", "two"):
        add_images(tmp_path / name, "a.png")
    Project.open(tmp_path / "one", data_root=place).save_state()
    with pytest.raises(ProjectError) as caught:
        Project.open(tmp_path / "two", data_root=place)
    assert str(tmp_path / "one") in str(caught.value)
    # Unless the images have only been moved.
    (tmp_path / "one").rename(tmp_path / "moved")
    assert str(tmp_path / "moved") in Project.open(tmp_path / "moved", data_root=place).notes[0]


def test_a_file_cannot_be_the_place_of_the_masks(tmp_path: Path):
    add_images(tmp_path, "a.png")
    with pytest.raises(ProjectError, match="not a folder"):
        Project.open(tmp_path, data_root=tmp_path / "a.png")


def test_images_of_a_pair_of_folders_point_to_the_folder_around_them(tmp_path: Path):
    add_images(tmp_path, "images/a.png")
    (tmp_path / "masks").mkdir()
    assert f"open {tmp_path} instead" in Project.open(tmp_path / "images").notes[0]


def test_a_writable_folder_is_left_clean(tmp_path: Path):
    add_images(tmp_path, "a.png", mask=True)
    names = sorted(tmp_path.rglob("*"))
    assert Project.open(tmp_path).writable_reason == ""
    assert sorted(tmp_path.rglob("*")) == names


def test_masks_that_cannot_be_written_are_told_about(tmp_path: Path):
    add_images(tmp_path, "a.png")
    (tmp_path / "masks").touch()
    reason = Project.open(tmp_path).writable_reason
    assert str(tmp_path / "masks") in reason
    assert "Choose another folder" in reason


def test_a_read_only_folder_is_told_about(tmp_path: Path):
    add_images(tmp_path, "a.png")
    tmp_path.chmod(0o555)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("the system lets this user write anywhere")
        project = Project.open(tmp_path)
        assert str(tmp_path) in project.writable_reason
        with pytest.raises(SaveError):
            project.save_state()
    finally:
        tmp_path.chmod(0o755)


def test_the_models_trained_here_are_in_the_store(tmp_path: Path):
    add_images(tmp_path, "a.png")
    assert Project.open(tmp_path).store.next_version_name("nuclei") == "0001-nuclei"
    (tmp_path / "models" / "0004-nuclei").mkdir(parents=True)
    assert Project.open(tmp_path).store.next_version_name("nuclei") == "0005-nuclei"


def test_held_out_images_are_chosen_once_and_remembered(tmp_path: Path):
    add_images(tmp_path, *(f"{number}.png" for number in range(12)), mask=True)
    project = Project.open(tmp_path)
    project.set_status("3.png", Status.PREDICTED)
    held = project.ensure_held_out()
    assert len(held) == 2
    assert "3.png" not in project.state.known
    assert len(project.state.known) == 11
    project.save_state()
    add_images(tmp_path, *(f"new {number}.png" for number in range(12)), mask=True)
    again = Project.open(tmp_path)
    later = again.ensure_held_out()
    assert len(later) == 4
    assert [key for key in later if not key.startswith("new")] == list(held)


def test_few_images_are_all_trained_on_and_never_held_out_later(tmp_path: Path):
    add_images(tmp_path, *(f"{name}.png" for name in "abcde"), mask=True)
    project = Project.open(tmp_path)
    assert project.ensure_held_out() == ()
    project.save_state()
    add_images(tmp_path, *(f"{name}.png" for name in "fghijklmno"), mask=True)
    held = Project.open(tmp_path).ensure_held_out()
    assert len(held) == 3
    assert set(held) <= {f"{name}.png" for name in "fghijklmno"}


def test_images_given_by_name_are_the_only_ones_to_choose_from(tmp_path: Path):
    add_images(tmp_path, *(f"{number}.png" for number in range(12)), mask=True)
    chosen = [f"{number}.png" for number in range(6)]
    project = Project.open(tmp_path)
    held = project.ensure_held_out(chosen)
    assert len(held) == 1
    assert project.state.known == tuple(sorted(chosen))
    assert len(usable_images(project)) == 12


def test_opening_a_folder_opens_no_image(tmp_path: Path):
    for number in range(20):
        (tmp_path / f"image {number}.png").touch(mode=0o000)
    project = Project.open(tmp_path)
    assert [entry.key for entry in project.entries] == [f"image {number}.png" for number in range(20)]
    assert all(entry.path.stat().st_atime_ns <= entry.path.stat().st_mtime_ns for entry in project.entries)


def test_a_folder_is_new_until_something_is_known_of_it(tmp_path: Path) -> None:
    add_images(tmp_path, "a.png")
    project = Project.open(tmp_path)
    assert project.is_new
    assert not project.has_persons_work()
    project.set_status("a.png", Status.APPROVED)
    assert project.has_persons_work()
    project.save_state()
    assert not Project.open(tmp_path).is_new


def test_a_persons_work_is_looked_for_again_only_after_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    add_images(tmp_path, "a.png", "b.png", mask=True)
    project = Project.open(tmp_path)
    for key in ("a.png", "b.png"):
        project.set_status(key, Status.PREDICTED)
    assert not project.has_persons_work()
    project.set_status("b.png", Status.APPROVED)
    assert project.has_persons_work()
    monkeypatch.setattr(Project, "status", lambda *_: pytest.fail("looked again"))
    assert project.has_persons_work()
