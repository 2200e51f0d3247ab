"""Changing versions through the session: files on disk, what is told, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.models.card import CARD_FILE, read_card
from segtool.models.store import ModelEntry, ModelStore
from segtool.models.versions import annotate
from segtool.project.project import Project
from tests.gui.history.conftest import write_history

Messages = list[tuple[str, Level]]


@pytest.fixture
def opened_session(session: Session, versions_folder: Path) -> Session:
    assert session.open_folder(versions_folder)
    return session


def entry(session: Session, name: str) -> ModelEntry:
    return next(item for item in session.models if item.name == name)


def test_rolling_back_goes_from_parent_to_parent(opened_session: Session, messages: Messages, versions_folder: Path):
    session = opened_session
    assert session.versions.why_not_roll_back() == ""
    assert session.versions.roll_back()
    assert session.model is not None
    assert session.model.name == "0001-a"
    assert messages[-1] == ("Back to 0001-a. 0002-b is kept in the history.", Level.INFO)
    session.save_all()
    assert Project.open(versions_folder).active_model == "0001-a"
    assert session.versions.roll_back()
    assert session.model.name == "nuclei"
    assert session.versions.why_not_roll_back() == "There was no model before nuclei"
    assert not session.versions.roll_back()
    assert messages[-1] == ("There was no model before nuclei.", Level.WARNING)
    assert session.model.name == "nuclei"


def test_there_is_no_way_back_to_a_parent_that_is_gone(opened_session: Session, versions_folder: Path):
    shutil.rmtree(versions_folder / "models" / "0001-a")
    opened_session.refresh_models()
    assert "0001-a" in opened_session.versions.why_not_roll_back()
    assert not opened_session.versions.roll_back()
    assert opened_session.model is not None
    assert opened_session.model.name == "0002-b"


def test_a_title_is_shown_wherever_the_name_was(opened_session: Session, versions_folder: Path, qtbot: QtBot):
    session = opened_session
    assert session.versions.rename("0002-b", " Best  so far ")
    qtbot.waitUntil(lambda: entry(session, "0002-b").label == "Best so far")
    assert read_card(versions_folder / "models" / "0002-b").title == "Best so far"
    assert session.model is not None
    assert session.model.label == "Best so far"
    # Its own name as a title is none.
    assert session.versions.rename("0002-b", "0002-b")
    qtbot.waitUntil(lambda: entry(session, "0002-b").card.title == "")


@pytest.mark.parametrize("title", ["0001-a", "NUCLEI", "first"])
def test_a_title_that_another_model_has_is_refused(
    opened_session: Session, versions_folder: Path, messages: Messages, title: str
):
    annotate(versions_folder / "models" / "0001-a", title="First")
    opened_session.refresh_models()
    assert not opened_session.versions.rename("0002-b", title)
    assert messages[-1] == (f"There is a model called {title} already. Choose another title.", Level.WARNING)


def test_a_note_is_kept_with_its_lines(opened_session: Session, qtbot: QtBot, versions_folder: Path):
    assert opened_session.versions.set_note("0001-a", "Plate 3.\nToo dark.")
    qtbot.waitUntil(lambda: entry(opened_session, "0001-a").card.note == "Plate 3.\nToo dark.")
    assert ModelStore(versions_folder / "models").problems() == []


def test_bundled_models_are_neither_renamed_nor_deleted(opened_session: Session, messages: Messages):
    edits, nuclei = opened_session.versions, entry(opened_session, "nuclei")
    assert not edits.rename("nuclei", "mine")
    assert not edits.set_note("nuclei", "mine")
    assert not edits.delete("nuclei")
    assert {text for text, _ in messages} == {"nuclei comes with the program."}
    assert nuclei.folder.is_dir()


def test_the_active_version_is_not_deleted_and_another_one_is(
    opened_session: Session, messages: Messages, versions_folder: Path, qtbot: QtBot
):
    session, models = opened_session, versions_folder / "models"
    assert not session.versions.delete("0002-b")
    assert messages[-1] == ("Make another model active first.", Level.WARNING)
    assert session.versions.delete("0001-a")
    qtbot.waitUntil(lambda: [item.name for item in session.models if not item.bundled] == ["0002-b"])
    assert [path.name for path in models.iterdir()] == ["0002-b"]
    qtbot.waitUntil(lambda: messages[-1] == ("0001-a was deleted.", Level.INFO))
    assert session.model is not None
    assert session.model.name == "0002-b"


def test_nothing_is_deleted_while_a_job_runs(opened_session: Session, versions_folder: Path, qtbot: QtBot):
    session = opened_session
    assert session.segment(["a.png"])
    assert session.versions.why_not_delete(entry(session, "0001-a")) == "Wait for the running job"
    assert not session.versions.delete("0001-a")
    qtbot.waitUntil(lambda: session.job is None, timeout=60_000)
    assert session.versions.why_not_delete(entry(session, "0001-a")) == ""
    assert (versions_folder / "models" / "0001-a" / CARD_FILE).is_file()


def test_an_export_is_a_model_of_its_own(
    opened_session: Session, messages: Messages, tmp_path: Path, qtbot: QtBot, versions_folder: Path
):
    target = tmp_path / "shared" / "0002-b"
    target.parent.mkdir()
    assert opened_session.versions.export("0002-b", target)
    qtbot.waitUntil(lambda: messages != [])
    assert messages == [(f"0002-b was exported to {target}.", Level.INFO)]
    assert ModelStore().resolve(str(target)) == target
    assert opened_session.versions.export("0002-b", target)
    qtbot.waitUntil(lambda: len(messages) == 2)
    text, level = messages[-1]
    assert level is Level.ERROR
    assert "nothing was exported" in text


def test_a_version_that_is_gone_is_said_to_be(opened_session: Session, messages: Messages):
    assert not opened_session.versions.delete("0009-x")
    assert messages == [("There is no model called 0009-x any more.", Level.WARNING)]


def test_what_was_asked_for_is_done_before_the_end(versions_folder: Path, qtbot: QtBot):
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    write_history(versions_folder / "models" / "0001-a", base="none")
    assert session.open_folder(versions_folder)
    assert session.versions.set_note("0001-a", "kept")
    session.close()
    assert read_card(versions_folder / "models" / "0001-a").note == "kept"
