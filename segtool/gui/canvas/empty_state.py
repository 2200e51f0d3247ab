"""What the canvas says while there is no image to show."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from segtool.core.printable import printable
from segtool.gui.session import Session
from segtool.gui.theme import SPACE

_TITLE_COLOUR = QColor(222, 222, 222)
_HINT_COLOUR = QColor(174, 174, 174)
_WIDEST = 460


def empty_text(session: Session, *, failed_key: str) -> tuple[str, str]:
    """Return a title and a hint; ``failed_key`` is the image that could not be opened last, or empty."""
    if session.project is None:
        return "Open a folder of images", "Press Ctrl+O, or drop it here"
    if not session.project.entries:
        return "There are no images in this folder", "Open another one with Ctrl+O, or drop it here"
    if (opening := session.navigation.opening) is not None:
        return f"Opening {opening.text}…", "Press Esc to cancel"
    if reason := session.entry_reason(failed_key):
        return f"{printable(failed_key)} cannot be opened", reason
    return "No image is open", "Choose one in the list of images"


def paint_empty(painter: QPainter, area: QRectF, *, font: QFont, title: str, hint: str) -> None:
    """Write the two texts into the middle of an area, broken into lines where it is narrow."""
    heading = QFont(font)
    heading.setBold(True)
    flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
    width = max(1.0, min(_WIDEST, area.width() - 4 * SPACE))
    room = QRectF(0, 0, width, area.height())
    title_height = QFontMetricsF(heading).boundingRect(room, flags, title).height()
    hint_height = QFontMetricsF(font).boundingRect(room, flags, hint).height()
    left = area.center().x() - width / 2
    top = area.center().y() - (title_height + SPACE + hint_height) / 2
    painter.setFont(heading)
    painter.setPen(_TITLE_COLOUR)
    painter.drawText(QRectF(left, top, width, title_height), flags, title)
    painter.setFont(font)
    painter.setPen(_HINT_COLOUR)
    painter.drawText(QRectF(left, top + title_height + SPACE, width, hint_height), flags, hint)
