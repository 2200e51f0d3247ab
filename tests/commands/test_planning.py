"""A run is refused before it starts if it could not end well."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from segtool.cli import build_parser
from segtool.commands.planning import plan_run
from segtool.commands.reporting import Reporter
from segtool.core.errors import SaveError, SegToolError, TrainingError
from segtool.core.run_settings import FROM_SCRATCH_RATE
from segtool.formats.mask_png import write_mask
from tests.model_fixtures import texture


def _folder(root: Path, *, names: dict[int, str] | None = None, ids: tuple[int, ...] = (0, 1), count: int = 2) -> Path:
    (root / "images").mkdir(parents=True)
    for number in range(count):
        cv2.imwrite(str(root / "images" / f"{number}.png"), texture(24, 24, seed=number))
        mask = np.resize(np.array(ids, np.uint8), (24, 24))
        write_mask(root / "masks" / f"{number}.png", mask)
    if names is not None:
        (root / "classes.json").write_text(json.dumps([{"id": i, "name": name} for i, name in names.items()]))
    return root


def _plan(folder: Path, *more: object, out: Path | None = None) -> dict[str, Any]:
    out = folder.parent / "model" if out is None else out
    words = ["train", str(folder), "--base", "none", "--out", str(out), *map(str, more)]
    arguments: argparse.Namespace = build_parser().parse_args(words)
    return plan_run(arguments, Reporter())


def test_classes_of_the_validation_folder_are_known_by_name(tmp_path: Path) -> None:
    train = _folder(tmp_path / "train", names={0: "background", 1: "cell", 4: "debris"}, ids=(0, 1, 4))
    val = _folder(tmp_path / "val", names={0: "background", 2: "debris", 3: "cell"}, ids=(0, 2, 3))
    plan = _plan(train, "--val", val)
    assert [item.name for item in plan["classes"]] == ["background", "cell", "debris"]
    assert [(item.id, item.name) for item in plan["held_out_classes"]] == [
        (0, "background"),
        (2, "debris"),
        (3, "cell"),
    ]


def test_a_validation_folder_with_a_class_of_its_own_is_refused(tmp_path: Path) -> None:
    train = _folder(tmp_path / "train", names={0: "background", 1: "cell"})
    val = _folder(tmp_path / "val", names={0: "background", 1: "cel"})
    with pytest.raises(TrainingError, match="cel") as caught:
        _plan(train, "--val", val)
    assert caught.value.path == val


def test_a_folder_without_names_takes_those_of_the_validation_folder_or_numbers(tmp_path: Path) -> None:
    train = _folder(tmp_path / "train", ids=(0, 3, 255))
    val = _folder(tmp_path / "val", names={0: "background", 3: "cell"}, ids=(0, 3))
    assert [item.name for item in _plan(train, "--val", val)["classes"]] == ["background", "cell"]
    assert [(item.id, item.name) for item in _plan(train)["classes"]] == [(0, "background"), (3, "class 3")]


def test_a_place_where_no_model_can_be_written_is_refused_at_once(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "train")
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "model", Path("/proc/nowhere/model")):
        with pytest.raises(SaveError) as caught:
            _plan(folder, out=out)
        assert caught.value.path == out
    before = sorted(tmp_path.rglob("*"))
    _plan(folder, out=tmp_path / "new" / "deep" / "model")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("text", ["", "[]", "{", '{"network": 5}', '{"data": []}', '{"crop": 64.0}', "[" * 100_000])
def test_settings_that_cannot_be_used_are_refused(tmp_path: Path, text: str) -> None:
    folder = _folder(tmp_path / "train")
    settings = tmp_path / "settings.json"
    settings.write_text(text)
    with pytest.raises(SegToolError):
        _plan(folder, "--settings", settings)


def test_settings_may_begin_with_a_byte_order_mark_and_give_way_to_arguments(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "train")
    settings = tmp_path / "settings.json"
    settings.write_text('{"epochs": 5, "seed": 3}', encoding="utf-8-sig")
    assert _plan(folder, "--settings", settings)["settings"].epochs == 5
    plan = _plan(folder, "--settings", settings, "--minutes", "2")
    assert (plan["settings"].minutes, plan["settings"].epochs, plan["settings"].seed) == (2, None, 3)


def test_random_weights_get_a_higher_rate_unless_one_is_given(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "train", names={0: "background", 1: "cell"})
    assert _plan(folder)["settings"].learning_rate == FROM_SCRATCH_RATE
    given = tmp_path / "settings.json"
    given.write_text(json.dumps({"learning_rate": 0.0003}))
    assert _plan(folder, "--settings", given)["settings"].learning_rate == 0.0003


def test_settings_may_give_the_classes_colours_by_name(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "train", names={0: "ground", 1: "water"})
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"colours": {"water": [0, 10, 200]}}))
    plan = _plan(folder, "--settings", path)
    assert plan["classes"].get(1).colour == (0, 10, 200)
    assert plan["classes"].get(0).colour == _plan(folder)["classes"].get(0).colour
    for text in ('{"colours": {"lava": [1, 2, 3]}}', '{"colours": [1]}', '{"colours": {"water": "blue"}}'):
        path.write_text(text)
        with pytest.raises(SegToolError):
            _plan(folder, "--settings", path)
