"""A model is proposed for images like those it knows, and none for images that no model knows."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from segtool.formats.rgb_png import write_rgb
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Progress
from segtool.inference.suggestion import MAX_IMAGES, Suggestion, known_images, suggest_model
from segtool.models.card import CARD_FILE, ModelCard, read_card
from segtool.models.card_text import card_text
from segtool.models.store import ModelStore
from segtool.sample import draw_nuclei
from tests.model_fixtures import texture


def _write(folder: Path, images: Sequence[np.ndarray]) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.png" for number in range(len(images))]
    for path, pixels in zip(paths, images, strict=True):
        write_rgb(path, np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels)
    return paths


def _nuclei(first: int, count: int) -> list[np.ndarray]:
    return [draw_nuclei(seed, size=(200, 240))[0] for seed in range(first, first + count)]


def _ground(first: int, count: int) -> list[np.ndarray]:
    return [texture(200, 240, channels=3, seed=seed) for seed in range(first, first + count)]


def _knowing(source: Path, folder: Path, seen: Sequence[np.ndarray]) -> Path:
    """A copy of a model whose card knows some images."""
    shutil.copytree(source, folder)
    paths = _write(folder.parent / f"seen by {folder.name}", seen)
    known = known_images(Runtime.load(folder), seen=paths[:-2], held_out=paths[-2:])
    assert known is not None
    _write_card(folder, replace(read_card(folder), known_images=known))
    return folder


def _write_card(folder: Path, card: ModelCard) -> None:
    (folder / CARD_FILE).write_bytes(card_text(card.to_json()))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, tiny_ground_folder: Path) -> list[Path]:
    """The bundled nuclei model, which knows drawn nuclei, and a random one of five classes, which knows textures."""
    folder = tmp_path_factory.mktemp("models")
    return [
        _knowing(ModelStore().resolve("nuclei"), folder / "nuclei", _nuclei(0, 5)),
        _knowing(tiny_ground_folder, folder / "ground", _ground(0, 5)),
    ]


def _suggestion(models: Sequence[Path], images: Sequence[Path]) -> Suggestion:
    *progress, last = suggest_model(models, images)
    assert isinstance(last, Suggestion)
    assert all(isinstance(item, Progress) and item.done < item.total for item in progress)
    return last


def test_the_model_that_knows_such_images_is_proposed(models: list[Path], tmp_path: Path):
    found = _suggestion(models, _write(tmp_path / "nuclei", _nuclei(20, 3)))
    assert found.best == models[0]
    assert [folder for folder, _ in found.scores] == models
    assert 1 >= found.scores[0][1] > 0.5 > found.scores[1][1] >= 0
    found = _suggestion(models, _write(tmp_path / "ground", _ground(20, 3)))
    assert found.best == models[1]
    assert [folder for folder, _ in found.scores] == models[::-1]


def test_images_that_no_model_knows_get_none(models: list[Path], tmp_path: Path):
    rng = np.random.default_rng(0)
    strange = [
        rng.integers(0, 256, (150, 150, 3), dtype=np.uint8),
        np.tile(np.linspace(0, 255, 160).astype(np.uint8), (90, 1)),
        cv2.resize(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8), (160, 160)),
    ]
    found = _suggestion(models, _write(tmp_path / "strange", strange))
    assert found.best is None
    assert len(found.scores) == 2


def test_two_models_that_know_the_same_are_too_close_to_call(models: list[Path], tmp_path: Path):
    twin = Path(shutil.copytree(models[0], tmp_path / "twin"))
    images = _write(tmp_path / "nuclei", _nuclei(20, 2))
    assert _suggestion([models[0], twin], images).best is None
    assert _suggestion([twin, models[1]], images).best == twin


def test_a_model_that_finds_nothing_is_not_proposed_however_sure_it_is(models: list[Path], tmp_path: Path):
    empty = _write(tmp_path / "empty", [np.full((80, 80), 30, dtype=np.uint8)] * 2)
    found = _suggestion(models, empty)
    assert dict(found.scores)[models[0]] == 0


def test_a_model_that_does_not_say_what_it_knows_scores_nothing(
    models: list[Path], tiny_model_folder: Path, tmp_path: Path
):
    images = _write(tmp_path / "nuclei", _nuclei(20, 1))
    found = _suggestion([tiny_model_folder, models[0]], images)
    assert found.scores[1] == (tiny_model_folder, 0.0)
    assert found.best == models[0]


def test_few_images_are_read_and_broken_ones_passed_over(models: list[Path], tmp_path: Path):
    images = _write(tmp_path / "nuclei", _nuclei(20, 2))
    broken = tmp_path / "nuclei" / "broken.png"
    broken.write_bytes(b"no image")
    assert _suggestion(models, [broken, *images]).best == models[0]
    assert _suggestion(models, [broken]).scores == ((models[0], 0.0), (models[1], 0.0))
    assert _suggestion(models, []).best is None
    assert _suggestion([], images) == Suggestion((), None)
    first = next(iter(suggest_model(models, images * 20)))
    assert first == Progress(0, 2 * MAX_IMAGES)


def test_it_can_be_broken_off(models: list[Path], tmp_path: Path):
    steps = suggest_model(models, _write(tmp_path / "nuclei", _nuclei(20, 1)))
    next(steps)
    steps.close()
    assert list(steps) == []
