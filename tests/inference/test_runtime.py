from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from segtool.core.errors import ModelError
from segtool.core.reduction import enlarge_probabilities
from segtool.inference.runtime import Runtime
from segtool.models.card import CARD_FILE, NETWORK_DATA_FILE, NETWORK_FILE
from tests.model_fixtures import GROUND, TINY_STRIDE, change_card, seal_files, texture


@pytest.fixture
def folder(tiny_model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model_folder, tmp_path / "model"))


def write_as_if_trusted(folder: Path, name: str, data: bytes) -> None:
    """Write a file and its hash: what somebody does who wants it to be loaded."""
    (folder / name).write_bytes(data)
    seal_files(folder)


def batch(height: int, width: int, *, count: int = 1) -> np.ndarray:
    images = [texture(height, width, channels=3, seed=seed) for seed in range(count)]
    return np.stack(images).astype(np.float32) / 255


@pytest.mark.parametrize("fixture", ["tiny_model_folder", "tiny_ground_folder"])
def test_the_network_answers_as_keras_does(fixture: str, request: pytest.FixtureRequest):
    folder: Path = request.getfixturevalue(fixture)
    from segtool.training.export import load_model

    runtime = Runtime.load(folder)
    model, card = load_model(folder)
    assert runtime.card == card
    for images in (batch(64, 96), batch(8, 8), batch(40, 16, count=3)):
        answer = runtime.probabilities(images)
        expected = model(images, training=False).numpy()
        assert answer.dtype == np.float32
        assert answer.shape == (*images.shape[:3], card.network.outputs)
        assert np.ptp(expected) > 0.1
        assert np.abs(answer - expected).max() <= 1e-3


def test_a_network_of_reduced_images_answers_at_the_size_of_the_image(folder: Path, tiny_ground_folder: Path):
    images = batch(48, 64, count=2)
    for plain in (folder, tiny_ground_folder):
        reduced = shutil.copytree(plain, folder.parent / f"{plain.name}-reduced")
        change_card(reduced, network=Runtime.load(plain).card.network.to_json() | {"reduction": 2}, self_test=None)
        runtime = Runtime.load(reduced, is_own=True)
        assert runtime.card.network.stride == 2 * TINY_STRIDE
        answer = runtime.probabilities(images)
        assert answer.shape == (*images.shape[:3], runtime.card.network.outputs)
        small = images.reshape(2, 24, 2, 32, 2, 3).mean(axis=(2, 4), dtype=np.float32)
        expected = Runtime.load(plain).probabilities(small)
        assert np.ptp(expected) > 0.1
        for given, small_answer in zip(answer, expected, strict=True):
            np.testing.assert_allclose(given, enlarge_probabilities(small_answer, 2), atol=1e-4)
        with pytest.raises(ValueError, match="multiples of 16"):
            runtime.probabilities(batch(48, 72))


def test_answers_do_not_change_under_the_caller(tiny_model_folder: Path):
    runtime = Runtime.load(tiny_model_folder)
    first = runtime.probabilities(batch(32, 32))
    kept = first.copy()
    runtime.probabilities(1 - batch(32, 32))
    np.testing.assert_array_equal(first, kept)


def test_threads_take_turns(tiny_model_folder: Path):
    runtime = Runtime.load(tiny_model_folder)
    images = [batch(32 + 8 * i, 64) for i in range(4)]
    expected = [runtime.probabilities(image) for image in images]
    wrong: list[int] = []

    def run(index: int) -> None:
        for _ in range(5):
            if not np.array_equal(runtime.probabilities(images[index]), expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("shape", [(1, 12, 16, 3), (1, 16, 12, 3), (1, 16, 16, 1), (16, 16, 3)])
def test_a_batch_of_another_shape_is_refused(tiny_model_folder: Path, shape: tuple[int, ...]):
    with pytest.raises(ValueError, match=f"multiples of {TINY_STRIDE}"):
        Runtime.load(tiny_model_folder).probabilities(np.zeros(shape, dtype=np.float32))


def test_a_changed_network_is_not_even_read(folder: Path):
    (folder / NETWORK_FILE).write_text("<net/>", encoding="utf-8")
    with pytest.raises(ModelError, match=r"network\.xml: the file is not the one"):
        Runtime.load(folder)


def test_a_card_that_promises_other_outputs_is_refused(folder: Path):
    config = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))["network"]
    change_card(folder, classes=GROUND.to_json(), network={**config, "outputs": 5})
    with pytest.raises(ModelError, match="output must be one image of 5 channels") as caught:
        Runtime.load(folder)
    assert caught.value.path == folder / NETWORK_FILE


def test_a_card_that_promises_another_stride_is_refused(folder: Path):
    config = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))["network"]
    change_card(folder, network={**config, "widths": [4, 8]})
    with pytest.raises(ModelError) as caught:
        Runtime.load(folder)
    assert caught.value.path == folder / NETWORK_FILE


def test_operations_that_no_u_net_has_are_refused(folder: Path):
    text = (folder / NETWORK_FILE).read_text(encoding="utf-8")
    assert text.count('type="Sigmoid"') == 1
    write_as_if_trusted(folder, NETWORK_FILE, text.replace('type="Sigmoid"', 'type="Tanh"').encode())
    with pytest.raises(ModelError, match="operations that no U-Net of this program has: Tanh"):
        Runtime.load(folder)


def test_weights_that_are_not_finite_are_refused(folder: Path):
    text = (folder / NETWORK_FILE).read_text(encoding="utf-8")
    found = re.search(r'element_type="f32" shape="4, 3, 3, 3" offset="(\d+)"', text)
    assert found is not None
    weights = bytearray((folder / NETWORK_DATA_FILE).read_bytes())
    start = int(found[1])
    weights[start : start + 4] = np.float32(np.nan).tobytes()
    write_as_if_trusted(folder, NETWORK_DATA_FILE, bytes(weights))
    with pytest.raises(ModelError, match="weights that are not finite"):
        Runtime.load(folder)


@pytest.mark.parametrize("name", [NETWORK_FILE, NETWORK_DATA_FILE])
@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_a_truncated_network_with_the_right_hash_is_an_error(folder: Path, name: str, part: float):
    whole = (folder / name).read_bytes()
    write_as_if_trusted(folder, name, whole[: int(len(whole) * part)])
    with pytest.raises(ModelError) as caught:
        Runtime.load(folder)
    assert caught.value.path == folder / NETWORK_FILE
    assert "/src/" not in str(caught.value)


def test_a_network_that_answers_otherwise_than_when_it_was_written_is_refused(folder: Path):
    weights = np.frombuffer((folder / NETWORK_DATA_FILE).read_bytes(), dtype=np.uint8).copy()
    first = weights[32:36].view(np.float32)
    first += 4.0
    write_as_if_trusted(folder, NETWORK_DATA_FILE, weights.tobytes())
    with pytest.raises(ModelError, match="no longer answers a known image") as caught:
        Runtime.load(folder, is_own=True)
    assert caught.value.path == folder / NETWORK_FILE
    change_card(folder, self_test=None)
    Runtime.load(folder, is_own=True)


def test_files_may_be_cut_off_once_a_network_is_loaded(folder: Path):
    runtime = Runtime.load(folder)
    expected = runtime.probabilities(batch(16, 16))
    for name in (NETWORK_FILE, NETWORK_DATA_FILE):
        (folder / name).write_bytes(b"")
    np.testing.assert_array_equal(runtime.probabilities(batch(16, 16)), expected)
    assert runtime.probabilities(batch(64, 64)).shape == (1, 64, 64, 1)


def test_openvino_is_loaded_without_its_telemetry_and_without_tensorflow(tiny_model_folder: Path, tmp_path: Path):
    program = (
        "import sys, pathlib; from segtool.inference.runtime import Runtime;"
        "assert 'openvino' not in sys.modules;"
        "Runtime.load(pathlib.Path(sys.argv[1]));"
        "print([m for m in sys.modules if m.startswith(('openvino_telemetry.', 'tensorflow', 'keras', 'PySide6'))])"
    )
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program, str(tiny_model_folder)],
        env={"HOME": str(home), "LOCALAPPDATA": str(home), "PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
    assert [path.name for path in home.rglob("*") if path.is_file()] == ["tried-networks.txt"]
