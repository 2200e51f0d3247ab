"""The dialog in which a person says what the values of a mask mean."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from segtool.core.classes import VOID, ClassSet
from segtool.core.palette import Colour
from segtool.formats.mask_kinds import CLEAR, OTHERS, FoundValue, MaskKind, Table, nearest_of
from segtool.gui import theme
from segtool.gui.canvas.mask_layer import colour_of
from segtool.gui.dialogs.class_dialogs import NewClassDialog
from segtool.gui.mask_questions import ValuesAnswer
from segtool.project.mask_question import MaskQuestion

_OPEN, _NEW = -1, -2
_PREVIEW = 260
_ROWS_SHOWN = 8
_ROW_HEIGHT = 34
_SIZE = QSize(860, 480)


class MaskMappingDialog(QDialog):
    """Lists the values of a mask, each with the class that it is to become, and shows what comes of it.

    It cannot be accepted before every value means something.

    Parameters
    ----------
    question : MaskQuestion
        About a mask with values to map.
    classes : ClassSet
        Of the folder; more can be added here, and are part of the answer.
    parent : QWidget, optional
    """

    def __init__(self, question: MaskQuestion, classes: ClassSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert question.odd is not None
        self.setWindowTitle("What the values of the mask mean")
        self._odd, self._classes = question.odd, classes
        # As seen: the picture is small, and is made again at each choice.
        self._small = _reduced(question.odd.places)
        self.table = QTableWidget(len(self._odd.values), 3)
        self.boxes = [QComboBox() for _ in self._odd.values]
        self._chosen = [question.table.get(value.key, _OPEN) for value in self._odd.values]
        self.preview = QLabel(alignment=Qt.AlignmentFlag.AlignTop)
        self.preview.setAccessibleName("The mask as it will be")
        self.new_button = QPushButton("New classes for the rest", autoDefault=False)
        self.void_button = QPushButton("Void for the rest", autoDefault=False)
        self.near_button = QPushButton("Nearest colours for the rest", autoDefault=False)
        self.near_button.setVisible(self._odd.kind is MaskKind.COLOURS)
        self.number_button = QPushButton("By the numbers", autoDefault=False)
        self.number_button.setVisible(self._odd.kind is MaskKind.PALETTE)
        self.for_all = QCheckBox("The same for all such masks of this folder")
        self.for_all.setChecked(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.apply_button = self.buttons.addButton("Map the mask", QDialogButtonBox.ButtonRole.AcceptRole)
        theme.strip_icons(self.buttons)
        self._build()
        for row, box in enumerate(self.boxes):
            box.activated.connect(lambda _index, row=row: self._choose(row))
        self.new_button.clicked.connect(self._new_for_open)
        self.void_button.clicked.connect(lambda: self._fill_open([VOID] * len(self.boxes)))
        self.near_button.clicked.connect(self._take_nearest)
        self.number_button.clicked.connect(self._take_numbers)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._show_choices()
        self.resize(_SIZE)

    def answer(self) -> ValuesAnswer:
        """Return what the person has said."""
        return ValuesAnswer(self._mapping(), self._classes, self.for_all.isChecked())

    def _mapping(self) -> Table:
        values = zip(self._odd.values, self._chosen, strict=True)
        return {value.key: chosen for value, chosen in values if chosen != _OPEN}

    def _build(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(theme.SPACE)
        left.addWidget(self.table, 1)
        fill = QHBoxLayout()
        fill.setSpacing(theme.SPACE)
        fill.addWidget(self.new_button)
        fill.addWidget(self.void_button)
        fill.addWidget(self.near_button)
        fill.addWidget(self.number_button)
        fill.addStretch(1)
        left.addLayout(fill)
        right = QVBoxLayout()
        right.setSpacing(theme.SPACE)
        caption = QLabel("The mask as it will be")
        right.addWidget(caption)
        right.addWidget(self.preview, 0, Qt.AlignmentFlag.AlignTop)
        right.addStretch(1)
        across = QHBoxLayout()
        across.setSpacing(2 * theme.SPACE)
        across.addLayout(left, 1)
        across.addLayout(right)
        layout = QVBoxLayout(self)
        layout.setSpacing(2 * theme.SPACE)
        layout.addWidget(_wrapped(_intro(self._odd.kind)))
        layout.addLayout(across, 1)
        if self._odd.inexact:
            share = 100 * self._odd.inexact / self._odd.places.size
            layout.addWidget(
                _wrapped(
                    f"{self._odd.inexact:,} pixels ({share:.1f} %) have yet other colours, probably of blurred borders."
                    " Each is taken for the nearest colour above."
                )
            )
        bottom = QHBoxLayout()
        bottom.addWidget(self.for_all)
        bottom.addStretch(1)
        bottom.addWidget(self.buttons)
        layout.addLayout(bottom)
        self.preview.setFixedSize(_PREVIEW, _PREVIEW)
        self._build_table()

    def _build_table(self) -> None:
        table, total = self.table, self._odd.places.size
        table.setAccessibleName("Values of the mask")
        table.setHorizontalHeaderLabels(["Value in the file", "Pixels", "Becomes"])
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        table.setShowGrid(False)
        table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.setMinimumHeight(min(_ROWS_SHOWN, len(self.boxes)) * _ROW_HEIGHT)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if (pixels_title := table.horizontalHeaderItem(1)) is not None:
            pixels_title.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for row, (value, box) in enumerate(zip(self._odd.values, self.boxes, strict=True)):
            name = QTableWidgetItem(_name(value))
            if value.colour is not None:
                name.setIcon(theme.swatch_icon(value.colour))
            pixels = QTableWidgetItem(f"{value.pixels:,}  ({100 * value.pixels / total:.1f} %)")
            pixels.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(row, 0, name)
            table.setItem(row, 1, pixels)
            box.setAccessibleName(f"What {_name(value)} becomes")
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            table.setCellWidget(row, 2, box)
        for column in (0, 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)

    # Choosing ----------------------------------------------------------------------------------

    def choose(self, row: int, class_id: int) -> None:
        """Let a value become a class of the answer's classes, or void."""
        self._chosen[row] = class_id
        self._show_choices()

    def _choose(self, row: int) -> None:
        chosen = int(self.boxes[row].currentData())
        if chosen != _NEW:
            self.choose(row, chosen)
            return
        dialog = NewClassDialog(self._classes, self)
        if dialog.exec():
            wanted = dialog.answer()
            self._classes = self._classes.with_added(wanted.name, colour=wanted.colour)
            chosen = self._classes.ids[-1] if (item := self._classes.named(wanted.name)) is None else item.id
            self._chosen[row] = chosen
        self._show_choices()

    def _new_for_open(self) -> None:
        ids = []
        for value, chosen in zip(self._odd.values, self._chosen, strict=True):
            if chosen != _OPEN:
                ids.append(chosen)
                continue
            name = f"value {value.key}" if value.colour is None else f"colour {value.key}"
            if self._classes.named(name) is None:
                self._classes = self._classes.with_added(name, colour=self._free_colour(value.colour))
            found = self._classes.named(name)
            assert found is not None
            ids.append(found.id)
        self._fill_open(ids)

    def _free_colour(self, wanted: Colour | None) -> Colour | None:
        taken = {item.colour for item in self._classes}
        return None if wanted is None or wanted in taken else wanted

    def _fill_open(self, ids: list[int]) -> None:
        self._chosen = [new if old == _OPEN else old for old, new in zip(self._chosen, ids, strict=True)]
        self._show_choices()

    def _take_nearest(self) -> None:
        """Let colours between others, as a blurred border has them, become what the nearest of those becomes."""
        chosen = {value: new for value, new in zip(self._odd.values, self._chosen, strict=True) if new != _OPEN}
        said = tuple(chosen)
        self._fill_open([chosen[nearest_of(value, said)] for value in self._odd.values])

    def _take_numbers(self) -> None:
        known = (*self._classes.ids, VOID)
        self._chosen = [_OPEN if value.index not in known else value.index for value in self._odd.values]
        self._show_choices()

    def _show_choices(self) -> None:
        for box, chosen in zip(self.boxes, self._chosen, strict=True):
            box.clear()
            if chosen == _OPEN:
                box.addItem("Choose…", _OPEN)
            for item in self._classes:
                box.addItem(theme.swatch_icon(item.colour), item.name, item.id)
            box.addItem(theme.swatch_icon(None), "void (unlabelled)", VOID)
            box.addItem("New class…", _NEW)
            box.setCurrentIndex(box.findData(chosen))
        is_open = _OPEN in self._chosen
        self.new_button.setEnabled(is_open)
        self.near_button.setEnabled(is_open and any(chosen != _OPEN for chosen in self._chosen))
        self.near_button.setToolTip("For borders that are blurred: say first what the full colours become")
        self.void_button.setEnabled(is_open)
        self.apply_button.setEnabled(not is_open)
        self.apply_button.setToolTip("Say first what each value becomes" if is_open else "")
        self._show_preview()

    def _show_preview(self) -> None:
        ground = theme.colours().base
        colours = np.zeros((256, 3), dtype=np.uint8)
        for place, chosen in enumerate(self._chosen):
            void = chosen in (_OPEN, VOID)
            colours[place] = _rgb(ground) if void else colour_of(self._classes, chosen)
        picture = np.ascontiguousarray(colours[self._small])
        height, width = self._small.shape
        image = QImage(picture.data, width, height, picture.strides[0], QImage.Format.Format_RGB888)
        pixmap = QPixmap.fromImage(image.copy())
        kept = Qt.AspectRatioMode.KeepAspectRatio
        self.preview.setPixmap(pixmap.scaled(_PREVIEW, _PREVIEW, kept, Qt.TransformationMode.FastTransformation))


def _reduced(places: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    step = max(1, -(-max(places.shape) // (2 * _PREVIEW)))
    return places[::step, ::step]


def _rgb(name: str) -> tuple[int, int, int]:
    return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)


def _wrapped(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _name(value: FoundValue) -> str:
    if value.key == OTHERS:
        return "every other number"
    if value.key == CLEAR:
        return "transparent"
    return value.key if value.index is None else f"{value.key}  (index {value.index})"


def _intro(kind: MaskKind) -> str:
    kept = "The file is kept beside the new one as a copy that ends in .bak."
    match kind:
        case MaskKind.TWO_VALUES:
            what = (
                "This mask holds nothing but 0 and 255. Many programs write 255 for what they have found; "
                "here it is void."
            )
        case MaskKind.WIDE:
            what = "This mask holds 16-bit numbers. Say which class each of them is."
        case MaskKind.COLOURS:
            what = "This mask holds colours. Say which class each of them is."
        case MaskKind.PALETTE:
            what = (
                "The colours of this mask are those of other classes than the numbers that stand for them. "
                "Say which class each of them is."
            )
    return f"{what} {kept}"
