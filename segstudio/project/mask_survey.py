"""A look at some of a folder's masks, and what it says about the form of all and the classes.

Owns the rules by which a folder's class table and mask code are chosen. It opens a bounded sample of the masks, so that
a folder of a hundred thousand opens as fast as one of a hundred; only where classes have to be made up out of colours
or of sparse values are all masks read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from segstudio.core.class_table import VOID, VOID_COLOR, ClassInfo, ClassTable, Color, distinct_colors, voc_color
from segstudio.core.errors import InputError
from segstudio.core.label_map import label_counts
from segstudio.formats.class_sources import ClassSheet, ClassSource, default_colors, voc20_classes
from segstudio.formats.mask_code import BLACK, MaskCode, PaletteReading, color_labels
from segstudio.formats.mask_png import MaskForm, RawMask, UInt8Array

SAMPLE_MASKS = 32
"""At most so many masks are read to learn a folder's form, evenly spaced over its names …"""

SAMPLE_PIXELS = 4_000_000
"""… and no further ones after so many pixels."""

_MAX_MADE_UP = 255
_ROWS_OF_PIXELS = 1_000_000
_WHITE: Color = (255, 255, 255)


@dataclass
class MaskSurvey:
    """What the masks read so far hold.

    Attributes:
        forms: how many masks have each form.
        values: the palette or grey values in use.
        colors: the colours in use, of RGB masks and of palette masks (index 255 left out).
        palettes: the palettes met, as (N, 3) uint8, each with the values used with it.
    """

    forms: Counter[MaskForm] = field(default_factory=Counter)
    values: set[int] = field(default_factory=set)
    colors: set[Color] = field(default_factory=set)
    palettes: list[tuple[UInt8Array, set[int]]] = field(default_factory=list)

    @property
    def form(self) -> MaskForm:
        """The form that most masks have; palette where there is none."""
        return self.forms.most_common(1)[0][0] if self.forms else MaskForm.PALETTE

    @property
    def is_binary(self) -> bool:
        """Whether only 0 and 255 are in use, both of them, and 255 is not coloured as void is in VOC palettes."""
        if self.values != {0, VOID} or self.form is MaskForm.RGB:
            return False
        return not any(len(rows) > VOID and tuple(rows[VOID].tolist()) == VOID_COLOR for rows, _ in self.palettes)

    def add(self, raw: RawMask) -> None:
        """Take one more mask into account."""
        self.forms[raw.form] += 1
        if raw.form is MaskForm.RGB:
            rows = max(1, _ROWS_OF_PIXELS // raw.values.shape[1])
            for top in range(0, raw.values.shape[0], rows):
                packed = raw.values[top : top + rows].astype(np.int32) @ np.array([65536, 256, 1], dtype=np.int32)
                for value in np.unique(packed).tolist():
                    self.colors.add((value >> 16, value >> 8 & 255, value & 255))
            return
        used = set(np.flatnonzero(label_counts(raw.values)).tolist())
        self.values |= used
        if raw.palette is not None:
            self.palettes.append((raw.palette, used))
            self.colors |= {_row(raw.palette, value) for value in used if value != VOID and value < len(raw.palette)}


def survey_masks(names: Sequence[str], read: Callable[[str], RawMask], whole: bool = False) -> MaskSurvey:
    """`read` a sample of the masks `names` (all where `whole`); masks that cannot be read are passed over."""
    survey = MaskSurvey()
    count = len(names) if whole else min(len(names), SAMPLE_MASKS)
    pixels = 0
    # Evenly spaced, the first included; rounding keeps them distinct because count ≤ len(names).
    for step in range(count):
        try:
            raw = read(names[step * len(names) // count])
        except InputError:
            continue
        survey.add(raw)
        pixels += raw.values.shape[0] * raw.values.shape[1]
        if not whole and pixels > SAMPLE_PIXELS:
            break
    return survey


def choose_code(
    sheet: ClassSheet | None, names: Sequence[str], read: Callable[[str], RawMask]
) -> tuple[MaskCode, ClassSource]:
    """The mask code of a folder with the class file `sheet` (or none) and masks `names`, each of which `read` gives.

    Without a class file: background and foreground where there is 0 and 255 alone; the VOC classes where all palette or
    RGB colours in use are VOC's (grey masks have no colours to tell by); else one class for each value or colour found.
    Values keep their numbers ("class 7" is index 7) unless they are sparse, then they are numbered in their order.
    """
    survey = survey_masks(names, read)
    if survey.is_binary and (sheet is None or len(sheet.classes) == 2):
        return _binary_code(sheet, survey), sheet.source if sheet else ClassSource.VALUES
    if sheet is not None:
        return _code_of_sheet(sheet, survey), sheet.source
    if not survey.forms:
        return code_of_classes(ClassTable([]), survey.form), ClassSource.NONE
    if _fits_voc20(survey):
        rows = tuple(range(len(voc20_classes())))
        voc = ClassSheet(voc20_classes(), ClassSource.VOC20, rows, VOID_COLOR, has_colors=True)
        return _code_of_sheet(voc, survey), ClassSource.VOC20
    return _made_up_code(survey, lambda: survey_masks(names, read, whole=True)), ClassSource.VALUES


def code_of_classes(classes: ClassTable, form: MaskForm) -> MaskCode:
    """The plain code: index = value, class colours as palette, 255 void."""
    return MaskCode(
        form=form,
        classes=classes,
        palette_reading=PaletteReading.INDEX,
        labels_of_values={**{index: index for index in range(len(classes))}, VOID: VOID},
        labels_of_colors=color_labels(classes),
        palette=classes.palette(),
        void_color=_void_color(color_labels(classes), VOID_COLOR, BLACK),
    )


def extended_code(code: MaskCode, classes: ClassTable) -> MaskCode:
    """`code` for `classes`, which keep the places of the classes it had and may have more, other names or colours."""
    plain = code_of_classes(classes, code.form)
    palette = code.palette.copy()
    if code.palette_reading is PaletteReading.COLOUR:
        _place_missing_colors(palette, classes)
    for index in range(len(classes)) if code.palette_reading is PaletteReading.INDEX else ():
        if index >= len(code.classes) or classes[index].color != code.classes[index].color:
            palette[index] = classes[index].color
    kept = {value: label for value, label in code.labels_of_values.items() if label == VOID or label < len(classes)}
    for index in range(len(code.classes), len(classes)):
        kept.setdefault(index, index)
    return MaskCode(
        form=code.form,
        classes=classes,
        palette_reading=code.palette_reading,
        labels_of_values=kept,
        labels_of_colors=plain.labels_of_colors,
        palette=palette,
        void_color=code.void_color if code.void_color not in classes.colors else plain.void_color,
    )


def is_plainly_numbered(code: MaskCode) -> bool:
    """Whether rows of a class file can stand for the masks' values: all but sparse ones, numbered in their order."""
    values = [value for value, label in code.labels_of_values.items() if label != VOID]
    # One more value than classes: a class file may have a row for void.
    return code.form is MaskForm.RGB or values == [0, VOID] or max(values, default=0) <= len(code.classes)


def _code_of_sheet(sheet: ClassSheet, survey: MaskSurvey) -> MaskCode:
    classes = sheet.classes if sheet.has_colors else _with_mask_colors(sheet.classes, survey)
    colors = color_labels(classes, sheet.void_color)
    by_color = sheet.has_colors and bool(survey.palettes) and len(set(classes.colors)) == len(classes)
    by_color = by_color and survey.colors <= colors.keys()
    palette = classes.palette()
    if survey.palettes:
        rows = survey.palettes[0][0]
        palette[: len(rows)] = rows
        if by_color:
            _place_missing_colors(palette, classes)
        else:
            palette[len(rows) : len(classes)] = classes.palette()[len(rows) : len(classes)]
    void_choices = (sheet.void_color, BLACK if BLACK in survey.colors else None, VOID_COLOR, BLACK)
    return MaskCode(
        form=survey.form,
        classes=classes,
        palette_reading=PaletteReading.COLOUR if by_color else PaletteReading.INDEX,
        labels_of_values={VOID: VOID, **dict(enumerate(sheet.rows))},
        labels_of_colors=colors,
        palette=palette,
        void_color=_void_color(colors, *void_choices),
    )


def _place_missing_colors(palette: UInt8Array, classes: ClassTable) -> None:
    """Give every class colour a row of `palette`: its own index if that is no class's, else the last free one."""
    taken = {_row(palette, index): index for index in range(VOID - 1, -1, -1)}
    owned = {taken[color] for color in classes.colors if color in taken}
    for index, color in enumerate(classes.colors):
        if color in taken:
            continue
        place = index if index not in owned else max(set(range(VOID)) - owned)
        palette[place] = color
        owned.add(place)


def _with_mask_colors(classes: ClassTable, survey: MaskSurvey) -> ClassTable:
    """`classes`, whose file gives no colours, in the colours that the masks show."""
    names = classes.names
    if survey.form is MaskForm.RGB:
        # Names alone cannot say which colour is whose; the VOC colour map is what writers of such folders use.
        return ClassTable.from_names(names, [voc_color(index) for index in range(len(names))])
    for rows, _ in survey.palettes[:1]:
        colors = [_row(rows, index) for index in range(min(len(names), len(rows)))]
        if len(colors) == len(names) == len(set(colors)):
            return ClassTable.from_names(names, colors)
    return ClassTable.from_names(names, default_colors(names))


def _binary_code(sheet: ClassSheet | None, survey: MaskSurvey) -> MaskCode:
    """0 is the first class and 255 the second; there is no value for void."""
    classes = sheet.classes if sheet else ClassTable.from_names(["background", "foreground"], [BLACK, (230, 159, 0)])
    palette = np.zeros((256, 3), dtype=np.uint8)
    palette[VOID] = _WHITE
    for rows, _ in survey.palettes[:1]:
        palette[: len(rows)] = rows
    return MaskCode(
        form=survey.form,
        classes=classes,
        palette_reading=PaletteReading.INDEX,
        labels_of_values={0: 0, VOID: 1},
        labels_of_colors=color_labels(classes),
        palette=palette,
        void_color=None,
    )


def _fits_voc20(survey: MaskSurvey) -> bool:
    voc = {voc_color(index): index for index in range(21)}
    if survey.form is MaskForm.RGB:
        return bool(survey.colors - {VOID_COLOR, BLACK}) and survey.colors <= {*voc, VOID_COLOR}
    return bool(survey.palettes) and all(
        value == VOID or (value <= 20 and value < len(rows) and _row(rows, value) == voc_color(value))
        for rows, used in survey.palettes
        for value in used
    )


def _made_up_code(survey: MaskSurvey, whole: Callable[[], MaskSurvey]) -> MaskCode:
    if survey.form is MaskForm.RGB:
        colors = sorted(whole().colors - {VOID_COLOR})[:_MAX_MADE_UP]
        white_on_black = colors == [BLACK, _WHITE]
        names = ["background", "foreground"] if white_on_black else [f"class {index}" for index in range(len(colors))]
        sheet = ClassSheet(
            ClassTable.from_names(names, colors), ClassSource.VALUES, tuple(range(len(colors))), VOID_COLOR, True
        )
        return _code_of_sheet(sheet, survey)
    values = sorted(survey.values - {VOID})
    sparse = bool(values) and values[-1] + 1 > 2 * len(values) + 16
    if sparse:
        survey = whole()
        values = sorted(survey.values - {VOID})
        labels_of_values = {value: index for index, value in enumerate(values)}
    else:
        values = list(range(values[-1] + 1)) if values else []
        labels_of_values = {value: value for value in values}
    palette = ClassTable([]).palette()
    for rows, _ in survey.palettes[:1]:
        palette[: len(rows)] = rows
    shown = [_row(palette, value) for value in values]
    colors = shown if survey.palettes and len(set(shown)) == len(shown) else distinct_colors(len(values))
    classes = ClassTable(ClassInfo(f"class {value}", color) for value, color in zip(values, colors, strict=True))
    return MaskCode(
        form=survey.form,
        classes=classes,
        palette_reading=PaletteReading.INDEX,
        labels_of_values={**labels_of_values, VOID: VOID},
        labels_of_colors=color_labels(classes),
        palette=palette,
        void_color=_void_color(color_labels(classes), VOID_COLOR, BLACK),
    )


def _void_color(colors: dict[Color, int], *choices: Color | None) -> Color | None:
    """The first of `choices` that stands for void."""
    return next((color for color in choices if color is not None and colors.get(color) == VOID), None)


def _row(palette: UInt8Array, index: int) -> Color:
    red, green, blue = palette[index].tolist()
    return (red, green, blue)
