"""Integer pixel boxes. Nothing here knows what the pixels mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """The pixels with x0 ≤ x < x1 and y0 ≤ y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def of_size(cls, width: int, height: int) -> Box:
        """The box of a whole image."""
        return cls(0, 0, width, height)

    @property
    def width(self) -> int:
        """In pixels; 0 where the box is empty."""
        return max(0, self.x1 - self.x0)

    @property
    def height(self) -> int:
        """In pixels; 0 where the box is empty."""
        return max(0, self.y1 - self.y0)

    @property
    def area(self) -> int:
        """In pixels."""
        return self.width * self.height

    @property
    def is_empty(self) -> bool:
        """Whether the box holds no pixel."""
        return self.x1 <= self.x0 or self.y1 <= self.y0

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns), for indexing a (height, width) array."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def intersection(self, other: Box) -> Box:
        """The pixels in both; an empty box where there are none."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Box(x0, y0, max(x0, min(self.x1, other.x1)), max(y0, min(self.y1, other.y1)))

    def union(self, other: Box) -> Box:
        """The smallest box that holds both; an empty box adds nothing."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    def expanded(self, margin: int) -> Box:
        """The box grown by `margin` pixels on every side."""
        return Box(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def translated(self, dx: int, dy: int) -> Box:
        """The box moved by (dx, dy) pixels."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)


EMPTY_BOX = Box(0, 0, 0, 0)
