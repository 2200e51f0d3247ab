"""The parts of the simulated annotator that need no network: person, effort, scores, forest, records and page."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from benchmarks.annotator.brushwork import strokes_for
from benchmarks.annotator.data import DataSet, Split, generator, order
from benchmarks.annotator.effort import boundary, score
from benchmarks.annotator.forest import Forest
from benchmarks.annotator.forest_arm import run
from benchmarks.annotator.goals import Verdict, goals
from benchmarks.annotator.records import Record, append, read
from benchmarks.annotator.report import write
from benchmarks.annotator.results import Effort, Results
from benchmarks.annotator.strokes import PERFECT, AnnotatorSettings, correct
from segtool.core.classes import DEFAULT_CLASSES, VOID, ClassSet
from segtool.core.effort import added_path_length

THREE = ClassSet.from_json([{"id": i, "name": name} for i, name in enumerate(("background", "disc", "thread"))])


def scene(*, side: int = 256, spacing: int = 42, radius: int = 13) -> npt.NDArray[np.uint8]:
    """Discs of class 1 in rows and a thread of class 2, three pixels wide."""
    mask = np.zeros((side, side), dtype=np.uint8)
    for y in range(spacing // 2, side, spacing):
        for x in range(spacing // 2, side, spacing):
            cv2.circle(mask, (x, y), radius, 1, thickness=-1)
    cv2.line(mask, (0, spacing), (side, spacing + 4), 2, thickness=3)
    return mask


def bad_prediction(truth: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The scene with a corner of objects lacking, some that are none, and the rest moved."""
    moved = np.roll(truth, (2, 1), axis=(0, 1))
    moved[:90, :90] = 0
    for x in (70, 150, 200):
        cv2.circle(moved, (x, 170), 7, 1, thickness=-1)
    return moved


def wrong(mask: npt.NDArray[np.uint8], truth: npt.NDArray[np.uint8]) -> int:
    return int(np.count_nonzero(mask != truth))


def nothing(truth: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.full_like(truth, VOID)


class TestPerson:
    def test_one_without_faults_ends_at_the_truth(self) -> None:
        truth = scene()
        for prediction in (nothing(truth), bad_prediction(truth), np.ones_like(truth)):
            done = correct(prediction, truth, generator("a"), settings=PERFECT)
            assert np.array_equal(done.mask, truth)
            assert done.strokes > 0
            assert done.seconds > 2

    def test_a_right_prediction_costs_only_a_look(self) -> None:
        truth = scene()
        done = correct(truth, truth, generator("a"))
        assert np.array_equal(done.mask, truth)
        assert (done.strokes, done.pixels) == (0, 0)
        assert done.seconds == pytest.approx(2.2)

    def test_void_of_the_truth_is_left_as_it_is(self) -> None:
        truth = scene()
        truth[100:140, 60:200] = VOID
        prediction = bad_prediction(scene())
        spilling = AnnotatorSettings(spilled=1.0)
        for before in (prediction, nothing(truth)):
            after = correct(before, truth, generator("a"), settings=spilling).mask
            assert np.array_equal(after[truth == VOID], before[truth == VOID])
            assert not (after[truth != VOID] == VOID).any()

    def test_an_image_of_void_alone_takes_no_stroke(self) -> None:
        truth = np.full((40, 40), VOID, dtype=np.uint8)
        done = correct(np.zeros_like(truth), truth, generator("a"))
        assert done.strokes == 0
        assert not done.mask.any()

    def test_the_usual_one_improves_a_bad_prediction_and_is_not_perfect(self) -> None:
        truth = scene()
        before = bad_prediction(truth)
        after = correct(before, truth, generator("a")).mask
        was, became = score([(before, truth)], THREE).iou, score([(after, truth)], THREE).iou
        assert was < 0.7 < 0.75 < became < 1.0

    def test_painting_from_nothing_is_good_and_takes_longer_than_correcting_a_good_prediction(self) -> None:
        truth = scene()
        painted = correct(nothing(truth), truth, generator("a"))
        assert 0.9 < score([(painted.mask, truth)], THREE).iou_of["disc"] < 1.0
        nearly = truth.copy()
        nearly[:60, :60] = 0
        assert correct(nearly, truth, generator("a")).seconds < painted.seconds / 3

    def test_a_hopeless_prediction_is_thrown_away(self) -> None:
        truth = scene()
        noise = generator("noise").integers(0, 2, truth.shape).astype(np.uint8)
        noise = cv2.resize(noise[::4, ::4], truth.shape, interpolation=cv2.INTER_NEAREST)
        assert (correct(noise, truth, generator("a")).before == VOID).all()
        kept = correct(noise, truth, generator("a"), settings=AnnotatorSettings(start_over=0.0))
        assert np.array_equal(kept.before, noise)
        assert kept.seconds > correct(noise, truth, generator("a")).seconds

    def test_a_border_that_is_off_a_little_is_left_alone_but_a_missing_thread_is_not(self) -> None:
        truth = scene(side=512, spacing=90, radius=30)
        thinner = np.where(cv2.erode((truth == 1).astype(np.uint8), np.ones((3, 3))) == 1, 1, 0).astype(np.uint8)
        settings = replace(PERFECT, tolerance=1.5, half_missed=20.0)
        done = correct(thinner, truth, generator("a"), settings=settings)
        assert np.array_equal(done.mask == 1, thinner == 1)
        assert np.array_equal(done.mask == 2, truth == 2)

    def test_small_errors_are_missed_and_large_ones_are_not(self) -> None:
        settings = replace(PERFECT, half_missed=20.0)
        truth = np.zeros((256, 256), dtype=np.uint8)
        truth[180:250, 20:230] = 1
        missed = {}
        for side in (2, 20):
            prediction = truth.copy()
            for y in range(10, 160, 30):
                for x in range(10, 230, 30):
                    prediction[y : y + side, x : x + side] = 1
            after = correct(prediction, truth, generator(side), settings=settings).mask
            missed[side] = wrong(after, truth) / wrong(prediction, truth)
        assert missed[2] > 0.9
        assert missed[20] == 0

    def test_medium_errors_are_believed_at_the_set_rate(self) -> None:
        settings = replace(PERFECT, accepted=0.3)
        truth = np.zeros((512, 512), dtype=np.uint8)
        for y in range(10, 500, 20):
            for x in range(10, 500, 20):
                truth[y : y + 10, x : x + 10] = 1
        objects = 25 * 25
        after = correct(np.zeros_like(truth), truth, generator("a"), settings=settings).mask
        assert 0.2 < wrong(after, truth) / 100 / objects < 0.4
        # What nothing was predicted for is not believed.
        assert np.array_equal(correct(nothing(truth), truth, generator("a"), settings=settings).mask, truth)

    def test_strokes_spill_at_the_set_rate(self) -> None:
        truth = np.zeros((512, 512), dtype=np.uint8)
        for y in range(12, 500, 25):
            for x in range(12, 500, 25):
                cv2.circle(truth, (x, y), 6, 1, thickness=-1)
        settings = replace(PERFECT, spilled=0.1)
        done = correct(nothing(truth), truth, generator("a"), settings=settings)
        outside = (done.mask == 1) & (truth == 0)
        spills = cv2.connectedComponents(outside.astype(np.uint8))[0] - 1
        assert 0.05 < spills / (done.strokes - 1) < 0.2

    def test_the_same_chance_gives_the_same_correction(self) -> None:
        truth = scene()
        one, same, other = (correct(nothing(truth), truth, generator("set", 0, key)).mask for key in "aab")
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)

    def test_masks_of_different_size_are_refused(self) -> None:
        with pytest.raises(ValueError, match="differ in size"):
            correct(np.zeros((4, 4), dtype=np.uint8), np.zeros((4, 5), dtype=np.uint8), generator("a"))


def test_a_disc_is_one_dab_and_a_shape_with_arms_takes_more() -> None:
    region = np.zeros((200, 200), dtype=np.uint8)
    cv2.circle(region, (60, 60), 12, 1, thickness=-1)
    (dab,) = strokes_for(region == 1)
    assert dab.strokes == 1
    assert 10 < dab.radius < 14
    assert np.allclose(dab.centre, 60)
    cv2.line(region, (60, 60), (190, 60), 1, thickness=5)
    cv2.line(region, (60, 60), (60, 190), 1, thickness=5)
    (armed,) = strokes_for(region == 1)
    assert armed.strokes >= 3
    assert armed.path > dab.path + 200


class TestScores:
    def test_void_and_the_edge_of_the_image_are_no_boundary(self) -> None:
        mask = np.ones((20, 20), dtype=np.uint8)
        mask[5:9] = VOID
        assert not boundary(mask).any()

    def test_a_right_prediction_needs_no_path_and_scores_one(self) -> None:
        scores = score([(scene(), scene())], THREE)
        assert (scores.iou, scores.boundary_f1) == (1.0, 1.0)
        assert added_path_length(scene(), scene(), THREE) == 0

    def test_boundary_f1_forgives_two_pixels_and_not_five(self) -> None:
        mask = np.zeros((256, 256), dtype=np.uint8)
        mask[60:160, 60:160] = 1
        near, far = (score([(np.roll(mask, by, axis=1), mask)], DEFAULT_CLASSES).boundary_f1 for by in (2, 5))
        assert near == 1.0
        assert 0.4 < far < 0.6

    def test_scores_are_pooled_and_void_does_not_count(self) -> None:
        mask = np.zeros((64, 64), dtype=np.uint8)
        mask[:32, :32] = 1
        wrong = mask.copy()
        wrong[40:, 40:] = 1
        hidden = np.where(wrong != mask, np.uint8(VOID), mask).astype(np.uint8)
        assert score([(wrong, hidden)], DEFAULT_CLASSES).iou == 1.0
        empty = np.zeros_like(mask)
        pooled = score([(mask, mask), (empty, mask)], DEFAULT_CLASSES)
        assert pooled.iou == pytest.approx(0.5)

    def test_nothing_to_score_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="nothing to score"):
            score([], DEFAULT_CLASSES)


def textures(side: int, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """A rough half beside a smooth one of the same brightness, and which is which."""
    rng = np.random.default_rng(seed)
    rough = rng.normal(128, 40, (side, side))
    smooth = cv2.GaussianBlur(rng.normal(128, 400, (side, side)), (0, 0), 5)
    mask = np.zeros((side, side), dtype=np.uint8)
    mask[:, side // 2 :] = 1
    return np.clip(np.where(mask == 1, rough, smooth), 0, 255).astype(np.uint8), mask


class TestForest:
    def test_it_tells_two_textures_apart_in_grey_and_colour(self) -> None:
        forest = Forest(jobs=1)
        image, mask = textures(96, 0)
        forest.fit([image], [mask], class_ids=(0, 1), seed=0, seconds=0.0)
        assert forest.trees == 10
        assert forest.cpu_seconds > 0
        other, truth = textures(96, 1)
        assert score([(forest.predict(other), truth)], DEFAULT_CLASSES).iou > 0.85
        in_colour = forest.predict(np.repeat(other[:, :, None], 3, axis=2))
        assert score([(in_colour, truth)], DEFAULT_CLASSES).iou > 0.85

    def test_large_images_are_reduced_and_predictions_have_their_size(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("benchmarks.annotator.forest._LARGEST", 60 * 60)
        forest = Forest(jobs=1)
        image, mask = textures(101, 0)
        forest.fit([image], [mask], class_ids=(0, 1), seed=0, seconds=0.0)
        found = forest.predict(image)
        assert found.shape == mask.shape
        assert score([(found, mask)], DEFAULT_CLASSES).iou > 0.8

    def test_nothing_labelled_and_nothing_learnt_are_errors(self) -> None:
        image, mask = textures(32, 0)
        with pytest.raises(ValueError, match="no labelled pixel"):
            Forest(jobs=1).fit([image], [nothing(mask)], class_ids=(0, 1), seed=0)
        with pytest.raises(ValueError, match="learnt nothing"):
            Forest().predict(image)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set of three images to correct and one held out."""
    root = tmp_path / "textures"
    for split, seeds in ((Split.TRAIN, (1, 2, 3)), (Split.VAL, (4,))):
        for kind in ("images", "masks"):
            (root / split.value / kind).mkdir(parents=True)
        for seed in seeds:
            image, mask = textures(64, seed)
            Image.fromarray(image).save(root / split.value / "images" / f"t{seed}.png")
            indexed = Image.fromarray(mask)
            indexed.putpalette([0, 0, 0, 200, 0, 0])
            indexed.save(root / split.value / "masks" / f"t{seed}.png")
    (root / "classes.json").write_text(json.dumps([{"id": 0, "name": "background"}, {"id": 1, "name": "rough"}]))
    return root


class TestData:
    def test_images_and_masks_are_read_as_they_are(self, folder: Path) -> None:
        data = DataSet.open(folder)
        assert (data.name, data.classes.ids) == ("textures", (0, 1))
        assert data.keys(Split.TRAIN) == ("t1", "t2", "t3")
        (sample,) = data.load(Split.VAL)
        image, mask = textures(64, 4)
        assert np.array_equal(sample.pixels, image)
        assert np.array_equal(sample.mask, mask)
        assert [item.key for item in data.load(Split.TRAIN, ["t3", "t1"])] == ["t3", "t1"]

    def test_sixteen_bits_stay_and_orientation_is_applied(self, folder: Path) -> None:
        images = folder / "train" / "images"
        deep = (np.arange(64 * 64, dtype=np.uint16) * 16).reshape(64, 64)
        Image.fromarray(deep).save(images / "t1.png")
        turned = Image.fromarray(np.tri(64, dtype=np.uint8) * 200)
        exif = Image.Exif()
        exif[0x0112] = 3
        (images / "t2.png").unlink()
        turned.save(images / "t2.tif", exif=exif)
        first, second, _ = DataSet.open(folder).load(Split.TRAIN)
        assert first.pixels.dtype == np.uint16
        assert np.array_equal(first.pixels, deep)
        assert np.array_equal(second.pixels, np.rot90(np.tri(64, dtype=np.uint8) * 200, 2))

    def test_a_mask_of_unknown_classes_is_refused(self, folder: Path) -> None:
        Image.fromarray(np.full((64, 64), 7, dtype=np.uint8)).save(folder / "train" / "masks" / "t1.png")
        with pytest.raises(ValueError, match=r"t1\.png has values \(7,\)"):
            DataSet.open(folder).load(Split.TRAIN)

    def test_the_order_depends_on_the_seed_and_not_on_the_order_of_the_keys(self) -> None:
        keys = [f"k{index}" for index in range(20)]
        assert order(keys, 3) == order(keys[::-1], 3)
        assert order(keys, 3) != order(keys, 4)
        assert sorted(order(keys, 3)) == sorted(keys)

    def test_the_forest_arm_learns_from_corrected_images(self, folder: Path) -> None:
        first, second = run(folder, 0, [1, 3], seconds=0.0)
        assert (first.images, second.images) == (1, 3)
        assert second.iou > 0.7
        assert first.strokes > 0
        assert second.added_path > first.added_path > 0


def made_up(
    *, few: float = 0.75, scratch: float = 0.6, path: float = 200.0, losses: int = 0, trainings: int = 60
) -> list[Record]:
    """Records of one set and one seed in which training on all gives 0.8 and the frozen base 0.5."""
    found = [
        Record("a", 0, "all images", 100, 0.8, 0.8),
        Record("a", 0, "forest", 5, 0.55, 0.4),
        Record("a", 0, "from scratch", 3, scratch, 0.5),
        Record("a", 0, "frozen base", 0, 0.5, 0.4),
        Record("a", 0, "frozen base", 3, 0.5, 0.4, 30, 1000.0, 60.0),
        Record("a", 0, "frozen base", 6, 0.5, 0.4, 30, 1000.0, 60.0),
        Record("a", 0, "recipe", 0, 0.5, 0.4),
        Record("a", 0, "recipe", 3, few, 0.6, 30, 400.0, 60.0, 180.0, True, 0.5, 0.6),
        Record("a", 0, "recipe", 6, few, 0.6, 10, path, 20.0, 180.0, False, 0.6, 0.55),
    ]
    for place in range(trainings - 2):
        after = 0.65 if place < losses else 0.75
        found.append(Record("a", 1 + place, "recipe", 3, few, 0.6, 0, 0.0, 0.0, 180.0, True, 0.7, after))
    return found


class TestReport:
    def verdicts(self, records: list[Record]) -> list[Verdict]:
        return [goal.verdict for goal in goals(Results(records))]

    def test_goals_that_are_met(self) -> None:
        assert self.verdicts(made_up()) == [Verdict.MET] * 4

    def test_goals_that_are_missed(self) -> None:
        assert self.verdicts(made_up(few=0.7))[0] is Verdict.MISSED
        assert self.verdicts(made_up(scratch=0.76))[1] is Verdict.MISSED
        assert self.verdicts(made_up(path=401.0))[2] is Verdict.MISSED
        assert self.verdicts(made_up(losses=1))[3] is Verdict.MISSED

    def test_goals_that_are_not_measured(self) -> None:
        assert self.verdicts(made_up(trainings=49))[3] is Verdict.OPEN
        only = [item for item in made_up() if item.arm == "recipe"]
        assert self.verdicts(only)[:3] == [Verdict.OPEN] * 3
        assert self.verdicts([]) == [Verdict.OPEN] * 4
        # A second set of which little is known cannot make a goal met, nor hide that it is missed.
        more = [Record("b", 0, "recipe", 3, 0.9, 0.9)]
        assert self.verdicts(made_up() + more)[:3] == [Verdict.OPEN] * 3
        assert self.verdicts(made_up(few=0.7) + more)[0] is Verdict.MISSED

    def test_effort_is_compared_over_the_images_that_both_arms_have(self) -> None:
        results = Results(made_up())
        saved = results.saved("a", "recipe", "frozen base", Effort.ADDED_PATH)
        late = results.saved("a", "recipe", "frozen base", Effort.ADDED_PATH, last_only=True)
        early = results.saved("a", "recipe", "frozen base", Effort.ADDED_PATH, images=5)
        found = [(item.share.mean, item.first, item.last) for item in (saved, late, early) if item is not None]
        assert found == [(pytest.approx(0.7), 1, 6), (pytest.approx(0.8), 4, 6), (pytest.approx(0.6), 1, 3)]
        assert results.saved("a", "recipe", "by hand", Effort.SECONDS) is None

    def test_where_no_base_knows_the_classes_the_work_is_compared_with_painting_by_hand(self) -> None:
        by_hand = [replace(item, arm="by hand") if item.arm == "frozen base" else item for item in made_up()]
        assert self.verdicts(by_hand) == [Verdict.MET] * 4
        assert "than by hand from image 4 to 6" in goals(Results(by_hand))[2].figures[0]

    def test_a_training_on_images_painted_from_nothing_is_kept_apart_from_the_loop(self, tmp_path: Path) -> None:
        loop = replace(made_up()[7], images=5)
        once = Record("a", 0, "recipe", 5, 0.79, 0.7, 300, 9000.0, 900.0)
        for item in (loop, once, loop):
            append(tmp_path / "records.jsonl", item)
        results = Results(read([tmp_path / "records.jsonl"]))
        assert results.at("a", "recipe", 5)[0].iou == 0.79
        assert results.spent(results.runs("a", "recipe")[0], Effort.ADDED_PATH) == {5: 400.0}
        assert results.gate("recipe").trained == 1

    def test_the_gate_is_judged_by_outside_images(self) -> None:
        gate = Results(made_up(losses=2)).gate("recipe")
        assert (gate.trained, gate.active, gate.active_though_worse, gate.refused_though_better) == (60, 59, 2, 0)
        assert gate.largest_loss == pytest.approx(0.05)

    def test_a_run_that_was_broken_off_is_left_out(self) -> None:
        early = Record("a", 9, "recipe", 0, 0.1, 0.1)
        results = Results([*made_up(), early])
        assert 9 not in results.at("a", "recipe", 5)
        assert results.at("a", "recipe", 5)[0].images == 3

    def test_the_page_and_its_charts_are_written(self, tmp_path: Path) -> None:
        odd = Record("a", 0, "no <replay> & more", 3, 0.6, 0.5)
        write(Results([*made_up(), odd]), tmp_path / "learning.md", about="Measured on a desk.")
        text = (tmp_path / "learning.md").read_text(encoding="utf-8")
        assert "Measured on a desk." in text
        assert text.count("**met**") == 4
        assert "80 % less than frozen base from image 4 to 6, 70 % less over the first 6" in text
        for name in ("a.svg", "a-ablations.svg"):
            assert f"(learning/{name})" in text
            root = ElementTree.fromstring((tmp_path / "learning" / name).read_text(encoding="utf-8"))
            assert "recipe" in [item.text for item in root.iter("{http://www.w3.org/2000/svg}text")]

    def test_records_come_back_and_the_last_of_a_kind_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "records.jsonl"
        records = made_up()
        for item in (replace(records[-1], iou=0.1), *records):
            append(path, item)
        with path.open("a", encoding="utf-8") as stream:
            stream.write('{"set": "a", "se')
        assert sorted(map(repr, read([path]))) == sorted(map(repr, records))

    def test_a_line_that_is_no_record_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "records.jsonl"
        path.write_text('{"set": "a"}\n', encoding="utf-8")
        with pytest.raises(ValueError, match="line 1, is no record"):
            read([path])
