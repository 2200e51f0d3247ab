from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from segtool.core.classes import DEFAULT_CLASSES, VOID
from segtool.gui.dialogs.class_dialogs import NewClass, NewClassDialog, RemoveClassDialog, usage_text
from segtool.gui.session_state import ClassUsage


def test_a_name_that_is_taken_cannot_be_added(qtbot: QtBot) -> None:
    dialog = NewClassDialog(DEFAULT_CLASSES)
    qtbot.addWidget(dialog)
    assert not dialog.add_button.isEnabled()
    dialog.name_edit.setText(" Object ")
    assert not dialog.add_button.isEnabled()
    assert "already" in dialog.hint.text()
    dialog.name_edit.setText(" debris ")
    assert dialog.add_button.isEnabled()
    assert dialog.answer() == NewClass("debris", DEFAULT_CLASSES.with_added("debris").get(2).colour)


def test_pixels_of_a_removed_class_become_any_other_class_or_void(qtbot: QtBot) -> None:
    classes = DEFAULT_CLASSES.with_added("debris")
    dialog = RemoveClassDialog(classes.get(1), classes, ClassUsage(1234, 3))
    qtbot.addWidget(dialog)
    assert [dialog.choice.itemData(row) for row in range(dialog.choice.count())] == [VOID, 0, 2]
    assert dialog.replacement() == VOID
    dialog.choice.setCurrentIndex(2)
    assert dialog.replacement() == 2
    assert "3 images" in dialog.usage_label.text()
    assert "1,234" in dialog.usage_label.text()


def test_nothing_is_asked_about_pixels_that_are_not_there(qtbot: QtBot) -> None:
    dialog = RemoveClassDialog(DEFAULT_CLASSES.get(1), DEFAULT_CLASSES, ClassUsage(0, 0))
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.choice.isVisible()
    assert dialog.usage_label.text() == "No mask uses it."


@pytest.mark.parametrize(
    ("usage", "start"),
    [
        (ClassUsage(5, 1), "1 image has"),
        (ClassUsage(0, 2), "2 images have"),
        (ClassUsage(5, 2, is_complete=False), "At least 2 images have"),
    ],
)
def test_usage_counts_images(usage: ClassUsage, start: str) -> None:
    assert usage_text(usage).startswith(start)
