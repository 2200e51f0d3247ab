from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

import pytest

from segtool.core.errors import ProjectError
from segtool.project.layout import Layout, find_layout


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def look(root: Path, *, recorded: Collection[str] = (), images_in: str = "") -> Layout:
    return find_layout(root, masks_root=root / "masks", recorded=recorded, images_in=images_in)


def masks(layout: Layout, root: Path) -> dict[str, str]:
    return {entry.key: entry.mask_path.relative_to(root / "masks").as_posix() for entry in layout.entries}


def keys(layout: Layout) -> list[str]:
    return [entry.key for entry in layout.entries]


def test_images_are_found_in_natural_order_with_masks_of_the_same_stem(tmp_path: Path):
    make(tmp_path, "b10.TIF", "b9.png", "A1.jpg", "sub/2.png", "sub/10.png", "notes.txt", "masks/sub/2.png")
    layout = look(tmp_path)
    assert keys(layout) == ["A1.jpg", "b9.png", "b10.TIF", "sub/2.png", "sub/10.png"]
    assert layout.entries[3].path == tmp_path / "sub" / "2.png"
    assert masks(layout, tmp_path)["b10.TIF"] == "b10.png"
    assert layout.with_mask == {"sub/2.png"}
    assert layout.notes == ()


def test_files_beside_the_masks_that_are_no_masks_are_named(tmp_path: Path):
    make(tmp_path, "a.png", "masks/a.png", "masks/a.png.bak", "masks/.a.png", "masks/readme.txt")
    assert look(tmp_path).notes == ()
    make(tmp_path, "masks/a_mask.png")
    assert look(tmp_path).notes == (
        "1 file in masks/ belongs to no image: a_mask.png. A mask has the name of its image and ends in .png.",
    )
    make(tmp_path, "sub/b.png", "masks/sub/b.tif", "masks/c.png", "masks/d.jpg")
    (note,) = look(tmp_path).notes
    assert note.startswith("4 files in masks/ belong to no image: a_mask.png, c.png, d.jpg and more. ")
    # What another note has named is not counted again.
    make(tmp_path, "a.tif")
    assert [text.partition(" ")[0] for text in look(tmp_path).notes] == ["masks/a.png", "4"]


def test_what_is_passed_over(tmp_path: Path):
    make(tmp_path, "a.png", ".hidden.png", ".segtool/a.png", "masks/a.png", "models/0001/x.png", "overlays/a.png")
    make(tmp_path, "sub/masks/a.png", "sub/models/a.png", "folder.png/inner.png")
    assert keys(look(tmp_path)) == ["a.png", "folder.png/inner.png", "sub/models/a.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a special right there")
def test_links_to_files_count_and_links_to_folders_do_not(tmp_path: Path):
    make(tmp_path, "real/a.png")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "other").symlink_to(tmp_path / "real")
    (tmp_path / "link.png").symlink_to(tmp_path / "real" / "a.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nothing.png")
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert keys(look(tmp_path)) == ["gone.png", "link.png", "pipe.png", "real/a.png", "self.png"]


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path):
    with pytest.raises(ProjectError) as caught:
        look(tmp_path / "gone")
    assert caught.value.path == tmp_path / "gone"


def test_two_images_of_one_stem_keep_their_suffixes(tmp_path: Path):
    make(tmp_path, "a.jpg", "a.tif", "b.jpg", "sub/a.png")
    layout = look(tmp_path)
    expected = {"a.jpg": "a.jpg.png", "a.tif": "a.tif.png", "b.jpg": "b.png", "sub/a.png": "sub/a.png"}
    assert masks(layout, tmp_path) == expected
    assert layout.notes == ()


def test_stems_that_differ_in_case_only_would_share_a_file_elsewhere(tmp_path: Path):
    make(tmp_path, "a.jpg", "A.tif")
    assert masks(look(tmp_path), tmp_path) == {"a.jpg": "a.jpg.png", "A.tif": "A.tif.png"}


def test_a_mask_that_could_be_of_two_images_is_nobodys_and_a_note_says_so(tmp_path: Path):
    make(tmp_path, "a.jpg", "a.tif", "masks/a.png")
    layout = look(tmp_path)
    assert masks(layout, tmp_path) == {"a.jpg": "a.jpg.png", "a.tif": "a.tif.png"}
    assert layout.with_mask == set()
    (note,) = layout.notes
    assert "masks/a.png" in note
    assert "a.jpg.png or a.tif.png" in note


def test_an_image_keeps_its_mask_when_another_of_its_stem_is_added(tmp_path: Path):
    make(tmp_path, "a.jpg", "a.tif", "masks/a.png")
    layout = look(tmp_path, recorded={"a.jpg"})
    assert masks(layout, tmp_path) == {"a.jpg": "a.png", "a.tif": "a.tif.png"}
    assert layout.with_mask == {"a.jpg"}
    assert layout.notes == ()
    # And it still does when the other one has a mask too.
    make(tmp_path, "masks/a.tif.png")
    layout = look(tmp_path, recorded={"a.jpg", "a.tif"})
    assert masks(layout, tmp_path) == {"a.jpg": "a.png", "a.tif": "a.tif.png"}
    assert layout.with_mask == {"a.jpg", "a.tif"}


def test_two_recorded_images_and_one_short_mask_are_not_guessed_about(tmp_path: Path):
    make(tmp_path, "a.jpg", "a.tif", "masks/a.png")
    layout = look(tmp_path, recorded={"a.jpg", "a.tif"})
    assert masks(layout, tmp_path) == {"a.jpg": "a.jpg.png", "a.tif": "a.tif.png"}
    assert len(layout.notes) == 1


def test_an_image_keeps_its_long_mask_when_the_other_of_its_stem_is_gone(tmp_path: Path):
    make(tmp_path, "a.jpg", "masks/a.jpg.png")
    assert masks(look(tmp_path), tmp_path) == {"a.jpg": "a.jpg.png"}
    make(tmp_path, "masks/a.png")
    layout = look(tmp_path)
    assert masks(layout, tmp_path) == {"a.jpg": "a.jpg.png"}
    assert "masks/a.png is not used" in layout.notes[0]


def test_an_image_whose_stem_is_another_images_name_gets_a_mask_of_its_own(tmp_path: Path):
    make(tmp_path, "a.jpg", "a.jpg.tif", "masks/a.jpg.png")
    assert masks(look(tmp_path), tmp_path) == {"a.jpg": "a.png", "a.jpg.tif": "a.jpg.png"}
    make(tmp_path, "a.tif")
    layout = look(tmp_path)
    assert masks(layout, tmp_path) == {"a.jpg": "a.jpg.png", "a.jpg.tif": "a.jpg.tif.png", "a.tif": "a.tif.png"}
    assert "masks/a.jpg.png is the mask of a.jpg, not of a.jpg.tif" in layout.notes[0]


def subsets(items: Iterable[str]) -> list[tuple[str, ...]]:
    items = list(items)
    return [chosen for size in range(len(items) + 1) for chosen in itertools.combinations(items, size)]


def test_no_two_images_ever_share_a_mask(tmp_path: Path):
    images = ("a.jpg", "a.tif", "a.jpg.tif", "a.jpg.png", "A.png")
    possible = ("a.png", "A.png", "a.jpg.png", "a.tif.png", "a.jpg.tif.png")
    for number, (present, existing) in enumerate(itertools.product(subsets(images), subsets(possible))):
        root = tmp_path / str(number)
        make(root, ".marker", *present, *(f"masks/{name}" for name in existing))
        for recorded in ((), present[:1], present):
            paths = [entry.mask_path for entry in look(root, recorded=recorded).entries]
            assert len(set(paths)) == len(present), (present, existing, recorded)


def test_a_mask_is_never_lost_to_its_only_image_whatever_is_added(tmp_path: Path):
    """What belonged to an image that was worked on still does when other images appear beside it."""
    others = ("a.tif", "a.bmp", "A.gif", "b.jpg")
    for number, added in enumerate(subsets(others)):
        root = tmp_path / str(number)
        make(root, "a.jpg", "masks/a.png", *added)
        assert masks(look(root, recorded={"a.jpg"}), root)["a.jpg"] == "a.png"


def test_images_beside_masks(tmp_path: Path):
    make(tmp_path, "images/a.jpg", "images/sub/b.png", "masks/sub/b.png")
    layout = look(tmp_path)
    assert layout.images_in == "images"
    assert masks(layout, tmp_path) == {"a.jpg": "a.png", "sub/b.png": "sub/b.png"}
    assert layout.entries[0].path == tmp_path / "images" / "a.jpg"
    assert layout.with_mask == {"sub/b.png"}


def test_images_without_masks_yet_are_read_the_same_way(tmp_path: Path):
    make(tmp_path, "images/a.jpg")
    before = look(tmp_path)
    make(tmp_path, "masks/a.png")
    assert look(tmp_path).entries == before.entries
    assert keys(before) == ["a.jpg"]


def test_images_outside_of_a_pair_of_folders_are_told_about(tmp_path: Path):
    make(tmp_path, "images/a.jpg", "masks/a.png", "overview.png")
    layout = look(tmp_path)
    assert keys(layout) == ["a.jpg"]
    assert "1 outside of it" in layout.notes[0]


def test_a_sub_folder_called_images_stays_one_once_masks_are_there(tmp_path: Path):
    make(tmp_path, "images/a.jpg", "b.jpg")
    before = look(tmp_path)
    assert keys(before) == ["b.jpg", "images/a.jpg"]
    make(tmp_path, "masks/b.png")
    assert look(tmp_path).entries == before.entries
    make(tmp_path, "masks/images/a.png")
    assert look(tmp_path).entries == before.entries


def test_what_was_recorded_decides_when_the_masks_do_not(tmp_path: Path):
    make(tmp_path, "images/a.jpg", "b.jpg")
    (tmp_path / "masks").mkdir()
    assert look(tmp_path, images_in=".").images_in == "."
    assert look(tmp_path, images_in="images").images_in == "images"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a special right there")
def test_images_may_be_a_link(tmp_path: Path):
    make(tmp_path, "far/a.jpg", "folder/masks/a.png")
    (tmp_path / "folder" / "images").symlink_to(tmp_path / "far")
    assert keys(look(tmp_path / "folder")) == ["a.jpg"]
