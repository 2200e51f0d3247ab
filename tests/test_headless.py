"""The journey without a window, over folders that are not all well."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from segtool.formats.mask_png import read_mask, write_mask
from segtool.headless import CONTACT_SHEET, run_headless
from tests.model_fixtures import texture


def test_masks_that_do_not_fit_and_images_that_cannot_be_read_are_told_and_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("good", "other-size", "damaged-mask"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), texture(40, 48))
    (tmp_path / "broken.png").write_bytes(b"this is no image")
    write_mask(tmp_path / "masks" / "other-size.png", np.ones((9, 9), np.uint8))
    write_mask(tmp_path / "masks" / "broken.png", np.ones((9, 9), np.uint8))
    (tmp_path / "masks" / "damaged-mask.png").write_bytes(b"this is no mask")
    assert run_headless(tmp_path) == 0
    told = capsys.readouterr().out
    for name in ("other-size.png", "damaged-mask.png", "broken.png"):
        assert f"{name}: " in told
    assert "good.png: " in told
    assert read_mask(tmp_path / "masks" / "good.png").shape == (40, 48)
    assert cv2.imread(str(tmp_path / "overlays" / CONTACT_SHEET)).shape[1] < 2 * 360
