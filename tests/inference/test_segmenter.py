from __future__ import annotations

import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from segtool.core.normalisation import normalise
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import (
    PASSES,
    Band,
    Prediction,
    Progress,
    probability_bands,
    segment,
    segment_to_end,
    tile_sizes,
)
from segtool.inference.tiling import tile_grid
from segtool.models.network_config import NetworkConfig, Stem
from segtool.models.store import ModelEntry, ModelStore
from segtool.sample import draw_nuclei
from tests.model_fixtures import GROUND, TINY_STRIDE, change_card, texture


@pytest.fixture(scope="module")
def nuclei(tiny_model_folder: Path) -> Runtime:
    return Runtime.load(tiny_model_folder)


@pytest.fixture(scope="module")
def ground(tiny_ground_folder: Path) -> Runtime:
    return Runtime.load(tiny_ground_folder)


def whole_image(pixels: np.ndarray, runtime: Runtime) -> np.ndarray:
    """Probabilities H×W×K of an image whose sides are multiples of the stride, in one go."""
    return runtime.probabilities(normalise(pixels, runtime.card.normalisation)[None])[0]


def test_the_prediction_is_what_the_network_says_of_the_whole_image(nuclei: Runtime):
    pixels = texture(120, 200, channels=3)
    prediction = segment_to_end(pixels, nuclei)
    expected = whole_image(pixels, nuclei)[..., 0]
    np.testing.assert_array_equal(prediction.class_ids, expected >= 0.5)
    np.testing.assert_allclose(prediction.confidence, 255 * np.maximum(expected, 1 - expected), atol=0.51)
    assert 0.2 < prediction.class_ids.mean() < 0.8


def test_ids_are_those_of_the_card(ground: Runtime):
    pixels = texture(96, 96, channels=3)
    prediction = segment_to_end(pixels, ground)
    expected = whole_image(pixels, ground)
    np.testing.assert_array_equal(prediction.class_ids, np.array(GROUND.ids)[expected.argmax(axis=-1)])
    np.testing.assert_allclose(prediction.confidence, 255 * expected.max(axis=-1), atol=0.51)
    assert set(np.unique(prediction.class_ids)) == set(GROUND.ids)


@pytest.mark.parametrize("fixture", ["nuclei", "ground"])
def test_the_probability_of_a_class_is_what_the_network_says_of_it(fixture: str, request: pytest.FixtureRequest):
    runtime: Runtime = request.getfixturevalue(fixture)
    pixels = texture(96, 120, channels=3)
    answer = whole_image(pixels, runtime)
    if answer.shape[-1] == 1:
        answer = np.concatenate([1 - answer, answer], axis=-1)
    plain = segment_to_end(pixels, runtime)
    assert plain.probability is None
    for index, class_id in enumerate(runtime.card.classes.ids):
        prediction = segment_to_end(pixels, runtime, probability_of=class_id)
        assert prediction.probability is not None
        assert prediction.probability.dtype == np.uint8
        np.testing.assert_allclose(prediction.probability, 255 * answer[..., index], atol=0.51)
        np.testing.assert_array_equal(prediction.class_ids, plain.class_ids)
        np.testing.assert_array_equal(prediction.confidence, plain.confidence)
        won = plain.class_ids == class_id
        np.testing.assert_array_equal(prediction.probability[won], plain.confidence[won])
    whole = segment_to_end(texture(304, 408), runtime, probability_of=class_id).probability
    tiled = segment_to_end(texture(304, 408), runtime, probability_of=class_id, tile=160, overlap=96).probability
    assert whole is not None
    assert tiled is not None
    assert np.abs(tiled.astype(int) - whole).max() <= 2


def probabilities(pixels: np.ndarray, runtime: Runtime, **options: object) -> np.ndarray:
    """The blended probabilities H×W×K that the prediction is made from."""
    items = probability_bands(pixels, runtime, **options)
    return np.concatenate([item.probabilities.copy() for item in items if isinstance(item, Band)])


@pytest.mark.parametrize("entry", ModelStore().entries(), ids=lambda entry: entry.name)
def test_with_a_trained_model_tiles_agree_with_the_whole_image(entry: ModelEntry):
    runtime = Runtime.load(entry.folder)
    tile, overlap = tile_sizes(entry.card.network)
    # Smaller tiles than usual with the usual overlap: more seams, and every one as near to a border.
    tile = overlap + 128
    pixels, _ = draw_nuclei(5, size=(overlap + 256, overlap + 208))
    assert len(tile_grid(*pixels.shape[:2], tile=tile, overlap=overlap, align=entry.card.network.stride)) == 4
    whole = probabilities(pixels, runtime, tile=4096)
    tiled = probabilities(pixels, runtime, tile=tile)
    assert np.abs(tiled - whole).max() <= 1e-3
    # The test can tell: a quarter of the overlap is not enough.
    assert np.abs(probabilities(pixels, runtime, tile=tile, overlap=overlap // 4) - whole).max() > 1e-3
    confident = segment_to_end(pixels, runtime, tile=tile).confidence.astype(int)
    assert np.abs(confident - segment_to_end(pixels, runtime).confidence).max() <= 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, (1024, 192)), ({"reduction": 2}, (1536, 384)), ({"stem": Stem.FULL, "widths": (8, 8)}, (768, 24))],
)
def test_tiles_and_overlap_follow_the_network(changes: dict[str, object], expected: tuple[int, int]):
    assert tile_sizes(NetworkConfig(**changes)) == expected


@pytest.mark.parametrize("fixture", ["nuclei", "ground"])
@pytest.mark.parametrize("options", [{}, {"tile": 128, "overlap": 96}])
def test_passes_are_the_mean_over_flips_and_quarter_turns(
    fixture: str, options: dict[str, int], request: pytest.FixtureRequest
):
    runtime: Runtime = request.getfixturevalue(fixture)
    pixels = texture(176, 240, channels=3)
    turned = []
    for turns, flip in PASSES:
        view = np.rot90(pixels, turns)
        answer = whole_image(view[:, ::-1] if flip else view, runtime)
        turned.append(np.rot90(answer[:, ::-1] if flip else answer, -turns))
    expected = np.mean(turned, axis=0)
    assert len({item.tobytes() for item in turned}) == 8
    tolerance = 1e-5 if not options else 0.02
    np.testing.assert_allclose(probabilities(pixels, runtime, tta=True, **options), expected, atol=tolerance)
    assert np.abs(expected - turned[0]).max() > 0.05


def test_passes_show_in_the_progress_and_can_be_cancelled_between(nuclei: Runtime):
    steps = segment(texture(200, 200), nuclei, tile=96, overlap=32, tta=True)
    assert [next(steps) for _ in range(3)] == [Progress(done, 9 * 8) for done in (1, 2, 3)]
    steps.close()
    assert list(steps) == []
    items = list(segment(texture(40, 64), nuclei, tta=True))
    assert items[:-1] == [Progress(done, 8) for done in range(1, 9)]


@pytest.mark.parametrize("fixture", ["tiny_model_folder", "tiny_ground_folder"])
@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_the_temperature_of_the_card_changes_the_confidence_alone(
    fixture: str, temperature: float, request: pytest.FixtureRequest, tmp_path: Path
):
    folder = tmp_path / "model"
    shutil.copytree(request.getfixturevalue(fixture), folder)
    pixels = texture(96, 96, channels=3)
    plain = segment_to_end(pixels, Runtime.load(folder))
    answer = whole_image(pixels, Runtime.load(folder)).astype(np.float64)
    change_card(folder, temperature=temperature)
    prediction = segment_to_end(pixels, Runtime.load(folder))
    np.testing.assert_array_equal(prediction.class_ids, plain.class_ids)
    if answer.shape[-1] == 1:
        answer = np.concatenate([1 - answer, answer], axis=-1)
    powers = np.exp(np.log(answer) / temperature)
    expected = 255 * (powers / powers.sum(axis=-1, keepdims=True)).max(axis=-1)
    np.testing.assert_allclose(prediction.confidence, expected, atol=0.51)
    assert (prediction.confidence.mean() < plain.confidence.mean()) == (temperature > 1)


@pytest.mark.parametrize("fixture", ["nuclei", "ground"])
def test_tiles_leave_no_seam(fixture: str, request: pytest.FixtureRequest):
    runtime: Runtime = request.getfixturevalue(fixture)
    pixels = texture(304, 408, channels=3)
    whole = segment_to_end(pixels, runtime)
    tiled = segment_to_end(pixels, runtime, tile=160, overlap=96)
    assert len(tile_grid(304, 408, tile=160, overlap=96, align=TINY_STRIDE)) > 12
    difference = np.abs(tiled.confidence.astype(int) - whole.confidence)
    assert difference.max() <= 2
    assert (tiled.class_ids != whole.class_ids).mean() < 1e-3
    # The test can tell: without an overlap the same tiles do leave seams.
    cut = segment_to_end(pixels, runtime, tile=160, overlap=0)
    assert np.abs(cut.confidence.astype(int) - whole.confidence).max() > 20


def test_a_dark_corner_is_judged_by_the_whole_image(nuclei: Runtime):
    pixels = texture(256, 256)
    pixels[:128, :128] = pixels[:128, :128] // 64
    tiled = segment_to_end(pixels, nuclei, tile=128, overlap=80)
    whole = segment_to_end(pixels, nuclei)
    assert (tiled.class_ids == whole.class_ids).mean() > 0.999


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 300), (300, 1), (7, 9), (8, 8), (63, 65), (97, 131), (1, 1, 3), (130, 70, 3)]
)
@pytest.mark.parametrize("tile", [64, 512])
def test_every_size_is_predicted_whole(nuclei: Runtime, shape: tuple[int, ...], tile: int):
    pixels = texture(*shape[:2], channels=3 if len(shape) == 3 else 0)
    prediction = segment_to_end(pixels, nuclei, tile=tile, overlap=16)
    assert prediction.class_ids.shape == prediction.confidence.shape == shape[:2]
    assert prediction.class_ids.dtype == prediction.confidence.dtype == np.uint8
    assert set(np.unique(prediction.class_ids)) <= {0, 1}
    assert prediction.confidence.min() >= 127


def test_depth_and_colour_do_not_matter(nuclei: Runtime):
    grey = texture(64, 80)
    expected = segment_to_end(grey, nuclei)
    for pixels in (
        grey.astype(np.uint16) * 200 + 5000,
        grey.astype(np.float32) / 1e4 - 3,
        np.stack([grey, grey, grey], axis=-1),
    ):
        prediction = segment_to_end(pixels, nuclei)
        assert (prediction.class_ids == expected.class_ids).mean() > 0.999


def test_pixels_that_are_no_numbers_are_survived(nuclei: Runtime):
    pixels = texture(64, 64).astype(np.float32)
    pixels[10:20, 10:20] = np.nan
    pixels[30, 30] = np.inf
    prediction = segment_to_end(pixels, nuclei)
    expected = segment_to_end(texture(64, 64), nuclei)
    assert (prediction.class_ids[50:] == expected.class_ids[50:]).mean() > 0.99
    assert segment_to_end(np.full((16, 16), np.nan, dtype=np.float32), nuclei).class_ids.shape == (16, 16)
    found = segment_to_end(pixels, nuclei, probability_of=1)
    assert not found.probability[10:20, 10:20].any()
    assert found.probability.any()


def test_progress_counts_the_tiles_and_the_prediction_comes_last(nuclei: Runtime):
    items = list(segment(texture(200, 200), nuclei, tile=96, overlap=32))
    total = len(tile_grid(200, 200, tile=96, overlap=32, align=TINY_STRIDE))
    assert items[:-1] == [Progress(done, total) for done in range(1, total + 1)]
    assert isinstance(items[-1], Prediction)


def test_closing_between_tiles_cancels(nuclei: Runtime):
    steps = segment(texture(200, 200), nuclei, tile=96, overlap=32)
    assert next(steps) == Progress(1, 9)
    steps.close()
    assert list(steps) == []
    assert segment_to_end(texture(16, 16), nuclei).class_ids.shape == (16, 16)


def test_an_overlap_larger_than_the_tile_still_moves_on(nuclei: Runtime):
    prediction = segment_to_end(texture(100, 100), nuclei, tile=16, overlap=40)
    assert prediction.class_ids.shape == (100, 100)


def test_the_image_is_not_written_to(nuclei: Runtime):
    pixels = texture(50, 50)
    before = pixels.copy()
    pixels.setflags(write=False)
    segment_to_end(pixels, nuclei)
    np.testing.assert_array_equal(pixels, before)


def test_memory_does_not_grow_with_the_number_of_classes_times_the_image(ground: Runtime):
    pixels = np.tile(texture(500, 500), (6, 8))
    tracemalloc.start()
    try:
        prediction = segment_to_end(pixels, ground, tile=512)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert prediction.class_ids.shape == (3000, 4000)
    # Ids and confidence are 24 MB; five classes in float32 would be 240.
    assert peak < 150e6
