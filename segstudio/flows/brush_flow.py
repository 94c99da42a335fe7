"""Connects the brush in the canvas' hand with the panel that shows it and with what is remembered of it. No logic."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Slot

from segstudio.actions import Actions
from segstudio.canvas.brush_size import SizeUnit
from segstudio.core.raster import BrushShape
from segstudio.services.settings import (
    BRUSH_ON_SCREEN,
    BRUSH_SIZE,
    BRUSH_SQUARE,
    PRESSURE_SIZES,
    SEGMENT_SIZE,
    Settings,
)
from segstudio.tools import TOOLS
from segstudio.window_parts import WindowParts


class BrushFlow(QObject):
    """One brush for all images: how large it is, in what, of which shape, and whether it follows the pressure.

    The tools that paint segments have a size of their own, which is shown and set where the brush's is.
    """

    def __init__(self, parts: WindowParts, actions: Actions, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._panel, self._canvas, self._settings = parts.brush, parts.canvas, settings
        self._size = BRUSH_SIZE
        self._apply_settings()
        self._panel.size_changed.connect(self._on_size_changed)
        self._panel.on_screen_changed.connect(self._on_unit_chosen)
        self._panel.shape_changed.connect(self._on_shape_changed)
        self._panel.pressure_changed.connect(self._on_pressure_chosen)
        self._canvas.brush_size_changed.connect(self._on_size_changed)
        self._canvas.zoom_changed.connect(self._show_covered)
        for action in actions.tools.actions():
            action.toggled.connect(partial(self._on_tool_toggled, action.data()))
        actions["brush_smaller"].triggered.connect(lambda: self._step(-1))
        actions["brush_larger"].triggered.connect(lambda: self._step(1))

    def _apply_settings(self) -> None:
        get, panel, canvas = self._settings.get, self._panel, self._canvas
        on_screen = get(BRUSH_ON_SCREEN)
        canvas.set_brush_unit(SizeUnit.SCREEN if on_screen else SizeUnit.IMAGE)
        canvas.set_brush_size(get(BRUSH_SIZE))
        panel.set_on_screen(on_screen)
        panel.set_size(get(BRUSH_SIZE))
        shape = BrushShape.SQUARE if get(BRUSH_SQUARE) else BrushShape.ROUND
        panel.set_shape(shape)
        canvas.set_brush_shape(shape)
        panel.set_pressure(get(PRESSURE_SIZES))
        canvas.set_pressure_sizes(get(PRESSURE_SIZES))
        self._show_covered()

    def _on_tool_toggled(self, tool_id: str, is_chosen: bool) -> None:
        """Show the size that the chosen tool has."""
        size = SEGMENT_SIZE if TOOLS[tool_id].uses_segments else BRUSH_SIZE
        if is_chosen and size is not self._size:
            self._size = size
            self._on_size_changed(self._settings.get(size))

    @Slot(int)
    def _on_size_changed(self, size: int) -> None:
        self._panel.set_size(size)
        self._canvas.set_brush_size(size)
        self._settings.set(self._size, size)
        self._show_covered()

    def _step(self, notches: int) -> None:
        self._on_size_changed(self._canvas.brush_size.stepped(notches).value)

    @Slot(bool)
    def _on_unit_chosen(self, on_screen: bool) -> None:
        self._canvas.set_brush_unit(SizeUnit.SCREEN if on_screen else SizeUnit.IMAGE)
        self._settings.set(BRUSH_ON_SCREEN, on_screen)
        self._on_size_changed(self._canvas.brush_size.value)

    @Slot()
    def _show_covered(self) -> None:
        """How large the brush is on the image and on the screen, which changes with the zoom."""
        zoom = self._canvas.zoom
        on_image = self._canvas.brush_size.on_image(zoom)
        self._panel.set_covered(on_image, max(1, round(on_image * zoom)))

    @Slot(object)
    def _on_shape_changed(self, shape: BrushShape) -> None:
        self._canvas.set_brush_shape(shape)
        self._settings.set(BRUSH_SQUARE, shape is BrushShape.SQUARE)

    @Slot(bool)
    def _on_pressure_chosen(self, sizes: bool) -> None:
        self._canvas.set_pressure_sizes(sizes)
        self._settings.set(PRESSURE_SIZES, sizes)
