"""Uncertainty over an image, by its pixels."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication

from segtool.core.geometry import Rect
from segtool.core.palette import CLASS_COLOURS
from segtool.gui.canvas.uncertainty_layer import UncertaintyLayer, heat_colours, paint_legend
from segtool.gui.canvas.view_transform import ViewTransform

GROUNDS = [0, 110, 255]


def drawn(
    confidence: npt.NDArray[np.uint8],
    *,
    view: ViewTransform = ViewTransform(),  # noqa: B008
    size: tuple[int, int] = (40, 30),
    ground: int = 0,
    rect: Rect | None = None,
) -> npt.NDArray[np.uint8]:
    """Return what the layer makes of a grey screen: uint8 (height, width, 3) red, green, blue."""
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(QColor(ground, ground, ground))
    layer = UncertaintyLayer()
    layer.show(confidence, class_count=2)
    painter = QPainter(image)
    layer.draw(painter, view=view, rect=Rect(0, 0, *size) if rect is None else rect)
    painter.end()
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(size[1], size[0], 4)
    return np.ascontiguousarray(pixels[..., 2::-1])


def over(ground: int) -> npt.NDArray[np.float64]:
    """Return how each uncertainty from 0 to 1 looks on a grey ground, float (101, 3), 0…255."""
    colours = heat_colours(np.linspace(0, 1, 101)).astype(np.float64)
    opacity = colours[:, 3:] / 255
    return colours[:, :3] * opacity + ground * (1 - opacity)


def lab(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.cvtColor((rgb[np.newaxis] / 255).astype(np.float32), cv2.COLOR_RGB2LAB)[0])


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_less_sure_the_further_from_the_image_a_colour_is(ground: int) -> None:
    colours = lab(over(ground))
    distance = np.linalg.norm(colours - colours[0], axis=1)
    # To the eye no step goes back, and the end is far away.
    assert (np.diff(distance) >= -1).all()
    assert distance[100] > 60
    assert distance[50] > 40


@pytest.mark.parametrize("ground", GROUNDS)
def test_it_can_be_seen_without_red_or_green_receptors(ground: int) -> None:
    # Viénot, Brettel and Mollon, "Digital video colourmaps for checking the legibility of displays by dichromats"
    # (1999): protanopia and deuteranopia, in linear light.
    for seen in (((0.1124, 0.8876), (0.1124, 0.8876)), ((0.2928, 0.7072), (0.2928, 0.7072))):
        linear = (over(ground) / 255) ** 2.2
        red_green = linear[:, :2] @ np.array(seen).T
        simulated = np.concatenate([red_green, linear[:, 2:]], axis=1) ** (1 / 2.2) * 255
        colours = lab(simulated)
        assert np.linalg.norm(colours[100] - colours[0]) > 50


def test_no_class_has_its_colour() -> None:
    end = lab(over(0)[-1:])
    assert min(np.linalg.norm(lab(np.array([colour], dtype=np.float64)) - end) for colour in CLASS_COLOURS) > 50


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.5])
def test_each_screen_pixel_shows_the_confidence_under_its_centre(qapp: QApplication, scale: float) -> None:
    confidence = np.full((20, 24), 255, dtype=np.uint8)
    confidence[5:9, 10:20] = 128
    view = ViewTransform(scale, 3, 2)
    pixels = drawn(confidence, view=view)
    for y in range(30):
        for x in range(40):
            column, row = (int(np.floor(place)) for place in view.to_image(x + 0.5, y + 0.5))
            unsure = 5 <= row < 9 and 10 <= column < 20
            assert bool(pixels[y, x].any()) is unsure, (x, y)


def test_only_the_rectangle_that_is_asked_for_is_drawn(qapp: QApplication) -> None:
    pixels = drawn(np.full((30, 40), 128, dtype=np.uint8), rect=Rect(4, 6, 10, 5))
    assert np.argwhere(pixels.any(axis=-1)).min(axis=0).tolist() == [6, 4]
    assert np.argwhere(pixels.any(axis=-1)).max(axis=0).tolist() == [10, 13]


def test_a_huge_image_is_drawn_without_a_copy_of_it(qapp: QApplication) -> None:
    confidence = np.broadcast_to(np.uint8(140), (20_000, 20_000))
    tracemalloc.start()
    try:
        pixels = drawn(confidence, view=ViewTransform(0.02, 0, 0), size=(400, 400))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert pixels.any(axis=-1).all()
    assert peak < 20_000_000


def test_the_legend_shows_the_ramp_in_the_lower_left_corner(qapp: QApplication) -> None:
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(QColor(110, 110, 110))
    painter = QPainter(image)
    paint_legend(painter, QRectF(image.rect()), font=QFont(), title="Uncertainty of nuclei")
    painter.end()
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(300, 400, 4)[..., 2::-1].astype(int)
    changed = np.argwhere((pixels != 110).any(axis=-1))
    assert changed[:, 0].min() > 200
    assert changed[:, 1].max() < 200
    magenta = np.argwhere((pixels[..., 0] > 190) & (pixels[..., 1] < 110) & (pixels[..., 2] > 220))
    grey = np.argwhere((pixels == 128).all(axis=-1))
    assert len(magenta) > 20
    assert grey[:, 1].max() < magenta[:, 1].min()
