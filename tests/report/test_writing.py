from __future__ import annotations

import csv
import html.parser
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from segtool.core.classes import VOID, ClassInfo, ClassSet
from segtool.core.errors import SaveError, SegToolError
from segtool.formats.mask_png import write_mask
from segtool.inference.evaluate import Evaluation, evaluate_images
from segtool.inference.runtime import Runtime
from segtool.report import Report, ReportImage, evaluate_and_report, write_report
from tests.model_fixtures import NUCLEI, texture

HOSTILE = "<script>alert(1)<&\"'.png"
OWN = ["images.csv", "index.html", "pictures", "report.json"]


@pytest.fixture(scope="module")
def runtime(tiny_model_folder: Path) -> Runtime:
    return Runtime.load(tiny_model_folder)


@pytest.fixture
def images(tmp_path: Path) -> list[ReportImage]:
    found = []
    for number, name in enumerate(("a.png", HOSTILE, "c.png")):
        image_path, mask_path = tmp_path / "set" / name, tmp_path / "masks" / f"{number}.png"
        image_path.parent.mkdir(exist_ok=True)
        image_path.write_bytes(cv2.imencode(".png", texture(40, 48, seed=number))[1].tobytes())
        mask = (texture(40, 48, seed=number + 50) > 120).astype(np.uint8)
        mask[:3] = VOID
        write_mask(mask_path, mask)
        found.append(ReportImage(name, image_path, mask_path, ("dark", "", "bright")[number]))
    return found


class Links(html.parser.HTMLParser):
    """Every element of a page, and what it refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.targets += [value for name, value in attrs if name in ("src", "href") and value]
        self.ids += [value for name, value in attrs if name == "id" and value]


def finished(out: Path, images: list[ReportImage], runtime: Runtime, classes: ClassSet = NUCLEI) -> Report:
    *_, last = evaluate_and_report(out, images, classes, runtime, title="tiny on set")
    assert isinstance(last, Report)
    return last


def test_page_table_and_data_say_what_the_evaluation_says(
    runtime: Runtime, images: list[ReportImage], tmp_path: Path
) -> None:
    report = finished(tmp_path / "out", images, runtime)
    *_, evaluation = evaluate_images([(item.image_path, item.mask_path) for item in images], NUCLEI, runtime)
    assert isinstance(evaluation, Evaluation)
    assert report.evaluation.metrics == evaluation.metrics
    data = json.loads((tmp_path / "out" / "report.json").read_text())
    assert data["metrics"] == evaluation.metrics
    assert [row["f1"] for row in data["images"]] == sorted(row["f1"] for row in data["images"])
    assert [(row["kind"], row["images"]) for row in data["kinds"]] == [("bright", 1), ("dark", 1), ("other", 1)]
    with (tmp_path / "out" / "images.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["image"] for row in rows] == [row["image"] for row in data["images"]]
    page = report.page.read_text()
    links = Links(page)
    assert "script" not in links.tags
    assert HOSTILE not in page
    assert f"{evaluation.metrics['pooled']['f1']:.3f}" in page
    for target in links.targets:
        if target.startswith("#"):
            assert target[1:] in links.ids
        else:
            assert (tmp_path / "out" / target).is_file()
    assert sum(1 for tag in links.tags if tag == "figure") == 3
    assert cv2.imread(str(tmp_path / "out" / "pictures" / "0002.png")).shape == (40, 48, 3)


def test_what_cannot_be_used_is_listed_and_nothing_usable_is_an_error(
    runtime: Runtime, images: list[ReportImage], tmp_path: Path
) -> None:
    images[1].image_path.write_bytes(b"this is no image")
    *_, page = write_report(tmp_path / "out", images, NUCLEI, runtime, title="t")
    assert page == tmp_path / "out" / "index.html"
    data = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [row["image"] for row in data["left_out"]] == [HOSTILE]
    assert data["metrics"]["images"] == 2
    assert "Left out" in page.read_text()
    with pytest.raises(SegToolError, match="none of the 1 images"):
        finished(tmp_path / "none", images[1:2], runtime)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["masks", "out", "set"]


def test_a_class_that_the_folder_lacks_gets_a_column_of_its_own(
    runtime: Runtime, images: list[ReportImage], tmp_path: Path
) -> None:
    yeast = ClassSet((ClassInfo(0, "background", (0, 0, 0)), ClassInfo(1, "yeast <b>", (255, 0, 0))))
    page = finished(tmp_path / "out", images, runtime, yeast.with_added("mould")).page.read_text()
    assert "No mask and no prediction has a pixel of: mould." in page
    assert "no class of the folder" in page
    assert "yeast &lt;b&gt;" in page
    assert "predicted as nucleus" in page
    assert "no class of the folder" not in finished(tmp_path / "other", images, runtime).page.read_text()


def test_an_earlier_report_is_replaced_and_nothing_else_is_touched(
    runtime: Runtime, images: list[ReportImage], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    finished(out, images, runtime)
    (out / "notes.txt").write_text("mine")
    (out / "pictures" / "mine.png").write_bytes(b"mine")
    finished(out, images[:2], runtime)
    assert sorted(path.name for path in out.iterdir()) == sorted([*OWN, "notes.txt"])
    assert sorted(path.name for path in (out / "pictures").iterdir()) == ["0001.png", "0002.png", "mine.png"]


@pytest.mark.parametrize(
    "fill",
    [
        lambda folder: (folder / "a.txt").write_text("mine"),
        lambda folder: (folder / "report.json").write_text("[1, 2]"),
        lambda folder: (folder / "report.json").write_text('{"format": "another"}'),
    ],
)
def test_a_folder_with_something_else_is_refused(
    runtime: Runtime, images: list[ReportImage], tmp_path: Path, fill: Callable[[Path], object]
) -> None:
    (tmp_path / "out").mkdir()
    fill(tmp_path / "out")
    before = sorted((tmp_path / "out").iterdir())
    with pytest.raises(SaveError, match="something else"):
        next(write_report(tmp_path / "out", images, NUCLEI, runtime, title="t"))
    assert sorted((tmp_path / "out").iterdir()) == before


def test_an_earlier_report_that_lies_about_its_files_removes_nothing_of_others(
    runtime: Runtime, images: list[ReportImage], tmp_path: Path
) -> None:
    victim = tmp_path / "victim.png"
    victim.write_bytes(b"mine")
    finished(tmp_path / "out", images, runtime)
    path = tmp_path / "out" / "report.json"
    data = json.loads(path.read_text())
    data["files"] += ["../victim.png", str(victim), "pictures/../../victim.png", 3]
    path.write_text(json.dumps(data))
    finished(tmp_path / "out", images, runtime)
    assert victim.read_bytes() == b"mine"


def test_stopping_leaves_the_earlier_report_as_it_was(
    runtime: Runtime, images: list[ReportImage], tmp_path: Path
) -> None:
    finished(tmp_path / "out", images, runtime)
    shutil.copytree(tmp_path / "out", tmp_path / "copy")
    work = write_report(tmp_path / "out", images[:1], NUCLEI, runtime, title="another")
    next(work)
    next(work)
    work.close()  # type: ignore[attr-defined]
    for path in (tmp_path / "copy").rglob("*.*"):
        assert (tmp_path / "out" / path.relative_to(tmp_path / "copy")).read_bytes() == path.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "masks", "out", "set"]


def test_only_the_worst_are_drawn_where_there_are_many(
    runtime: Runtime, images: list[ReportImage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segtool.report.writing.MAX_PICTURES", 2)
    page = finished(tmp_path / "out", images, runtime).page.read_text()
    data = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [row["picture"] is not None for row in data["images"]] == [True, True, False]
    kept = {row["picture"] for row in data["images"]} - {None}
    assert {f"pictures/{path.name}" for path in (tmp_path / "out" / "pictures").iterdir()} == kept
    assert "The 2 worst of 3 images" in page
