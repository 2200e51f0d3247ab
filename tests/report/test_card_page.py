from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from segtool.core.errors import SaveError
from segtool.formats.mask_png import write_mask
from segtool.inference.evaluate import evaluate_images
from segtool.inference.runtime import Runtime
from segtool.report import ReportImage
from segtool.report.card_page import CardPage, write_card_page
from tests.model_fixtures import NUCLEI, change_card, texture


def write(out: Path, images: list[ReportImage], folder: Path) -> CardPage:
    *_, last = write_card_page(out, images, NUCLEI, Runtime.load(folder), model_folder=folder)
    assert isinstance(last, CardPage)
    return last


def changed_card(source: Path, target: Path, **values: object) -> Path:
    shutil.copytree(source, target)
    change_card(target, **values)
    return target


@pytest.fixture
def images(tmp_path: Path) -> list[ReportImage]:
    found = []
    for number in range(8):
        image_path, mask_path = tmp_path / f"{number}.png", tmp_path / "masks" / f"{number}.png"
        cv2.imwrite(str(image_path), texture(40, 48, seed=number))
        write_mask(mask_path, (texture(40, 48, seed=number + 50) > 120).astype(np.uint8))
        found.append(ReportImage(f"im|age_{number}.png", image_path, mask_path, ("dark", "")[number % 2]))
    return found


def test_the_page_says_what_the_card_says_and_where_the_scores_differ(
    tiny_model_folder: Path, images: list[ReportImage], tmp_path: Path
) -> None:
    plain = write(tmp_path / "plain.md", images, tiny_model_folder)
    assert "no scores to compare" in plain.page.read_text()
    *_, turned = evaluate_images(
        [(i.image_path, i.mask_path) for i in images], NUCLEI, Runtime.load(tiny_model_folder), tta=True
    )
    assert f"| Mean over images | {turned.metrics['mean']['f1']:.3f} |" in plain.page.read_text().partition("flips")[2]
    curves = [{"step": step, "train_loss": 1 / step, "val_f1": 0.5} for step in (1, 2, 3)]
    data = {"use": "Counting | nuclei.", "not_for": ["tissue", "diagnosis"], "licence": "CC0 1.0"}
    metrics = plain.evaluation.metrics
    off = {**metrics, "mean": {**metrics["mean"], "f1": metrics["mean"]["f1"] + 0.002}}
    folder = changed_card(
        tiny_model_folder, tmp_path / "model", curves=curves, training={"data": data, "seconds": 90.0}, metrics=off
    )
    done = write(tmp_path / "tiny.md", images, folder)
    page = done.page.read_text()
    assert done.differences
    assert len(done.differences) == 1
    assert "mean F1" in done.differences[0]
    assert done.differences[0] in page
    assert "Counting \\| nuclei." in page
    assert "- tissue\n- diagnosis" in page
    assert "im\\|age_" in page
    assert "| other | 4 |" in page
    assert "](tiny-curves.svg)" in page
    assert (tmp_path / "tiny-curves.svg").is_file()
    same = changed_card(tiny_model_folder, tmp_path / "same", metrics=metrics)
    assert write(tmp_path / "same.md", images, same).differences == ()


def test_the_picture_shows_six_and_nothing_of_the_images(
    tiny_model_folder: Path, images: list[ReportImage], tmp_path: Path
) -> None:
    write(tmp_path / "tiny.md", images, tiny_model_folder)
    sheet = cv2.imread(str(tmp_path / "tiny-worst.png"))
    # Three beside each other, two below each other, of 320 pixels and a label each.
    assert sheet.shape[1] == 3 * 320 + 4 * 6
    assert 2 * 320 < sheet.shape[0] < 3 * 320
    # Left of the labels' letters there are flat colours alone, however the images vary.
    first = sheet[6:326, 6:326].reshape(-1, 3)
    assert len(np.unique(first, axis=0)) <= 5


@pytest.mark.parametrize(
    "values",
    [
        {"training": {"seconds": 10**400, "settings": [1], "data": "text", "versions": {"a": {"b": [None]}}}},
        {"metrics": {"pooled": {"f1": 10**400}, "mean": "x"}, "curves": [{"step": 10**400}]},
    ],
)
def test_a_card_may_hold_anything(
    tiny_model_folder: Path, images: list[ReportImage], tmp_path: Path, values: dict[str, object]
) -> None:
    folder = changed_card(tiny_model_folder, tmp_path / "model", **values)
    assert write(tmp_path / "tiny.md", images[:1], folder).page.is_file()


def test_only_markdown_files_are_written(tiny_model_folder: Path, images: list[ReportImage], tmp_path: Path) -> None:
    target = tmp_path / "mine.txt"
    target.write_text("mine")
    with pytest.raises(SaveError, match="Markdown"):
        write(target, images, tiny_model_folder)
    assert target.read_text() == "mine"
