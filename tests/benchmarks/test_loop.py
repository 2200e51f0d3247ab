"""The whole loop of the comparison on a small made-up set, with the program's own training step."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.annotator import arms, loop
from benchmarks.annotator.data import DataSet
from benchmarks.annotator.records import Record
from segtool.models.store import bundled_models_dir
from segtool.sample import draw_nuclei


@pytest.fixture
def made_up_set(tmp_path: Path) -> DataSet:
    folder = tmp_path / "cells"
    for part, count in (("train", 7), ("val", 2)):
        for kind in ("images", "masks"):
            (folder / part / kind).mkdir(parents=True)
        for number in range(count):
            pixels, mask = draw_nuclei(number, size=(96, 96))
            Image.fromarray(pixels).save(folder / part / "images" / f"{number}.png")
            Image.fromarray(mask).save(folder / part / "masks" / f"{number}.png")
    classes = [{"id": 0, "name": "background"}, {"id": 1, "name": "cell"}]
    (folder / "classes.json").write_text(json.dumps(classes))
    return DataSet.open(folder)


@pytest.mark.slow
def test_the_loop_corrects_retrains_judges_and_scores(
    made_up_set: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from benchmarks.annotator.engine import Engine
    from segtool.training.export import load_model

    bases = tmp_path / "bases"
    bases.mkdir()
    weights = load_model(bundled_models_dir() / "nuclei")[0].get_weights()
    np.savez(bases / "base-cells.npz", **{f"{i:04d}": weight for i, weight in enumerate(weights)})
    monkeypatch.setattr(loop, "POINTS", (2, 6))
    monkeypatch.setattr(loop, "AFTERWARDS", 1)
    records: list[Record] = []
    experiment = loop.Experiment.load(made_up_set, Engine(bases, bundled_models_dir()), records.append)
    experiment.journey(replace(arms.RECIPE, steps=30), 0)
    assert [(record.images, record.accepted is None) for record in records] == [(2, False), (6, False), (7, True)]
    first, second, last = records
    assert (first.accepted, first.outside_before) == (True, None)
    assert first.iou == first.outside_after
    assert second.outside_before == first.iou
    assert second.iou == (second.outside_after if second.accepted else first.iou)
    assert last.iou == second.iou
    # A base that has learnt nuclei finds drawn ones after a few steps; then there is less to do.
    assert first.iou > 0.5
    assert first.strokes > last.strokes
