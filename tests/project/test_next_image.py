from __future__ import annotations

from pathlib import Path

from segtool.project.next_image import Reason, Suggestion, rank, shuffled, unworked
from segtool.project.project import Project
from segtool.project.status import Status

KEYS = [f"{number}.png" for number in range(12)]
ERRORS = {"3.png": 0.2, "5.png": 0.7, "8.png": 0.4}


def test_the_random_order_depends_on_the_keys_and_the_seed_alone() -> None:
    order = shuffled(KEYS)
    assert sorted(order) == sorted(KEYS)
    assert order == shuffled(reversed(KEYS))
    assert order not in (KEYS, shuffled(KEYS, seed=1))
    # An image that is gone changes nothing about the others.
    assert shuffled(KEYS[1:]) == [key for key in order if key != KEYS[0]]
    assert shuffled(["lone\udc80surrogate"]) == ["lone\udc80surrogate"]


def test_the_least_sure_and_a_random_one_take_turns() -> None:
    order = shuffled(KEYS)
    ranked = list(rank(ERRORS, order))
    assert [item.key for item in ranked if item.reason is Reason.UNCERTAIN][0] == "5.png"
    assert [item.reason for item in ranked[:4]] == [Reason.UNCERTAIN, Reason.RANDOM] * 2
    assert sorted(item.key for item in ranked) == sorted(KEYS)
    assert ranked[1].key == next(key for key in order if key != "5.png")
    assert {item.key: item.error for item in ranked if item.error is not None} == ERRORS


def test_without_anything_known_every_one_is_random() -> None:
    order = shuffled(KEYS)
    assert [(item.key, item.reason) for item in rank({}, order)] == [(key, Reason.RANDOM) for key in order]
    assert list(rank({}, [])) == []


def test_what_was_suggested_is_not_again_and_the_turns_go_on() -> None:
    order = shuffled(KEYS)
    first, second, *rest = rank(ERRORS, order)
    assert next(rank(ERRORS, order, suggested=[first])) == second
    assert list(rank(ERRORS, order, suggested=[first, second])) == rest
    # Random ones that were taken for want of anything better are made up for.
    random = [Suggestion(key, Reason.RANDOM, None) for key in order if key not in ERRORS][:2]
    following = [item.reason for item in rank(ERRORS, order, suggested=random)]
    assert following[:4] == [Reason.UNCERTAIN] * 3 + [Reason.RANDOM]


def test_images_that_a_person_has_worked_on_are_left_out(tmp_path: Path) -> None:
    for key in ("a.png", "b.png", "c.png", "d.png"):
        (tmp_path / key).write_bytes(b"never opened")
    project = Project.open(tmp_path)
    for key, status in (("a.png", Status.APPROVED), ("b.png", Status.CORRECTED), ("c.png", Status.PREDICTED)):
        project.set_status(key, status)
    assert list(unworked(project, ["d.png", "c.png", "b.png", "a.png"])) == ["d.png", "c.png"]
    assert project.state.held_out == ()
