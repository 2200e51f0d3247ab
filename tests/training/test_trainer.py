"""A run learns, keeps its best weights, stops when asked, and is the same twice."""

from __future__ import annotations

import base64
import io
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segtool.core.classes import ClassSet
from segtool.core.errors import TrainingError
from segtool.core.metrics import summarise, tally
from segtool.core.normalisation import Normalisation, normalise
from segtool.core.run_events import RunDone, RunEpoch, RunEvent, RunNote, RunPreview, RunStarted, from_line, to_line
from segtool.core.run_settings import AugmentationSettings, RunSettings
from segtool.formats.mask_png import read_mask, write_mask
from segtool.formats.rgb_png import write_rgb
from segtool.models.base import GENERAL, resolve_base
from segtool.models.card import read_card
from segtool.models.network_config import NetworkConfig
from segtool.models.store import ModelStore
from segtool.project.sources import Source
from segtool.sample import draw_nuclei
from segtool.training.export import load_model
from segtool.training.patches import draw_crop, load_samples, sampling_weights, training_batches
from segtool.training.run_state import RunState
from segtool.training.start import start_network
from segtool.training.step import DivergedError
from segtool.training.trainer import RunPlan, run_training
from tests.model_fixtures import NUCLEI

TINY = NetworkConfig(widths=(8, 16, 16), skip_width=4)
SETTINGS = RunSettings(
    minutes=None, epochs=2, steps_per_epoch=3, batch=2, crop=64, learning_rate=2e-3, augmentation=AugmentationSettings()
)


def _sources(folder: Path, count: int, *, size: tuple[int, int] = (96, 80)) -> list[Source]:
    sources = []
    for number in range(count):
        pixels, mask = draw_nuclei(number, size=size)
        image_path, mask_path = folder / f"{number}.png", folder / "masks" / f"{number}.png"
        write_rgb(image_path, np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels)
        write_mask(mask_path, mask)
        sources.append(Source(image_path.name, image_path, mask_path))
    return sources


def _plan(folder: Path, **changes: object) -> RunPlan:
    sources = _sources(folder, 4)
    values = {
        "out": folder / "models" / "0001-test",
        "classes": NUCLEI,
        "train": sources[:3],
        "held_out": sources[3:],
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


@pytest.mark.slow
def test_the_same_seed_gives_the_same_run(tmp_path: Path) -> None:
    runs = []
    for name in ("a", "b"):
        plan = _plan(tmp_path, out=tmp_path / "models" / name)
        runs.append([e for e in run_training(plan) if isinstance(e, RunEpoch)])
    for first, second in zip(*runs, strict=True):
        assert first.train_loss == pytest.approx(second.train_loss, rel=1e-5)
        assert first.val_loss == pytest.approx(second.val_loss, rel=1e-5)


@pytest.mark.slow
def test_a_run_that_was_broken_off_comes_to_the_same_weights(tmp_path: Path) -> None:
    straight = list(run_training(_plan(tmp_path, out=tmp_path / "models" / "straight")))
    plan = _plan(tmp_path, checkpoint=tmp_path / "run.npz")
    asked = 0

    def stop_in_the_second_epoch() -> bool:
        nonlocal asked
        asked += 1
        return asked > SETTINGS.steps_per_epoch + 3

    stopped = list(run_training(plan, should_stop=stop_in_the_second_epoch))[-1]
    assert isinstance(stopped, RunDone)
    assert (stopped.reason, stopped.steps) == ("stopped", SETTINGS.steps_per_epoch + 2)
    # What was stopped can be gone on with, from its last whole epoch.
    again = replace(plan, out=tmp_path / "models" / "again")
    resumed = list(run_training(again))
    epochs = [[event for event in events if isinstance(event, RunEpoch)] for events in (straight, resumed)]
    for first, second in zip(*epochs, strict=True):
        assert (first.train_loss, first.val_loss) == (second.train_loss, second.val_loss)
    assert isinstance(resumed[-1], RunDone)
    assert (resumed[-1].steps, resumed[-1].reason) == (straight[-1].steps, "epochs")
    for one, other in zip(_weights(tmp_path / "models" / "straight"), _weights(again.out), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not plan.checkpoint.exists()


def _weights(folder: Path) -> list[np.ndarray]:
    return load_model(folder)[0].get_weights()


@pytest.mark.slow
def test_a_checkpoint_that_does_not_fit_is_refused_and_changed_images_are_told(tmp_path: Path) -> None:
    plan = _plan(tmp_path, checkpoint=tmp_path / "run.npz")
    events = run_training(plan)
    while not plan.checkpoint.exists():
        next(events)
    events.close()
    kept = plan.checkpoint.read_bytes()
    for other, what in (
        (replace(plan, settings=replace(SETTINGS, seed=5)), "settings"),
        (replace(plan, train=plan.train[:2]), "images"),
        (replace(plan, classes=NUCLEI.with_renamed(1, "cell")), "classes"),
    ):
        with pytest.raises(TrainingError, match=f"was another one: {what} differ"):
            list(run_training(other))
    for damaged in (kept[:1000], kept[: len(kept) // 2], b"", flipped(kept, len(kept) // 2)):
        plan.checkpoint.write_bytes(damaged)
        with pytest.raises(TrainingError, match=r"cannot be read .*Discard"):
            list(run_training(plan))
    plan.checkpoint.write_bytes(kept)
    for source in (plan.train[0], plan.held_out[0]):
        write_mask(source.mask, 1 - read_mask(source.mask))
    events = list(run_training(plan))
    (note,) = [event for event in events if isinstance(event, RunNote)]
    assert "2 images of this training, or the mask, have been changed" in note.message
    # Measured on another mask, the second epoch cannot be compared with the first.
    assert [event.best for event in events if isinstance(event, RunEpoch)] == [True, True]


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]


@pytest.mark.slow
def test_a_run_that_diverges_says_so_and_keeps_nothing(tmp_path: Path) -> None:
    plan = _plan(tmp_path, checkpoint=tmp_path / "run.npz", settings=replace(SETTINGS, learning_rate=1e30))
    with pytest.raises(DivergedError, match="lower learning rate"):
        list(run_training(plan))
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".png") == ["masks"]


@pytest.mark.slow
def test_a_checkpoint_that_cannot_be_written_is_told_and_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "place").write_text("a file where the folder should be")
    events = list(run_training(_plan(tmp_path, checkpoint=tmp_path / "place" / "run.npz")))
    (note,) = [event for event in events if isinstance(event, RunNote)]
    assert "could not be kept" in note.message
    assert isinstance(events[-1], RunDone)


def test_rare_kinds_of_image_are_drawn_more_often_than_their_number(tmp_path: Path) -> None:
    samples = load_samples(_sources(tmp_path, 5), NUCLEI, Normalisation(), seed=0)
    kinds = {sample.key: "rare" if sample.key == "4.png" else "common" for sample in samples}
    np.testing.assert_allclose(sampling_weights(samples, {}), 1 / 5)
    np.testing.assert_allclose(sampling_weights(samples, kinds), [1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 3])


@pytest.mark.parametrize("void_is", [255, 0])
def test_ids_without_a_class_are_void_in_samples(tmp_path: Path, void_is: int) -> None:
    (source,) = _sources(tmp_path, 1)
    mask = read_mask(source.mask)
    mask[:20] = 37
    write_mask(source.mask, mask)
    (sample,) = load_samples([replace(source, void_is=void_is)], NUCLEI, Normalisation(), seed=0)
    np.testing.assert_array_equal(sample.mask, np.where(mask == 37, 255, mask))


def test_a_few_steps_learn_to_tell_nuclei_from_background(tmp_path: Path) -> None:
    settings = RunSettings(minutes=None, epochs=6, steps_per_epoch=20, batch=4, crop=64, learning_rate=5e-3, patience=6)
    events = list(run_training(_plan(tmp_path, settings=settings)))
    done = events[-1]
    assert isinstance(done, RunDone)
    assert done.metrics is not None
    assert done.metrics["pooled"]["f1"] > 0.75


@pytest.mark.slow
def test_fine_tuning_compares_with_its_base(tmp_path: Path, tiny_model_folder: Path) -> None:
    plan = _plan(tmp_path, base=tiny_model_folder, compare=tiny_model_folder)
    *_, done = run_training(plan)
    assert isinstance(done, RunDone)
    assert done.base_metrics is not None
    assert done.base_metrics["images"] == 1
    assert read_card(plan.out).network == read_card(tiny_model_folder).network


@pytest.mark.slow
def test_a_base_that_knows_other_classes_is_not_compared_with(tmp_path: Path, tiny_model_folder: Path) -> None:
    cells = NUCLEI.with_renamed(1, "cell")
    plan = _plan(tmp_path, base=tiny_model_folder, compare=tiny_model_folder, classes=cells)
    *_, done = run_training(plan)
    assert isinstance(done, RunDone)
    assert done.metrics is not None
    assert done.base_metrics is None


@pytest.mark.slow
def test_stop_keeps_the_best_so_far(tmp_path: Path) -> None:
    plan = _plan(tmp_path, settings=SETTINGS.with_time(60))
    seen: list[RunEvent] = []
    for event in run_training(plan, should_stop=lambda: any(isinstance(e, RunEpoch) for e in seen)):
        seen.append(event)
    done = seen[-1]
    assert isinstance(done, RunDone)
    assert done.reason == "stopped"
    assert read_card(plan.out).training["ended_by"] == "stopped"


@pytest.mark.slow
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


@pytest.mark.slow
def test_held_out_masks_may_number_the_same_classes_in_another_way(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    expected = [event for event in run_training(plan) if isinstance(event, RunEpoch | RunDone)]
    for mask_path in [source.mask for source in plan.held_out]:
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


def test_held_out_masks_without_a_label_are_named_as_such(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    for source in plan.held_out:
        # No class has that id, and so it says nothing.
        write_mask(source.mask, np.full((96, 80), 9, np.uint8))
    with pytest.raises(TrainingError, match="to validate on"):
        list(run_training(plan))
    assert not plan.out.exists()


@pytest.mark.slow
def test_without_held_out_images_nothing_is_scored(tmp_path: Path) -> None:
    *_, done = run_training(_plan(tmp_path, held_out=[]))
    assert isinstance(done, RunDone)
    assert done.metrics is None


def test_masks_of_one_class_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    for source in plan.train:
        write_mask(source.mask, np.ones((96, 80), np.uint8))
    with pytest.raises(TrainingError, match="one class"):
        list(run_training(plan))
    assert not plan.out.exists()


@pytest.mark.parametrize("side", [4, 60])
def test_a_sparse_mask_gives_crops_that_hold_its_labels(tmp_path: Path, side: int) -> None:
    sources = _sources(tmp_path, 1, size=(600, 600))
    mask = np.full((600, 600), 255, np.uint8)
    mask[300 : 300 + side, 50 : 50 + side] = 1
    mask[20 : 20 + side, 350 : 350 + side] = 0
    write_mask(sources[0].mask, mask)
    settings = RunSettings(crop=64, batch=2, augmentation=AugmentationSettings.none())
    plan_samples = load_samples(sources, NUCLEI, Normalisation(), seed=0)
    batches = training_batches(plan_samples, NUCLEI, settings)
    weights = np.concatenate([next(batches)[2] for _ in range(20)])
    assert (weights.sum(axis=(1, 2)) > 0).mean() > 0.9


@pytest.mark.slow
def test_a_run_shows_how_one_image_improves(tmp_path: Path) -> None:
    previews = [event for event in run_training(_plan(tmp_path)) if isinstance(event, RunPreview)]
    assert [(event.key, event.step) for event in previews] == [("3.png", 0), ("3.png", 3), ("3.png", 6)]
    image, mask = (Image.open(io.BytesIO(base64.b64decode(data))) for data in (previews[-1].image, previews[-1].mask))
    # Crops are larger than what is left of the image at its border.
    assert image.size == mask.size
    assert set(np.unique(np.asarray(mask))) <= set(NUCLEI.ids)


@pytest.mark.slow
def test_a_training_on_shuffled_masks_is_refused(tmp_path: Path) -> None:
    """What is learnt from masks of other images is worse than what was there, with and without held-out images."""
    sources = _sources(tmp_path, 6)
    settings = RunSettings(minutes=None, epochs=3, steps_per_epoch=20, batch=4, crop=64, learning_rate=5e-3)
    good = _plan(tmp_path, train=sources[:4], held_out=sources[4:], settings=settings, out=tmp_path / "models" / "good")
    *_, done = run_training(good)
    assert isinstance(done, RunDone)
    assert done.accepted
    shuffled = [replace(a, mask=b.mask) for a, b in zip(sources[:4], sources[1:5], strict=True)]
    bad = replace(good, train=shuffled, out=tmp_path / "models" / "bad", base=good.out, compare=good.out)
    *_, done = run_training(bad)
    assert isinstance(done, RunDone)
    assert not done.accepted
    assert read_card(bad.out).training["verdict"] == {"accepted": False, "why": done.why}
    # Without held-out images: against what had been shown, which the right model had nearly right.
    shown = [replace(source, shown=source.mask) for source in shuffled]
    *_, done = run_training(replace(bad, train=shown, held_out=[], out=tmp_path / "models" / "worse"))
    assert isinstance(done, RunDone)
    assert not done.accepted


def test_a_run_from_the_general_base_keeps_its_body_and_takes_its_head_where_it_knows_the_classes(
    tmp_path: Path,
) -> None:
    base = resolve_base(ModelStore(), GENERAL)
    network = start_network(base, NUCLEI, NetworkConfig())
    assert network.body == "base body, head of the base"
    pixels, mask = draw_nuclei(1, size=(128, 128))
    image = normalise(pixels, Normalisation())
    found = np.asarray(network.model(image[None], training=False))[0, ..., 0] >= 0.5
    assert summarise([tally(found.astype(np.uint8), mask, NUCLEI.ids)], NUCLEI)["pooled"]["f1"] > 0.8
    pores = NUCLEI.with_renamed(1, "pore")
    other = start_network(base, pores, NetworkConfig())
    assert other.body == "base body, new head"
    for name in ("stem_conv", "bottom_b_norm"):
        for mine, theirs in zip(
            network.model.get_layer(name).get_weights(), other.model.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.slow
def test_what_a_run_learnt_from_stands_on_its_card(tmp_path: Path) -> None:
    first = _plan(tmp_path)
    list(run_training(first))
    second = replace(first, base=first.out, out=tmp_path / "models" / "0002-test")
    list(run_training(second))
    used = read_card(second.out).training["images_used"]
    assert [item["key"] for item in used] == ["0.png", "1.png", "2.png"]
    assert len({item["sha256"] for item in used}) == 3
    points = read_card(second.out).training["adaptation"]["points"]
    assert [point["amount"] for point in points] == [0, 0.25, 0.5, 0.75, 1]


def test_a_time_budget_counts_from_the_start_of_the_process(tmp_path: Path) -> None:
    settings = replace(SETTINGS.with_time(10.0), steps_per_epoch=1)
    late = RunState(settings, started=time.monotonic() - 300)
    early = RunState(settings)
    assert late.seconds == pytest.approx(300, abs=5)
    # A second of it is more of what is left of the budget.
    late.lead -= 60
    early.lead -= 60
    assert late.fraction > 1.5 * early.fraction


def test_crops_are_drawn_about_corrected_pixels(tmp_path: Path) -> None:
    (source,) = _sources(tmp_path, 1, size=(600, 600))
    mask = read_mask(source.mask)
    shown = mask.copy()
    shown[500:510, 40:50] = 1 - shown[500:510, 40:50]
    write_mask(tmp_path / "shown.png", shown)
    samples = {
        known: load_samples(
            [replace(source, shown=tmp_path / "shown.png" if known else None)], NUCLEI, Normalisation(), seed=0
        )[0]
        for known in (True, False)
    }
    assert len(samples[False].corrected) == 0
    assert {tuple(place) for place in samples[True].corrected} == {
        (x, y) for x in range(40, 50) for y in range(500, 510)
    }
    hits = {}
    for known, sample in samples.items():
        marked = replace(sample, mask=np.where(shown != mask, np.uint8(1), np.uint8(0)))
        rng = np.random.default_rng(0)
        drawn = [draw_crop(marked, AugmentationSettings.none(), rng, size=64)[1] for _ in range(200)]
        hits[known] = sum(bool(crop.any()) for crop in drawn)
    assert hits[True] > hits[False] + 30


def test_void_counts_as_background_where_the_person_says_so(tmp_path: Path) -> None:
    (source,) = _sources(tmp_path, 1)
    mask = read_mask(source.mask)
    write_mask(source.mask, np.where(mask == 0, 255, mask).astype(np.uint8))
    (plain,) = load_samples([source], NUCLEI, Normalisation(), seed=0)
    (filled,) = load_samples([replace(source, void_is=0)], NUCLEI, Normalisation(), seed=0)
    assert plain.ids == (1,)
    np.testing.assert_array_equal(filled.mask, mask)


@pytest.mark.parametrize("classes", [NUCLEI, NUCLEI.with_renamed(1, "pore")], ids=["known", "new"])
def test_whatever_a_run_starts_from_computes_in_half_precision_if_asked(classes: ClassSet) -> None:
    for base in (None, ModelStore().resolve("nuclei"), resolve_base(ModelStore(), GENERAL)):
        start = start_network(base, classes, TINY, half=True)
        layers = [network.get_layer("bottom_a_conv") for network in (start.model, start.average)]
        assert [layer.compute_dtype for layer in layers] == ["bfloat16", "float32"]
        assert {str(variable.dtype) for variable in start.model.weights} == {"float32"}


@pytest.mark.slow
def test_images_that_are_changed_while_a_run_goes_on_do_not_cost_the_run(tmp_path: Path) -> None:
    plan = _plan(tmp_path, held_out=[])
    events = run_training(plan)
    while not isinstance(next(events), RunEpoch):
        pass
    for source in plan.train:
        write_mask(source.mask, np.full((96, 80), 7, np.uint8))
    *_, done = events
    assert isinstance(done, RunDone)
    assert "changed meanwhile" in done.why
    assert read_card(plan.out).name == plan.out.name


@pytest.mark.slow
def test_a_model_that_learnt_the_held_out_images_is_no_measure(tmp_path: Path) -> None:
    first = _plan(tmp_path)
    list(run_training(first))
    swapped = replace(
        first, train=first.held_out, held_out=first.train, compare=first.out, out=tmp_path / "models" / "0002-test"
    )
    *_, done = run_training(swapped)
    assert isinstance(done, RunDone)
    assert done.base_metrics is None
    assert "0001-test has been trained on them" in done.why
