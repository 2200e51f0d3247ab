"""The row of the Learning panel about a training that was broken off."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from segtool.gui import theme
from segtool.gui.training_control import TrainingControl
from segtool.gui.training_state import Phase


class UnfinishedRow(QWidget):
    """Says which run can be gone on with, and offers it; hidden while there is none or another one is under way."""

    def __init__(self, training: TrainingControl, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._training = training
        self.label = QLabel(wordWrap=True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.resume_button, self.discard_button = QPushButton("Resume"), QPushButton("Discard")
        self.resume_button.setToolTip("Go on from the last epoch with the same settings")
        self.discard_button.setToolTip("Remove what was kept of this training")
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        buttons.addWidget(self.resume_button)
        buttons.addWidget(self.discard_button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.HALF_SPACE)
        layout.addWidget(self.label)
        layout.addLayout(buttons)
        unfinished = training.unfinished
        self.resume_button.clicked.connect(unfinished.resume)
        self.discard_button.clicked.connect(unfinished.discard)
        for changed in (unfinished.changed, training.state_changed):
            changed.connect(self._read)
        self._read()

    @Slot()
    def _read(self) -> None:
        unfinished = self._training.unfinished
        run = unfinished.run
        self.setVisible(run is not None and not self._training.is_running)
        self.label.setText(unfinished.text())
        # Above it stands how the run has ended just now.
        self.label.setVisible(self._training.state.phase not in (Phase.FAILED, Phase.CANCELLED))
        self.resume_button.setVisible(run is not None and not run.problem)
