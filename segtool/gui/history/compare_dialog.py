"""The window in which two versions are compared on the open image."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from segtool.gui import theme
from segtool.gui.history.compare_result import CompareResult
from segtool.gui.history.compare_views import CompareMode, CompareViews
from segtool.gui.history.comparing import CompareStage
from segtool.gui.model_texts import entry_text
from segtool.gui.session import Session

_SIZE = (1100, 780)
_MODES = {
    CompareMode.SIDE_BY_SIDE: ("Side by side", "Both predictions next to each other"),
    CompareMode.WIPE: ("Wipe", "One over the other, with a divider to drag"),
    CompareMode.DIFFERENCE: ("Difference", "Only the pixels on which the two differ"),
}
_VIEWS, _STATUS = 0, 1
_BAR_WIDTH = 320


class CompareDialog(QDialog):
    """Shows what two models say of the open image, beside the window, which stays usable.

    It follows the open image. Nothing of the mask is changed. 1, 2 and 3 choose the way to look, ← and → move the
    divider, Esc closes.

    Parameters
    ----------
    session : Session
    parent : QWidget, optional
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle("Compare versions")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.first, self.second = _model_box("A"), _model_box("B")
        self.swap = QToolButton()
        self.swap.setText("⇄")
        self.swap.setToolTip("Swap A and B")
        self.swap.setAccessibleName("Swap A and B")
        self.modes = QButtonGroup(self)
        self.views = CompareViews()
        self.status = QLabel(wordWrap=True)
        self.status.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(_BAR_WIDTH)
        self.progress.setAccessibleName("Progress of the comparison")
        self.cancel_button, self.again_button = QPushButton("Stop"), QPushButton("Compare again")
        self.numbers = CompareResult()
        self.pages = QStackedWidget()
        self._build()
        self._connect()
        self.resize(*_SIZE)

    # Opening and closing -----------------------------------------------------------------------

    def compare(self, first: str, second: str) -> None:
        """Show the window and compare two models, by their names."""
        self._fill((first, second))
        self.show()
        self.raise_()
        self.activateWindow()
        self.views.setFocus()
        self._start()

    def done(self, result: int) -> None:
        """Give up what is under way and let go of the images whichever way the window is closed."""
        super().done(result)
        self._session.comparing.stop()
        self.views.show_nothing()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "pages"):
            self._read()

    # Building ----------------------------------------------------------------------------------

    def _build(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(theme.SPACE)
        top.addWidget(_side_label("&A", self.first))
        top.addWidget(self.first)
        top.addWidget(self.swap)
        top.addWidget(_side_label("&B", self.second))
        top.addWidget(self.second)
        top.addStretch(1)
        for mode, (text, tip) in _MODES.items():
            button = QRadioButton(text)
            button.setChecked(mode is self.views.mode)
            button.setToolTip(f"{tip} ({mode + 1})")
            self.modes.addButton(button, mode)
            top.addWidget(button)
        status = QWidget()
        down = QVBoxLayout(status)
        down.setSpacing(theme.SPACE)
        down.addStretch(1)
        down.addWidget(self.status)
        for widget in (self.progress, self.cancel_button, self.again_button):
            down.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        down.addStretch(1)
        self.pages.addWidget(self.views)
        self.pages.addWidget(status)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addLayout(top)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.numbers)
        self.cancel_button.setAutoDefault(False)
        self.again_button.setAutoDefault(False)

    def _connect(self) -> None:
        session = self._session
        self.first.activated.connect(self._start)
        self.second.activated.connect(self._start)
        self.swap.clicked.connect(self._swap)
        self.modes.idClicked.connect(lambda mode: self.set_mode(CompareMode(mode)))
        self.cancel_button.clicked.connect(session.comparing.cancel)
        self.again_button.clicked.connect(self._start)
        session.comparing.changed.connect(self._read)
        session.model_changed.connect(self._follow_models)
        session.tool_changed.connect(self._follow_look)
        session.display_changed.connect(self._follow_look)
        for mode in CompareMode:
            self._key(str(mode + 1), partial(self.set_mode, mode))
        self._key("Left", partial(self._step, -1))
        self._key("Right", partial(self._step, 1))
        for keys, action in (
            ("Ctrl+0", self.views.fit),
            ("Ctrl+1", self.views.actual_size),
            ("Ctrl++", partial(self.views.zoom, 1)),
            ("Ctrl+=", partial(self.views.zoom, 1)),
            ("Ctrl+-", partial(self.views.zoom, -1)),
        ):
            self._key(keys, action)

    def _key(self, keys: str, action: Callable[[], None]) -> None:
        QShortcut(QKeySequence(keys), self).activated.connect(action)

    # What the person does ----------------------------------------------------------------------

    def set_mode(self, mode: CompareMode) -> None:
        """Look at the two in another way."""
        self.modes.button(mode).setChecked(True)
        self.views.set_mode(mode)
        self.numbers.show_legend(mode is CompareMode.DIFFERENCE)

    def _step(self, steps: int) -> None:
        if self.views.mode is CompareMode.WIPE:
            self.views.wipe.step(steps)

    @Slot()
    def _start(self) -> None:
        first, second = self._names()
        if first and second:
            self._session.comparing.start(first, second, tta=self._session.averages_turns)

    @Slot()
    def _swap(self) -> None:
        first, second = self._names()
        self._fill((second, first))
        self._start()

    # What the session says ---------------------------------------------------------------------

    def _names(self) -> tuple[str, str]:
        return str(self.first.currentData() or ""), str(self.second.currentData() or "")

    def _fill(self, names: tuple[str, str]) -> None:
        for box, name in zip((self.first, self.second), names, strict=True):
            box.clear()
            for entry in self._session.models:
                box.addItem(entry_text(entry), entry.name)
            box.setCurrentIndex(box.findData(name))

    @Slot()
    def _follow_models(self) -> None:
        """Show the models that there are now; where one of the two is gone, two others are compared."""
        if not self.isVisible():
            return
        before = self._names()
        self._fill(before)
        if all(self._names()):
            self._read()
        elif proposed := self._session.comparing.proposed():
            self._fill(proposed)
            self._start()

    @Slot()
    def _follow_look(self) -> None:
        """Show image and masks as the canvas does."""
        compared, display = self._session.comparing.state.compared, self._session.display
        if compared is not None:
            opacity = self._session.overlay_opacity
            self.views.show_style(compared.classes, opacity=opacity, style=display.mask_style)
            self.views.show_display(display.adjustments)

    @Slot()
    def _read(self) -> None:
        state, document = self._session.comparing.state, self._session.document
        is_running, compared = state.stage is CompareStage.RUNNING, state.compared
        labels = {entry.name: entry.label for entry in self._session.models}
        if compared is not None and document is not None:
            names = (compared.sides[0].name, compared.sides[1].name)
            tags = [f"{side}  {labels.get(name, name)}" for side, name in zip("AB", names, strict=True)]
            self._follow_look()
            self.views.show_compared(compared, key=str(document.entry.path), tags=(tags[0], tags[1]))
        self.numbers.show_compared(compared)
        self.pages.setCurrentIndex(_STATUS if compared is None else _VIEWS)
        self.status.setText(f"{state.job.text or 'Comparing'}…" if is_running else state.reason)
        self.progress.setMaximum(state.job.total)
        self.progress.setValue(state.job.done)
        self.progress.setVisible(is_running)
        self.cancel_button.setVisible(is_running)
        self.again_button.setVisible(state.stage is CompareStage.STOPPED)
        of_image = "" if document is None else f": {theme.title_text(document.entry.key)}"
        self.setWindowTitle(f"Compare versions{of_image}")


def _model_box(side: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(f"Version {side}")
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    box.setMaximumWidth(300)
    return box


def _side_label(text: str, box: QComboBox) -> QLabel:
    label = QLabel(text)
    label.setBuddy(box)
    return label
