"""The finished picture: what is redrawn, and that redrawing a part gives the same picture as redrawing all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage

from segtool.core.classes import VOID, ClassInfo, ClassSet
from segtool.core.geometry import Rect
from segtool.gui.canvas.frame import Frame
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.canvas.mask_layer import MaskLayer
from segtool.gui.canvas.view_transform import ViewTransform

SIZE = (310, 240)
CLASSES = ClassSet(
    (
        ClassInfo(0, "background", (120, 120, 120)),
        ClassInfo(1, "cell", (255, 0, 0)),
        ClassInfo(2, "wall", (0, 0, 255)),
    )
)
SCALES = [0.35, 1.0, 2.0, 5.3, 20.0]


def _pixels(picture: QImage) -> npt.NDArray[np.uint8]:
    shape = (picture.height(), picture.width(), 4)
    return np.frombuffer(picture.constBits(), dtype=np.uint8).reshape(shape)[..., 2::-1].copy()


@pytest.fixture
def scene() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    rng = np.random.default_rng(5)
    rgb = rng.integers(0, 256, size=(120, 160, 3), dtype=np.uint8)
    mask = rng.choice(np.array([0, 1, 2, VOID], dtype=np.uint8), size=(12, 16)).repeat(10, axis=0).repeat(10, axis=1)
    return rgb, np.ascontiguousarray(mask)


def _frame(rgb: npt.NDArray[np.uint8], view: ViewTransform, *, opacity: float = 0.5, line_width: int = 1) -> Frame:
    layer = MaskLayer()
    layer.set_style(CLASSES, opacity=opacity)
    frame = Frame(layer)
    frame.set_size(*SIZE, line_width=line_width)
    frame.set_surround((26, 26, 26))
    frame.set_image(ImagePyramid(rgb))
    frame.set_view(view)
    return frame


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("line_width", [1, 2])
def test_redrawing_a_part_gives_the_same_picture(
    scene: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]], scale: float, line_width: int
) -> None:
    rgb, mask = scene
    view = ViewTransform(scale, 17, -9)
    frame = _frame(rgb, view, line_width=line_width)
    frame.masked(mask)
    for rect, value in (
        (Rect(1, 3, 6, 5), 2),
        (Rect(0, 0, 3, 12), VOID),
        (Rect(5, 6, 1, 1), 1),
        (Rect(30, 20, 40, 9), 1),
    ):
        mask[rect.slices] = value
        frame.mask_changed(rect)
    partly = _pixels(frame.masked(mask))
    assert np.array_equal(partly, _pixels(_frame(rgb, view, line_width=line_width).masked(mask)))


@pytest.mark.parametrize("scale", SCALES)
def test_panning_gives_the_same_picture_as_going_there_directly(
    scene: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]], scale: float
) -> None:
    rgb, mask = scene
    view = ViewTransform(scale, -20, -30)
    frame = _frame(rgb, view)
    frame.masked(mask)
    for dx, dy in ((13, 0), (0, -7), (-31, 22), (5, 5)):
        view = view.moved(dx, dy)
        frame.set_view(view)
        if dx != 5:
            mask[40:44, 50:57] = dx % 3
            frame.mask_changed(Rect(50, 40, 7, 4))
    assert np.array_equal(_pixels(frame.masked(mask)), _pixels(_frame(rgb, view).masked(mask)))
    assert np.array_equal(_pixels(frame.bare()), _pixels(_frame(rgb, view).bare()))


def test_colours_inside_an_area_are_mixed_by_the_opacity() -> None:
    grey = np.full((40, 40, 3), 100, dtype=np.uint8)
    mask = np.zeros((40, 40), dtype=np.uint8)
    mask[:, 10:20] = 1
    mask[:, 20:30] = VOID
    mask[:, 30:] = 2
    shown = _pixels(_frame(grey, ViewTransform(), opacity=0.4).masked(mask))[20].astype(int)
    assert np.abs(shown[15] - (162, 60, 60)).max() <= 1
    assert np.abs(shown[35] - (60, 60, 162)).max() <= 1
    assert shown[5].tolist() == shown[25].tolist() == [100, 100, 100]
    assert shown[10].tolist() == shown[19].tolist() == [255, 0, 0]
    assert shown[60].tolist() == [26, 26, 26]


def test_at_opacity_nought_the_mask_is_gone() -> None:
    grey = np.full((40, 40, 3), 100, dtype=np.uint8)
    mask = np.zeros((40, 40), dtype=np.uint8)
    mask[10:20, 10:20] = 1
    frame = _frame(grey, ViewTransform(), opacity=0.0)
    assert np.array_equal(_pixels(frame.masked(mask)), _pixels(frame.bare()))


def test_an_id_without_a_class_can_be_seen() -> None:
    grey = np.full((40, 40, 3), 100, dtype=np.uint8)
    mask = np.zeros((40, 40), dtype=np.uint8)
    mask[10:20, 10:20] = 37
    assert _pixels(_frame(grey, ViewTransform()).masked(mask))[15, 15].tolist() != [100, 100, 100]


@pytest.mark.parametrize(("scale", "has_grid"), [(15.9, False), (16.0, True)])
def test_the_pixel_grid_begins_at_1600_percent(scale: float, has_grid: bool) -> None:
    grey = np.full((20, 20, 3), 100, dtype=np.uint8)
    shown = _pixels(_frame(grey, ViewTransform(scale, 0, 0)).bare())[..., 0]
    assert (len(np.unique(shown[:200, :200])) == 2) is has_grid
    if has_grid:
        assert np.flatnonzero(shown[8, :200] != 100).tolist() == list(range(16, 200, 16))


def test_the_mask_of_a_large_image_is_not_copied_to_be_shown() -> None:
    rgb = np.zeros((300, 400, 3), dtype=np.uint8)
    mask = np.zeros((300, 400), dtype=np.uint8)
    frame = _frame(rgb, ViewTransform())
    frame.masked(mask)
    mask[50:60, 50:60] = 1
    # Nobody has said that it changed: only then is it looked at again.
    assert _pixels(frame.masked(mask))[55, 55].tolist() == [0, 0, 0]
    frame.mask_changed(Rect(50, 50, 10, 10))
    assert _pixels(frame.masked(mask))[55, 55].tolist() != [0, 0, 0]
