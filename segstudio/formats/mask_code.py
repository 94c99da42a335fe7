"""What the values of a folder's masks mean: stored value or colour ↔ class index.

Owns the two-way mapping between raw masks and label maps. Exact both ways: a colour or value that no class has is
reported and never guessed at. It reads and writes no files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID, VOID_COLOR, ClassTable, Color
from segstudio.core.errors import InputError, SaveError, marked
from segstudio.core.label_map import label_counts
from segstudio.formats.mask_png import MaskForm, RawMask, UInt8Array, encode_grey, encode_palette, encode_rgb

BLACK: Color = (0, 0, 0)

_ROWS_OF_PIXELS = 1_000_000
_UNKNOWN = -1


class PaletteReading(Enum):
    """Which of a palette mask's two meanings counts."""

    COLOUR = "colour"
    INDEX = "index"


@dataclass(frozen=True)
class MaskCode:
    """How one folder's masks say which class a pixel has.

    Attributes:
        form: the form masks are written in (each is read in the form it has).
        classes: the class table.
        palette_reading: whether palette masks are read by colour or by index.
        labels_of_values: stored palette or grey value → label (class index or 255), for reading by index.
        labels_of_colors: colour → label, for RGB masks and palettes read by colour.
        palette: (256, 3) uint8, written into palette masks.
        void_color: what void is written as in RGB masks; None where no colour is free for it.
    """

    form: MaskForm
    classes: ClassTable
    palette_reading: PaletteReading
    labels_of_values: Mapping[int, int]
    labels_of_colors: Mapping[Color, int]
    palette: UInt8Array
    void_color: Color | None

    def decode(self, raw: RawMask, file: str) -> UInt8Array:
        """The label map (H, W) uint8 of `raw`; `file` names it in the error.

        Raises:
            InputError: a colour or value that no class has, with how many pixels have it.
        """
        if raw.form is MaskForm.RGB:
            return self._decode_colors(raw.values, file)
        counts = label_counts(raw.values)
        if raw.form is MaskForm.PALETTE and self.palette_reading is PaletteReading.COLOUR:
            assert raw.palette is not None
            table = _value_table(palette_labels(raw.palette, self.labels_of_colors))
            _refuse_unknown_palette_color(table, counts, raw.palette, file)
            return _looked_up(table, raw.values, counts)
        table = _value_table(self.labels_of_values)
        unknown = np.where(table == _UNKNOWN, counts, 0)
        if unknown.any():
            value = int(unknown.argmax())
            raise InputError(
                marked(
                    "{file} has {count} pixels of value {value}, which no class has: there are {classes} classes. "
                    "Correct the mask or add the missing class."
                ),
                file=file,
                count=int(unknown[value]),
                value=value,
                classes=len(self.classes),
            )
        return _looked_up(table, raw.values, counts)

    def encode(self, labels: UInt8Array, file: str) -> bytes:
        """PNG bytes of `labels` (H, W) in this folder's form; `decode` gives `labels` back bit for bit.

        Raises:
            SaveError: `labels` holds something that masks of this folder cannot say.
        """
        used = np.flatnonzero(label_counts(labels))
        if self.form is MaskForm.RGB:
            shown = [*self.classes.colors]
            known = {label for label, color in enumerate(shown) if self.labels_of_colors.get(color) == label}
            colors = np.zeros((256, 3), dtype=np.uint8)
            colors[: len(shown)] = np.array(shown, dtype=np.uint8).reshape(-1, 3)
            if self.void_color is not None:
                colors[VOID] = self.void_color
                known.add(VOID)
            self._refuse_unwritable(used, known, file)
            return encode_rgb(colors[labels])
        table = np.zeros(256, dtype=np.uint8)
        values = self.values_of_labels()
        self._refuse_unwritable(used, set(values), file)
        for label, value in values.items():
            table[label] = value
        stored = table[labels]
        return encode_palette(stored, self.palette) if self.form is MaskForm.PALETTE else encode_grey(stored)

    def values_of_labels(self) -> dict[int, int]:
        """Label → stored value, for palette and grey masks; of several values of one label, the smallest."""
        if self.form is MaskForm.PALETTE and self.palette_reading is PaletteReading.COLOUR:
            values = _smallest_values(palette_labels(self.palette, self.labels_of_colors))
            # Palettes are padded with black, which stands for void where no class is black.
            values[VOID] = VOID
            return values
        return _smallest_values(self.labels_of_values)

    def _refuse_unwritable(self, used: npt.NDArray[np.intp], known: set[int], file: str) -> None:
        unknown = [int(label) for label in used if label not in known]
        if not unknown:
            return
        if unknown[0] == VOID:
            raise SaveError(
                marked(
                    "{file} was not saved: the masks of this folder have no value for void. "
                    "Fill the rest with a class first."
                ),
                file=file,
            )
        if unknown[0] < len(self.classes):
            raise SaveError(
                marked(
                    '{file} was not saved: the class "{name}" shares its colour with another one, and the masks of '
                    "this folder tell classes by colour. Give it a colour of its own."
                ),
                file=file,
                name=self.classes.name_of(unknown[0]),
            )
        raise SaveError(
            marked("{file} was not saved: it uses class {label}, but there are only {classes} classes. Add the class."),
            file=file,
            label=unknown[0],
            classes=len(self.classes),
        )

    def _decode_colors(self, pixels: UInt8Array, file: str) -> UInt8Array:
        table, unknown = _color_table(tuple(self.labels_of_colors.items())), Counter[int]()
        labels = np.empty(pixels.shape[:2], dtype=np.uint8)
        rows = max(1, _ROWS_OF_PIXELS // pixels.shape[1])
        for top in range(0, pixels.shape[0], rows):  # four bytes a pixel are too many for all of a large mask
            packed = _packed(pixels[top : top + rows])
            decoded = table[packed]
            if (decoded == _UNKNOWN).any():
                found, counts = np.unique(packed[decoded == _UNKNOWN], return_counts=True)
                unknown.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
            labels[top : top + rows] = decoded
        if unknown:
            value, count = max(unknown.items(), key=lambda item: (item[1], -item[0]))
            raise _unknown_color(file, (value >> 16, value >> 8 & 255, value & 255), count, len(unknown) - 1)
        return labels


def palette_labels(palette: UInt8Array, labels_of_colors: Mapping[Color, int]) -> dict[int, int]:
    """Palette index → label, by the colours of `palette` (N, 3).

    Index 255 stays void whatever its colour is: writers pad palettes with black, which is often the background's.
    """
    labels = {}
    for index, (red, green, blue) in enumerate(palette.tolist()):
        label = labels_of_colors.get((red, green, blue))
        if label is not None:
            labels[index] = label
    labels[VOID] = VOID
    return labels


def color_labels(classes: ClassTable, void_color: Color | None = None) -> dict[Color, int]:
    """Colour → label of `classes`. Void is `void_color`, the VOC void colour, and black, where no class has them.

    A colour that two classes share is left out: it cannot say which of them is meant.
    """
    labels: dict[Color, int] = {BLACK: VOID, VOID_COLOR: VOID}
    if void_color is not None:
        labels[void_color] = VOID
    for index, color in enumerate(classes.colors):
        labels[color] = index
    shared = {color for color in classes.colors if classes.colors.count(color) > 1}
    return {color: label for color, label in labels.items() if color not in shared}


def _packed(pixels: UInt8Array) -> npt.NDArray[np.int32]:
    wide = pixels.astype(np.int32)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]


@lru_cache(maxsize=2)
def _color_table(items: tuple[tuple[Color, int], ...]) -> npt.NDArray[np.int16]:
    """A table over all 2²⁴ colours (32 MB): one gather a mask, however many classes there are."""
    table = np.full(1 << 24, _UNKNOWN, dtype=np.int16)
    for (red, green, blue), label in items:
        table[red << 16 | green << 8 | blue] = label
    return table


def _smallest_values(labels_of_values: Mapping[int, int]) -> dict[int, int]:
    values: dict[int, int] = {}
    for value, label in sorted(labels_of_values.items()):
        values.setdefault(label, value)
    return values


def _value_table(labels_of_values: Mapping[int, int]) -> npt.NDArray[np.int16]:
    table = np.full(256, _UNKNOWN, dtype=np.int16)
    for value, label in labels_of_values.items():
        table[value] = label
    return table


def _looked_up(table: npt.NDArray[np.int16], values: UInt8Array, counts: npt.NDArray[np.int64]) -> UInt8Array:
    """`values` by `table`, or themselves where all that occur stand for themselves."""
    used = np.flatnonzero(counts)
    return values if np.array_equal(table[used], used) else table.astype(np.uint8)[values]


def _refuse_unknown_palette_color(
    table: npt.NDArray[np.int16], counts: npt.NDArray[np.int64], palette: UInt8Array, file: str
) -> None:
    unknown = np.where(table == _UNKNOWN, counts, 0)
    if not unknown.any():
        return
    index = int(unknown.argmax())
    count, others = int(unknown[index]), int(np.count_nonzero(unknown)) - 1
    if index >= len(palette):
        raise InputError(
            marked("{file} has {count} pixels of value {value}, beyond its own palette. Replace the file."),
            file=file,
            count=count,
            value=index,
        )
    red, green, blue = palette[index].tolist()
    raise _unknown_color(file, (red, green, blue), count, others)


def _unknown_color(file: str, color: Color, count: int, others: int) -> InputError:
    rgb = ",".join(str(part) for part in color)
    if others:
        return InputError(
            marked(
                "{file} has {count} pixels of the colour {color}, which no class has, and {others} more unknown "
                "colours. Add them to labelmap.txt or correct the mask."
            ),
            file=file,
            count=count,
            color=rgb,
            others=others,
        )
    return InputError(
        marked(
            "{file} has {count} pixels of the colour {color}, which no class has. "
            "Add the colour to labelmap.txt or correct the mask."
        ),
        file=file,
        count=count,
        color=rgb,
    )
