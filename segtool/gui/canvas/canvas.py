"""The canvas: the open image under its tinted, outlined mask, for the tools to work on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QWidget

from segtool.core.classes import VOID
from segtool.core.display import MaskStyle
from segtool.core.geometry import Rect
from segtool.gui.canvas.around import Around
from segtool.gui.canvas.brush_outline import brush_outline, outline_bounds, paint_outline
from segtool.gui.canvas.canvas_input import CanvasInput
from segtool.gui.canvas.empty_state import empty_text, paint_empty
from segtool.gui.canvas.hover import HoverInfo, hover_info
from segtool.gui.canvas.image_view import ImageView
from segtool.gui.canvas.mask_layer import colour_of
from segtool.gui.canvas.sketch_layer import SketchLayer
from segtool.gui.session import Session

__all__ = ["Canvas", "HoverInfo"]


class Canvas(ImageView):
    """Shows what the session has open and hands strokes to its tools.

    Space held: dragging moves the image. H held: the mask and all else over the image is hidden. J held: another mask
    is shown in its place, and nothing can be painted.

    Parameters
    ----------
    session : Session
        Read by painting, called by tools.
    parent : QWidget, optional
        Owner.

    Signals
    -------
    hovered(object)
        What is under the pointer has changed: a HoverInfo, or None beside the image.
    """

    hovered = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        self._session = session
        self._input = CanvasInput(session, self)
        self._pointer: QPointF | None = None
        self._outline: QPainterPath | None = None
        self._sketch = SketchLayer()
        self._hover: HoverInfo | None = None
        self._is_mask_held_back = False
        self._failed_key = ""
        super().__init__(parent)
        self.setAccessibleName("Canvas")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setMinimumSize(160, 120)
        session.project_changed.connect(self._on_project)
        session.document_changed.connect(self._on_document)
        session.loading_changed.connect(self._on_loading)
        session.mask_changed.connect(self._on_mask)
        session.entries_changed.connect(self._on_entries)
        session.classes_changed.connect(self._on_style)
        session.tool_changed.connect(self._on_tool)
        session.display_changed.connect(self._on_display)
        session.active_class_changed.connect(self._refresh_tool)
        session.stroke_ended.connect(self._refresh_tool)
        session.overlay_changed.connect(self._on_tool)
        session.regions.looked_up.connect(self._refresh_tool)
        self._on_display()
        self._on_document()
        # After the canvas in every signal: it looks at what the canvas shows by then.
        self.around = Around(session, self)
        self.around.pointer_taken.connect(lambda: self.follow_pointer(None))

    def is_mask_shown(self) -> bool:
        """Tell whether the mask is painted."""
        return self._session.overlay_visible and not self._is_mask_held_back

    def draw_over(self, painter: QPainter, *, rect: Rect) -> None:
        """Draw what the session lays over the image, unless the key that hides the mask is held."""
        if not self._is_mask_held_back:
            self.around.draw_over(painter, rect=rect)

    # What the session says ---------------------------------------------------------------------

    def _on_project(self) -> None:
        self._failed_key = ""
        self.update()

    def _on_document(self) -> None:
        self._input.image_changed()
        document, pyramid = self._session.document, self._session.navigation.pyramid
        if document is None or pyramid is None:
            self.show_nothing()
        else:
            self.show_pyramid(document.entry.path, pyramid, document.mask)

    def _on_loading(self) -> None:
        # Without an image the canvas says which one is on its way.
        if not self.has_image:
            self.update()

    def _on_mask(self, rect: Rect) -> None:
        self.show_mask_change(rect)
        self._report_hover()

    def _on_entries(self, keys: frozenset[str]) -> None:
        failed = next((key for key in sorted(keys) if self._session.entry_reason(key)), "")
        if failed and self._session.document is None:
            self._failed_key = failed
            self.update()

    def _on_style(self) -> None:
        self._opacity, display = self._session.overlay_opacity, self._session.display
        # Areas that are filled are what has changed then.
        self._is_outlined = self._session.guidance.overlays.difference.is_on
        self.show_style(
            self._session.classes,
            opacity=self._opacity,
            style=MaskStyle.OUTLINE if self._is_outlined else display.mask_style,
            outline_width=display.outline_width,
        )

    def _on_display(self) -> None:
        self.show_display(self._session.display.adjustments)
        self._on_style()

    def _on_tool(self) -> None:
        self._input.tool_changed()
        is_outlined = self._session.guidance.overlays.difference.is_on
        if (self._opacity, self._is_outlined) != (self._session.overlay_opacity, is_outlined):
            self._on_style()
        # Whether the mask is shown may have changed: that costs no more than a copy.
        self.update()
        self._refresh_tool()

    # What the input asks for -------------------------------------------------------------------

    def hold_mask_back(self, hidden: bool) -> None:
        """Hide the mask for a while, or show it again as the session has it."""
        if hidden is not self._is_mask_held_back:
            self._is_mask_held_back = hidden
            self.update()

    def set_picked_from(self, on: bool) -> None:
        """Show a pointer that chooses in place of the tool, or the tool again."""
        super().set_picked_from(on)
        self._input.refresh_cursor()
        self._refresh_tool()

    def follow_pointer(self, pos: QPointF | None) -> None:
        """Take note of where the pointer is; None: it has left."""
        self._pointer = pos
        self.around.follow_pointer(pos)
        self._refresh_tool()
        self._report_hover()

    def view_changed(self) -> None:
        """Follow the navigator: everything is painted again."""
        super().view_changed()
        self._refresh_tool()
        self._report_hover()

    def _refresh_tool(self) -> None:
        """Put the outline of the brush where the pointer is, and show what the tool draws.

        Only what these leave and reach is painted again.
        """
        before, self._outline = self._outline, None
        outline = self._input.outline()
        if self._pointer is not None and outline is not None:
            self._outline = brush_outline(
                self.widget_to_image(self._pointer),
                diameter=outline.diameter,
                view=self.view,
                ratio=self.ratio,
                is_square=outline.is_square,
            )
        for path in (before, self._outline):
            if path is not None:
                self.update(outline_bounds(path))
        sketch, area = self._input.sketch(), QRectF(self.rect())
        for rect in self._sketch.show(sketch, place=self.image_to_widget, font=self.font(), area=area):
            self.update(rect)

    def _report_hover(self) -> None:
        document, info = self._session.document, None
        if document is not None and self._pointer is not None:
            info = hover_info(document, self.widget_to_image(self._pointer))
        if info != self._hover:
            self._hover = info
            self.hovered.emit(info)

    # Events ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the image and, over it, the outline of the brush or why there is no image."""
        super().paintEvent(event)
        outline = self._input.outline()
        painter = QPainter(self)
        if not self.has_image:
            title, hint = empty_text(self._session, failed_key=self._failed_key)
            paint_empty(painter, QRectF(self.rect()), font=self.font(), title=title, hint=hint)
            painter.end()
            return
        self._sketch.paint(painter, self._session.classes)
        if self._outline is not None and outline is not None:
            colour = colour_of(self._session.classes, outline.value)
            paint_outline(painter, self._outline, colour=colour, dashed=outline.value == VOID)
        self.around.paint(painter, is_bare=self._is_mask_held_back)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Take pinches, and held keys that are shortcuts elsewhere."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_at(event.position(), factor=1 + event.value())
            return True
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._input.wants_key(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Use the tool or drag the image."""
        event.setAccepted(self._input.press(event))
        self.follow_pointer(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Complete a shape, or take the second of two quick presses as a press."""
        event.setAccepted(self._input.double_press(event))
        self.follow_pointer(event.position())

    def tabletEvent(self, event: QTabletEvent) -> None:  # noqa: N802
        """Use a pen as a mouse that knows how hard it is pressed."""
        match event.type():
            case QEvent.Type.TabletPress:
                event.setAccepted(self._input.press(event))
            case QEvent.Type.TabletRelease:
                event.setAccepted(self._input.release(event))
            case _:
                self._input.move(event)
                event.accept()
        self.follow_pointer(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go on with what a press began."""
        self._input.move(event)
        self.follow_pointer(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """End what a press began."""
        event.setAccepted(self._input.release(event))
        self._refresh_tool()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom or pan."""
        event.setAccepted(self._input.wheel(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Act on held keys and Esc."""
        if not self._input.key_press(event):
            super().keyPressEvent(event)
        self._refresh_tool()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Act on keys let go."""
        if not self._input.key_release(event):
            super().keyReleaseEvent(event)
        self._refresh_tool()

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        """Take the keyboard, so that Space and H work; but never from a field that is being typed in."""
        super().enterEvent(event)
        if self.isActiveWindow() and not isinstance(QApplication.focusWidget(), QLineEdit | QAbstractSpinBox):
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take the outline of the brush away."""
        super().leaveEvent(event)
        self.follow_pointer(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Let go of held keys."""
        super().focusOutEvent(event)
        self._input.let_go()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Let go of everything."""
        super().hideEvent(event)
        self._input.let_go()
