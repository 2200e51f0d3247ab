"""How much two predictions differ, in numbers, and which of them agrees better with the person's mask."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from segtool.core.difference import Difference
from segtool.gui import theme
from segtool.gui.canvas.difference_layer import DIFFERENCE_COLOURS
from segtool.gui.card_sheet import text_label
from segtool.gui.history.compare_job import Compared

_LEGEND = {
    Difference.ONLY_FIRST: "only A",
    Difference.ONLY_SECOND: "only B",
    Difference.OTHER_CLASS: "another class",
}
_NO_SCORES = "Correct or approve the mask of this image to see which of the two is closer to it."
_ROW_LINES = 3


class CompareResult(QWidget):
    """The lines below a comparison."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.differing = text_label("")
        self.legend = text_label("", rich=True)
        self.legend.setVisible(False)
        self.no_scores = text_label(_NO_SCORES, muted=True)
        self.scores = QWidget()
        self.cells: dict[tuple[str, str], QLabel] = {}
        self._build()

    def show_compared(self, compared: Compared | None) -> None:
        """Show the numbers of a comparison, nothing without one."""
        self.differing.setText("" if compared is None else difference_text(compared))
        scores = None if compared is None else compared.scores
        self.scores.setVisible(scores is not None)
        self.no_scores.setVisible(compared is not None and scores is None)
        for side, item in zip("AB", scores or (), strict=False):
            self.cells[side, "F1"].setText(f"{item.f1:.3f}")
            self.cells[side, "IoU"].setText(f"{item.iou:.3f}")
        kinds = [kind for kind in _LEGEND if compared is not None and _can_be(kind, compared)]
        self.legend.setText(theme.swatches_html((_LEGEND[kind], DIFFERENCE_COLOURS[kind]) for kind in kinds))

    def show_legend(self, is_shown: bool) -> None:
        """Explain the colours of the difference, or not."""
        self.legend.setVisible(is_shown)

    def _build(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(theme.HALF_SPACE)
        left.addWidget(self.differing)
        left.addWidget(self.legend)
        left.addStretch(1)
        grid = QGridLayout(self.scores)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * theme.SPACE)
        grid.setVerticalSpacing(0)
        grid.addWidget(text_label("Agreement with your mask", muted=True, wrap=False), 0, 0)
        for column, name in enumerate(("F1", "IoU"), start=1):
            grid.addWidget(text_label(name, muted=True, wrap=False), 0, column, Qt.AlignmentFlag.AlignRight)
            for row, side in enumerate("AB", start=1):
                self.cells[side, name] = text_label("", wrap=False)
                grid.addWidget(self.cells[side, name], row, column, Qt.AlignmentFlag.AlignRight)
        for row, side in enumerate("AB", start=1):
            grid.addWidget(text_label(side, wrap=False), row, 0, Qt.AlignmentFlag.AlignRight)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(3 * theme.SPACE)
        across.addLayout(left, 1)
        across.addWidget(self.no_scores, 1, Qt.AlignmentFlag.AlignTop)
        across.addWidget(self.scores, 0, Qt.AlignmentFlag.AlignTop)
        # The views keep their size whether there are scores or not.
        self.setMinimumHeight(_ROW_LINES * self.fontMetrics().lineSpacing() + theme.HALF_SPACE)


def difference_text(compared: Compared) -> str:
    """Say on how many pixels two predictions differ."""
    if compared.differing == 0:
        return "The two predictions are the same on every pixel."
    share = 100 * compared.differing / compared.pixels
    percent = f"{share:.2f} %" if share >= 0.01 else "Less than 0.01 %"
    return f"{percent} of the pixels differ ({compared.differing:,} of {compared.pixels:,})."


def _can_be(kind: Difference, compared: Compared) -> bool:
    # With one class beside background there is no other one to take for it.
    return kind is not Difference.OTHER_CLASS or len(compared.classes) > 2
