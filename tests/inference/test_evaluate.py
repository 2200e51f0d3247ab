from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage
from sklearn.metrics import f1_score, jaccard_score

from segtool.core.classes import VOID, ClassInfo, ClassSet
from segtool.core.errors import ImageError, MaskError, SegToolError
from segtool.formats.mask_png import write_mask
from segtool.inference.evaluate import Evaluation, evaluate_images
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Progress, segment_to_end
from tests.model_fixtures import GROUND, NUCLEI, texture


@pytest.fixture(scope="module")
def nuclei(tiny_model_folder: Path) -> Runtime:
    return Runtime.load(tiny_model_folder)


def write_pair(folder: Path, name: str, pixels: np.ndarray, mask: np.ndarray) -> tuple[Path, Path]:
    image_path, mask_path = folder / f"{name}.png", folder / "masks" / f"{name}.png"
    assert cv2.imwrite(str(image_path), pixels)
    write_mask(mask_path, mask)
    return image_path, mask_path


def last_of(pairs: list[tuple[Path, Path]], classes: ClassSet, runtime: Runtime) -> Evaluation:
    last = list(evaluate_images(pairs, classes, runtime))[-1]
    assert isinstance(last, Evaluation)
    return last


def truth(shape: tuple[int, int], seed: int) -> np.ndarray:
    """A mask that a random model agrees with here and there, with void in it."""
    mask = (texture(*shape, seed=seed + 50) > 120).astype(np.uint8)
    mask[:10] = VOID
    return mask


def test_scores_are_those_of_scikit_learn_on_what_segment_predicts(nuclei: Runtime, tmp_path: Path):
    images = [texture(60, 90, seed=1), texture(33, 47, seed=2)]
    masks = [truth((60, 90), 1), truth((33, 47), 2)]
    pairs = [write_pair(tmp_path, str(i), image, masks[i]) for i, image in enumerate(images)]
    evaluation = last_of(pairs, NUCLEI, nuclei)

    predicted = [
        segment_to_end(image, nuclei).class_ids[mask != VOID] for image, mask in zip(images, masks, strict=True)
    ]
    known = [mask[mask != VOID] for mask in masks]
    pooled = np.concatenate(known), np.concatenate(predicted)
    assert evaluation.metrics["images"] == 2
    assert evaluation.metrics["pooled"]["f1"] == pytest.approx(f1_score(*pooled))
    assert evaluation.metrics["pooled"]["iou"] == pytest.approx(jaccard_score(*pooled))
    means = [f1_score(*both) for both in zip(known, predicted, strict=True)]
    assert evaluation.metrics["mean"]["f1"] == pytest.approx(np.mean(means))
    assert 0.05 < evaluation.metrics["pooled"]["f1"] < 0.95
    assert len(evaluation.tallies) == 2
    assert evaluation.confusion.sum() == pooled[0].size
    assert evaluation.confusion[1, 1] == ((pooled[0] == 1) & (pooled[1] == 1)).sum()
    assert evaluation.metrics["calibration"] == {"ece": evaluation.reliability.expected_error()}
    confidence = [
        segment_to_end(image, nuclei).confidence[mask != VOID] for image, mask in zip(images, masks, strict=True)
    ]
    right = (pooled[0] == pooled[1]).mean()
    # The error of a mean is no larger than the mean of the bins' errors.
    assert evaluation.metrics["calibration"]["ece"] >= abs(right - np.concatenate(confidence).mean() / 255) - 1e-9


def test_classes_are_matched_by_name_not_by_id(nuclei: Runtime, tmp_path: Path):
    pixels = texture(40, 40)
    mask = segment_to_end(pixels, nuclei).class_ids * 9
    classes = ClassSet((ClassInfo(0, "background", (0, 0, 0)), ClassInfo(9, "Nucleus", (255, 0, 0))))
    evaluation = last_of([write_pair(tmp_path, "a", pixels, mask)], classes, nuclei)
    assert evaluation.metrics["pooled"]["f1"] == 1.0
    assert [item["id"] for item in evaluation.metrics["per_class"]] == [0, 9]


def test_what_the_model_calls_otherwise_is_missed(nuclei: Runtime, tmp_path: Path):
    pixels = texture(40, 40)
    mask = segment_to_end(pixels, nuclei).class_ids
    classes = ClassSet((ClassInfo(0, "background", (0, 0, 0)), ClassInfo(1, "yeast", (255, 0, 0))))
    evaluation = last_of([write_pair(tmp_path, "a", pixels, mask)], classes, nuclei)
    assert [(item["id"], item["name"], item["f1"]) for item in evaluation.metrics["per_class"]] == [
        (0, "background", 1.0),
        (1, "yeast", 0.0),
    ]
    assert evaluation.metrics["pooled"]["f1"] == 0.0
    nucleus = int((mask == 1).sum())
    assert evaluation.confusion.tolist() == [[mask.size - nucleus, 0, 0], [0, 0, nucleus]]


def test_several_classes_are_evaluated_together(tiny_ground_folder: Path, tmp_path: Path):
    runtime = Runtime.load(tiny_ground_folder)
    pixels = texture(64, 64, channels=3)
    rgb = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    mask = segment_to_end(rgb, runtime).class_ids.copy()
    mask[:20] = VOID
    evaluation = last_of([write_pair(tmp_path, "a", pixels, mask)], GROUND, runtime)
    assert evaluation.metrics["pooled"]["iou"] == 1.0
    assert [item["name"] for item in evaluation.metrics["per_class"]] == [item.name for item in GROUND]


def test_images_without_a_labelled_pixel_do_not_count(nuclei: Runtime, tmp_path: Path):
    void = np.full((40, 40), VOID, dtype=np.uint8)
    pairs = [
        write_pair(tmp_path, "a", texture(40, 40, seed=1), void),
        write_pair(tmp_path, "b", texture(40, 40, seed=2), truth((40, 40), 2)),
    ]
    items = list(evaluate_images(pairs, NUCLEI, nuclei))
    assert items[:-1] == [Progress(1, 2), Progress(1, 2), Progress(2, 2)]
    assert isinstance(items[-1], Evaluation)
    assert items[-1].metrics["images"] == 1
    for none in ([], pairs[:1]):
        with pytest.raises(SegToolError, match="no image with a mask"):
            list(evaluate_images(none, NUCLEI, nuclei))


def test_what_does_not_fit_is_named(nuclei: Runtime, tmp_path: Path):
    pixels = texture(40, 40)
    small = write_pair(tmp_path, "small", pixels, np.zeros((40, 39), dtype=np.uint8))
    with pytest.raises(MaskError, match="39×40 pixels but its image 40×40") as caught:
        last_of([small], NUCLEI, nuclei)
    assert caught.value.path == small[1]
    coloured = write_pair(tmp_path, "coloured", pixels, truth((40, 40), 1))
    PillowImage.fromarray(np.zeros((40, 40, 3), np.uint8)).save(coloured[1])
    with pytest.raises(MaskError, match="colours, not class ids") as odd:
        last_of([coloured], NUCLEI, nuclei)
    assert odd.value.path == coloured[1]
    gone = write_pair(tmp_path, "gone", pixels, np.zeros((40, 40), dtype=np.uint8))
    gone[0].unlink()
    with pytest.raises(ImageError) as missing:
        last_of([gone], NUCLEI, nuclei)
    assert missing.value.path == gone[0]


def test_ids_without_a_class_count_as_void(nuclei: Runtime, tmp_path: Path):
    mask = truth((40, 40), 1)
    other, void = mask.copy(), mask.copy()
    other[:10], void[:10] = 5, VOID
    found, expected = (
        last_of([write_pair(tmp_path, name, texture(40, 40), item)], NUCLEI, nuclei)
        for name, item in (("other", other), ("void", void))
    )
    assert found.metrics == expected.metrics
    assert (found.confusion == expected.confusion).all()


def test_what_does_not_fit_can_be_passed_over(nuclei: Runtime, tmp_path: Path):
    good = write_pair(tmp_path, "good", texture(40, 40), truth((40, 40), 1))
    small = write_pair(tmp_path, "small", texture(40, 40), np.zeros((40, 39), dtype=np.uint8))
    broken = write_pair(tmp_path, "broken", texture(40, 40), truth((40, 40), 1))
    broken[0].write_bytes(b"this is no image")
    *progress, last = evaluate_images([small, good, broken], NUCLEI, nuclei, pass_over=True)
    assert isinstance(last, Evaluation)
    assert progress[-1] == Progress(3, 3)
    assert last.metrics == last_of([good], NUCLEI, nuclei).metrics
    assert [item.index for item in last.images] == [1]
    assert [(item.index, item.reason.path, item.unusable) for item in last.left_out] == [
        (0, small[1], True),
        (2, broken[0], True),
    ]
    with pytest.raises(SegToolError, match="none of the 2 images can be used") as caught:
        list(evaluate_images([small, broken], NUCLEI, nuclei, pass_over=True))
    assert caught.value.path == small[1]
