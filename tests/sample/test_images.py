"""The sample images on disk are those that the generator draws."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from segtool.core.errors import SaveError
from segtool.resources import resource_path
from segtool.sample import SampleImage, sample_images, write_sample


@pytest.fixture(scope="module")
def samples() -> dict[str, SampleImage]:
    return {sample.name: sample for sample in sample_images()}


def _decoded(path: Path) -> npt.NDArray[np.generic]:
    with Image.open(path) as image:
        return np.asarray(image)


def test_bundled_files_hold_what_the_generator_draws(samples: dict[str, SampleImage]) -> None:
    files = {path.name: path for path in resource_path("sample").glob("*.png")}
    assert files.keys() == samples.keys()
    for name, path in files.items():
        stored, pixels = _decoded(path), samples[name].pixels
        assert (stored.dtype, stored.shape) == (pixels.dtype, pixels.shape)
        difference = np.abs(stored.astype(np.int64) - pixels.astype(np.int64))
        # Processors round the last bit of a blur differently: one level at very few pixels is no other image.
        assert difference.max() <= 1
        assert np.count_nonzero(difference) <= 1e-3 * difference.size


def test_the_set_shows_what_the_program_reads_and_stays_small(samples: dict[str, SampleImage]) -> None:
    drawn = samples.values()
    assert len(drawn) == 6
    assert any(sample.pixels.dtype == np.uint16 for sample in drawn)
    assert any(sample.pixels.ndim == 3 for sample in drawn)
    assert max(sample.mask.size for sample in drawn) >= 1_000_000
    assert all(0.05 < sample.mask.mean() < 0.5 for sample in drawn)
    assert sum(path.stat().st_size for path in resource_path("sample").iterdir()) < 3_000_000


def test_module_writes_the_files_into_a_new_folder(tmp_path: Path, samples: dict[str, SampleImage]) -> None:
    folder = tmp_path / "new" / "sample"
    subprocess.run([sys.executable, "-m", "segtool.sample", str(folder)], check=True, timeout=120)
    for sample in samples.values():
        np.testing.assert_array_equal(_decoded(folder / sample.name), sample.pixels)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(SaveError, match="taken"):
        write_sample(tmp_path / "taken")
