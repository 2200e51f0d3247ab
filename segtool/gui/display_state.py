"""How images are shown and masks are drawn over them: what the person has set, for every image alike."""

from __future__ import annotations

from dataclasses import replace

from segtool.core.display import GAMMA_LIMITS, Channel, Display, MaskStyle, Range, WindowKind
from segtool.gui.session_signals import SessionSignals

MAX_OUTLINE = 3


class DisplayState:
    """The part of the session that is about the picture; every change emits ``display_changed``.

    Nothing of it touches an image, or what a model or a tool is given of one.

    Parameters
    ----------
    session : SessionSignals
        Tells of the changes.
    """

    def __init__(self, session: SessionSignals) -> None:
        self._session = session
        self._adjustments = Display()
        self._mask_style = MaskStyle.TINT
        self._outline_width = 1

    @property
    def adjustments(self) -> Display:
        """How images are shown."""
        return self._adjustments

    @property
    def is_adjusted(self) -> bool:
        """Whether images are shown otherwise than they are."""
        return self._adjustments != Display()

    @property
    def mask_style(self) -> MaskStyle:
        """How the mask is drawn."""
        return self._mask_style

    @property
    def outline_width(self) -> int:
        """How wide the outlines of the mask are, in logical pixels: 1…3."""
        return self._outline_width

    def set_brightness(self, brightness: float) -> None:
        """Make what is shown brighter or darker, -1…1; values outside are clipped, here and below."""
        self._set(replace(self._adjustments, brightness=min(max(brightness, -1.0), 1.0)))

    def set_contrast(self, contrast: float) -> None:
        """Give what is shown more or less contrast, -1…1."""
        self._set(replace(self._adjustments, contrast=min(max(contrast, -1.0), 1.0)))

    def set_gamma(self, gamma: float) -> None:
        """Make dark values brighter (above 1) or darker, 0.2…5."""
        low, high = GAMMA_LIMITS
        self._set(replace(self._adjustments, gamma=min(max(gamma, low), high)))

    def set_window(self, kind: WindowKind) -> None:
        """Choose which values become black and white; not FIXED, which is what `fix_window` does."""
        self._set(replace(self._adjustments, window=kind, fixed=None, fixed_for=""))

    def fix_window(self, window: Range, *, dtype: str) -> None:
        """Make these two values black and white in all images of a dtype, whatever is in them."""
        low, high = min(window), max(window)
        self._set(replace(self._adjustments, window=WindowKind.FIXED, fixed=(low, high), fixed_for=dtype))

    def set_channel(self, channel: Channel) -> None:
        """Show one channel of colour images, or all."""
        self._set(replace(self._adjustments, channel=channel))

    def set_inverted(self, inverted: bool) -> None:
        """Exchange black and white, or do not."""
        self._set(replace(self._adjustments, is_inverted=inverted))

    def reset(self) -> None:
        """Show images as they are."""
        self._set(Display())

    def set_mask_style(self, style: MaskStyle) -> None:
        """Draw the mask in another way."""
        if style is not self._mask_style:
            self._mask_style = style
            self._session.display_changed.emit()

    def set_outline_width(self, width: int) -> None:
        """Draw the outlines of the mask that wide."""
        width = min(max(width, 1), MAX_OUTLINE)
        if width != self._outline_width:
            self._outline_width = width
            self._session.display_changed.emit()

    def next_mask_style(self) -> None:
        """Draw the mask in the next of all ways."""
        self.set_mask_style(self._mask_style.next)

    def _set(self, adjustments: Display) -> None:
        if adjustments != self._adjustments:
            self._adjustments = adjustments
            self._session.display_changed.emit()
