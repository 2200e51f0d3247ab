from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from segtool.core.errors import ModelError
from segtool.models.card import WEIGHTS_FILE
from segtool.resources import resource_path
from segtool.training.weights_file import check_weights_file
from tests.faults.model_attacks import WEIGHTS_ATTACKS


def test_the_weights_of_this_program_pass(tiny_model_folder: Path):
    check_weights_file(tiny_model_folder / WEIGHTS_FILE)
    check_weights_file(resource_path("bases", "general", WEIGHTS_FILE))


@pytest.mark.parametrize("name", WEIGHTS_ATTACKS)
def test_everything_else_is_refused_before_it_is_read(name: str, tiny_model_folder: Path, tmp_path: Path):
    folder = Path(shutil.copytree(tiny_model_folder, tmp_path / "model"))
    WEIGHTS_ATTACKS[name](folder, tmp_path / "marker")
    with pytest.raises(ModelError, match="the file of weights") as caught:
        check_weights_file(folder / WEIGHTS_FILE)
    assert caught.value.path == folder / WEIGHTS_FILE
    assert not (tmp_path / "marker").exists()
