"""Connects the tools that paint segments with the canvas: what is on the screen is divided while one is chosen."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from segstudio.actions import Actions
from segstudio.canvas.pyramid import level_for, reduced_box
from segstudio.core.geometry import Box
from segstudio.services.segmenter import SegmentedView, Segmenter
from segstudio.services.settings import SEGMENT_SIZE, Settings
from segstudio.tools import TOOLS
from segstudio.window_parts import WindowParts

MOST_PIXELS = 1_000_000
"""Of the reduced picture: SLIC takes half a second for so many."""
MARGIN = 1 / 8
"""Of what is on the screen, at each side: so far it may be moved without new segments."""
GRID = 64
"""Reduced pixels: parts begin on this grid, so that the segments of a view moved a little are nearly the same."""


class SuperpixelFlow(QObject):
    """Keeps the canvas' segments those of what it shows."""

    def __init__(self, parts: WindowParts, actions: Actions, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas = parts.canvas
        self._settings = settings
        self._tools = actions.tools
        self.segmenter = Segmenter(self)
        self.segmenter.changed.connect(self._canvas.set_segments)
        self._canvas.moved.connect(self._on_seen)
        settings.changed.connect(self._on_seen)
        for action in actions.tools.actions():
            action.toggled.connect(self._on_seen)

    def stop(self) -> None:
        """Wait for what is being worked on."""
        self.segmenter.stop()

    @Slot()
    def _on_seen(self) -> None:
        """Something else may be on the screen, or segments wanted of it."""
        chosen = self._tools.checkedAction()
        is_wanted = chosen is not None and TOOLS[chosen.data()].uses_segments
        self.segmenter.show(self._view() if is_wanted else None)
        # An image that is shown anew has lost them on the canvas, though they are still its own.
        self._canvas.set_segments(self.segmenter.segments)

    def _view(self) -> SegmentedView | None:
        canvas, document = self._canvas, self._canvas.document
        seen = canvas.seen_box
        image = canvas.scene.image
        if document is None or image is None or seen.is_empty:
            return None
        bounds = document.label_map.box
        part = seen.expanded(round(MARGIN * max(seen.width, seen.height))).intersection(bounds)
        level = level_for(canvas.zoom)
        while part.area >> 2 * level > MOST_PIXELS:
            level += 1
        pixels = canvas.scene.picture(level)
        if pixels is None:
            return None
        whole = Box.of_size(pixels.shape[1], pixels.shape[0])
        inner = _on_grid(reduced_box(part, level)).intersection(whole)
        size = replace(canvas.brush_size, value=self._settings.get(SEGMENT_SIZE)).on_image(canvas.zoom)
        return SegmentedView(image, pixels, inner, level, size, bounds, seen)


def _on_grid(part: Box) -> Box:
    return Box(part.x0 // GRID * GRID, part.y0 // GRID * GRID, -(-part.x1 // GRID) * GRID, -(-part.y1 // GRID) * GRID)
