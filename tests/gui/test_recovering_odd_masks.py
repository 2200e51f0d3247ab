"""After a crash the changes of a mask come back whose file holds something else than class ids."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID, ClassSet
from segtool.core.geometry import Rect
from segtool.formats.mask_kinds import Fit
from segtool.formats.mask_png import encode_mask, read_mask
from segtool.gui.dialogs import ask
from segtool.gui.main_window import MainWindow
from segtool.gui.mask_questions import ValuesAnswer
from segtool.gui.recovery_choice import Answer, FoundChanges
from segtool.gui.session import Session
from segtool.project.mask_answers import ANSWERS_FILE
from segtool.project.mask_question import MaskQuestion
from segtool.project.project import Project
from segtool.project.recovery import find_recoverable, journal_paths
from tests.formats.file_makers import png_of

Mask = npt.NDArray[np.uint8]
# Three tiles: one that is painted in, and two of one value each.
SHAPE = (40, 600)
BOXES = np.zeros(SHAPE, np.uint8)
BOXES[10:20, 10:99], BOXES[:, 512:] = 255, 255
ODD = {
    "0 and 255": png_of(BOXES, colour_type=0),
    "RGB": png_of(np.dstack([BOXES, BOXES // 3, BOXES // 5]), colour_type=2),
    "other size": encode_mask(np.pad(BOXES // 255, 3)),
}


def end_with_unsaved(folder: Path, *, for_all: bool, mapped_before: bool, in_stroke: bool) -> Mask:
    """Answer, paint and end without a save; return the mask. With ``mapped_before`` the answer is of an earlier day."""

    def not_the_guess(question: MaskQuestion, classes: ClassSet) -> ValuesAnswer:
        keys = list(question.table)
        return ValuesAnswer({key: VOID if key == keys[0] else 1 for key in keys}, classes, for_all=for_all)

    for is_last in (False, True) if mapped_before else (True,):
        session = Session(autosave_ms=3_600_000, suggest_models=False)
        session.mask_questions.ask_size = lambda question: Fit.CROP
        session.mask_questions.ask_values = not_the_guess
        assert session.open_folder(folder)
        assert session.open_image("a.png")
        document = session.document
        assert document is not None
        if document.question is not None:
            session.mask_questions.decide()
        if is_last and in_stroke:
            assert session.begin_stroke("Stroke")
            session.paint(Rect(2, 2, 5, 5), np.ones((5, 5), bool), 0)
            session.journal._write_painted()
            # More of the same stroke.
            session.paint(Rect(12, 2, 5, 5), np.ones((5, 5), bool), 0)
            session.journal._write_painted()
        elif is_last:
            assert session.apply_pixels("Fill", Rect(2, 2, 5, 5), np.zeros((5, 5), np.uint8))
            assert session.apply_pixels("Fill", Rect(9, 2, 5, 5), np.zeros((5, 5), np.uint8))
        else:
            # Not saved, but remembered.
            session.journal.discard()
        mask = document.mask.copy()
        session.close()
    return mask


@pytest.mark.parametrize(
    ("kind", "for_all", "mapped_before", "is_forgotten", "in_stroke"),
    [
        ("0 and 255", False, False, False, False),
        ("RGB", True, True, False, True),
        ("0 and 255", True, True, True, False),
        ("other size", False, False, False, True),
    ],
)
def test_what_was_painted_comes_back_upon_what_was_answered(
    make_window: Callable[[], MainWindow],
    qapp: QApplication,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    for_all: bool,
    mapped_before: bool,
    is_forgotten: bool,
    in_stroke: bool,
) -> None:
    folder = tmp_path / "photos"
    (folder / "masks").mkdir(parents=True)
    path = folder / "masks" / "a.png"
    path.write_bytes(ODD[kind])
    assert cv2.imwrite(os.fspath(folder / "a.png"), np.zeros(SHAPE, np.uint8))
    mask = end_with_unsaved(folder, for_all=for_all, mapped_before=mapped_before, in_stroke=in_stroke)
    assert path.read_bytes() == ODD[kind]
    if is_forgotten:
        (folder / ANSWERS_FILE).unlink(missing_ok=True)
    (item,) = find_recoverable(Project.open(folder)).items
    np.testing.assert_array_equal(item.mask(), mask)

    def restore(parent: object, *, found: list[FoundChanges]) -> list[Answer]:
        return [Answer.RESTORE] * len(found)

    monkeypatch.setattr(ask, "ask_recovery", restore)
    window = make_window()
    assert window.opener.open(folder)
    session = window._session
    qtbot.waitUntil(lambda: not session.has_unsaved() and journal_paths(Project.open(folder)) == [], timeout=20_000)
    np.testing.assert_array_equal(read_mask(path), mask)
    assert path.with_suffix(".png.bak").read_bytes() == ODD[kind]
    assert session.document is not None
    assert session.document.read_only_reason == ""
    assert not any("read-only" in text for text in window.messages.texts)
    session.undo()
    if not for_all or is_forgotten:
        assert session.document.question is not None
