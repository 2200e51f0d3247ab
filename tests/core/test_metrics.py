"""Metrics agree with scikit-learn and with the words of the contract."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from segtool.core.classes import VOID, ClassInfo, ClassSet
from segtool.core.metrics import METRICS, Counts, summarise, summarise_kinds, tally

NUCLEI = ClassSet((ClassInfo(0, "background", (0, 0, 0)), ClassInfo(1, "nucleus", (1, 1, 1))))
LAND = ClassSet(tuple(ClassInfo(i, name, (i, i, i)) for i, name in enumerate(("land", "road", "water"))))


def _random_pairs(*, ids: int, void: bool, seed: int = 3) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    pairs = []
    for shape in ((40, 31), (17, 60), (1, 9)):
        mask = rng.integers(0, ids, shape).astype(np.uint8)
        prediction = np.where(rng.random(shape) < 0.7, mask, rng.integers(0, ids, shape)).astype(np.uint8)
        if void:
            mask[rng.random(shape) < 0.3] = VOID
        pairs.append((prediction, mask))
    return pairs


def _sklearn(prediction: np.ndarray, mask: np.ndarray, class_id: int) -> dict[str, float]:
    known = mask != VOID
    truth, guess = mask[known] == class_id, prediction[known] == class_id
    return {
        "f1": reference.f1_score(truth, guess),
        "iou": reference.jaccard_score(truth, guess),
        "accuracy": reference.accuracy_score(truth, guess),
        "precision": reference.precision_score(truth, guess),
        "recall": reference.recall_score(truth, guess),
    }


@pytest.mark.parametrize("void", [False, True])
@pytest.mark.parametrize("classes", [NUCLEI, LAND], ids=["two", "three"])
def test_pooled_and_per_class_metrics_are_those_of_scikit_learn(classes: ClassSet, void: bool) -> None:
    pairs = _random_pairs(ids=len(classes), void=void)
    summary = summarise([tally(p, m, classes.ids) for p, m in pairs], classes)
    prediction = np.concatenate([p.ravel() for p, _ in pairs])
    mask = np.concatenate([m.ravel() for _, m in pairs])
    expected = {c.id: _sklearn(prediction, mask, c.id) for c in classes}
    for row in summary["per_class"]:
        assert {name: row[name] for name in METRICS} == pytest.approx(expected[row["id"]])
    counted = [c.id for c in classes if c.name != "background"]
    for name in METRICS:
        assert summary["pooled"][name] == pytest.approx(np.mean([expected[i][name] for i in counted]))
    assert summary["images"] == len(pairs)
    assert [row["id"] for row in summary["per_class"]] == list(classes.ids)


def test_mean_goes_image_by_image() -> None:
    pairs = _random_pairs(ids=3, void=True)
    summary = summarise([tally(p, m, LAND.ids) for p, m in pairs], LAND)
    for name in METRICS:
        each = [np.mean([_sklearn(p, m, i)[name] for i in LAND.ids]) for p, m in pairs]
        assert summary["mean"][name] == pytest.approx(np.mean(each))


def test_a_class_absent_from_an_image_is_left_out_there() -> None:
    mask = np.zeros((4, 4), np.uint8)
    mask[:2] = 1
    summary = summarise([tally(mask, mask, LAND.ids)], LAND)
    assert summary["mean"]["f1"] == 1.0
    wrong = np.where(mask == 1, 0, mask).astype(np.uint8)
    # land: 8 right, 8 too many; road: none found; water: absent, so it does not count.
    assert summarise([tally(wrong, mask, LAND.ids)], LAND)["mean"]["f1"] == pytest.approx((2 * 8 / 24 + 0) / 2)


def test_nothing_to_find_and_nothing_found_is_perfect_but_a_false_alarm_is_not() -> None:
    empty = np.zeros((5, 5), np.uint8)
    alarm = empty.copy()
    alarm[0, 0] = 1
    both = summarise([tally(empty, empty, NUCLEI.ids), tally(alarm, empty, NUCLEI.ids)], NUCLEI)
    assert both["mean"]["f1"] == pytest.approx(0.5)
    assert both["pooled"]["f1"] == 0.0


def test_kinds_are_summarised_apart() -> None:
    tallies = [tally(p, m, LAND.ids) for p, m in _random_pairs(ids=3, void=True)]
    rows = summarise_kinds(tallies, ["dark", "bright", "dark"], LAND)
    assert [(row["kind"], row["images"]) for row in rows] == [("bright", 1), ("dark", 2)]
    assert rows[0]["mean"] == summarise(tallies[1:2], LAND)["mean"]
    assert rows[1]["pooled"] == summarise([tallies[0], tallies[2]], LAND)["pooled"]


@pytest.mark.parametrize("value", [VOID, 7])
def test_void_and_ids_without_a_class_never_count(value: int) -> None:
    mask = np.full((3, 3), value, np.uint8)
    mask[0] = 1
    prediction = np.zeros((3, 3), np.uint8)
    prediction[0] = 1
    before = tally(prediction, mask, NUCLEI.ids)
    prediction[1:] = 1
    assert tally(prediction, mask, NUCLEI.ids) == before
    assert before.counts[1] == Counts(tp=3, fp=0, fn=0, tn=0)


def test_sizes_must_agree() -> None:
    with pytest.raises(ValueError, match="differ in size"):
        tally(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8), (0, 1))
