"""The command line as a person types it: real processes, real files, exit codes and one-line errors."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from segtool.core.metrics import METRICS
from segtool.core.run_events import RunAlive, RunDone, RunEpoch, RunStarted, from_line
from segtool.formats.image import read_image
from segtool.formats.mask_png import read_mask, write_mask
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import segment_to_end
from segtool.sample import sample_images
from tests.model_fixtures import texture


def segtool(*arguments: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "segtool", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, input=stdin, timeout=200, check=False)


def fails(done: subprocess.CompletedProcess[str], *, code: int, words: Sequence[str]) -> None:
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """images/ and masks/ side by side with a classes.json, as data sets are shared."""
    root = tmp_path / "set"
    (root / "images").mkdir(parents=True)
    for number, item in enumerate(sample_images()[:3]):
        cut = (slice(0, 160), slice(0, 160))
        cv2.imwrite(str(root / "images" / f"{number}.png"), item.pixels[cut])
        write_mask(root / "masks" / f"{number}.png", item.mask[cut])
    names = [{"id": 0, "name": "background"}, {"id": 1, "name": "nucleus"}, {"id": 255, "name": "void"}]
    (root / "classes.json").write_text(json.dumps(names))
    return root


def test_info_tells_size_type_status_and_why_an_image_is_unreadable(sample_folder: Path) -> None:
    (sample_folder / "broken.png").write_bytes(b"this is no image")
    done = segtool("info", sample_folder, "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["image"]: row for row in json.loads(done.stdout)["images"]}
    assert len(rows) == 7
    assert rows["broken.png"]["error"]
    sixteen = rows["nuclei-04-16-bit.png"]
    assert (sixteen["width"], sixteen["height"], sixteen["type"]) == (400, 400, "uint16 grey")
    assert {row["status"] for row in rows.values()} == {"untouched"}
    assert "unreadable" in segtool("info", sample_folder).stdout


def test_segment_writes_masks_and_overlays_and_keeps_masks_that_are_there(
    sample_folder: Path, tiny_model_folder: Path
) -> None:
    (sample_folder / "broken.png").write_bytes(b"this is no image")
    mine = np.full((400, 520), 1, np.uint8)
    write_mask(sample_folder / "masks" / "nuclei-01-sparse.png", mine)
    done = segtool("segment", sample_folder, "--model", tiny_model_folder, "--overlay")
    assert done.returncode == 0, done.stderr
    assert "broken.png" in done.stderr
    masks = {path.name for path in (sample_folder / "masks").iterdir()}
    assert len(masks) == 6
    assert {path.name for path in (sample_folder / "overlays").iterdir()} == masks - {"nuclei-01-sparse.png"}
    np.testing.assert_array_equal(read_mask(sample_folder / "masks" / "nuclei-01-sparse.png"), mine)
    runtime = Runtime.load(tiny_model_folder)
    for name in ("nuclei-02-touching.png", "nuclei-04-16-bit.png", "nuclei-05-colour.png"):
        expected = segment_to_end(read_image(sample_folder / name).pixels, runtime).class_ids
        np.testing.assert_array_equal(read_mask(sample_folder / "masks" / name), expected)
    rows = {
        row["image"]: row["status"] for row in json.loads(segtool("info", sample_folder, "--json").stdout)["images"]
    }
    assert rows["nuclei-02-touching.png"] == "predicted"
    assert rows["nuclei-01-sparse.png"] == "corrected"
    assert segtool("segment", sample_folder, "--model", tiny_model_folder, "--overwrite").returncode == 0
    assert (read_mask(sample_folder / "masks" / "nuclei-01-sparse.png") != mine).any()


def test_segment_with_out_leaves_the_folder_alone(sample_folder: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    before = sorted(sample_folder.rglob("*"))
    done = segtool("segment", sample_folder, "--model", tiny_model_folder, "--out", tmp_path / "out", "--overlay")
    assert done.returncode == 0, done.stderr
    assert sorted(sample_folder.rglob("*")) == before
    with Image.open(tmp_path / "out" / "nuclei-05-colour.png") as mask:
        assert mask.mode == "P"
        assert mask.size == Image.open(sample_folder / "nuclei-05-colour.png").size
    with Image.open(tmp_path / "out" / "overlays" / "nuclei-05-colour.png") as overlay:
        assert overlay.mode == "RGB"


def test_evaluate_prints_the_contract_and_does_not_write(labelled: Path, tiny_model_folder: Path) -> None:
    before = sorted(labelled.rglob("*"))
    done = segtool("evaluate", labelled, "--model", tiny_model_folder, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert list(result) == ["images", "pooled", "mean", "per_class", "calibration"]
    assert result["images"] == 3
    assert set(result["pooled"]) == set(result["mean"]) == set(METRICS)
    assert [(row["id"], row["name"]) for row in result["per_class"]] == [(0, "background"), (1, "nucleus")]
    assert result["pooled"] == {name: result["per_class"][1][name] for name in METRICS}
    assert sorted(labelled.rglob("*")) == before
    table = segtool("evaluate", labelled, "--model", tiny_model_folder)
    assert f"{result['pooled']['f1']:.4f}" in table.stdout


def test_evaluate_writes_a_report_and_names_what_it_leaves_out(
    labelled: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    (labelled / "images" / "0.png").write_bytes(b"this is no image")
    kinds = tmp_path / "kinds.csv"
    kinds.write_text("stem,kind\n1,dark\n2,bright\n")
    command = ("evaluate", labelled, "--model", tiny_model_folder, "--kinds", kinds)
    done = segtool(*command, "--report", tmp_path / "report")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0].startswith("0.png is left out: ")
    assert "mean, bright (1)" in done.stdout
    assert "expected calibration error" in done.stdout
    assert str(tmp_path / "report" / "index.html") in done.stdout
    found = json.loads((tmp_path / "report" / "report.json").read_text())
    plain = json.loads(segtool(*command, "--json").stdout)
    assert plain.pop("per_kind") == found["kinds"]
    assert plain == found["metrics"]
    fails(segtool(*command, "--report", labelled / "report"), code=1, words=["among the images"])
    fails(segtool(*command, "--report", tmp_path), code=1, words=["something else"])


def test_card_writes_a_page_that_comes_out_the_same_again(
    labelled: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    pages = []
    for name in ("a", "b"):
        page = tmp_path / name / "tiny.md"
        page.parent.mkdir()
        done = segtool("card", tiny_model_folder, labelled, "--out", page)
        assert done.returncode == 0, done.stderr
        pages.append({path.name: path.read_bytes() for path in page.parent.iterdir()})
    assert pages[0] == pages[1]
    assert set(pages[0]) == {"tiny.md", "tiny-worst.png"}
    fails(segtool("card", tiny_model_folder, labelled, "--out", tmp_path / "x.txt"), code=1, words=["Markdown"])


def test_train_reports_events_and_its_model_evaluates_to_what_it_said(labelled: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text(
        json.dumps(
            {
                "minutes": None,
                "epochs": 2,
                "steps_per_epoch": 2,
                "batch": 2,
                "crop": 64,
                "network": {"outputs": 1, "widths": [8, 8], "stem": "half", "skip_width": 4, "residual": True},
            }
        )
    )
    out = tmp_path / "models" / "mine"
    done = segtool(
        "train", labelled, "--val", labelled, "--base", "none", "--out", out, "--settings", settings, "--events"
    )
    assert done.returncode == 0, done.stderr
    events = [from_line(line) for line in done.stdout.splitlines()]
    assert None not in events
    # On a busy computer it takes a while until the run starts.
    events = [event for event in events if not isinstance(event, RunAlive)]
    assert isinstance(events[0], RunStarted)
    assert events[0].train_images == 3
    assert sum(isinstance(event, RunEpoch) for event in events) == 2
    last = events[-1]
    assert isinstance(last, RunDone)
    evaluated = json.loads(segtool("evaluate", labelled, "--model", out, "--json").stdout)
    assert evaluated == last.metrics
    again = segtool("train", labelled, "--base", "none", "--out", out)
    fails(again, code=1, words=[str(out), "already"])


def test_mistakes_are_told_in_one_line(labelled: Path, sample_folder: Path, tmp_path: Path) -> None:
    fails(segtool("info", tmp_path / "nowhere"), code=1, words=["nowhere", "no such folder"])
    fails(segtool("evaluate", sample_folder), code=1, words=["no masks"])
    fails(segtool("evaluate", labelled, "--model", "unheard-of"), code=1, words=["unheard-of"])
    fails(segtool("train", sample_folder, "--out", tmp_path / "m"), code=1, words=["no masks"])
    for path in (labelled / "masks").iterdir():
        write_mask(path, np.zeros((160, 160), np.uint8))
    fails(segtool("train", labelled, "--out", tmp_path / "m"), code=1, words=["background"])
    write_mask(labelled / "masks" / "0.png", np.zeros((9, 9), np.uint8))
    fails(segtool("train", labelled, "--out", tmp_path / "m"), code=1, words=["0.png", "9 × 9"])
    assert segtool("train", labelled).returncode == 2
    assert segtool("evaluate").returncode == 2


def test_a_damaged_model_is_named(labelled: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(tiny_model_folder, tmp_path / "copy"))
    with (copy / "network.bin").open("r+b") as stream:
        stream.seek(10)
        stream.write(b"\xff\xff")
    fails(segtool("evaluate", labelled, "--model", copy), code=1, words=["network.bin"])


def test_a_folder_without_class_names_takes_those_of_the_model(tmp_path: Path, tiny_model_folder: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), texture(40, 50))
    assert segtool("segment", tmp_path, "--model", tiny_model_folder).returncode == 0
    assert [item["name"] for item in json.loads(segtool("info", tmp_path, "--json").stdout)["classes"]] == [
        "background",
        "nucleus",
    ]
    result = segtool("evaluate", tmp_path, "--model", tiny_model_folder, "--json")
    assert json.loads(result.stdout)["pooled"]["f1"] == 1.0
