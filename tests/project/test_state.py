from __future__ import annotations

import json
from pathlib import Path

import pytest

from segtool.core.classes import DEFAULT_CLASSES, ClassSet
from segtool.core.errors import ProjectError, SaveError
from segtool.project.migrations import FORMAT_VERSION, MIGRATIONS, migrated
from segtool.project.state import ProjectState, merge_states
from segtool.project.state_file import read_state_file, write_state
from segtool.project.status import Status

CLASSES = ClassSet.from_json([{"id": 0, "name": "matrix"}, {"id": 3, "name": "Poren, groß"}])
FULL = ProjectState(
    classes=CLASSES,
    has_classes=True,
    statuses={"b.png": Status.APPROVED, "a/ä.png": Status.PREDICTED},
    predicted_by={"a/ä.png": "0002-nuclei"},
    held_out=("b.png",),
    known=("a/ä.png", "b.png"),
    active_model="0003-nuclei",
    images_in=".",
    extra={"later": {"x": [1, 2]}},
)


def read(path: Path) -> ProjectState | None:
    file = read_state_file(path)
    return None if file is None else file.state


def test_everything_survives_writing_and_reading(tmp_path: Path):
    path = tmp_path / "new" / "segtool.json"
    write_state(path, FULL)
    assert read(path) == FULL


def test_the_file_can_be_read_by_a_person(tmp_path: Path):
    path = tmp_path / "segtool.json"
    write_state(path, FULL)
    text = path.read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert '\n  "statuses": {\n    "a/ä.png": "predicted",\n    "b.png": "approved"\n  }' in text
    value = json.loads(text)
    assert list(value) == sorted(value)
    assert value["format"] == 2


def test_no_file_is_no_state_and_no_classes_are_written_until_known(tmp_path: Path):
    path = tmp_path / "segtool.json"
    assert read(path) is None
    write_state(path, ProjectState(active_model="nuclei"))
    found = read(path)
    assert found is not None
    assert not found.has_classes
    assert found.classes == DEFAULT_CLASSES


def test_a_file_name_that_is_not_unicode_survives(tmp_path: Path):
    path = tmp_path / "segtool.json"
    state = ProjectState(statuses={"\udcff.png": Status.CORRECTED})
    write_state(path, state)
    assert read(path) == state


def test_a_file_saved_by_an_editor_with_a_byte_order_mark_is_read(tmp_path: Path):
    path = tmp_path / "segtool.json"
    path.write_bytes(b'\xef\xbb\xbf{"format": 1, "active_model": "nuclei"}')
    assert read(path) == ProjectState(active_model="nuclei")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{\n  "format": 1,\n  "statuses": {,\n}', "line 3 is not valid JSON"),
        ("[]", "line 1: the file must hold a JSON object"),
        ("", "is empty"),
        ("{}", "format must be a whole number from 1 to 2, not None"),
        ('{\n"format": "1"}', "line 2: format must be"),
        ('{"format": true}', "format must be a whole number from 1 to 2, not True"),
        ('{"format": 1,\n"statuses": {\n"ä.png": "done"}}', "line 3: the status of ä.png must be one of untouched,"),
        ('{"format": 1, "statuses": {"a.png": ["corrected"]}}', "the status of a.png"),
        ('{"format": 1, "statuses": []}', "statuses must be"),
        ('{"format": 1,\n"classes": [{"id": 300, "name": "x"}]}', "line 2: a class id must be"),
        ('{"format": 1, "held_out": [1]}', "held_out must be a list"),
        ('{"format": 1, "known": "a.png"}', "known must be a list"),
        ('{"format": 1, "predicted_by": {"a.png": 3}}', "predicted_by must be an object of names"),
        ('{"format": 1, "active_model": null}', "active_model must be text"),
        ('{"format": 1, "active_model": "' + "x" * 5000 + '"}', "at most 4096 characters, not 5000"),
        ('{"format": 1, "classes": [{"id": 1, "name": "' + "x" * 201 + '"}]}', "201 characters, 200 are the most"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_a_damaged_file_is_named_with_the_line(tmp_path: Path, text: str, words: str):
    path = tmp_path / "segtool.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError) as caught:
        read(path)
    assert words in str(caught.value)
    assert caught.value.path == path
    assert caught.value.remedy


def test_a_file_that_is_not_text_is_named_with_the_line(tmp_path: Path):
    path = tmp_path / "segtool.json"
    path.write_bytes(b'{\n"format": 1,\n"active_model": "\xff"}')
    with pytest.raises(ProjectError, match="line 3"):
        read(path)


def test_every_older_format_is_migrated_step_by_step():
    assert sorted(MIGRATIONS) == list(range(1, FORMAT_VERSION))
    value = {"known": ["b", "a"], "held_out": ["a", 3], "other": 1}
    assert migrated(value, version=1) == {"trained_on": ["b"], "held_out": ["a", 3], "other": 1}
    assert migrated({}, version=1) == {"trained_on": []}
    assert migrated({"trained_on": ["b"]}, version=FORMAT_VERSION) == {"trained_on": ["b"]}


def test_what_was_trained_on_is_not_held_out_whatever_the_file_says(tmp_path: Path):
    path = tmp_path / "segtool.json"
    path.write_text('{"format": 2, "held_out": ["a", "b"], "trained_on": ["b", "c"]}')
    found = read(path)
    assert found is not None
    assert found.held_out == ("a",)
    assert found.known == ("a", "b", "c")


def test_a_newer_format_is_refused_with_the_way_out(tmp_path: Path):
    path = tmp_path / "segtool.json"
    path.write_text('{"format": 3, "written_by": "SegTool 9.0", "anything": {}}')
    with pytest.raises(ProjectError) as caught:
        read(path)
    assert "newer version" in caught.value.remedy
    assert "written by SegTool 9.0 in format 3, this program reads up to 2" in caught.value.reason


def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(SaveError) as caught:
        write_state(tmp_path / "file" / "segtool.json", FULL)
    assert caught.value.path == tmp_path / "file" / "segtool.json"


def test_merging_keeps_what_either_side_has_changed():
    base = ProjectState(
        statuses={"a": Status.PREDICTED, "b": Status.PREDICTED},
        predicted_by={"a": "old", "b": "old"},
        active_model="nuclei",
        extra={"later": 1},
    )
    ours = ProjectState(
        classes=CLASSES,
        has_classes=True,
        statuses={"a": Status.CORRECTED, "b": Status.PREDICTED},
        predicted_by={"a": "ours", "b": "old"},
        held_out=("a", "b"),
        known=("a", "b", "c"),
        active_model="nuclei",
    )
    theirs = ProjectState(
        statuses={"a": Status.APPROVED, "b": Status.APPROVED, "d": Status.PREDICTED},
        predicted_by={"a": "theirs", "b": "theirs", "d": "theirs"},
        held_out=("a", "c", "d"),
        known=("a", "b", "c", "d"),
        active_model="0001-nuclei",
        extra={"later": 2},
    )
    merged = merge_states(base, ours=ours, theirs=theirs)
    assert merged.classes == CLASSES
    assert merged.has_classes
    assert merged.statuses == {"a": Status.CORRECTED, "b": Status.APPROVED, "d": Status.PREDICTED}
    assert merged.predicted_by == {"a": "ours", "b": "theirs", "d": "theirs"}
    assert merged.active_model == "0001-nuclei"
    assert merged.extra == {"later": 2}
    # Theirs may have trained on b, ours on c.
    assert merged.held_out == ("a", "d")
    assert merged.known == ("a", "b", "c", "d")
