"""A run learns, keeps its best weights, stops when asked, and is the same twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segtool.core.classes import ClassSet
from segtool.core.errors import TrainingError
from segtool.core.normalisation import Normalisation
from segtool.core.run_events import RunDone, RunEpoch, RunEvent, RunStarted, from_line, to_line
from segtool.core.run_settings import AugmentationSettings, RunSettings
from segtool.formats.mask_png import read_mask, write_mask
from segtool.formats.rgb_png import write_rgb
from segtool.models.card import read_card
from segtool.models.network_config import NetworkConfig
from segtool.sample import draw_nuclei
from segtool.training.patches import load_samples, sampling_weights, training_batches
from segtool.training.trainer import Pair, RunPlan, run_training
from tests.model_fixtures import NUCLEI

TINY = NetworkConfig(widths=(8, 16, 16), skip_width=4)
SETTINGS = RunSettings(
    minutes=None, epochs=2, steps_per_epoch=3, batch=2, crop=64, learning_rate=2e-3, augmentation=AugmentationSettings()
)


def _pairs(folder: Path, count: int, *, size: tuple[int, int] = (96, 80)) -> list[Pair]:
    pairs = []
    for number in range(count):
        pixels, mask = draw_nuclei(number, size=size)
        image_path, mask_path = folder / f"{number}.png", folder / "masks" / f"{number}.png"
        write_rgb(image_path, np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels)
        write_mask(mask_path, mask)
        pairs.append((image_path.name, image_path, mask_path))
    return pairs


def _plan(folder: Path, **changes: object) -> RunPlan:
    pairs = _pairs(folder, 4)
    values = {
        "out": folder / "models" / "0001-test",
        "classes": NUCLEI,
        "train": pairs[:3],
        "held_out": pairs[3:],
        "settings": SETTINGS,
        "network": TINY,
    }
    return RunPlan(**{**values, **changes})


def test_a_run_reports_and_leaves_a_whole_model(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    events: list[RunEvent] = list(run_training(plan))
    assert isinstance(events[0], RunStarted)
    assert events[0].held_out == ("3.png",)
    assert [event.epoch for event in events if isinstance(event, RunEpoch)] == [1, 2]
    done = events[-1]
    assert isinstance(done, RunDone)
    assert (done.steps, done.reason, done.base_metrics) == (6, "epochs", None)
    card = read_card(plan.out)
    assert card.metrics == done.metrics
    assert card.metrics is not None
    assert card.metrics["images"] == 1
    assert card.training["steps"] == 6
    assert len(card.curves) == 2
    # Six steps leave a network that is far from sure of what it already gets right.
    assert card.temperature < 1
    assert card.training["ece_after"] < card.training["ece_before"]
    assert [from_line(to_line(event)) for event in events] == events


def test_the_same_seed_gives_the_same_run(tmp_path: Path) -> None:
    runs = []
    for name in ("a", "b"):
        plan = _plan(tmp_path, out=tmp_path / "models" / name)
        runs.append([e for e in run_training(plan) if isinstance(e, RunEpoch)])
    for first, second in zip(*runs, strict=True):
        assert first.train_loss == pytest.approx(second.train_loss, rel=1e-5)
        assert first.val_loss == pytest.approx(second.val_loss, rel=1e-5)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    straight = list(run_training(_plan(tmp_path, out=tmp_path / "models" / "straight")))
    plan = _plan(tmp_path, checkpoint=tmp_path / "run.npz")
    asked = 0

    def stop_in_the_second_epoch() -> bool:
        nonlocal asked
        asked += 1
        return asked > SETTINGS.steps_per_epoch + 3

    with pytest.raises(TrainingError, match="goes on"):
        list(run_training(plan, should_stop=stop_in_the_second_epoch))
    assert not plan.out.exists()
    resumed = list(run_training(plan))
    epochs = [[event for event in events if isinstance(event, RunEpoch)] for events in (straight, resumed)]
    for first, second in zip(*epochs, strict=True):
        assert first.train_loss == pytest.approx(second.train_loss, rel=1e-5)
        assert first.val_loss == pytest.approx(second.val_loss, rel=1e-5)
    assert isinstance(resumed[-1], RunDone)
    assert resumed[-1].steps == straight[-1].steps
    assert not plan.checkpoint.exists()


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    plan = _plan(tmp_path, checkpoint=tmp_path / "run.npz")
    events = run_training(plan)
    while not plan.checkpoint.exists():
        next(events)
    events.close()
    with pytest.raises(TrainingError, match="another run: settings"):
        list(run_training(replace(plan, settings=replace(SETTINGS, seed=5))))
    plan.checkpoint.write_bytes(plan.checkpoint.read_bytes()[:1000])
    with pytest.raises(TrainingError, match="cannot be read"):
        list(run_training(plan))


def test_rare_kinds_of_image_are_drawn_more_often_than_their_number(tmp_path: Path) -> None:
    samples = load_samples(_pairs(tmp_path, 5), NUCLEI, Normalisation(), seed=0)
    kinds = {sample.key: "rare" if sample.key == "4.png" else "common" for sample in samples}
    np.testing.assert_allclose(sampling_weights(samples, {}), 1 / 5)
    np.testing.assert_allclose(sampling_weights(samples, kinds), [1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 3])


def test_a_few_steps_learn_to_tell_nuclei_from_background(tmp_path: Path) -> None:
    settings = RunSettings(minutes=None, epochs=6, steps_per_epoch=20, batch=4, crop=64, learning_rate=5e-3, patience=6)
    events = list(run_training(_plan(tmp_path, settings=settings)))
    done = events[-1]
    assert isinstance(done, RunDone)
    assert done.metrics is not None
    assert done.metrics["pooled"]["f1"] > 0.75


def test_fine_tuning_compares_with_its_base(tmp_path: Path, tiny_model_folder: Path) -> None:
    plan = _plan(tmp_path, base=tiny_model_folder, compare=tiny_model_folder)
    *_, done = run_training(plan)
    assert isinstance(done, RunDone)
    assert done.base_metrics is not None
    assert done.base_metrics["images"] == 1
    assert read_card(plan.out).network == read_card(tiny_model_folder).network


def test_a_base_that_knows_other_classes_is_not_compared_with(tmp_path: Path, tiny_model_folder: Path) -> None:
    cells = NUCLEI.with_renamed(1, "cell")
    plan = _plan(tmp_path, base=tiny_model_folder, compare=tiny_model_folder, classes=cells)
    *_, done = run_training(plan)
    assert isinstance(done, RunDone)
    assert done.metrics is not None
    assert done.base_metrics is None


def test_stop_keeps_the_best_so_far(tmp_path: Path) -> None:
    plan = _plan(tmp_path, settings=SETTINGS.with_time(60))
    seen: list[RunEvent] = []
    for event in run_training(plan, should_stop=lambda: any(isinstance(e, RunEpoch) for e in seen)):
        seen.append(event)
    done = seen[-1]
    assert isinstance(done, RunDone)
    assert done.reason == "stopped"
    assert read_card(plan.out).training["ended_by"] == "stopped"


def test_early_stopping_ends_a_run_that_no_longer_gets_better(tmp_path: Path) -> None:
    # A rate this small changes nothing that validation could see.
    settings = RunSettings(
        minutes=None, epochs=50, steps_per_epoch=1, batch=1, crop=32, learning_rate=1e-12, patience=2
    )
    events = list(run_training(_plan(tmp_path, settings=settings)))
    done = events[-1]
    assert isinstance(done, RunDone)
    assert done.reason == "early stopping"
    epochs = [event for event in events if isinstance(event, RunEpoch)]
    assert len(epochs) < 50
    assert not epochs[-1].best


def test_held_out_masks_may_number_the_same_classes_in_another_way(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    expected = [event for event in run_training(plan) if isinstance(event, RunEpoch | RunDone)]
    for _, _, mask_path in plan.held_out:
        write_mask(mask_path, np.where(read_mask(mask_path) == 1, 7, 0).astype(np.uint8))
    others = ClassSet((NUCLEI.get(0), replace(NUCLEI.get(1), id=7)))
    again = replace(plan, out=tmp_path / "models" / "0002-test", held_out_classes=others)
    found = [event for event in run_training(again) if isinstance(event, RunEpoch | RunDone)]
    for one, other in zip(expected[:-1], found[:-1], strict=True):
        assert (one.val_loss, one.val_f1) == pytest.approx((other.val_loss, other.val_f1), rel=1e-5)
    assert found[-1].metrics["pooled"] == pytest.approx(expected[-1].metrics["pooled"], abs=1e-3)
    assert [row["id"] for row in found[-1].metrics["per_class"]] == [0, 7]


def test_crops_must_fit_the_network(tmp_path: Path) -> None:
    deep = NetworkConfig(widths=(4,) * 6, skip_width=4)
    with pytest.raises(TrainingError, match="multiple of 64"):
        list(run_training(_plan(tmp_path, network=deep, settings=replace(SETTINGS, crop=32))))


def test_without_held_out_images_nothing_is_scored(tmp_path: Path) -> None:
    *_, done = run_training(_plan(tmp_path, held_out=[]))
    assert isinstance(done, RunDone)
    assert done.metrics is None


def test_masks_of_one_class_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    for _, image_path, mask_path in plan.train:
        write_mask(mask_path, np.ones((96, 80), np.uint8))
        assert image_path.exists()
    with pytest.raises(TrainingError, match="one class"):
        list(run_training(plan))
    assert not plan.out.exists()


@pytest.mark.parametrize("side", [4, 60])
def test_a_sparse_mask_gives_crops_that_hold_its_labels(tmp_path: Path, side: int) -> None:
    pairs = _pairs(tmp_path, 1, size=(600, 600))
    mask = np.full((600, 600), 255, np.uint8)
    mask[300 : 300 + side, 50 : 50 + side] = 1
    mask[20 : 20 + side, 350 : 350 + side] = 0
    write_mask(pairs[0][2], mask)
    settings = RunSettings(crop=64, batch=2, augmentation=AugmentationSettings.none())
    plan_samples = load_samples(pairs, NUCLEI, Normalisation(), seed=0)
    batches = training_batches(plan_samples, NUCLEI, settings)
    weights = np.concatenate([next(batches)[2] for _ in range(20)])
    assert (weights.sum(axis=(1, 2)) > 0).mean() > 0.9
