"""What a person may have around and over the image: minimap, rulers, crosshair, one overlay with its legend."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter

from segtool.core.geometry import Rect
from segtool.gui.canvas.crosshair import crosshair_region, paint_crosshair
from segtool.gui.canvas.image_view import ImageView
from segtool.gui.canvas.legend import paint_tag
from segtool.gui.canvas.minimap import Minimap
from segtool.gui.canvas.overlay_layer import OverlayLayer
from segtool.gui.canvas.rulers import THICKNESS, Ruler
from segtool.gui.image_notes import notes_text
from segtool.gui.session import Session


class Around(QObject):
    """Puts them on a canvas and brings them up to date with the session's view options.

    Minimap and rulers are widgets of their own: the canvas is not painted under them, nor they when it is.

    Parameters
    ----------
    session : Session
    canvas : ImageView
        What they belong to.

    Signals
    -------
    pointer_taken()
        The pointer is over one of them now, and not over the canvas.
    """

    pointer_taken = Signal()

    def __init__(self, session: Session, canvas: ImageView) -> None:
        super().__init__(canvas)
        self._session, self._canvas = session, canvas
        self._overlays = session.guidance.overlays
        self._overlay = OverlayLayer(session)
        self._pointer: QPointF | None = None
        self.rulers = tuple(
            Ruler(canvas, orientation=item) for item in (Qt.Orientation.Vertical, Qt.Orientation.Horizontal)
        )
        self.minimap = Minimap(canvas)
        self.minimap.entered.connect(self.pointer_taken)
        for ruler in self.rulers:
            ruler.entered.connect(self.pointer_taken)
        session.tool_changed.connect(self._follow)
        session.display_changed.connect(self.minimap.show_image_anew)
        session.classes_changed.connect(self._follow)
        session.document_changed.connect(self._follow)
        session.mask_changed.connect(self._on_mask)
        session.uncertainty_changed.connect(self._on_uncertainty)
        session.overlay_changed.connect(self._on_overlay)
        self._overlays.difference.counted.connect(self._on_counted)
        self._follow()
        self._on_uncertainty()

    def follow_pointer(self, pos: QPointF | None) -> None:
        """Note where the pointer is over the canvas; None: it is elsewhere."""
        if self._session.view_options.crosshair:
            for place in (self._pointer, pos) if pos != self._pointer else ():
                if place is not None:
                    self._canvas.update(crosshair_region(place, self._canvas.size()))
        if (self._pointer is None) is not (pos is None) and self._notes():
            self._canvas.update()
        self._pointer = pos
        for ruler in self.rulers:
            ruler.mark(pos)

    def draw_over(self, painter: QPainter, *, rect: Rect) -> None:
        """Draw the overlay in a rectangle of screen pixels, in such pixels; not over another mask than the open one."""
        if self._overlays.flicker.shown is None:
            self._overlay.draw(painter, view=self._canvas.view, rect=rect)

    def paint(self, painter: QPainter, *, is_bare: bool) -> None:
        """Paint legend or tag, and the crosshair over everything else.

        Parameters
        ----------
        painter : QPainter
            Paints in logical pixels.
        is_bare : bool
            Whether the image is to be seen alone now.
        """
        area, flicker = self._free_area(), self._overlays.flicker
        if flicker.title:
            paint_tag(painter, QRectF(area), text=flicker.title)
        elif not is_bare:
            self._overlay.paint_legend(painter, QRectF(area), font=self._canvas.font())
            if self._pointer is None and (notes := self._notes()):
                # Out of the way of whoever works on the image: then the line below has them.
                paint_tag(painter, QRectF(area), text=notes)
        if self._session.view_options.crosshair and self._pointer is not None:
            paint_crosshair(painter, self._pointer, self._canvas.size())

    def _notes(self) -> str:
        document = self._session.document
        return "" if document is None else notes_text(document.image)

    def _free_area(self) -> QRect:
        """Return the part of the canvas that no ruler covers."""
        return self._canvas.rect().adjusted(self._canvas.inset, self._canvas.inset, 0, 0)

    @Slot()
    def _follow(self) -> None:
        options, has_image = self._session.view_options, self._canvas.has_image
        self._canvas.keep_view(options.keeps_view)
        shows_rulers = options.rulers and has_image
        for ruler in self.rulers:
            ruler.set_on(shows_rulers)
        if self._canvas.inset != (THICKNESS if shows_rulers else 0):
            self._canvas.set_inset(THICKNESS if shows_rulers else 0)
        opacity = self._session.overlay_opacity if self._session.overlay_visible else 0.0
        self.minimap.show_style(self._session.classes, opacity=opacity)
        self.minimap.set_on(options.minimap)

    @Slot(object)
    def _on_mask(self, _rect: Rect) -> None:
        self.minimap.note_mask_change()

    @Slot()
    def _on_overlay(self) -> None:
        self._canvas.show_other_mask(self._overlays.flicker.shown)

    @Slot()
    def _on_uncertainty(self) -> None:
        self._overlay.follow_model()
        self._canvas.update()

    @Slot()
    def _on_counted(self) -> None:
        self._canvas.update(self._overlay.legend_area(self._free_area()))
