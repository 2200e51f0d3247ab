"""Segmenting never writes over an image, and what it wrote is known to be a prediction even if it is broken off."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from segtool import cli
from segtool.commands.segmenting import Segmented, segment_folder
from segtool.core.edits import TilePixels
from segtool.core.geometry import Rect
from segtool.formats.image import read_image
from segtool.formats.mask_png import read_mask, write_mask
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import segment_to_end
from segtool.project.document import FilePrint
from segtool.project.journal import JOURNAL_FOLDER, RecordKind
from segtool.project.journal_writer import Change, JournalWriter
from segtool.project.lock import LOCK_FILE, Claim, FolderLock, FolderLostError, look_at_lock
from segtool.project.project import Project
from segtool.project.recovery import unsaved_keys
from segtool.project.status import Status
from tests.model_fixtures import texture


def _images(folder: Path, count: int) -> dict[Path, bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        cv2.imwrite(str(folder / f"{number}.png"), texture(24, 24, seed=number))
    return {path: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("out", ["images", "link", "images/../images"])
def test_an_image_is_never_written_over(
    tmp_path: Path, tiny_model_folder: Path, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _images(tmp_path / "images", 2)
    (tmp_path / "link").symlink_to(tmp_path / "images")
    arguments = ["segment", tmp_path / "images", "--model", tiny_model_folder, "--out", tmp_path / out, "--overwrite"]
    assert cli.main([str(item) for item in arguments]) == cli.FAILED
    assert "never written over" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (tmp_path / "images").iterdir()} == before


def test_an_overlay_takes_no_image_s_place(tmp_path: Path, tiny_model_folder: Path) -> None:
    before = _images(tmp_path / "overlays", 1)
    arguments = ["segment", tmp_path / "overlays", "--model", tiny_model_folder, "--out", tmp_path, "--overlay"]
    assert cli.main([str(item) for item in arguments]) == cli.FAILED
    assert {path: path.read_bytes() for path in (tmp_path / "overlays").iterdir()} == before


def test_what_was_written_before_a_break_counts_as_predicted(tmp_path: Path, tiny_model_folder: Path) -> None:
    _images(tmp_path, 4)
    work = segment_folder(Project.open(tmp_path), Runtime.load(tiny_model_folder))
    written = 0
    for item in work:
        written += isinstance(item, Segmented)
        if written == 3:
            break
    work.close()
    project, keys = Project.open(tmp_path), [f"{number}.png" for number in range(4)]
    assert [project.status(key) for key in keys] == [Status.PREDICTED] * 3 + [Status.UNTOUCHED]
    assert [project.predicted_by(key) for key in keys] == ["tiny"] * 3 + [""]


def test_what_no_model_makes_again_is_never_replaced(
    tmp_path: Path, tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _images(tmp_path, 5)
    plain, colours = np.zeros((24, 24), np.uint8), np.zeros((24, 24, 3), np.uint8)
    (tmp_path / "masks").mkdir()
    for number, pixels in enumerate((plain, plain + 37, colours, plain[:20])):
        assert cv2.imwrite(str(tmp_path / "masks" / f"{number}.png"), pixels)
    before = {path.name: path.read_bytes() for path in (tmp_path / "masks").iterdir()}
    (tmp_path / "classes.json").write_text('[{"id": 1, "name": "nucleus"}]')
    arguments = ["segment", str(tmp_path), "--model", str(tiny_model_folder), "--overwrite"]
    assert cli.main(arguments) == cli.DONE
    after = {path.name: path.read_bytes() for path in (tmp_path / "masks").iterdir()}
    assert {name for name, content in before.items() if after[name] != content} == {"0.png"}
    assert after.keys() - before.keys() == {"4.png"}
    told = capsys.readouterr().err
    for words in (
        "1.png: the mask holds ids without a class: 37",
        "2.png: holds colours",
        "3.png: the mask has 24 × 20",
    ):
        assert words in told


def test_a_folder_that_somebody_else_has_is_left_alone(
    tmp_path: Path, tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "images", tmp_path / "out"
    before = _images(folder, 1)
    lock = FolderLock.take(folder, doing="window")
    arguments = ["segment", str(folder), "--model", str(tiny_model_folder)]
    assert cli.main(arguments) == cli.FAILED
    assert f"open in another window (process {os.getpid()}) on this computer" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert cli.main([*arguments, "--out", str(out)]) == cli.DONE
    assert (out / "0.png").is_file()
    lock.release()
    assert cli.main(arguments) == cli.DONE
    assert look_at_lock(folder).claim is Claim.FREE


def test_a_folder_that_is_taken_over_meanwhile_is_not_written_any_more(tmp_path: Path, tiny_model_folder: Path) -> None:
    _images(tmp_path, 3)
    work = segment_folder(Project.open(tmp_path), Runtime.load(tiny_model_folder))
    while not isinstance(next(work), Segmented):
        pass
    before = (tmp_path / "segtool.json").read_bytes()
    (tmp_path / LOCK_FILE).write_bytes(b"somebody else's")
    with pytest.raises(FolderLostError):
        for _ in work:
            pass
    assert sorted(path.name for path in (tmp_path / "masks").iterdir()) == ["0.png"]
    assert (tmp_path / "segtool.json").read_bytes() == before


def test_a_damaged_project_file_is_named_and_left_alone(
    tmp_path: Path, tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _images(tmp_path, 1)
    (tmp_path / "segtool.json").write_text('{"format": 1,\n')
    assert cli.main(["segment", str(tmp_path), "--model", str(tiny_model_folder)]) == cli.FAILED
    assert "segtool.json: line 2 is not valid JSON" in capsys.readouterr().err
    assert not (tmp_path / "masks").exists()
    assert (tmp_path / "segtool.json").read_text() == '{"format": 1,\n'


def test_with_tta_the_masks_are_those_of_the_mean(tmp_path: Path, tiny_model_folder: Path) -> None:
    _images(tmp_path, 1)
    runtime = Runtime.load(tiny_model_folder)
    pixels = read_image(tmp_path / "0.png").pixels
    assert cli.main(["segment", str(tmp_path), "--model", str(tiny_model_folder), "--tta"]) == cli.DONE
    mask = read_mask(tmp_path / "masks" / "0.png")
    assert (mask == segment_to_end(pixels, runtime, tta=True).class_ids).all()
    assert (mask != segment_to_end(pixels, runtime).class_ids).any()


def test_a_mask_with_unsaved_changes_in_a_journal_is_left_alone(
    tmp_path: Path, tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _images(tmp_path, 2)
    entry = Project.open(tmp_path).entry("0.png")
    mask = np.ones(read_image(entry.path).pixels.shape[:2], np.uint8)
    write_mask(entry.mask_path, mask)
    before = entry.mask_path.read_bytes()
    writer = JournalWriter(
        tmp_path / JOURNAL_FOLDER, on_synced=lambda key, revision: None, on_trouble=lambda reason: None
    )
    writer.write(
        Change(
            key=entry.key,
            shape=(mask.shape[0], mask.shape[1]),
            mask_path=entry.mask_path,
            mask_file=FilePrint.of(entry.mask_path),
            written=(),
            saved_revision=0,
            revision=1,
            kind=RecordKind.CHANGE,
            tiles=(TilePixels(Rect(0, 0, 9, 9), np.zeros((9, 9), np.uint8)),),
        )
    )
    writer.close()
    arguments = ["segment", str(tmp_path), "--model", str(tiny_model_folder), "--overwrite"]
    assert cli.main(arguments) == 0
    told = capsys.readouterr()
    assert told.err.startswith("Unsaved changes of 0.png: open the folder in the window to restore them.\n")
    assert "0.png: has unsaved changes" in told.out
    assert entry.mask_path.read_bytes() == before
    assert Project.open(tmp_path).entry("1.png").mask_path.exists()
    assert unsaved_keys(Project.open(tmp_path)) == {"0.png"}
