"""Events survive the way through a pipe, and nothing else passes for one."""

from __future__ import annotations

import json

import pytest

from segtool.core.run_events import RunAlive, RunNote, from_line, to_line
from tests.gui.training_fixtures import PROGRESS, STARTED, done, epoch, preview

EVENTS = [STARTED, PROGRESS, epoch(1), epoch(2, held_out=False), preview(3, columns=4), done(0.5, None)]


@pytest.mark.parametrize("event", [*EVENTS, RunNote("disk", "It is full."), RunAlive(1.5)])
def test_an_event_comes_back_as_it_was(event: object) -> None:
    assert from_line(to_line(event)) == event


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_a_field_of_another_kind_makes_it_no_event(event: object) -> None:
    data = json.loads(to_line(event))
    for name in data:
        for wrong in (3 if name.endswith("metrics") else {"a": [1]}, [[1]], 1e300, 10**400):
            assert from_line(json.dumps(data | {name: wrong})) is None, (name, wrong)
        assert from_line(json.dumps({key: value for key, value in data.items() if key != name})) is None
    assert from_line(json.dumps(data | {"more": 1})) is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a library talks",
        "[]",
        "{}",
        '{"event": ["done"]}',
        '{"event": "done"',
        '{"event": ' * 100_000,
        to_line(PROGRESS).replace("0.25", "NaN"),
        to_line(PROGRESS).replace("0.25", "Infinity"),
        to_line(PROGRESS).replace("0.25", "1e999"),
        to_line(PROGRESS).replace("0.25", "true"),
        "9" * 10_000,
    ],
)
def test_whatever_else_is_passed_over(line: str) -> None:
    assert from_line(line) is None
