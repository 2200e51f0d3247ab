"""The dialog says what was not saved and proposes what costs nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from segtool.gui.dialogs.recovery_dialog import RecoveryDialog
from segtool.gui.recovery_choice import Answer, FoundChanges
from segtool.project.journal import NO_MASK, Header, Journal, Record, RecordKind
from segtool.project.recovery import Fit, Recoverable

LATER, RESTORE, DISCARD = Answer.LATER, Answer.RESTORE, Answer.DISCARD


def found(
    key: str = "a.png", *, fit: Fit = Fit.FITS, kinds: str = "cc", days_ago: int = 0, **fields: object
) -> FoundChanges:
    when = (datetime.now().replace(hour=12, minute=34) - timedelta(days=days_ago)).timestamp()
    names = {"c": RecordKind.CHANGE, "p": RecordKind.PAINTING}
    records = tuple(Record(names[kind], 1 + place, when, "Stroke") for place, kind in enumerate(kinds))
    journal = Journal(Path("x.journal"), Header(key, 60, 90, NO_MASK), records)
    item = Recoverable(journal, records, None, fit, "it has 5 × 5 pixels now, and had 90 × 60")
    return FoundChanges(replace(item, **fields), np.zeros((60, 90, 3), np.uint8))


def make(qtbot: QtBot, *rows: FoundChanges, agrees: bool = True) -> RecoveryDialog:
    dialog = RecoveryDialog(rows, confirm_discard=lambda count: agrees)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (found(kinds="c"), "Stroke  ·  today 12:34"),
        (found(kinds="ccc"), "3 changes, last: Stroke  ·  today 12:34"),
        (found(kinds="p"), "An unfinished stroke  ·  today 12:34"),
        (found(kinds="cppp"), "2 changes, last: an unfinished stroke  ·  today 12:34"),
    ],
)
def test_a_row_says_what_was_changed_and_when(qtbot: QtBot, one: FoundChanges, text: str) -> None:
    dialog = make(qtbot, one)
    (row,) = dialog.rows
    assert row.what.text() == text
    assert row.note.isHidden()


@pytest.mark.parametrize(
    ("fit", "note", "proposed"),
    [
        (Fit.FITS, "", RESTORE),
        (Fit.MASK_CHANGED, "The mask file is another one now", Answer.COPY),
        (Fit.IMAGE_CHANGED, "it has 5 × 5 pixels now", LATER),
        (Fit.IMAGE_GONE, "not in the folder any more", LATER),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_lost_by_the_answer_that_is_proposed(
    qtbot: QtBot, fit: Fit, note: str, proposed: Answer
) -> None:
    dialog = make(qtbot, found(fit=fit, days_ago=400))
    assert note in dialog.rows[0].note.text()
    assert dialog.answers() == [proposed]
    assert dialog.accept_button.text() == ("Restore" if proposed is RESTORE else "Continue")
    assert " 12:34" in dialog.rows[0].what.text()
    assert "today" not in dialog.rows[0].what.text()


def test_enter_restores_and_escape_puts_off(qtbot: QtBot) -> None:
    dialog = make(qtbot, found("a.png"), found("b.png"))
    qtbot.keyClick(dialog.accept_button, Qt.Key.Key_Return)
    assert dialog.result() == RecoveryDialog.DialogCode.Accepted
    assert dialog.answers() == [RESTORE, RESTORE]
    dialog = make(qtbot, found("a.png"))
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.result() == RecoveryDialog.DialogCode.Rejected


@pytest.mark.parametrize("agrees", [True, False])
def test_discarding_is_asked_about_again(qtbot: QtBot, agrees: bool) -> None:
    dialog = make(qtbot, found("a.png"), found("b.png", fit=Fit.IMAGE_GONE), agrees=agrees)
    qtbot.mouseClick(dialog.discard_button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible() is not agrees
    assert dialog.answers() == ([DISCARD, DISCARD] if agrees else [RESTORE, LATER])


def test_each_row_has_its_own_answer(qtbot: QtBot) -> None:
    dialog = make(qtbot, found("a.png"), found("b.png"), found("c.png"))
    dialog.rows[1].choose(LATER)
    assert dialog.accept_button.text() == "Continue"
    qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    assert dialog.answers() == [RESTORE, LATER, RESTORE]
    assert dialog.buttons.buttonRole(dialog.later_button) is QDialogButtonBox.ButtonRole.RejectRole


def test_a_damaged_end_is_said(qtbot: QtBot) -> None:
    one = found()
    journal = replace(one.item.journal, is_whole=False)
    dialog = make(qtbot, FoundChanges(replace(one.item, journal=journal), one.picture))
    (row,) = dialog.rows
    assert row.note.text().startswith("The end of the journal is damaged")
