from __future__ import annotations

from dataclasses import replace

import pytest

from segtool.gui.panels.preview_strip import PreviewStrip, picture_of
from tests.gui.training_fixtures import preview
from tests.model_fixtures import NUCLEI


def test_two_previews_are_shown_at_the_same_size(qtbot):
    strip = PreviewStrip()
    qtbot.addWidget(strip)
    strip.resize(300, 200)
    first, last = preview(0, columns=0), preview(50, columns=40)
    strip.show_previews(first, last, NUCLEI)
    assert strip.isVisible()
    assert strip.before.image.size() == strip.now.image.size()
    assert strip.now.accessibleName() == "3.png, step 50"
    strip.show_previews(None, None, NUCLEI)
    assert not strip.isVisible()


def test_the_mask_is_tinted_in_the_colour_of_its_class():
    picture = picture_of(preview(0, columns=30), NUCLEI)
    assert picture is not None
    assert (picture.width(), picture.height()) == (80, 40)
    tinted, edge, clear = (picture.pixelColor(x, 20) for x in (10, 29, 60))
    assert tinted.red() > tinted.blue() + 40
    assert edge.getRgb()[:3] == NUCLEI.classes[1].colour
    assert clear.getRgb()[:3] == (100, 100, 100)


@pytest.mark.parametrize(
    "change", [{"mask": "%%%"}, {"image": ""}, {"image": "AAAA"}, {"mask": preview(0, columns=0, side=8).mask}]
)
def test_a_preview_that_cannot_be_read_is_passed_over(qtbot, change):
    strip = PreviewStrip()
    qtbot.addWidget(strip)
    whole = preview(0, columns=30)
    strip.show_previews(whole, replace(whole, **change), NUCLEI)
    assert not strip.isVisible()
