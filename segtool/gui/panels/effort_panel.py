"""The panel about effort: what each image took, so that the person sees the work shrink."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from segtool.gui import theme
from segtool.gui.panels.plot_library import is_loaded
from segtool.gui.session import Session
from segtool.project.effort_summary import total_text, trend_text

if TYPE_CHECKING:
    from segtool.gui.panels.effort_plots import EffortPlots

_EMPTY = (
    "Here you will see the work shrink: the seconds, strokes and changed pixels of each image that you correct or "
    "approve, and how good its prediction was."
)
_LEAST_HEIGHT = 48


class EffortPanel(QScrollArea):
    """Shows what is recorded of the open folder; a click on a dot opens its image.

    Parameters
    ----------
    session : Session
        Has the record.
    export : QAction
        What the button below the plots does.
    """

    def __init__(self, session: Session, *, export: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.headline, self.total = _wrapped(), _wrapped()
        self.total.setFont(theme.small_font(self.total.font()))
        self.total.setForegroundRole(self.total.palette().ColorRole.PlaceholderText)
        self._plots: EffortPlots | None = None
        self._plots_place = QVBoxLayout()
        self.export_button = QPushButton("Export as CSV…")
        self.export_button.setToolTip("Write what each image took into a table for other programs")
        self.export_button.clicked.connect(export.trigger)
        self._content = QWidget()
        layout = QVBoxLayout(self._content)
        layout.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(self.headline)
        layout.addWidget(self.total)
        layout.addLayout(self._plots_place, 1)
        layout.addWidget(self.export_button, 0, Qt.AlignmentFlag.AlignLeft)
        # Takes the room that is left over while there are no plots.
        layout.addStretch()
        self.setWidget(self._content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        session.effort_changed.connect(self._read)
        self._read()

    @property
    def plots(self) -> EffortPlots:
        """The plots; made when they are first needed, because loading what draws them would delay the window."""
        if self._plots is None:
            from segtool.gui.panels.effort_plots import EffortPlots

            self._plots = EffortPlots()
            self._plots.hide()
            self._plots.picked.connect(self._session.open_image)
            self._plots_place.addWidget(self._plots)
        return self._plots

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size that the content wants, as far as a dock has room for it."""
        content = self._content.sizeHint()
        return QSize(max(280, content.width()), min(520, content.height()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return a height that leaves room for the other panels in a small window; the rest is scrolled to."""
        return QSize(super().minimumSizeHint().width(), _LEAST_HEIGHT)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Catch up with what has changed while the panel was hidden."""
        super().showEvent(event)
        self._read()

    @Slot()
    def _read(self) -> None:
        records = self._session.effort.records
        trend = trend_text(records)
        self.headline.setText(trend if records else _EMPTY)
        self.headline.setVisible(bool(trend) or not records)
        self.total.setText(total_text(records))
        self.total.setVisible(bool(records))
        # So that it is there when the panel is looked at.
        if self._plots is not None or (records and (is_loaded() or self.isVisible())):
            self.plots.setVisible(bool(records))
        self.export_button.setVisible(bool(records))
        # Thousands of dots need not be drawn for nobody.
        if self.isVisible() and self._plots is not None:
            self.plots.show_records(records)


def _wrapped() -> QLabel:
    label = QLabel(wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
