"""The class table: ordered names and colours of the classes of one folder.

Owns what a class index means. It knows nothing of files; reading and writing tables is `formats`' work.
Void (255) is not a class: it is never in the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from segstudio.core.errors import InputError, marked

VOID = 255
"""The label of a pixel that no class was given: ignored by loss, metrics and colouring."""

MAX_CLASSES = 255
"""Indices 0 to 254; 255 is void."""

BACKGROUND_NAMES = ("background", "_background_")

Color = tuple[int, int, int]


@dataclass(frozen=True)
class ClassInfo:
    """One class: its name, its RGB colour (each 0 to 255), and how the person works with it.

    `visible`: whether it is shown; `locked`: whether its pixels keep it, whatever is painted (see `Guard`).
    """

    name: str
    color: Color
    visible: bool = True
    locked: bool = False


class ClassTable(Sequence[ClassInfo]):
    """An immutable sequence of `ClassInfo`; the position is the class index.

    Raises:
        InputError: more than 255 classes, an empty name, or two classes of one name.
    """

    def __init__(self, classes: Iterable[ClassInfo]) -> None:
        self._classes = tuple(classes)
        if len(self._classes) > MAX_CLASSES:
            raise InputError(
                marked("{count} classes are too many: a mask can hold at most {most}."),
                count=len(self._classes),
                most=MAX_CLASSES,
            )
        seen: set[str] = set()
        for info in self._classes:
            if not info.name.strip():
                raise InputError(marked("A class has no name. Give every class a name."))
            if info.name in seen:
                raise InputError(marked('Two classes are called "{name}". Give each its own name.'), name=info.name)
            seen.add(info.name)

    @classmethod
    def from_names(cls, names: Sequence[str], colors: Sequence[Color] | None = None) -> ClassTable:
        """Classes called `names`, coloured by `colors` or, without them, by `distinct_colors`."""
        chosen = list(colors) if colors is not None else distinct_colors(len(names))
        return cls(ClassInfo(name, color) for name, color in zip(names, chosen, strict=True))

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # Sequence's overloads say it better
        return self._classes[index]

    def __len__(self) -> int:
        return len(self._classes)

    def __iter__(self) -> Iterator[ClassInfo]:
        return iter(self._classes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClassTable) and self._classes == other._classes

    def __hash__(self) -> int:
        return hash(self._classes)

    def __repr__(self) -> str:
        return f"ClassTable({list(self.names)!r})"

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in index order."""
        return tuple(info.name for info in self._classes)

    @property
    def colors(self) -> tuple[Color, ...]:
        """The RGB colours, in index order."""
        return tuple(info.color for info in self._classes)

    @property
    def background_index(self) -> int | None:
        """The index of the class that stands for "nothing else", or None where the table has none."""
        for index, info in enumerate(self._classes):
            if info.name.lower() in BACKGROUND_NAMES:
                return index
        return None

    @property
    def erase_value(self) -> int:
        """What the eraser paints: the background class where there is one, else void."""
        background = self.background_index
        return VOID if background is None else background

    def name_of(self, value: int) -> str:
        """The name of class `value`, "void" for 255, or "class N" beyond the table."""
        if value == VOID:
            return "void"
        return self._classes[value].name if value < len(self._classes) else f"class {value}"

    def index_of(self, name: str) -> int | None:
        """The index of the class called `name`, or None."""
        return self.names.index(name) if name in self.names else None

    def with_class(self, index: int, info: ClassInfo) -> ClassTable:
        """The same table with class `index` replaced."""
        return ClassTable([*self._classes[:index], info, *self._classes[index + 1 :]])

    def with_visible(self, index: int, visible: bool) -> ClassTable:
        """The same table with class `index` shown or hidden."""
        return self.with_class(index, replace(self._classes[index], visible=visible))

    def with_locked(self, index: int, locked: bool) -> ClassTable:
        """The same table with class `index` locked or not."""
        return self.with_class(index, replace(self._classes[index], locked=locked))

    def palette(self) -> npt.NDArray[np.uint8]:
        """(256, 3) uint8 RGB: the class colours, `distinct_colors` beyond the table, and void's colour at 255."""
        palette = np.array(distinct_colors(256), dtype=np.uint8)
        if self._classes:
            palette[: len(self._classes)] = self.colors
        palette[VOID] = VOID_COLOR
        return palette


VOID_COLOR: Color = (224, 224, 192)
"""The colour that the Pascal VOC palette gives index 255."""

# Okabe & Ito's eight colours (Color Universal Design, 2008, jfly.uni-koeln.de/color) without black, then further
# ones of alternating lightness, so that colour-blind people can tell neighbours in the list apart.
_BASE_COLORS: tuple[Color, ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (213, 94, 0),
    (240, 228, 66),
    (127, 60, 141),
    (17, 165, 121),
    (102, 102, 102),
    (165, 60, 60),
    (180, 200, 255),
)


def distinct_colors(count: int) -> list[Color]:
    """`count` colours that differ from each other: Okabe-Ito first, then the Pascal VOC colour map."""
    colors = list(_BASE_COLORS[:count])
    taken = set(colors)
    index = 1
    while len(colors) < count:
        color = voc_color(index)
        index += 1
        if color not in taken:
            taken.add(color)
            colors.append(color)
    return colors


def voc_color(index: int) -> Color:
    """Colour `index` (0 to 255) of the Pascal VOC colour map (VOCdevkit's ``VOClabelcolormap``)."""
    red = green = blue = 0
    bits = index % 256
    for shift in range(7, -1, -1):
        red |= (bits & 1) << shift
        green |= ((bits >> 1) & 1) << shift
        blue |= ((bits >> 2) & 1) << shift
        bits >>= 3
    return (red, green, blue)
