from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segtool.gui.message_bar import MAX_MESSAGES, MessageBar
from segtool.gui.session_state import Level


def test_messages_stay_until_they_are_closed(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    assert bar.isHidden()
    bar.show_message("first", Level.WARNING)
    bar.show_message("second", Level.ERROR)
    bar.show_message("first", Level.WARNING)
    assert bar.texts == ["first", "second"]
    assert not bar.isHidden()
    qtbot.mouseClick(bar._rows[0].close_button, Qt.MouseButton.LeftButton)
    assert bar.texts == ["second"]
    qtbot.mouseClick(bar._rows[0].close_button, Qt.MouseButton.LeftButton)
    assert bar.isHidden()


def test_the_newest_messages_are_kept(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    for number in range(MAX_MESSAGES + 2):
        bar.show_message(f"message {number}", Level.ERROR)
    assert bar.texts == [f"message {number}" for number in range(2, MAX_MESSAGES + 2)]


def test_a_question_is_not_lost_among_other_messages(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.show_message("which?", Level.WARNING, choices=[("This one", lambda: None)])
    for number in range(MAX_MESSAGES):
        bar.show_message(f"message {number}", Level.ERROR)
    assert bar.texts == ["which?", "message 1", "message 2"]


def test_more_questions_than_there_is_room_for_wait_their_turn(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    for number in range(MAX_MESSAGES + 2):
        bar.show_message(f"which {number}?", Level.WARNING, choices=[("This one", lambda: None)])
    assert bar.texts == ["which 2?", "which 3?", "which 4?"]
    assert [row.isHidden() for row in bar._rows] == [True, True, False, False, False]
    qtbot.mouseClick(bar._rows[-1].buttons[0], Qt.MouseButton.LeftButton)
    assert bar.texts == ["which 1?", "which 2?", "which 3?"]
    # One that waits is asked again: it comes to the front.
    bar.show_message("which 0?", Level.WARNING, choices=[("This one", lambda: None)])
    assert bar.texts == ["which 2?", "which 3?", "which 0?"]
    bar.clear()
    assert bar.isHidden()
    assert not bar._rows


def test_an_answer_is_passed_on_once_and_takes_the_message_away(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    answers: list[str] = []
    choices = [(text, partial(answers.append, text)) for text in ("Use it", "Keep mine")]
    bar.show_message("Another one fits", Level.INFO, choices=choices)
    row = bar._rows[0]
    assert [button.text() for button in row.buttons] == ["Use it", "Keep mine"]
    assert row.accessibleName() == "Note: Another one fits"
    qtbot.mouseClick(row.buttons[1], Qt.MouseButton.LeftButton)
    assert answers == ["Keep mine"]
    assert bar.isHidden()
