"""How a row of the image list is drawn: thumbnail, name, what is to be said of it, and the mark of its status."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from segtool.core.printable import printable
from segtool.gui import theme
from segtool.gui.panels.image_list_model import Index, Role, status_of
from segtool.gui.panels.thumbnails import SIDE, Thumbnails
from segtool.project.status import Status

_ROW_HEIGHT = SIDE + theme.SPACE
_MARK = 16
_DOT = 7


class ImageDelegate(QStyledItemDelegate):
    """Draws rows of one height."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._thumbnails = thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Return the size of a row: the same for all."""
        return QSize(0, _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a row."""
        painter.save()
        rect, widget = option.rect, option.widget
        widget.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, widget)
        reason = str(index.data(Role.REASON))
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        ink = _inks(option, selected=selected, greyed=bool(reason))
        thumb = QRect(rect.left() + theme.HALF_SPACE, rect.top() + theme.HALF_SPACE, SIDE, SIDE)
        self._draw_thumbnail(painter, thumb, index, ink["second"])
        mark = QRect(rect.right() - theme.SPACE - _MARK, rect.center().y() - _MARK // 2, _MARK, _MARK)
        status = status_of(index)
        name = "unreadable" if reason else status.value
        colour = ink["second"] if selected or reason else _status_colour(status)
        ratio = widget.devicePixelRatioF()
        painter.drawPixmap(mark.topLeft(), theme.pixmap(name, colour=colour, side=_MARK, ratio=ratio))
        text = QRect(thumb.right() + theme.SPACE, rect.top(), 0, rect.height())
        text.setRight(mark.left() - theme.SPACE)
        self._draw_text(painter, text, option, index, ink)
        painter.restore()

    def _draw_thumbnail(self, painter: QPainter, box: QRect, index: Index, ink: str) -> None:
        reason = index.data(Role.REASON)
        pixmap = None if reason else self._thumbnails.get(index.data(Role.PATH))
        if pixmap is None or pixmap.isNull():
            side = _MARK
            corner = QPoint(box.center().x() - side // 2, box.center().y() - side // 2)
            painter.drawPixmap(corner, theme.pixmap("images", colour=ink, side=side))
            return
        size = pixmap.deviceIndependentSize().toSize()
        place = QRect(QPoint(0, 0), size)
        place.moveCenter(box.center())
        painter.drawPixmap(place, pixmap)

    def _draw_text(
        self, painter: QPainter, box: QRect, option: QStyleOptionViewItem, index: Index, ink: dict[str, str]
    ) -> None:
        reason = str(index.data(Role.REASON))
        unsaved = bool(index.data(Role.UNSAVED))
        middle = box.center().y()
        first = QRect(box.left(), box.top() + theme.HALF_SPACE, box.width(), middle - box.top() - theme.HALF_SPACE)
        second = QRect(box.left(), middle, box.width(), box.bottom() - middle - theme.HALF_SPACE)
        painter.setFont(option.font)
        painter.setPen(QColor(ink["first"]))
        metrics = painter.fontMetrics()
        name = metrics.elidedText(
            printable(str(index.data())), Qt.TextElideMode.ElideMiddle, first.width() - (2 * _DOT if unsaved else 0)
        )
        painter.drawText(first, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        if unsaved:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(QColor(ink["first"]))
            painter.setPen(Qt.PenStyle.NoPen)
            left = first.left() + metrics.horizontalAdvance(name) + _DOT
            painter.drawEllipse(left, first.center().y() - _DOT // 2, _DOT, _DOT)
        painter.setFont(theme.small_font(option.font))
        painter.setPen(QColor(ink["second"]))
        # The mark at the end of the row says the status too; what is unusual is not to be cut off.
        told = "  ·  ".join(filter(None, (index.data(Role.NOTES), status_of(index).value, index.data(Role.UNSURE))))
        line = reason or f"{told[:1].upper()}{told[1:]}"
        line = painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, second.width())
        painter.drawText(second, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, line)


def _inks(option: QStyleOptionViewItem, *, selected: bool, greyed: bool) -> dict[str, str]:
    if selected:
        white = option.palette.color(QPalette.ColorRole.HighlightedText).name()
        return {"first": white, "second": white}
    colours = theme.colours()
    return {"first": colours.muted if greyed else colours.text, "second": colours.muted}


def _status_colour(status: Status) -> str:
    colours = theme.colours()
    return {
        Status.UNTOUCHED: colours.muted,
        Status.PREDICTED: colours.link,
        Status.CORRECTED: colours.warning,
        Status.APPROVED: colours.success,
    }[status]
