"""``segtool mix`` leaves a whole model that is scored on images that its parents have not learnt from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from segtool import cli
from segtool.commands.mixing import plan_mix
from segtool.commands.reporting import Reporter
from segtool.core.adaptation import Adaptation
from segtool.core.run_events import RunDone, RunEvent, RunFailed, RunProgress, RunStarted, from_line
from segtool.models.card import read_card
from segtool.models.integrity import verify_model
from segtool.models.versions import annotate
from segtool.project.project import Project
from tests.gui.training_fixtures import make_folder
from tests.mix_fixtures import POINTS, export_pair
from tests.model_fixtures import GROUND, NUCLEI, change_card, export_tiny_model


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a base and a version of it; tests work on a copy of its parent."""
    models = tmp_path_factory.mktemp("pair") / "models"
    adaptation = {"points": POINTS, "chosen": 1.0}
    export_pair(models, image_keys=["0.png"], ece_before=0.5, adaptation=adaptation, steps=25)
    return models


@pytest.fixture
def folder(tmp_path: Path, pair: Path) -> Path:
    root = make_folder(tmp_path / "photos")
    shutil.copytree(pair, root / "models")
    return root


def _mix(folder: Path, *more: str, amount: str = "0.5", new: str = "0002-nuclei") -> int:
    out = str(folder / "models" / "0003-mix")
    return cli.main(["mix", "0001-nuclei", new, "--amount", amount, "--out", out, "--folder", str(folder), *more])


def _plan(folder: Path, *more: str) -> dict[str, Any]:
    out = str(folder / "models" / "0003-mix")
    words = ["mix", "0001-nuclei", "0002-nuclei", "--amount", "0.5", "--out", out, "--folder", str(folder), *more]
    return plan_mix(cli.build_parser().parse_args(words), Reporter())


def _events(text: str) -> list[RunEvent]:
    events = [from_line(line) for line in text.splitlines()]
    assert None not in events, text
    return [event for event in events if event is not None]


def test_a_mix_is_a_whole_model_with_a_card_of_its_own(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    annotate(folder / "models" / "0002-nuclei", title="The best one", note="For the paper.")
    assert _mix(folder, "--events") == cli.DONE
    output = capfd.readouterr()
    assert output.err == ""
    started, *middle, done = _events(output.out)
    project = Project.open(folder)
    held_out = project.ensure_held_out()
    assert isinstance(started, RunStarted)
    assert (started.base, started.held_out) == ("0001-nuclei", held_out)
    assert all(isinstance(event, RunProgress) for event in middle)
    fractions = [event.fraction for event in middle if isinstance(event, RunProgress)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert isinstance(done, RunDone)
    assert (done.reason, done.steps) == ("mixed", 0)
    card = verify_model(folder / "models" / "0003-mix")
    assert card.metrics == done.metrics
    assert card.metrics is not None
    assert card.metrics["images"] == len(held_out) == 1
    assert done.base_metrics is not None
    assert done.base_metrics["pooled"] != done.metrics["pooled"]
    assert (card.name, card.title, card.note) == ("0003-mix", "", "")
    training = card.training
    assert (training["base"], training["mixed_with"], training["amount"]) == ("0001-nuclei", "0002-nuclei", 0.5)
    assert (training["images"], training["image_keys"], training["steps"]) == (5, ["0.png"], 25)
    assert training.get("ece_before") != 0.5
    adaptation = Adaptation.from_training(training)
    assert adaptation is not None
    assert adaptation.chosen == 0.5
    assert [point.to_json() for point in adaptation.points] == POINTS
    # One that is there already is not written over.
    assert _mix(folder, "--events") == cli.FAILED
    (failed,) = _events(capfd.readouterr().out)
    assert isinstance(failed, RunFailed)
    assert "something of that name already" in failed.message
    assert verify_model(folder / "models" / "0003-mix") == card


def test_images_that_the_version_has_learnt_from_are_not_scored_on(folder: Path) -> None:
    (key,) = Project.open(folder).ensure_held_out()
    assert [source.key for source in _plan(folder)["held_out"]] == [key]
    version = folder / "models" / "0002-nuclei"
    change_card(version, training=read_card(version).training | {"image_keys": [[], key]})
    assert _plan(folder)["held_out"] == []


def test_another_folder_can_score(folder: Path, tmp_path: Path) -> None:
    other = make_folder(tmp_path / "others", with_mask=2)
    (other / "classes.json").write_text(json.dumps(GROUND.to_json()), encoding="utf-8")
    plan = _plan(folder, "--val", str(other))
    assert [source.image for source in plan["held_out"]] == [other / "0.png", other / "1.png"]
    assert plan["mask_classes"] == GROUND


def test_without_a_folder_nothing_is_scored_and_models_are_folders(folder: Path) -> None:
    models = folder / "models"
    options = ["--amount", "1", "--out", str(models / "mix")]
    words = ["mix", str(models / "0001-nuclei"), str(models / "0002-nuclei"), *options]
    plan = plan_mix(cli.build_parser().parse_args(words), Reporter())
    assert (plan["held_out"], plan["mask_classes"]) == ([], NUCLEI)
    assert plan["compare"] == plan["new"] == models / "0002-nuclei"


@pytest.mark.slow
def test_a_version_for_other_classes_keeps_its_outputs_and_text_is_for_people(folder: Path, capsys) -> None:
    models = folder / "models"
    export_tiny_model(models / "0005-ground", classes=GROUND, name="0005-ground", seed=9)
    assert _mix(folder, "--compare", "0002-nuclei", new="0005-ground", amount="0") == cli.DONE
    card = verify_model(models / "0003-mix")
    assert card.classes == GROUND
    assert card.network.outputs == 5
    first, *scores, verdict, last = capsys.readouterr().out.splitlines()
    assert verdict.startswith(("Accepted: ", "Refused: "))
    assert first == "Mixing 0% of 0005-ground into 0001-nuclei, 1 image to score on"
    assert [line.split(" on ")[0].strip() for line in scores] == ["new", "0002-nuclei"]
    assert "mixed)" in last
    assert "steps" not in last


def test_what_cannot_be_mixed_is_refused_and_nothing_is_written(folder: Path, capsys) -> None:
    version = folder / "models" / "0002-nuclei"
    change_card(version, training=read_card(version).training | {"base_sha256": "0" * 64})
    before = sorted(folder.rglob("*"))
    assert _mix(folder) == cli.FAILED
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert "its base is no longer the model that it was trained from" in told
    assert _mix(folder, new="0007-gone") == cli.FAILED
    assert "0007-gone" in capsys.readouterr().err
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("amount", ["1.5", "-0.5", "half", "nan"])
def test_amounts_beyond_the_ends_are_wrong_usage(amount: str, capsys) -> None:
    assert cli.main(["mix", "a", "b", "--amount", amount, "--out", "m"]) == cli.WRONG_USAGE
    assert "from 0 to 1" in capsys.readouterr().err
