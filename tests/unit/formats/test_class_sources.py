from __future__ import annotations

import pytest

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.errors import InputError
from segstudio.formats.class_sources import (
    ClassSource,
    can_be_labelmap,
    class_names_text,
    labelmap_text,
    parse_class_names,
    parse_labelmap,
)


def test_labelmap_of_cvat() -> None:
    text = "# label:color_rgb:parts:actions\nbackground:0,0,0::\nroad:128, 64,128:lane:stop\n\n"
    sheet = parse_labelmap(text, "labelmap.txt")
    assert sheet.classes.names == ("background", "road")
    assert sheet.classes.colors == ((0, 0, 0), (128, 64, 128))


def test_a_void_row_is_no_class_but_keeps_its_place() -> None:
    sheet = parse_labelmap("a:1,2,3::\nVoid:9,9,9::\nb:4,5,6::\n", "labelmap.txt")
    assert sheet.classes.names == ("a", "b")
    assert sheet.rows == (0, VOID, 1)
    assert sheet.void_color == (9, 9, 9)
    assert parse_labelmap(labelmap_text(sheet.classes, 1, sheet.void_color), "").rows == sheet.rows


def test_a_class_without_colour_gets_one_of_its_own() -> None:
    sheet = parse_labelmap("a:0,114,178::\nb:::\nc\n", "labelmap.txt")
    assert len(set(sheet.classes.colors)) == 3


@pytest.mark.parametrize("line", ["a:1,2::", "a:1,2,300::", "a:red::", "a:1,-2,3::"])
def test_a_bad_colour_names_file_and_line(line: str) -> None:
    with pytest.raises(InputError, match=r"labelmap\.txt, line 2"):
        parse_labelmap(f"# head\n{line}\n", "labelmap.txt")


@pytest.mark.parametrize("text", ["", "# only a comment\n", "void:0,0,0::\n"])
def test_a_file_without_a_class_is_reported(text: str) -> None:
    with pytest.raises(InputError, match="names no class"):
        parse_labelmap(text, "labelmap.txt")


def test_two_classes_of_one_name_are_reported_with_the_file() -> None:
    with pytest.raises(InputError, match=r'labelmap\.txt.*"a"'):
        parse_labelmap("a:1,2,3::\na:4,5,6::\n", "labelmap.txt")


def test_class_names_line_number_is_index() -> None:
    sheet = parse_class_names("_background_\ncat\ndog\n\n", ClassSource.CLASS_NAMES_TXT, "class_names.txt")
    assert sheet.classes.names == ("_background_", "cat", "dog")
    assert sheet.classes[0].color == (0, 0, 0)
    assert not sheet.has_colors


def test_labels_txt_first_line_ignore_stands_for_void() -> None:
    sheet = parse_class_names("__ignore__\n_background_\ncat\n", ClassSource.LABELS_TXT, "labels.txt")
    assert sheet.classes.names == ("_background_", "cat")
    assert sheet.rows == (0, 1)


def test_an_empty_line_between_names_is_reported() -> None:
    with pytest.raises(InputError, match="number 2"):
        parse_class_names("a\n\nb\n", ClassSource.CLASS_NAMES_TXT, "class_names.txt")


def test_written_files_read_back() -> None:
    table = ClassTable.from_names(["one", "two"], [(1, 2, 3), (4, 5, 6)])
    assert parse_labelmap(labelmap_text(table), "").classes == table
    names = parse_class_names(class_names_text(table), ClassSource.CLASS_NAMES_TXT, "").classes.names
    assert names == table.names


@pytest.mark.parametrize(("name", "fits"), [("a:b", False), ("#a", False), ("void", False), ("a b", True)])
def test_names_that_labelmap_cannot_hold(name: str, fits: bool) -> None:
    assert can_be_labelmap(ClassTable.from_names([name])) is fits
