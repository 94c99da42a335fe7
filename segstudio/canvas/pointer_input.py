"""From Qt's input events to what the canvas understands: positions, modifiers, wheel steps. Owns no state."""

from __future__ import annotations

import sys
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QInputDevice, QWheelEvent

from segstudio.tools import Modifiers

_STEP = 120.0
"""A notch of a mouse wheel (QWheelEvent::angleDelta)."""

_ZOOM_PER_NOTCH = 1.25


class WheelUse(Enum):
    """What a turn of the wheel is for."""

    ZOOM = auto()
    PAN = auto()
    BRUSH_SIZE = auto()
    NONE = auto()


def modifiers_of(keys: Qt.KeyboardModifier) -> Modifiers:
    """The tools' modifiers among Qt's."""
    table = {
        Qt.KeyboardModifier.ShiftModifier: Modifiers.SHIFT,
        Qt.KeyboardModifier.ControlModifier: Modifiers.CTRL,
        Qt.KeyboardModifier.AltModifier: Modifiers.ALT,
    }
    found = Modifiers.NONE
    for key, modifier in table.items():
        if keys & key:
            found |= modifier
    return found


def wheel_use(event: QWheelEvent) -> WheelUse:
    """Ctrl sizes the brush; two fingers on a touchpad pan; a mouse wheel zooms."""
    if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        if event.phase() is Qt.ScrollPhase.ScrollMomentum:
            return WheelUse.NONE  # the fingers let go of a pan; Ctrl is pressed for something else
        return WheelUse.ZOOM if _is_pinch() else WheelUse.BRUSH_SIZE
    is_touchpad = event.pointingDevice().type() is QInputDevice.DeviceType.TouchPad
    return WheelUse.PAN if is_touchpad or not event.pixelDelta().isNull() else WheelUse.ZOOM


def _is_pinch() -> bool:
    """Whether nobody holds the Ctrl of a wheel event: so Windows tells of a pinch on a touchpad."""
    is_held = QGuiApplication.queryKeyboardModifiers() & Qt.KeyboardModifier.ControlModifier
    return sys.platform == "win32" and not is_held


def wheel_notches(event: QWheelEvent) -> float:
    """Notches turned away from the person; Alt swaps the axes on some desktops, hence both."""
    angle = event.angleDelta()
    return (angle.y() or angle.x()) / _STEP


def wheel_zoom(event: QWheelEvent) -> float:
    """The factor to zoom by."""
    return float(_ZOOM_PER_NOTCH ** wheel_notches(event))


def wheel_pan(event: QWheelEvent) -> QPointF:
    """How far to pan, in view pixels."""
    if not event.pixelDelta().isNull():
        return QPointF(event.pixelDelta())
    return QPointF(event.angleDelta()) / 2


def dropped_files(mime: QMimeData) -> list[Path]:
    """The local files and folders that are dragged in."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
