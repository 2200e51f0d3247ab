"""How a row of the list of edits is drawn: icon, name, and how many pixels it changed."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from segtool.gui import theme
from segtool.gui.panels.edit_list_model import Index, Role

_ICON = 16


class EditDelegate(QStyledItemDelegate):
    """Draws rows of one height; what is undone is greyed and slanted."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Return the size of a row: the same for all."""
        return QSize(0, max(option.fontMetrics.height(), _ICON) + theme.SPACE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a row."""
        painter.save()
        widget = option.widget
        widget.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, widget)
        is_done = bool(index.data(Role.IS_DONE))
        first, second = _inks(option, is_done=is_done)
        box = option.rect.adjusted(theme.SPACE, 0, -theme.SPACE, 0)
        if icon := str(index.data(Role.ICON)):
            place = QPoint(box.left(), box.center().y() - _ICON // 2 + 1)
            pixmap = theme.pixmap(icon, colour=second, side=_ICON, ratio=widget.devicePixelRatioF())
            painter.drawPixmap(place, pixmap)
        painter.setFont(theme.small_font(option.font))
        painter.setPen(QColor(second))
        pixels = str(index.data(Role.PIXELS))
        width = painter.fontMetrics().horizontalAdvance(pixels)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, pixels)
        font = option.font
        font.setItalic(not is_done)
        painter.setFont(font)
        painter.setPen(QColor(first))
        left = box.left() + _ICON + theme.SPACE
        room = QRect(left, box.top(), box.right() - left - width - theme.SPACE, box.height())
        name = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.restore()


def _inks(option: QStyleOptionViewItem, *, is_done: bool) -> tuple[str, str]:
    """Return the colours of the name and of the rest."""
    if option.state & QStyle.StateFlag.State_Selected:
        white = option.palette.color(QPalette.ColorRole.HighlightedText).name()
        return white, white
    colours = theme.colours()
    return (colours.text if is_done else colours.muted), colours.muted
