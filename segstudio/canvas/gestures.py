"""What the pointer does beyond plain clicks, as one table: the list of keys shows it beside the keys.

A gesture that is added anywhere in the window gets its row here. Fields such as ``{key[hold.pan]}`` stand for
the keys in use.
"""

from __future__ import annotations

from dataclasses import dataclass

from segstudio.core.errors import marked
from segstudio.services.key_map import Group


@dataclass(frozen=True)
class Gesture:
    """One row: where it is listed, what it does, and how it is made; marked strings."""

    group: Group
    title: str
    how: str


GESTURES: tuple[Gesture, ...] = (
    Gesture(Group.PAINTING, marked("Brush size"), marked("Ctrl and wheel, or right drag across")),
    Gesture(Group.PAINTING, marked("Straight line"), marked("Shift and click")),
    Gesture(Group.PAINTING, marked("Erase an area"), marked("Ctrl at its first click")),
    Gesture(Group.PAINTING, marked("Square, circle"), marked("Shift while drawing")),
    Gesture(Group.PAINTING, marked("Fill all of a label"), marked("Shift and click with Fill")),
    Gesture(Group.PAINTING, marked("Magic wand takes more, or less"), marked("Drag right, or left")),
    Gesture(Group.PAINTING, marked("Fill all that looks alike"), marked("Shift and click with Magic wand")),
    Gesture(Group.PAINTING, marked("Split along a straight line"), marked("Shift while drawing")),
    Gesture(Group.PAINTING, marked("Close a polygon"), marked("Double click, or its first corner")),
    Gesture(Group.PAINTING, marked("A straight piece of the outline"), marked("Shift with Scissors")),
    Gesture(Group.PAINTING, marked("Refine what was cut out"), marked("Drag its box again")),
    Gesture(Group.PAINTING, marked("Give up a stroke"), marked("Esc, or a second finger")),
    Gesture(Group.PAINTING, marked("Erase with a stylus"), marked("Its other end")),
    Gesture(Group.CLASSES, marked("Pick a class"), marked("Alt and click")),
    Gesture(Group.CLASSES, marked("Show or hide a class"), marked("Its eye, or Space in the list")),
    Gesture(Group.EDIT, marked("What can be done with a region"), marked("Right click")),
    Gesture(Group.VIEW, marked("Overlay opacity"), marked("Right drag up, or down")),
    Gesture(Group.VIEW, marked("Zoom"), marked("Wheel, pinch")),
    Gesture(Group.VIEW, marked("Pan"), marked("Middle button, two fingers")),
    Gesture(Group.VIEW, marked("Move by the minimap"), marked("Drag in it")),
    Gesture(Group.IMAGE, marked("Select several images"), marked("Ctrl or Shift and click")),
    Gesture(Group.FILE, marked("Open a folder"), marked("Drop it on the window")),
)
