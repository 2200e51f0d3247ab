"""The dialog that shows what a crash has kept from being saved, and lets a person bring it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from segtool.gui import theme
from segtool.gui.recovery_choice import ANSWERS, THUMBNAIL_SIDE, Answer, FoundChanges
from segtool.project.recovery import Fit, Recoverable

_WIDTH = 640
_ROWS_SHOWN = 4
_ROW_HEIGHT = THUMBNAIL_SIDE + 2 * theme.SPACE
_LONGEST = 60

_TEXTS = {
    Answer.RESTORE: "Restore",
    Answer.COPY: "Save as a copy",
    Answer.EXPORT: "Export the mask…",
    Answer.LATER: "Decide later",
    Answer.DISCARD: "Discard",
}


class RecoveryDialog(QDialog):
    """Shows a row for each image, the one that was changed last on top; Esc puts all of them off.

    Parameters
    ----------
    found : sequence of FoundChanges
    parent : QWidget, optional
    confirm_discard : callable
        Called with a number of images before any is discarded; answers whether to.
    """

    def __init__(
        self,
        found: Sequence[FoundChanges],
        parent: QWidget | None = None,
        *,
        confirm_discard: Callable[[int], bool],
    ) -> None:
        super().__init__(parent)
        self._confirm_discard = confirm_discard
        self.setWindowTitle("Recover unsaved changes")
        self.rows = [RecoveryRow(one) for one in found]
        images = len({one.item.key for one in found})
        of_what = "the mask of one image" if images == 1 else f"the masks of {images} images"
        head = QLabel(f"SegTool ended before the changes to {of_what} were saved.", wordWrap=True)
        note = QLabel("They were kept in a journal. What you restore is saved, and can be undone.", wordWrap=True)
        note.setForegroundRole(note.palette().ColorRole.PlaceholderText)
        self.buttons = QDialogButtonBox()
        self.discard_button = self.buttons.addButton("Discard all…", QDialogButtonBox.ButtonRole.ResetRole)
        self.later_button = self.buttons.addButton("Later", QDialogButtonBox.ButtonRole.RejectRole)
        self.accept_button: QPushButton = self.buttons.addButton("", QDialogButtonBox.ButtonRole.AcceptRole)
        self.accept_button.setDefault(True)
        self.later_button.setToolTip("Keep the journals; you are asked again when the folder is opened the next time")
        theme.strip_icons(self.buttons)
        self.discard_button.clicked.connect(self._discard_all)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(head)
        layout.addWidget(note)
        layout.addWidget(self._list_of_rows(), 1)
        layout.addSpacing(theme.SPACE)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(_WIDTH)
        self.resize(self.minimumSizeHint().expandedTo(QSize(_WIDTH, 0)))
        for row in self.rows:
            row.choice.currentIndexChanged.connect(self._name_button)
        self._name_button()
        self.accept_button.setFocus()

    def answers(self) -> list[Answer]:
        """Return what was chosen, in the order of what was found."""
        return [row.answer() for row in self.rows]

    def _list_of_rows(self) -> QWidget:
        inside = QWidget()
        down = QVBoxLayout(inside)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(0)
        width = max(row.choice.sizeHint().width() for row in self.rows)
        for row in reversed(self.rows):
            row.choice.setFixedWidth(width)
            down.addWidget(row)
        down.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setAccessibleName("Unsaved changes")
        area.setWidget(inside)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumHeight(min(len(self.rows), _ROWS_SHOWN) * _ROW_HEIGHT + 2 * area.frameWidth())
        return area

    def _name_button(self) -> None:
        is_plain = all(answer is Answer.RESTORE for answer in self.answers())
        self.accept_button.setText("Restore" if is_plain else "Continue")

    def _discard_all(self) -> None:
        for row in self.rows:
            row.choose(Answer.DISCARD)
        self._accept()

    def _accept(self) -> None:
        discarded = {row.key for row in self.rows if row.answer() is Answer.DISCARD}
        if not discarded or self._confirm_discard(len(discarded)):
            self.accept()
            return
        for row in self.rows:
            if row.answer() is Answer.DISCARD:
                row.choice.setCurrentIndex(0)


class RecoveryRow(QFrame):
    """One image: a picture, what was changed and when, what is the matter with it, and what to do."""

    def __init__(self, found: FoundChanges) -> None:
        super().__init__()
        item = found.item
        self.key = item.key
        picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        picture.setFixedSize(THUMBNAIL_SIDE, THUMBNAIL_SIDE)
        picture.setPixmap(_pixmap(found))
        name = _label(item.key)
        font = name.font()
        font.setBold(True)
        name.setFont(font)
        self.what = _label(f"{changes_text(item)}  ·  {time_text(item.when)}")
        self.note = _label(fit_text(item), wraps=True)
        self.note.setStyleSheet(f"color: {theme.colours().warning}")
        self.note.setVisible(bool(self.note.text()))
        self.choice = QComboBox()
        self.choice.setAccessibleName(f"What to do with {item.key}")
        for answer in ANSWERS[item.fit]:
            over = answer is Answer.RESTORE and item.fit is Fit.MASK_CHANGED
            self.choice.addItem("Restore over it" if over else _TEXTS[answer], answer)
        texts = QVBoxLayout()
        texts.setSpacing(theme.HALF_SPACE)
        texts.addStretch(1)
        for label in (name, self.what, self.note):
            texts.addWidget(label)
        texts.addStretch(1)
        across = QHBoxLayout(self)
        across.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        across.setSpacing(2 * theme.SPACE)
        across.addWidget(picture)
        across.addLayout(texts, 1)
        across.addWidget(self.choice, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName(f"{item.key}: {self.what.text()}. {self.note.text()}")

    def answer(self) -> Answer:
        """Return what is chosen."""
        return Answer(self.choice.currentData())

    def choose(self, answer: Answer) -> None:
        """Choose something that is offered."""
        self.choice.setCurrentIndex(self.choice.findData(answer))


def changes_text(item: Recoverable) -> str:
    """Return what was changed in a few words."""
    last = "an unfinished stroke" if item.is_painting else item.last.what or "an edit"
    last = last if len(last) <= _LONGEST else f"{last[:_LONGEST]}…"
    return last[:1].upper() + last[1:] if item.count == 1 else f"{item.count} changes, last: {last}"


def time_text(when: datetime) -> str:
    """Return a time as people say it, with the day unless that is today."""
    return f"today {when:%H:%M}" if when.date() == date.today() else f"{when:%Y-%m-%d %H:%M}"


def fit_text(item: Recoverable) -> str:
    """Return what is the matter with the image or its mask, as sentences; "" if nothing is."""
    damaged = "" if item.journal.is_whole else "The end of the journal is damaged: what came before is here."
    match item.fit:
        case Fit.FITS:
            return damaged
        case Fit.MASK_CHANGED:
            text = "The mask file is another one now: something else has changed it, or it is not there."
        case Fit.IMAGE_CHANGED:
            text = f"The image does not fit any more: {item.reason}."
        case Fit.IMAGE_GONE:
            text = "The image is not in the folder any more. It may have been renamed or moved."
    return f"{text} {damaged}".rstrip()


def _label(text: str, *, wraps: bool = False) -> QLabel:
    label = QLabel(text, wordWrap=wraps)
    label.setTextFormat(Qt.TextFormat.PlainText)
    # A long name must not make the dialog wider than the screen.
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    label.setToolTip(theme.plain_tip(text))
    return label


def _pixmap(found: FoundChanges) -> QPixmap:
    height, width = found.picture.shape[:2]
    image = QImage(found.picture.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    side = 2 * THUMBNAIL_SIDE
    pixmap = QPixmap.fromImage(image).scaled(
        side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    pixmap.setDevicePixelRatio(2.0)
    return pixmap
