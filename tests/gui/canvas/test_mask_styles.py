"""Tinted, outlined and hatched masks at many zooms, pixel by pixel against the rules in plain NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage

from segtool.core.classes import VOID, ClassInfo, ClassSet
from segtool.core.display import Display, MaskStyle
from segtool.core.geometry import Rect
from segtool.core.palette import NO_CLASS_COLOUR, default_colour
from segtool.gui.canvas.frame import Frame
from segtool.gui.canvas.hatching import PATTERNS, hatched_ids, pattern_of
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.canvas.mask_layer import MaskLayer
from segtool.gui.canvas.view_transform import ViewTransform

SIZE = (170, 130)
SCALES = [1 / 8, 1 / 3, 1.0, 2.5, 16.0]
CLASSES = ClassSet(tuple(ClassInfo(number, f"class {number}", default_colour(number)) for number in range(20)))
IDS = np.array([0, 1, 2, 5, 7, 8, 9, 12, 19, VOID], dtype=np.uint8)
OPACITY = 0.4

Pixels = npt.NDArray[np.uint8]


@pytest.fixture
def scene() -> tuple[Pixels, Pixels]:
    """An image of noise and a mask of squares of all kinds, of which one id has no class."""
    rng = np.random.default_rng(11)
    image = rng.integers(0, 256, size=(400, 480, 3), dtype=np.uint8)
    mask = rng.choice(IDS, size=(40, 48)).repeat(10, axis=0).repeat(10, axis=1)
    mask[20:50, 20:60] = 40
    return image, np.ascontiguousarray(mask)


def _pixels(picture: QImage) -> Pixels:
    shape = (picture.height(), picture.width(), 4)
    return np.frombuffer(picture.constBits(), dtype=np.uint8).reshape(shape)[..., 2::-1].copy()


def _frame(
    image: Pixels,
    view: ViewTransform,
    style: MaskStyle,
    *,
    line_width: int = 1,
    grain: int = 1,
    opacity: float = OPACITY,
) -> Frame:
    layer = MaskLayer()
    layer.set_style(CLASSES, opacity=opacity, style=style)
    frame = Frame(layer)
    frame.set_size(*SIZE, line_width=line_width, grain=grain)
    frame.set_image(ImagePyramid(image))
    frame.set_view(view)
    return frame


def _has_line(class_id: int, across: int, down: int, grain: int) -> bool:
    """Tell whether the hatching of a class has a line at a place on the screen, counted from the image's corner."""
    across, down = across // grain, down // grain
    order = (class_id - 1) % 16
    period = 8 if order < 8 else 16
    line, dot, half = period // 4, 3 * period // 8, period // 2
    rising, falling = (across + down) % period < line, (across - down) % period < line
    level, upright = down % period < line, across % period < line
    match order % 8:
        case 0:
            return rising
        case 1:
            return falling
        case 2:
            return level
        case 3:
            return upright
        case 4:
            return rising or falling
        case 5:
            return level or upright
        case 6:
            return across % period < dot and down % period < dot
        case _:
            return (across // half + down // half) % 2 == 0


def _expected(
    bare: Pixels, mask: Pixels, view: ViewTransform, style: MaskStyle, *, line_width: int = 1, grain: int = 1
) -> npt.NDArray[np.float64]:
    """Return the picture as the rules say it is, one pixel of the screen after the other."""
    height, width = mask.shape

    def id_at(x: int, y: int) -> int:
        column = int(np.floor((x + 0.5 - view.x) / view.scale))
        row = int(np.floor((y + 0.5 - view.y) / view.scale))
        return int(mask[min(max(row, 0), height - 1), min(max(column, 0), width - 1)])

    strength = 1 - (1 - OPACITY) ** 2 if style is MaskStyle.HATCH else OPACITY
    strength = round(255 * strength) / 255
    result = bare.astype(np.float64)
    for y in range(SIZE[1]):
        for x in range(SIZE[0]):
            column, row = (x + 0.5 - view.x) / view.scale, (y + 0.5 - view.y) / view.scale
            value = id_at(x, y)
            if not (0 <= column < width and 0 <= row < height) or value in (0, VOID):
                continue
            colour = np.array(default_colour(value) if value in CLASSES else NO_CLASS_COLOUR, dtype=np.float64)
            reach = range(1, line_width + 1)
            beside = [(step * dx, step * dy) for step in reach for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))]
            if any(id_at(x + dx, y + dy) != value for dx, dy in beside):
                result[y, x] = colour
            elif style is MaskStyle.TINT or (
                style is MaskStyle.HATCH and _has_line(value, x - int(view.x), y - int(view.y), grain)
            ):
                result[y, x] += (colour - result[y, x]) * strength
    return result


@pytest.mark.parametrize("style", MaskStyle)
@pytest.mark.parametrize("scale", SCALES)
def test_a_mask_is_drawn_by_the_rules(scene: tuple[Pixels, Pixels], style: MaskStyle, scale: float) -> None:
    image, mask = scene
    view = ViewTransform(scale, 13, -7)
    frame = _frame(image, view, style)
    shown = _pixels(frame.masked(mask)).astype(np.float64)
    expected = _expected(_pixels(frame.bare()), mask, view, style)
    # Qt mixes in steps of 1/255.
    assert np.abs(shown - expected).max() <= 2.0


@pytest.mark.parametrize("style", MaskStyle)
@pytest.mark.parametrize(("line_width", "grain"), [(2, 2), (3, 1)])
def test_lines_have_their_width(scene: tuple[Pixels, Pixels], style: MaskStyle, line_width: int, grain: int) -> None:
    image, mask = scene
    view = ViewTransform(1.6, -40, 5)
    frame = _frame(image, view, style, line_width=line_width, grain=grain)
    shown = _pixels(frame.masked(mask)).astype(np.float64)
    expected = _expected(_pixels(frame.bare()), mask, view, style, line_width=line_width, grain=grain)
    assert np.abs(shown - expected).max() <= 2.0


def test_ids_of_any_size_are_drawn_alike() -> None:
    """Ids from 127 on do not fit into one table together with their outlines."""
    image = np.full((60, 80, 3), 90, dtype=np.uint8)
    mask = np.zeros((60, 80), dtype=np.uint8)
    for index, value in enumerate((3, 126, 127, 128, 200, 254)):
        mask[5:55, 5 + 12 * index : 14 + 12 * index] = value
    for part in (mask, np.where(mask >= 127, 0, mask).astype(np.uint8)):
        for style in MaskStyle:
            frame = _frame(image, ViewTransform(2.0, 0, 0), style)
            shown = _pixels(frame.masked(part)).astype(np.float64)
            expected = _expected(_pixels(frame.bare()), part, ViewTransform(2.0, 0, 0), style)
            assert np.abs(shown - expected).max() <= 2.0


@pytest.mark.parametrize("style", MaskStyle)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("line_width", [1, 2])
def test_whatever_happens_the_picture_is_that_of_a_fresh_frame(
    scene: tuple[Pixels, Pixels], style: MaskStyle, scale: float, line_width: int
) -> None:
    """Strokes, panning, zooming, other adjustments and other styles, in any order."""
    image, mask = scene
    rng = np.random.default_rng(round(scale * 100) + line_width)
    view = ViewTransform(scale, -3, 6)
    display, opacity = Display(), OPACITY
    frame = _frame(image, view, style, line_width=line_width)
    for _ in range(25):
        match int(rng.integers(0, 7)):
            case 0:
                view = view.moved(int(rng.integers(-40, 40)), int(rng.integers(-40, 40)))
                frame.set_view(view)
            case 1:
                display = Display(brightness=float(rng.uniform(-0.5, 0.5)))
                frame.set_display(display)
            case 2:
                opacity = float(rng.uniform(0.1, 0.9))
                frame._layer.set_style(CLASSES, opacity=opacity, style=style)
                frame.style_changed()
            case _:
                rect = _somewhere(rng, view)
                mask[rect.slices] = rng.choice(IDS)
                frame.mask_changed(rect)
                if rng.random() < 0.5:
                    continue
        frame.masked(mask)
    fresh = _frame(image, view, style, line_width=line_width, opacity=opacity)
    fresh.set_display(display)
    assert np.array_equal(_pixels(frame.masked(mask)), _pixels(fresh.masked(mask)))
    assert np.array_equal(_pixels(frame.bare()), _pixels(fresh.bare()))


def _somewhere(rng: np.random.Generator, view: ViewTransform) -> Rect:
    """Return a rectangle of the image, most of the time where it is in view."""
    seen = view.image_rect(Rect(0, 0, *SIZE), image=(480, 400))
    x, y = seen.x + int(rng.integers(0, max(1, seen.width))), seen.y + int(rng.integers(0, max(1, seen.height)))
    width, height = (int(rng.integers(1, max(2, side // 2))) for side in (seen.width, seen.height))
    return Rect(x, y, width, height).intersect(Rect(0, 0, 480, 400))


def test_classes_differ_by_their_hatching_alone() -> None:
    drawn = set()
    for class_id in range(1, 2 * PATTERNS + 1):
        ids = np.full((32, 32), class_id, dtype=np.uint8)
        lines = hatched_ids(ids, x=0, y=0, grain=1)
        assert set(np.unique(lines)) == {0, class_id}
        # Enough to be seen, and enough left free to see through.
        assert 0.1 < (lines > 0).mean() < 0.6
        drawn.add((lines > 0).tobytes())
    assert len(drawn) == 2 * PATTERNS
    assert pattern_of(1) == pattern_of(2 * PATTERNS + 1)


def test_a_hatching_lies_still_on_the_image() -> None:
    ids = np.random.default_rng(2).integers(0, 20, size=(60, 70), dtype=np.uint8)
    whole = hatched_ids(ids, x=-11, y=30, grain=2)
    part = hatched_ids(np.ascontiguousarray(ids[13:40, 21:66]), x=10, y=43, grain=2)
    assert np.array_equal(part, whole[13:40, 21:66])
