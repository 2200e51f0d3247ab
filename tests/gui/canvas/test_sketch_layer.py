"""What a tool wants drawn is drawn where it can be read."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from segtool.gui.canvas.sketch_layer import SketchLayer
from segtool.gui.tools.sketch import Sketch

AREA = QRectF(0, 0, 400, 300)


@pytest.mark.parametrize("place", [(390.0, 100.0), (398.0, 297.0), (100.0, 290.0), (-50.0, -20.0), (200.0, 150.0)])
def test_words_stay_on_the_canvas_and_off_the_pointer(qapp: QApplication, place: tuple[float, float]) -> None:
    layer = SketchLayer()
    sketch = Sketch(label="1234 × 987 px", label_at=place)
    layer.show(sketch, place=lambda x, y: QPointF(x, y), font=QFont(), area=AREA)
    assert AREA.contains(layer.label_box)
    assert not layer.label_box.contains(QPointF(*place))
