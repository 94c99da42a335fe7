"""What a class table promises."""

from __future__ import annotations

import pytest

from segstudio.core.class_table import VOID, VOID_COLOR, ClassInfo, ClassTable, distinct_colors, voc_color
from segstudio.core.errors import InputError


def test_the_palette_has_the_classes_and_void_and_no_two_equal_colours() -> None:
    table = ClassTable.from_names(["a", "b"], [(1, 2, 3), (4, 5, 6)])
    palette = table.palette()
    assert palette.shape == (256, 3)
    assert tuple(palette[0]) == (1, 2, 3)
    assert tuple(palette[VOID]) == VOID_COLOR
    assert len(set(distinct_colors(256))) == 256


def test_voc_colours_are_the_devkits() -> None:
    assert [voc_color(i) for i in (0, 1, 2, 3, 15, 20)] == [
        (0, 0, 0),
        (128, 0, 0),
        (0, 128, 0),
        (128, 128, 0),
        (192, 128, 128),
        (0, 64, 128),
    ]


@pytest.mark.parametrize(("name", "erased"), [("background", 1), ("_background_", 1), ("Background", 1), ("sky", VOID)])
def test_the_eraser_paints_background_where_there_is_one(name: str, erased: int) -> None:
    assert ClassTable.from_names(["road", name]).erase_value == erased


def test_names_are_unique_and_not_empty() -> None:
    with pytest.raises(InputError, match="Two classes"):
        ClassTable.from_names(["a", "a"])
    with pytest.raises(InputError, match="no name"):
        ClassTable.from_names(["a", " "])


def test_more_than_255_classes_are_refused() -> None:
    with pytest.raises(InputError, match="256 classes"):
        ClassTable.from_names([f"c{i}" for i in range(256)])


def test_values_beyond_the_table_have_names_too() -> None:
    table = ClassTable([ClassInfo("road", (1, 1, 1))])
    assert [table.name_of(value) for value in (0, 7, VOID)] == ["road", "class 7", "void"]
