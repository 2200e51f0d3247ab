"""What a turn of the wheel or a swipe on a trackpad means."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QInputDevice, QWheelEvent

from segtool.gui.canvas.view_transform import STEPS_PER_OCTAVE

_NOTCH = 120
_PAN_PER_NOTCH = 80
_SWIPE_PER_OCTAVE = 240


@dataclass(frozen=True, slots=True)
class WheelZoom:
    """Zoom at the cursor: whole steps of the ladder, or a factor where the device is finer than that."""

    steps: int = 0
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class WheelPan:
    """Shift the image by logical pixels."""

    dx: float
    dy: float


def interpret(event: QWheelEvent) -> WheelZoom | WheelPan:
    """Tell what to do: the wheel zooms, with Ctrl too; Shift pans sideways; a swipe on a trackpad pans."""
    angle, swipe = event.angleDelta(), event.pixelDelta()
    modifiers = event.modifiers()
    is_swipe = not swipe.isNull() and (
        event.device().type() == QInputDevice.DeviceType.TouchPad or event.phase() != Qt.ScrollPhase.NoScrollPhase
    )
    if is_swipe and modifiers & Qt.KeyboardModifier.ControlModifier:
        return WheelZoom(factor=2 ** (swipe.y() / _SWIPE_PER_OCTAVE))
    if is_swipe:
        return WheelPan(swipe.x(), swipe.y())
    # Some systems turn the axis themselves when Shift or Alt is held.
    turn = angle.y() or angle.x()
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return WheelPan(turn / _NOTCH * _PAN_PER_NOTCH, 0)
    if angle.y() == 0 and not modifiers & Qt.KeyboardModifier.AltModifier:
        return WheelPan(angle.x() / _NOTCH * _PAN_PER_NOTCH, 0)
    if turn % _NOTCH == 0:
        return WheelZoom(steps=turn // _NOTCH)
    return WheelZoom(factor=2 ** (turn / _NOTCH / STEPS_PER_OCTAVE))
