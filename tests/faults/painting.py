"""Random work on the open mask of a session."""

from __future__ import annotations

import numpy as np

from segtool.core.geometry import Rect
from segtool.gui.session import Session


def random_box(rng: np.random.Generator, shape: tuple[int, int]) -> Rect:
    """Return a box inside a mask, at most half as wide and high."""
    height, width = shape
    x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
    return Rect(x, y, int(rng.integers(1, width // 2 + 2)), int(rng.integers(1, height // 2 + 2))).intersect(
        Rect(0, 0, width, height)
    )


def paint_at_random(session: Session, rng: np.random.Generator) -> None:
    """Paint one stroke of speckles, which compress badly, and make sure that it changes something."""
    document = session.document
    assert document is not None
    box = random_box(rng, document.mask.shape)
    assert session.begin_stroke("Stroke")
    session.paint(box, rng.random((box.height, box.width)) < 0.5, int(rng.integers(0, 2)))
    corner = Rect(box.x, box.y, 1, 1)
    session.paint(corner, np.array([[True]]), 1 if document.mask[box.y, box.x] != 1 else 0)
    session.end_stroke()
