from __future__ import annotations

from segtool.core.classes import ClassInfo, ClassSet, match_classes

BACKGROUND = ClassInfo(0, "background", (120, 120, 120))
ORANGE, BLUE = (230, 159, 0), (86, 180, 233)


def test_a_class_that_is_added_keeps_its_colour_if_that_is_free() -> None:
    source = ClassSet((BACKGROUND, ClassInfo(1, "nucleus", BLUE)))
    merged, table = match_classes(source, ClassSet((BACKGROUND, ClassInfo(1, "debris", ORANGE))))
    assert merged.get(2) == ClassInfo(2, "nucleus", BLUE)
    assert table[:2].tolist() == [0, 2]


def test_a_class_that_is_added_never_looks_like_another() -> None:
    source = ClassSet((BACKGROUND, ClassInfo(1, "nucleus", ORANGE)))
    # The colour that id 2 would get by default is taken too.
    target = ClassSet((BACKGROUND, ClassInfo(1, "debris", ORANGE), ClassInfo(3, "dust", BLUE)))
    merged, _ = match_classes(source, target)
    assert merged.named("nucleus") is not None
    assert len({item.colour for item in merged}) == 4
