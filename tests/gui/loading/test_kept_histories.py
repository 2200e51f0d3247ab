"""Histories of images that are not in memory: bounded by bytes, the newest stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segtool.core.edits import EditRecorder
from segtool.core.geometry import Rect
from segtool.formats.image import Image
from segtool.gui.loading.kept_histories import KeptHistories
from segtool.gui.status_trail import StatusTrail
from segtool.project.document import Document, FilePrint
from segtool.project.layout import ImageEntry

PRINT = FilePrint(1, 2)


def edited(key: str, *, edits: int = 1) -> Document:
    """Return a saved document with edits that do not compress."""
    mask = np.zeros((256, 256), dtype=np.uint8)
    entry = ImageEntry(key, Path(key), Path("masks") / key)
    document = Document(entry, Image(mask, Path(key), ()), mask, mask_file=PRINT)
    for number in range(edits):
        recorder = EditRecorder(mask, name="Brush stroke")
        noise = np.random.default_rng(number).integers(0, 250, mask.shape).astype(np.uint8)
        recorder.replace(Rect.of_shape(mask.shape), noise)
        edit = recorder.commit()
        assert edit is not None
        document.history.push(edit)
    return document


def again(document: Document, *, mask_file: FilePrint = PRINT) -> Document:
    """Return the same image as it is when it is loaded again."""
    return Document(document.entry, document.image, document.mask.copy(), mask_file=mask_file)


def test_a_history_comes_back_once_and_only_to_the_same_mask_file() -> None:
    kept = KeptHistories()
    first, trail = edited("a"), StatusTrail()
    kept.keep(first, trail)
    assert kept.size == first.history.size > 60_000
    loaded = again(first)
    assert kept.give_back(loaded) is trail
    assert loaded.history is first.history
    assert kept.size == 0
    assert kept.give_back(again(first)) is None
    kept.keep(first, trail)
    other = again(first, mask_file=FilePrint(3, 2))
    assert kept.give_back(other) is None
    assert not other.history.can_undo
    assert kept.size == 0


@pytest.mark.parametrize("undone", [0, 1])
def test_the_oldest_are_forgotten_beyond_the_limit(undone: int) -> None:
    documents = [edited(key, edits=2) for key in "abc"]
    for item in documents:
        for _ in range(undone):
            item.history.undo(item.mask)
    size = documents[0].history.size
    kept = KeptHistories(limit=int(2.5 * size))
    for item in documents:
        kept.keep(item, StatusTrail())
    assert kept.size <= 2.5 * size
    assert kept.give_back(again(documents[0])) is None
    assert kept.give_back(again(documents[2])) is not None


def test_nothing_is_kept_of_what_was_not_edited_or_has_no_file() -> None:
    kept = KeptHistories()
    kept.keep(edited("a", edits=0), StatusTrail())
    nowhere = edited("b")
    nowhere.mask_file = None
    kept.keep(nowhere, StatusTrail())
    assert kept.size == 0
