"""Edits take back and do again exactly what was done, and cost what was changed."""

from __future__ import annotations

import threading
import zlib

import numpy as np
import pytest

from segtool.core.brush import disc, stroke_region
from segtool.core.edits import TILE, EditRecorder, History, runs_of_tiles
from segtool.core.geometry import Rect


def test_an_edit_can_be_packed_while_it_is_undone_and_redone() -> None:
    rng = np.random.default_rng(3)
    before, after = (rng.integers(0, 4, (5 * TILE, 6 * TILE), dtype=np.uint8) for _ in range(2))
    mask = before.copy()
    recorder = EditRecorder(mask, name="all")
    recorder.replace(Rect.of_shape(mask.shape), after)
    edit = recorder.commit(packed=False)
    assert edit is not None
    assert edit.size == 0
    packing = threading.Thread(target=edit.pack)
    packing.start()
    for _ in range(3):
        assert edit.undo(mask) == Rect.of_shape(mask.shape)
        np.testing.assert_array_equal(mask, before)
        edit.redo(mask)
        np.testing.assert_array_equal(mask, after)
    packing.join()
    assert 0 < edit.size < before.nbytes + after.nbytes
    edit.undo(mask)
    np.testing.assert_array_equal(mask, before)


def test_an_edit_that_is_not_packed_keeps_its_own_pixels() -> None:
    # A tile as wide as the mask would be a view of it.
    mask = np.zeros((40, 50), dtype=np.uint8)
    recorder = EditRecorder(mask, name="all")
    recorder.replace(Rect.of_shape(mask.shape), np.ones_like(mask))
    edit = recorder.commit(packed=False)
    assert edit is not None
    edit.undo(mask)
    edit.redo(mask)
    assert (mask == 1).all()


def _random_edits(mask: np.ndarray, history: History, *, count: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    states = [mask.copy()]
    for number in range(count):
        recorder = EditRecorder(mask, name=f"stroke {number}")
        value = int(rng.integers(0, 5))
        for _ in range(int(rng.integers(1, 4))):
            points = rng.uniform(-40, max(mask.shape) + 40, (2, 2))
            rect, region = stroke_region(
                tuple(points[0]), tuple(points[1]), diameter=int(rng.integers(1, 60)), shape=mask.shape
            )
            recorder.paint(rect, region, value)
        edit = recorder.commit()
        if edit is not None:
            history.push(edit)
            states.append(mask.copy())
    return states


@pytest.mark.parametrize("shape", [(1, 1), (TILE, TILE), (300, 517)])
def test_undo_and_redo_walk_through_every_state(shape: tuple[int, int]) -> None:
    mask = np.full(shape, 255, np.uint8)
    history = History()
    states = _random_edits(mask, history, count=25, seed=1)
    for state in reversed(states[:-1]):
        history.undo(mask)
        np.testing.assert_array_equal(mask, state)
    assert not history.can_undo
    assert history.undo(mask).is_empty
    for state in states[1:]:
        changed = history.redo(mask)
        assert not changed.is_empty
        np.testing.assert_array_equal(mask, state)
    assert not history.can_redo


def test_a_new_edit_forgets_what_was_undone() -> None:
    mask = np.zeros((10, 10), np.uint8)
    history = History()
    states = _random_edits(mask, history, count=3, seed=4)
    assert len(states) > 2
    history.undo(mask)
    _random_edits(mask, history, count=2, seed=9)
    assert not history.can_redo


def test_cancel_puts_everything_back() -> None:
    mask = np.arange(600 * 600, dtype=np.uint32).astype(np.uint8).reshape(600, 600)
    before = mask.copy()
    recorder = EditRecorder(mask, name="stroke")
    recorder.paint(Rect(200, 200, 300, 300), np.ones((300, 300), bool), 7)
    assert (mask != before).any()
    assert recorder.cancel() == Rect(0, 0, 512, 512)
    np.testing.assert_array_equal(mask, before)
    assert recorder.commit() is None


def test_an_edit_that_changes_nothing_is_none() -> None:
    mask = np.full((30, 30), 3, np.uint8)
    recorder = EditRecorder(mask, name="stroke")
    recorder.paint(Rect(0, 0, 5, 5), np.ones((5, 5), bool), 3)
    assert recorder.commit() is None


def test_an_edit_holds_only_the_tiles_it_touched() -> None:
    mask = np.zeros((4000, 3000), np.uint8)
    recorder = EditRecorder(mask, name="dab")
    rect, region = stroke_region((1000.0, 1000.0), (1000.0, 1000.0), diameter=20, shape=mask.shape)
    recorder.paint(rect, region, 1)
    edit = recorder.commit()
    assert edit is not None
    assert edit.rect.width <= 2 * TILE
    assert edit.rect.height <= 2 * TILE
    assert edit.size < 20_000


def test_history_forgets_the_oldest_edits_past_its_limit_but_keeps_the_newest() -> None:
    mask = np.zeros((256, 256), np.uint8)
    history = History(limit=1)
    states = _random_edits(mask, history, count=4, seed=2)
    history.undo(mask)
    np.testing.assert_array_equal(mask, states[-2])
    assert not history.can_undo


@pytest.mark.parametrize("shape", [(1, 1), (300, 517), (900, 1100)])
def test_going_to_any_state_is_undoing_or_redoing_step_by_step(shape: tuple[int, int]) -> None:
    mask = np.full(shape, 255, np.uint8)
    history = History()
    states = _random_edits(mask, history, count=30, seed=6)
    rng = np.random.default_rng(7)
    for position in [0, len(states) - 1, *rng.integers(0, len(states), 40).tolist()]:
        before = mask.copy()
        tiles = history.go_to(mask, position)
        np.testing.assert_array_equal(mask, states[position])
        assert history.position == position
        assert len(history.edits) == len(states) - 1
        told = np.zeros(shape, bool)
        for run in runs_of_tiles(tile.rect for tile in tiles):
            told[run.slices] = True
        assert told[mask != before].all()
        assert len({tile.rect for tile in tiles}) == len(tiles)
        for tile in tiles:
            assert zlib.decompress(tile.packed()) == mask[tile.rect.slices].tobytes()
    assert history.go_to(mask, history.position) == ()
    history.go_to(mask, 1000)
    np.testing.assert_array_equal(mask, states[-1])


def test_edits_are_listed_in_order_with_what_they_cost() -> None:
    mask = np.zeros((50, 60), np.uint8)
    history = History()
    sizes = (3, 5, 7)
    for side in sizes:
        recorder = EditRecorder(mask, name=f"square {side}")
        recorder.paint(Rect(10 * side % 50, 0, side, side), np.ones((side, side), bool), side)
        edit = recorder.commit()
        assert edit is not None
        history.push(edit)
    history.undo(mask)
    history.undo(mask)
    assert [edit.name for edit in history.edits] == ["square 3", "square 5", "square 7"]
    assert [edit.pixels for edit in history.edits] == [9, 25, 49]
    assert history.position == 1
    assert all(edit.is_packed and edit.size > 0 for edit in history.edits)


def test_tiles_beside_each_other_become_one_box() -> None:
    def tile(column: int, row: int) -> Rect:
        return Rect(column * TILE, row * TILE, TILE, TILE)

    assert runs_of_tiles([]) == ()
    assert runs_of_tiles([tile(1, 1), tile(0, 0), tile(1, 0), tile(0, 1)]) == (Rect(0, 0, 2 * TILE, 2 * TILE),)
    diagonal = [tile(number, number) for number in range(5)]
    assert runs_of_tiles(reversed(diagonal)) == tuple(diagonal)
    assert runs_of_tiles([tile(0, 0), tile(1, 0), tile(3, 0), tile(0, 2)]) == (
        Rect(0, 0, 2 * TILE, TILE),
        tile(3, 0),
        tile(0, 2),
    )


@pytest.mark.parametrize("diameter", [1, 2, 3, 8, 25])
def test_a_dab_is_a_disc_around_the_point(diameter: int) -> None:
    rect, region = stroke_region((50.5, 40.5), (50.5, 40.5), diameter=diameter, shape=(100, 100))
    np.testing.assert_array_equal(region, disc(diameter))
    assert abs(rect.x + rect.width / 2 - 50.5) <= 0.5
    assert abs(rect.y + rect.height / 2 - 40.5) <= 0.5


@pytest.mark.parametrize("diameter", [1, 2, 3, 9, 40])
@pytest.mark.parametrize("end", [(90.2, 12.7), (15.0, 80.0), (10.5, 33.1), (60.5, 10.5)])
def test_a_stroke_has_no_gaps_and_stays_within_its_radius(diameter: int, end: tuple[float, float]) -> None:
    start = (10.5, 10.5)
    rect, region = stroke_region(start, end, diameter=diameter, shape=(100, 100))
    full = np.zeros((100, 100), bool)
    full[rect.slices] = region
    steps = int(np.hypot(end[0] - start[0], end[1] - start[1])) + 1
    for t in np.linspace(0, 1, steps):
        x, y = (int(start[i] + t * (end[i] - start[i])) for i in (0, 1))
        assert full[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].any()
    rows, columns = np.nonzero(full)
    points = np.column_stack([columns + 0.5, rows + 0.5])
    direction = np.array(end) - start
    t = np.clip(((points - start) @ direction) / (direction @ direction), 0, 1)
    distance = np.linalg.norm(points - (np.array(start) + t[:, None] * direction), axis=1)
    assert distance.max() <= diameter / 2 + 1.5


def test_a_stroke_is_clipped_to_the_image() -> None:
    rect, region = stroke_region((-5.0, -5.0), (3.0, 3.0), diameter=9, shape=(20, 20))
    assert Rect.of_shape((20, 20)).intersect(rect) == rect
    assert region.any()
    outside, nothing = stroke_region((-50.0, -50.0), (-60.0, -50.0), diameter=9, shape=(20, 20))
    assert outside.is_empty
    assert nothing.size == 0


def test_a_revised_edit_starts_from_what_was_there() -> None:
    rng = np.random.default_rng(5)
    mask = rng.integers(0, 3, (600, 700), dtype=np.uint8)
    before = mask.copy()
    recorder = EditRecorder(mask, name="Preview")
    recorder.paint(Rect(10, 10, 300, 400), np.ones((400, 300), np.bool_), 7)
    assert np.array_equal(recorder.original(Rect(5, 200, 600, 390)), before[200:590, 5:605])
    recorder.revert()
    assert np.array_equal(mask, before)
    recorder.replace(Rect(100, 100, 2, 2), np.full((2, 2), 9, np.uint8), where=np.eye(2, dtype=np.bool_))
    edit = recorder.commit()
    assert edit is not None
    after = before.copy()
    after[100, 100] = after[101, 101] = 9
    assert np.array_equal(mask, after)
    edit.undo(mask)
    assert np.array_equal(mask, before)
    edit.redo(mask)
    assert np.array_equal(mask, after)
