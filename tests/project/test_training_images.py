from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from segtool.core.classes import DEFAULT_CLASSES, VOID
from segtool.core.errors import ImageError, TrainingError
from segtool.core.normalisation import Normalisation
from segtool.formats.mask_png import write_mask
from segtool.project.layout import ImageEntry
from segtool.project.project import Project
from segtool.project.sources import Source
from segtool.project.status import Status
from segtool.project.training_images import check_trainable, usable_images
from segtool.training.patches import load_samples


def add(root: Path, name: str, *values: int, size: tuple[int, int] = (20, 30)) -> ImageEntry:
    """Write an image of 20×30 pixels and a mask of ``size`` that holds the values in stripes."""
    path, mask_path = root / name, root / "masks" / name
    PillowImage.fromarray(np.zeros((20, 30), np.uint8)).save(path)
    if values:
        mask = np.full(size, values[0], np.uint8)
        for row, value in enumerate(values):
            mask[row] = value
        write_mask(mask_path, mask)
    return ImageEntry(name, path, mask_path)


def test_only_a_persons_masks_are_usable(tmp_path: Path):
    for name in ("10.png", "9.png", "approved.png", "predicted.png", "removed.png"):
        add(tmp_path, name, 0, 1)
    add(tmp_path, "untouched.png")
    project = Project.open(tmp_path)
    project.set_status("approved.png", Status.APPROVED)
    project.set_status("predicted.png", Status.PREDICTED)
    project.set_status("untouched.png", Status.CORRECTED)
    (tmp_path / "masks" / "removed.png").unlink()
    assert [entry.key for entry in usable_images(project)] == ["9.png", "10.png", "approved.png"]
    assert [entry.key for entry in usable_images(project, statuses={Status.PREDICTED})] == ["predicted.png"]


def test_masks_with_two_classes_between_them_can_be_trained_on(tmp_path: Path):
    check_trainable([add(tmp_path, "a.png", 0, VOID), add(tmp_path, "b.png", 1)], DEFAULT_CLASSES)


def test_no_images_at_all():
    with pytest.raises(TrainingError, match="no masks to train on") as caught:
        check_trainable([], DEFAULT_CLASSES)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("values", "words"), [((0, VOID), "only background"), ((1,), "only object"), ((VOID,), "nothing but void")]
)
def test_fewer_than_two_classes(tmp_path: Path, values: tuple[int, ...], words: str):
    entries = [add(tmp_path, name, *values) for name in ("a.png", "b.png")]
    with pytest.raises(TrainingError, match=words):
        check_trainable(entries, DEFAULT_CLASSES)


# Masks after the first are looked at in another way than the first.
@pytest.mark.parametrize("first", [True, False])
def test_what_does_not_fit_is_named(tmp_path: Path, first: bool):
    good = [] if first else [add(tmp_path, "good.png", 0, 1)]
    wrong = add(tmp_path, "wrong.png", 0, 1, size=(20, 31))
    with pytest.raises(TrainingError, match="31 × 20") as caught:
        check_trainable([*good, wrong], DEFAULT_CLASSES)
    assert caught.value.path == wrong.mask_path
    unreadable = add(tmp_path, "unreadable.png", 0, 1)
    unreadable.path.write_bytes(b"no image")
    with pytest.raises(TrainingError) as caught:
        check_trainable([*good, unreadable], DEFAULT_CLASSES)
    assert caught.value.path == unreadable.path
    bare = add(tmp_path, "bare.png")
    with pytest.raises(TrainingError) as caught:
        check_trainable([*good, bare], DEFAULT_CLASSES)
    assert caught.value.path == bare.mask_path


def test_ids_without_a_class_count_as_void(tmp_path: Path):
    check_trainable([add(tmp_path, "a.png", 0, 1, 5)], DEFAULT_CLASSES)
    with pytest.raises(TrainingError, match="only background"):
        check_trainable([add(tmp_path, "b.png", 0, 5)], DEFAULT_CLASSES)


def test_a_mask_of_another_kind_is_named(tmp_path: Path):
    entry = add(tmp_path, "a.png", 0, 1)
    PillowImage.fromarray(np.tile(np.array([0, 255], np.uint8), (20, 15))).save(entry.mask_path)
    with pytest.raises(TrainingError, match="nothing but 0 and 255") as caught:
        check_trainable([entry], DEFAULT_CLASSES)
    assert caught.value.path == entry.mask_path
    assert "in the window" in caught.value.remedy


def test_a_damaged_image_may_be_left_out(tmp_path: Path):
    entries = [add(tmp_path, "a.png", 0, 1), add(tmp_path, "b.png", 0, 1)]
    entries[1].path.write_bytes(entries[1].path.read_bytes()[:40])
    with pytest.raises(TrainingError, match="b.png: is cut short.*Or leave the image out of the training"):
        check_trainable(entries, DEFAULT_CLASSES)
    with pytest.raises(ImageError, match="b.png: is cut short.*Or leave the image out of the training"):
        load_samples(
            [Source(item.key, item.path, item.mask_path) for item in entries], DEFAULT_CLASSES, Normalisation(), seed=0
        )
