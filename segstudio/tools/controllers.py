"""Controllers: how pointer positions become the segments that a brush sweeps. They own no pixels and no label."""

from __future__ import annotations

import weakref

from segstudio.core.document import Document
from segstudio.core.raster import Point

Segment = tuple[Point, Point]


class StrokeController:
    """Freehand by default; with Shift held at the press, a straight line from where the last stroke ended.

    A line is drawn at the release, so that it can be aimed while the button is down.
    """

    def __init__(self) -> None:
        self._last_end: Point | None = None
        self._document: weakref.ref[Document] | None = None
        self._anchor: Point | None = None
        self._previous: Point | None = None

    @property
    def is_line(self) -> bool:
        """Whether the stroke being made is a straight line."""
        return self._anchor is not None

    def line_start(self, document: Document) -> Point | None:
        """Where a straight line in `document` would start; None where there was no stroke in it yet."""
        return self._last_end if self._document is not None and self._document() is document else None

    def press(self, point: Point, straight: bool, document: Document) -> Segment | None:
        """Begin; the segment to paint at once, or None for a line, which waits for its end."""
        self._anchor = (self.line_start(document) or point) if straight else None
        self._previous = point
        return None if straight else (point, point)

    def move(self, point: Point) -> Segment | None:
        """Go on to `point`; the segment to paint, or None where nothing is to be painted yet."""
        start = self._previous
        self._previous = point
        return None if self.is_line or start is None or start == point else (start, point)

    def aim(self, point: Point, straight: bool, document: Document) -> Segment:
        """What a press (or, for a line being drawn, a release) at `point` would paint."""
        start = self._anchor
        if start is None and straight and self._previous is None:
            start = self.line_start(document)
        return (start or point, point)

    def release(self, point: Point, document: Document) -> Segment | None:
        """End at `point`; the last segment to paint."""
        segment = (self._anchor, point) if self._anchor is not None else self.move(point)
        self._last_end = point
        self._document = weakref.ref(document)
        self.cancel()
        return segment

    def cancel(self) -> None:
        """Forget the stroke being made; the end of the one before it stays."""
        self._anchor = None
        self._previous = None
