from __future__ import annotations

import numpy as np
import pytest

from segtool.core.classes import VOID, ClassInfo, ClassSet
from segtool.core.errors import MaskError
from segtool.core.palette import default_colour
from segtool.formats.preview import contact_sheet, display_rgb, overlay_rgb
from tests.formats.file_makers import noise

RED, BLUE = (250, 10, 20), (10, 30, 240)
CLASSES = ClassSet((ClassInfo(0, "background", (9, 9, 9)), ClassInfo(1, "cell", RED), ClassInfo(2, "wall", BLUE)))
GREY = np.full((20, 20), 100, np.uint8)


class TestDisplay:
    def test_eight_bits_are_shown_as_they_are(self) -> None:
        colour = noise((5, 7, 3), "u1")
        assert display_rgb(colour) is colour
        grey = noise((5, 7), "u1")
        np.testing.assert_array_equal(display_rgb(grey), np.dstack([grey] * 3))

    @pytest.mark.parametrize("dtype", ["u2", "f4"])
    def test_wide_values_fill_the_range(self, dtype: str) -> None:
        pixels = (np.arange(100 * 100).reshape(100, 100) + 3000).astype(dtype)
        shown = display_rgb(pixels)
        assert shown.dtype == np.uint8
        assert shown.shape == (100, 100, 3)
        assert (shown.min(), shown.max()) == (0, 255)
        assert abs(int(shown[50, 0, 0]) - 128) < 4
        assert (np.diff(shown[:, :, 0].ravel().astype(int)) >= 0).all()

    def test_hue_is_kept(self) -> None:
        pixels = noise((50, 50, 3), "u2", high=100)
        pixels[:, :, 0] += 40_000
        shown = display_rgb(pixels)
        assert shown[:, :, 0].min() > 250
        assert shown[:, :, 1:].max() < 3

    def test_all_bands_of_a_tall_image_share_one_range(self) -> None:
        pixels = np.repeat(np.linspace(0, 1, 1500, dtype=np.float32)[:, None], 3, axis=1)
        assert (np.diff(display_rgb(pixels)[:, 0, 0].astype(int)) >= 0).all()

    @pytest.mark.filterwarnings("error")
    def test_values_that_are_no_numbers(self) -> None:
        pixels = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
        pixels[0, :3] = np.nan, np.inf, -np.inf
        assert display_rgb(pixels)[0, :3, 0].tolist() == [0, 255, 0]
        assert display_rgb(np.full((4, 4), np.nan, np.float32)).max() == 0


class TestOverlay:
    def test_tint_outline_and_what_stays_clear(self) -> None:
        mask = np.zeros((20, 20), np.uint8)
        mask[5:15, 5:15] = 1
        mask[:3, :3] = VOID
        shown = overlay_rgb(GREY, mask, CLASSES, opacity=0.5)
        inside = np.zeros((20, 20), bool)
        inside[6:14, 6:14] = True
        outline = (mask == 1) & ~inside
        assert (shown[mask == 0] == 100).all()
        assert (shown[mask == VOID] == 100).all()
        assert (shown[outline] == RED).all()
        assert np.abs(shown[inside].astype(int) - (np.array(RED) + 100) / 2).max() <= 1

    def test_touching_classes_are_both_outlined_and_the_image_edge_is_not(self) -> None:
        mask = np.ones((20, 20), np.uint8)
        mask[:, 10:] = 2
        shown = overlay_rgb(GREY, mask, CLASSES, opacity=0)
        assert (shown[:, 9] == RED).all()
        assert (shown[:, 10] == BLUE).all()
        assert (shown[:, :9] == 100).all()
        assert (shown[:, 11:] == 100).all()

    def test_outlines_run_on_across_bands(self) -> None:
        mask = np.zeros((1300, 4), np.uint8)
        mask[511:513] = 1
        shown = overlay_rgb(np.full((1300, 4), 100, np.uint8), mask, CLASSES)
        assert (shown[511:513] == RED).all()
        assert (shown[[510, 513]] == 100).all()

    def test_an_id_without_a_class_is_seen(self) -> None:
        mask = np.full((20, 20), 37, np.uint8)
        assert (overlay_rgb(GREY, mask, CLASSES, opacity=1) == default_colour(37)).all()

    def test_wide_values_and_arguments_untouched(self) -> None:
        pixels, mask = noise((20, 20, 3), "u2", high=60_000), noise((20, 20), "u1", high=2)
        before = pixels.copy(), mask.copy()
        assert overlay_rgb(pixels, mask, CLASSES).shape == (20, 20, 3)
        eight_bit = noise((20, 20, 3), "u1")
        eight_bit.setflags(write=False)
        overlay_rgb(eight_bit, mask, CLASSES)
        np.testing.assert_array_equal(pixels, before[0])
        np.testing.assert_array_equal(mask, before[1])

    def test_sizes_must_agree(self) -> None:
        with pytest.raises(MaskError, match="20×10 and 20×20"):
            overlay_rgb(GREY, np.zeros((10, 20), np.uint8), CLASSES)


class TestContactSheet:
    @staticmethod
    def tile(colour: tuple[int, int, int], height: int = 30, width: int = 40) -> np.ndarray:
        return np.full((height, width, 3), colour, np.uint8)

    def test_tiles_lie_in_reading_order_and_keep_their_proportions(self) -> None:
        colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
        sheet = contact_sheet([(f"tile {i}", self.tile(colour)) for i, colour in enumerate(colours)], 2, 80)
        places = []
        for colour in colours:
            rows, columns = np.nonzero((sheet == colour).all(axis=2))
            assert [int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1] == [60, 80]
            places.append((rows.min(), columns.min()))
        assert places[0][0] == places[1][0] < places[2][0]
        assert places[0][1] == places[2][1] < places[1][1]

    def test_labels_are_drawn_below_and_stay_in_their_column(self) -> None:
        plain = contact_sheet([("", self.tile(RED)), ("", self.tile(RED))], 2, 80)
        labelled = contact_sheet([("a very long name of an image.png", self.tile(RED)), ("", self.tile(RED))], 2, 80)
        rows, columns = np.nonzero((plain != labelled).any(axis=2))
        assert rows.size > 50
        assert rows.min() >= 86
        assert columns.max() < 86

    def test_letters_that_the_font_lacks(self) -> None:
        one = contact_sheet([("é🔬\n", self.tile(RED))], 1, 80)
        np.testing.assert_array_equal(one, contact_sheet([("???", self.tile(RED))], 1, 80))

    @pytest.mark.parametrize(("height", "width"), [(2000, 1), (1, 2000), (700, 900), (1, 1)])
    def test_any_size_fits(self, height: int, width: int) -> None:
        sheet = contact_sheet([("x", self.tile(RED, height, width))], 4, 50)
        assert sheet.shape == (50 + 22 + 12, 50 + 12, 3)
        assert (sheet == RED).all(axis=2).any()

    @pytest.mark.parametrize(("count", "columns", "side"), [(0, 2, 50), (1, 0, 50), (1, 1, 0)])
    def test_nothing_to_lay_out(self, count: int, columns: int, side: int) -> None:
        with pytest.raises(ValueError, match="a sheet needs"):
            contact_sheet([("x", self.tile(RED))] * count, columns, side)
