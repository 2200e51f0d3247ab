from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage

from segtool.core.classes import DEFAULT_CLASSES, VOID
from segtool.core.edits import EditRecorder
from segtool.core.errors import ImageError
from segtool.core.geometry import Rect
from segtool.formats.mask_kinds import Fit, MaskKind
from segtool.formats.mask_png import read_mask, write_mask
from segtool.project.document import Document, FilePrint, open_document
from segtool.project.layout import ImageEntry
from segtool.project.mask_answers import ANSWERS_FILE, MaskAnswers, read_answers, write_answers

Drawn = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]


@pytest.fixture
def entry(tmp_path: Path, drawn_nuclei: Drawn) -> ImageEntry:
    PillowImage.fromarray(drawn_nuclei[0]).save(tmp_path / "a.png")
    return ImageEntry("a.png", tmp_path / "a.png", tmp_path / "masks" / "a.png")


def test_without_a_mask_everything_is_void(entry: ImageEntry, drawn_nuclei: Drawn):
    document = open_document(entry, DEFAULT_CLASSES)
    np.testing.assert_array_equal(document.image.pixels, drawn_nuclei[0])
    assert document.mask.shape == (120, 160)
    assert np.all(document.mask == VOID)
    assert document.read_only_reason == ""
    assert not document.is_dirty
    assert not entry.mask_path.parent.exists()


def test_a_mask_is_read_and_can_be_painted_in(entry: ImageEntry, drawn_nuclei: Drawn):
    write_mask(entry.mask_path, drawn_nuclei[1])
    document = open_document(entry, DEFAULT_CLASSES)
    np.testing.assert_array_equal(document.mask, drawn_nuclei[1])
    assert document.mask.flags.c_contiguous
    assert document.mask.flags.owndata
    recorder = EditRecorder(document.mask, name="Brush")
    recorder.replace(Rect(0, 0, 3, 2), np.full((2, 3), VOID, np.uint8))
    edit = recorder.commit()
    assert edit is not None
    document.history.push(edit)
    document.note_change()
    assert document.is_dirty
    document.history.undo(document.mask)
    np.testing.assert_array_equal(document.mask, drawn_nuclei[1])


def test_a_save_counts_for_the_revision_that_it_wrote(entry: ImageEntry):
    document = open_document(entry, DEFAULT_CLASSES)
    written = document.note_change()
    document.note_change()
    document.note_saved(written, mask_file=None)
    assert document.is_dirty
    document.note_saved(document.revision, mask_file=None)
    assert not document.is_dirty
    # A slower, older save that ends late does not turn time back.
    document.note_saved(written, mask_file=None)
    assert not document.is_dirty


@pytest.mark.parametrize(
    ("shape", "fit"), [((50, 60), Fit.CROP), ((60, 80), Fit.RESIZE), ((200, 160), Fit.CROP), ((1, 1), Fit.CROP)]
)
def test_a_mask_of_another_size_is_asked_about(entry: ImageEntry, shape: tuple[int, int], fit: Fit):
    other = np.arange(shape[0] * shape[1], dtype=np.uint32).reshape(shape).astype(np.uint8)
    write_mask(entry.mask_path, other)
    document = open_document(entry, DEFAULT_CLASSES)
    question = document.question
    assert question is not None
    assert question.asks_size
    assert not question.asks_values
    assert question.likely_fit is fit
    for words in (str(entry.mask_path), f"{shape[1]} × {shape[0]}", "160 × 120", "until you say"):
        assert words in document.read_only_reason
    cropped = question.answered(table={}, fit=Fit.CROP)
    assert np.array_equal(cropped[:50, :60], other[:50, :60]) or shape != (50, 60)
    assert np.all(cropped[shape[0] :] == VOID)
    assert np.all(cropped[:, shape[1] :] == VOID)
    resized = question.answered(table={}, fit=Fit.RESIZE)
    assert resized.shape == (120, 160)
    assert set(np.unique(resized)) <= set(np.unique(other))
    assert np.all(question.answered(table={}, fit=Fit.BLANK) == VOID)
    np.testing.assert_array_equal(document.mask, cropped if fit is Fit.CROP else resized)
    np.testing.assert_array_equal(read_mask(entry.mask_path), other)


def test_a_mask_with_ids_that_have_no_class_can_be_edited(entry: ImageEntry, drawn_nuclei: Drawn):
    mask = drawn_nuclei[1] * np.uint8(7)
    mask[0, 0] = 9
    mask[0, 1] = VOID
    write_mask(entry.mask_path, mask)
    document = open_document(entry, DEFAULT_CLASSES)
    np.testing.assert_array_equal(document.mask, mask)
    assert document.read_only_reason == ""
    assert document.unknown_ids == (7, 9)
    classes = DEFAULT_CLASSES
    for number in range(8):
        classes = classes.with_added(f"class {number}")
    assert open_document(entry, classes).unknown_ids == ()


def test_what_was_said_of_one_mask_holds_for_the_next(entry: ImageEntry, tmp_path: Path, drawn_nuclei: Drawn):
    entry.mask_path.parent.mkdir()
    PillowImage.fromarray(drawn_nuclei[1] * np.uint8(255)).save(entry.mask_path)
    before = entry.mask_path.read_bytes()
    question = open_document(entry, DEFAULT_CLASSES).question
    assert question is not None
    assert question.asks_values
    answers = MaskAnswers().with_table(MaskKind.TWO_VALUES, {"0": 0, "255": VOID})
    write_answers(tmp_path, answers)
    assert read_answers(tmp_path) == answers
    document = open_document(entry, DEFAULT_CLASSES, answers=read_answers(tmp_path))
    assert document.read_only_reason == ""
    assert document.mapped is not None
    assert not document.is_dirty
    np.testing.assert_array_equal(document.mask, np.where(drawn_nuclei[1] == 1, VOID, 0))
    # A class that is gone means nothing any more.
    gone = MaskAnswers().with_table(MaskKind.TWO_VALUES, {"0": 0, "255": 7})
    assert open_document(entry, DEFAULT_CLASSES, answers=gone).question is not None
    assert entry.mask_path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"version": 9, "tables": {}}', b'{"version": 1, "tables": {"colours": {"#000000": 256}}}', b"\xff"],
)
def test_answers_that_cannot_be_understood_are_asked_for_again(tmp_path: Path, content: bytes):
    (tmp_path / ANSWERS_FILE).parent.mkdir()
    (tmp_path / ANSWERS_FILE).write_bytes(content)
    assert read_answers(tmp_path) == MaskAnswers()


def test_a_mask_that_is_far_larger_than_its_image_is_not_decoded(entry: ImageEntry, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("segtool.project.document._ANY_PIXELS", 1000)
    write_mask(entry.mask_path, np.zeros((120 * 4, 160 * 4), np.uint8))
    assert open_document(entry, DEFAULT_CLASSES).question is not None
    write_mask(entry.mask_path, np.zeros((120 * 4, 160 * 4 + 1), np.uint8))
    document = open_document(entry, DEFAULT_CLASSES)
    assert document.question is None
    assert "far more than its image" in document.read_only_reason


def test_a_damaged_mask_is_kept_and_told_about(entry: ImageEntry, drawn_nuclei: Drawn):
    write_mask(entry.mask_path, drawn_nuclei[1])
    damaged = entry.mask_path.read_bytes()[:-40]
    entry.mask_path.write_bytes(damaged)
    document = open_document(entry, DEFAULT_CLASSES)
    assert np.all(document.mask == VOID)
    assert str(entry.mask_path) in document.read_only_reason
    assert entry.mask_path.read_bytes() == damaged


def test_a_folder_that_cannot_be_written_makes_the_document_read_only(entry: ImageEntry, drawn_nuclei: Drawn):
    write_mask(entry.mask_path, drawn_nuclei[1])
    document = open_document(entry, DEFAULT_CLASSES, writable_reason="nothing can be saved here")
    assert document.read_only_reason == "nothing can be saved here"
    np.testing.assert_array_equal(document.mask, drawn_nuclei[1])


def test_a_write_protected_mask_makes_the_document_read_only(entry: ImageEntry, drawn_nuclei: Drawn):
    write_mask(entry.mask_path, drawn_nuclei[1])
    entry.mask_path.chmod(0o444)
    if os.access(entry.mask_path, os.W_OK):
        pytest.skip("the system lets this user write anywhere")
    assert "write-protected" in open_document(entry, DEFAULT_CLASSES).read_only_reason


@pytest.mark.parametrize("content", [b"", b"no image at all", None])
def test_an_image_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None):
    path = tmp_path / "bad.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImageError) as caught:
        open_document(ImageEntry("bad.png", path, tmp_path / "masks" / "bad.png"), DEFAULT_CLASSES)
    assert caught.value.path == path


def opened(entry: ImageEntry, mask: npt.NDArray[np.uint8] | None) -> Document:
    if mask is not None:
        write_mask(entry.mask_path, mask)
    return open_document(entry, DEFAULT_CLASSES)


def test_a_mask_that_another_program_writes_is_noticed(entry: ImageEntry, drawn_nuclei: Drawn):
    document = opened(entry, drawn_nuclei[1])
    assert not document.mask_changed_on_disk()
    write_mask(entry.mask_path, np.zeros((120, 160), np.uint8))
    assert document.mask_changed_on_disk()
    document.note_saved(document.note_change(), mask_file=FilePrint.of(entry.mask_path))
    assert not document.mask_changed_on_disk()


def test_a_mask_that_another_program_makes_or_removes_is_noticed(entry: ImageEntry, drawn_nuclei: Drawn):
    document = opened(entry, None)
    assert not document.mask_changed_on_disk()
    write_mask(entry.mask_path, drawn_nuclei[1])
    assert document.mask_changed_on_disk()
    document = opened(entry, None)
    entry.mask_path.unlink()
    assert document.mask_changed_on_disk()
