"""A line round what differs from another mask, in a colour that shows whatever the class. Owns no comparison."""

from __future__ import annotations

import numpy as np

from segstudio.canvas.overlay_layer import OverlayLayer, ReadLabels
from segstudio.canvas.overlay_level import Colors
from segstudio.services.theme import Role, color


class BorderLayer(OverlayLayer):
    """The borders of the areas where `read` gives 0, one pixel inside."""

    def __init__(self, width: int, height: int, read: ReadLabels) -> None:
        super().__init__(width, height, read, _line_color())
        self.set_outline(True)

    def follow_theme(self) -> None:
        """Take the colour of the theme in force."""
        self.set_colors(_line_color())


def _line_color() -> Colors:
    """(256,) uint32 0xAARRGGBB: that of text for 0, nothing for all else."""
    colors = np.zeros(256, dtype=np.uint32)
    colors[0] = color(Role.TEXT).rgba()
    return colors
