"""Class tables in text files: CVAT's labelmap.txt, class_names.txt, labelme's labels.txt, and the VOC classes.

Owns parsing and writing these files' text. Which file of a folder counts, and what the masks say, is the project's
decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from segstudio.core.class_table import (
    BACKGROUND_NAMES,
    VOID,
    ClassInfo,
    ClassTable,
    Color,
    distinct_colors,
    voc_color,
)
from segstudio.core.errors import InputError, SegStudioError, marked

LABELMAP_TXT = "labelmap.txt"
CLASS_NAMES_TXT = "class_names.txt"
LABELS_TXT = "labels.txt"

VOID_NAMES = ("void", "ignore", "ignored", "__ignore__", "_ignore_", "__void__", "_void_")
"""A row of one of these names (any case) stands for void, which is not a class."""

VOC20_NAMES = (
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
"""Background and the 20 classes of Pascal VOC, in their order."""


class ClassSource(Enum):
    """Where a folder's class table comes from."""

    LABELMAP_TXT = "labelmap.txt"
    CLASS_NAMES_TXT = "class_names.txt"
    LABELS_TXT = "labels.txt"
    VOC20 = "the 20 VOC classes"
    VALUES = "the values found in the masks"
    NONE = "none"


@dataclass(frozen=True)
class ClassSheet:
    """A parsed class file.

    Attributes:
        classes: the class table, without the void row.
        source: the kind of file.
        rows: for each row of the file (row number = stored index) its label: a class index, or 255.
        void_color: the colour of the void row, where there is one.
        has_colors: whether the file gives the colours; else they are made up.
    """

    classes: ClassTable
    source: ClassSource
    rows: tuple[int, ...]
    void_color: Color | None
    has_colors: bool


def parse_labelmap(text: str, file: str) -> ClassSheet:
    """Parse CVAT's labelmap.txt: ``name:r,g,b:parts:actions``, one class a line, ``#`` starts a comment.

    A class without a colour gets one that no other has.

    Raises:
        InputError: a line that is not of this form, with its number; or no class at all.
    """
    names: list[str] = []
    colors: list[Color | None] = []
    for number, line in _lines(text):
        if line.startswith("#"):
            continue
        name, _, rest = line.partition(":")
        color, _, _ = rest.partition(":")
        if not name.strip():
            raise InputError(
                marked("{file}, line {line}: there is no class name before the first colon. Write name:r,g,b::"),
                file=file,
                line=number,
            )
        names.append(name.strip())
        colors.append(_parse_color(color, file, number) if color.strip() else None)
    return _sheet(names, colors, ClassSource.LABELMAP_TXT, file, has_colors=any(colors))


def parse_class_names(text: str, source: ClassSource, file: str) -> ClassSheet:
    """Parse class_names.txt or labels.txt: one name a line; the line number, from 0, is the index.

    A first line ``__ignore__`` stands for void and takes no index.

    Raises:
        InputError: an empty line between names, two equal names, or no name at all.
    """
    lines = [line.strip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if lines and lines[0] == "__ignore__":
        lines.pop(0)
    for number, line in enumerate(lines, start=1):
        if not line:
            raise InputError(
                marked(
                    "{file}: name number {line} is empty, so the classes after it cannot be counted. Give it a name."
                ),
                file=file,
                line=number,
            )
    return _sheet(lines, [None] * len(lines), source, file, has_colors=False)


def voc20_classes() -> ClassTable:
    """Background and the 20 VOC classes in the VOC colours."""
    return ClassTable.from_names(VOC20_NAMES, [voc_color(index) for index in range(len(VOC20_NAMES))])


def default_colors(names: Sequence[str]) -> list[Color]:
    """Colours for `names` where no file gives any: black for a background class, else distinct ones."""
    others = iter(distinct_colors(len(names)))
    return [(0, 0, 0) if name.lower() in BACKGROUND_NAMES else next(others) for name in names]


def labelmap_text(classes: ClassTable, void_row: int | None = None, void_color: Color | None = None) -> str:
    """labelmap.txt for `classes` (see `can_be_labelmap`), with a row for void as row `void_row` where given."""
    lines = [f"{info.name}:{_written(info.color)}::" for info in classes]
    if void_row is not None:
        lines.insert(void_row, f"void:{_written(void_color)}::")
    return "\n".join(["# label:color_rgb:parts:actions", *lines]) + "\n"


def class_names_text(classes: ClassTable) -> str:
    """class_names.txt for `classes`."""
    return "\n".join(classes.names) + "\n"


def can_be_labelmap(classes: ClassTable) -> bool:
    """Whether every name survives labelmap.txt: no colon in it, and it does not look like a comment or like void."""
    return not any(":" in name or name.startswith("#") or _is_void_name(name) for name in classes.names)


def _sheet(
    names: list[str], colors: list[Color | None], source: ClassSource, file: str, has_colors: bool
) -> ClassSheet:
    void_color: Color | None = None
    rows: list[int] = []
    kept: list[tuple[str, Color | None]] = []
    for name, color in zip(names, colors, strict=True):
        if source is ClassSource.LABELMAP_TXT and _is_void_name(name):
            rows.append(VOID)
            void_color = color
        else:
            rows.append(len(kept))
            kept.append((name, color))
    if not kept:
        raise InputError(marked("{file} names no class. Write one class a line, or remove the file."), file=file)
    made_up = default_colors([name for name, _ in kept])
    given = {color for _, color in kept if color is not None}
    spare = iter([color for color in [*made_up, *distinct_colors(256)] if color not in given])
    chosen = [
        color if color is not None else next(spare) if given else made_up[index]
        for index, (_, color) in enumerate(kept)
    ]
    try:
        classes = ClassTable(ClassInfo(name, color) for (name, _), color in zip(kept, chosen, strict=True))
    except SegStudioError as error:
        raise InputError(marked("{file}: {reason}"), file=file, reason=error.message) from error
    return ClassSheet(classes, source, tuple(rows), void_color, has_colors)


def _written(color: Color | None) -> str:
    return "" if color is None else ",".join(str(part) for part in color)


def _is_void_name(name: str) -> bool:
    return name.strip().lower() in VOID_NAMES


def _parse_color(text: str, file: str, number: int) -> Color:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 3 and all(part.isdecimal() and int(part) <= 255 for part in parts):
        red, green, blue = (int(part) for part in parts)
        return (red, green, blue)
    raise InputError(
        marked('{file}, line {line}: "{text}" is not a colour. Write three numbers from 0 to 255, like 128,64,0.'),
        file=file,
        line=number,
        text=text,
    )


def _lines(text: str) -> list[tuple[int, str]]:
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
