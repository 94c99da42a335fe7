"""The class file of a folder: which one counts, reading it, and what to write into it.

Owns the order labelmap.txt, class_names.txt, labels.txt. A file that cannot be parsed stops the folder from opening
rather than being passed over, because every mask's meaning hangs on it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.errors import InputError, marked
from segstudio.formats.class_sources import (
    CLASS_NAMES_TXT,
    LABELMAP_TXT,
    LABELS_TXT,
    ClassSheet,
    ClassSource,
    can_be_labelmap,
    class_names_text,
    labelmap_text,
    parse_class_names,
    parse_labelmap,
)
from segstudio.formats.mask_code import MaskCode, PaletteReading
from segstudio.formats.mask_png import MaskForm


def find_class_file(found: Callable[[Path], Path]) -> Path | None:
    """The class file that counts, or None; `found` gives the path of a name relative to the folder."""
    files = (found(Path(name)) for name in (LABELMAP_TXT, CLASS_NAMES_TXT, LABELS_TXT))
    return next((file for file in files if file.is_file()), None)


def read_class_file(path: Path, shown: str) -> ClassSheet:
    """Parse the class file at `path`, which errors call `shown`. Raises InputError where it cannot be parsed."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            marked("{file} cannot be read as text. Save it as UTF-8 text, or remove it."), file=shown
        ) from error
    if path.name == LABELMAP_TXT:
        return parse_labelmap(text, shown)
    source = ClassSource.CLASS_NAMES_TXT if path.name == CLASS_NAMES_TXT else ClassSource.LABELS_TXT
    return parse_class_names(text, source, shown)


def class_file_text(classes: ClassTable, sheet: ClassSheet | None) -> tuple[str, str]:
    """(file name, text) that say `classes`, in the form of `sheet`, or as labelmap.txt where there is no file yet.

    A void row of `sheet` keeps its place, so that the numbers of the rows after it stay what masks say.
    """
    kind = sheet.source.value if sheet is not None else LABELMAP_TXT
    if kind == LABELMAP_TXT and not can_be_labelmap(classes):
        # Unless there is a labelmap.txt, which would go on being read first: then its form must do.
        kind = LABELMAP_TXT if sheet is not None else CLASS_NAMES_TXT
    if kind == LABELMAP_TXT:
        void_row = sheet.rows.index(VOID) if sheet is not None and VOID in sheet.rows else None
        return kind, labelmap_text(classes, void_row, sheet.void_color if sheet is not None else None)
    text = class_names_text(classes)
    return kind, f"__ignore__\n{text}" if kind == LABELS_TXT else text


def refuse_other_colors(code: MaskCode, classes: ClassTable) -> None:
    """Refuse `classes` that recolour a class where masks tell classes by colour: those there would not be understood.

    Raises:
        InputError: naming the class.
    """
    if code.form is not MaskForm.RGB and code.palette_reading is PaletteReading.INDEX:
        return
    for old, new in zip(code.classes, classes, strict=False):
        if old.color != new.color:
            raise InputError(
                marked(
                    'The colour of "{name}" cannot be changed: the masks of this folder tell classes by colour, '
                    "and those there are would not be understood any more."
                ),
                name=old.name,
            )
