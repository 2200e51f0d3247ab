"""What is promised of masks that other programs have made: R15."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from segtool.formats.mask_kinds import Fit
from segtool.gui.main_window import MainWindow
from segtool.gui.mask_questions import ValuesAnswer
from segtool.gui.session import Session
from segtool.project.document import Document
from tests.faults.counting import FaultCount, Times
from tests.faults.odd_masks import Mask, MaskFile, asked_kinds, make_folder, plain_kinds, refused_kinds, values_in
from tests.gui.conftest import images_are_waited_for, make_window, no_thread_is_left, qapp_cls  # noqa: F401

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Counted = Callable[[FaultCount], None]


def session_of(window: MainWindow) -> Session:
    return window._session


def document_of(window: MainWindow) -> Document:
    document = session_of(window).document
    assert document is not None
    return document


def drag(window: MainWindow, rng: np.random.Generator) -> None:
    """Paint a short stroke somewhere on the canvas with the mouse."""
    canvas = window.canvas
    middle = canvas.rect().center()
    start = middle + QPoint(*map(int, rng.integers(-60, 60, 2)))
    QTest.mousePress(canvas, LEFT, NO_KEY, start)
    QTest.mouseMove(canvas, start + QPoint(15, 10))
    QTest.mouseRelease(canvas, LEFT, NO_KEY, start + QPoint(15, 10))


def saved(window: MainWindow) -> None:
    assert session_of(window).wait_until_saved()
    document = document_of(window)
    assert not document.is_dirty


def as_qt_sees_it(path: Path) -> Mask:
    image = QImage(str(path))
    assert image.format() is QImage.Format.Format_Indexed8
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].copy()


def faults_of_round_trip(window: MainWindow, key: str, file: MaskFile, path: Path, rng: np.random.Generator) -> str:
    """Paint into a mask, save it, undo and save again; return what is wrong with the files, "" for nothing."""
    session = session_of(window)
    if not session.open_image(key) or document_of(window).read_only_reason:
        return "not editable"
    before = values_in(file.data)
    if not np.array_equal(document_of(window).mask, before):
        return "read as something else"
    session.set_active_class(int(rng.choice([1, 2])))
    drag(window, rng)
    painted = document_of(window).mask.copy()
    changed = painted != before
    if not changed.any() or (painted[changed] != session.active_class).any() or changed.mean() > 0.5:
        return "the stroke changed something else"
    saved(window)
    if not np.array_equal(values_in(path.read_bytes()), painted):
        return "saved as something else"
    if not np.array_equal(as_qt_sees_it(path), painted):
        return "Qt reads something else"
    session.undo()
    saved(window)
    return "" if np.array_equal(values_in(path.read_bytes()), before) else "undone to something else"


def test_ids_without_a_class_outlive_painting(
    make_window: Callable[[], MainWindow],  # noqa: F811
    tmp_path: Path,
    times: Times,
    counted: Counted,
) -> None:
    count = times(quick=3, full=200)
    rng = np.random.default_rng(15)
    files = [file for _ in range(-(-count // 3)) for file in plain_kinds(rng) if file.kind != "1 bit"][:count]
    keys = make_folder(tmp_path / "photos", files)
    window = make_window()
    assert window.opener.open(tmp_path / "photos")
    masks = tmp_path / "photos" / "masks"
    faults = [
        f"{file.kind}: {fault}"
        for key, file in zip(keys, files, strict=True)
        if (fault := faults_of_round_trip(window, key, file, masks / key, rng))
    ]
    counted(
        FaultCount(
            test="R15",
            done="mask with ids that have no class, painted in with the mouse, saved, undone, saved",
            times=count,
            bad=len(faults),
            promise="every other pixel is what it was; Pillow and Qt read the same",
            found="; ".join(faults[:3]),
        )
    )


def faults_of_odd_kind(window: MainWindow, key: str, file: MaskFile, path: Path, rng: np.random.Generator) -> str:
    """Open a mask of an odd kind, try to paint, answer, save, undo; return what went wrong, "" for nothing."""
    session = session_of(window)
    questions = session.mask_questions
    if not session.open_image(key):
        return "not opened"
    document = document_of(window)
    if not document.read_only_reason or path.name not in document.read_only_reason:
        return "no reason told"
    if (document.question is not None) is not file.asks:
        return "asked wrongly"
    questions.ask_size = lambda question: None
    questions.ask_values = lambda question, classes: None
    drag(window, rng)
    questions.decide()
    session.save_all()
    if path.read_bytes() != file.data or document.is_dirty:
        return "changed without an answer"
    if not file.asks:
        return ""
    assert file.mask is not None
    questions.ask_size = lambda question: Fit.CROP
    questions.ask_values = lambda question, classes: ValuesAnswer(question.table, classes, for_all=False)
    questions.decide()
    if document.read_only_reason or not np.array_equal(document.mask, file.mask):
        return "mapped to something else"
    if path.read_bytes() != file.data:
        return "the file was changed before it was saved"
    saved(window)
    if not np.array_equal(values_in(path.read_bytes()), file.mask):
        return "saved as something else"
    if path.with_name(f"{path.name}.bak").read_bytes() != file.data:
        return "the original was not kept"
    session.undo()
    saved(window)
    if document.question is None or not np.array_equal(values_in(path.read_bytes()), file.mask):
        return "undoing did not ask again, or was saved"
    session.redo()
    saved(window)
    return "" if np.array_equal(document.mask, file.mask) and not document.read_only_reason else "not redone"


def test_masks_of_odd_kinds_change_by_an_answer_only(
    make_window: Callable[[], MainWindow],  # noqa: F811
    tmp_path: Path,
    times: Times,
    counted: Counted,
) -> None:
    rounds = times(quick=1, full=15)
    rng = np.random.default_rng(16)
    files = [file for _ in range(rounds) for file in (*asked_kinds(rng), *refused_kinds(rng))]
    # In a hurry, every other kind: they go few ways.
    files = files if rounds > 1 else files[::2]
    keys = make_folder(tmp_path / "photos", files)
    window = make_window()
    assert window.opener.open(tmp_path / "photos")
    masks = tmp_path / "photos" / "masks"
    faults = [
        f"{file.kind}: {fault}"
        for key, file in zip(keys, files, strict=True)
        if (fault := faults_of_odd_kind(window, key, file, masks / key, rng))
    ]
    counted(
        FaultCount(
            test="R15",
            done="mask of another size, 16 bits, RGB, RGBA, 0/255, shuffled palette, or no mask at all, opened",
            times=len(files),
            bad=len(faults),
            promise="refused with a reason or asked about; changed by an answer only; the original is kept; undone",
            found="; ".join(faults[:3]),
        )
    )
