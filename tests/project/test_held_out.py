from __future__ import annotations

import random

import pytest

from segtool.project.held_out import FEWEST_IMAGES, ONE_IN, choose_held_out

KEYS = [f"sub/{number}.png" for number in range(60)]


def grow(seed: int) -> list[tuple[set[str], set[str]]]:
    """Add images in random batches; return (images, held out) after each."""
    source = random.Random(seed)
    left = source.sample(KEYS, len(KEYS))
    now: set[str] = set()
    held: tuple[str, ...] = ()
    steps = []
    while left:
        size = source.randint(1, 7)
        known = set(now)
        now |= set(left[:size])
        left = left[size:]
        held = choose_held_out(now, held=held, known=known, seed=seed)
        steps.append((set(now), set(held)))
    return steps


@pytest.mark.parametrize("seed", range(20))
def test_adding_images_never_changes_an_earlier_choice(seed: int):
    steps = grow(seed)
    for (before, held_before), (_, held_after) in zip(steps, steps[1:], strict=False):
        assert held_after & before == held_before


@pytest.mark.parametrize("seed", range(20))
def test_about_one_in_five_is_held_out(seed: int):
    for now, held in grow(seed):
        assert held <= now
        assert len(held) <= len(now) // ONE_IN
    assert len(held) >= len(now) // ONE_IN - 1


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 0), (5, 0), (6, 1), (9, 1), (10, 2), (60, 12)])
def test_how_many_are_held_out_of_images_that_are_all_new(count: int, expected: int):
    assert len(choose_held_out(KEYS[:count], held=(), known=())) == expected


def test_the_choice_depends_on_the_seed_but_not_on_the_order():
    chosen = choose_held_out(KEYS, held=(), known=())
    assert choose_held_out(KEYS[::-1], held=(), known=()) == chosen
    assert choose_held_out(KEYS, held=(), known=(), seed=1) != chosen


def test_what_was_trained_on_is_never_held_out():
    assert choose_held_out(KEYS, held=(), known=KEYS) == ()
    few = KEYS[: FEWEST_IMAGES - 1]
    assert set(choose_held_out(KEYS, held=(), known=few)).isdisjoint(few)


def test_what_was_held_out_stays_so_even_when_it_is_gone_or_few_are_left():
    assert "gone.png" in choose_held_out(KEYS, held=("gone.png",), known=("gone.png",))
    assert choose_held_out(KEYS[:2], held=KEYS[:1], known=KEYS) == (KEYS[0],)


def test_a_name_that_is_not_unicode_is_no_obstacle():
    assert len(choose_held_out([*KEYS[:5], "\udcff.png"], held=(), known=())) == 1
