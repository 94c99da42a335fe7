"""Operations on regions, on hand-drawn label maps whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.guard import Guard
from segstudio.core.label_map import LabelMap
from segstudio.tools import ToolContext
from segstudio.tools.region_operations import OPERATIONS, Scope, operate, relabel

CLASSES = ClassTable.from_names(["background", "road", "pole"])
DIGITS = {".": 0, "#": 1, "o": 2, " ": VOID}


def drawn(*rows: str) -> Document:
    labels = np.array([[DIGITS[sign] for sign in row] for row in rows], np.uint8)
    return Document("picture", LabelMap.from_array(labels), CLASSES)


def shown(document: Document) -> list[str]:
    signs = {value: sign for sign, value in DIGITS.items()}
    return ["".join(signs[int(value)] for value in row) for row in document.label_map.array]


def done(document: Document, operation: str, x: int, y: int, least: int = 0) -> list[str]:
    edit = operate(OPERATIONS[operation], ToolContext(document), x, y, least)
    assert (edit is not None) == document.can_undo
    return shown(document)


def test_holes_are_filled_in_the_region_alone_or_in_all_of_its_class() -> None:
    rows = (
        "...........",
        ".####.####.",
        ".#.o#.#  #.",
        ".####.####.",
        "...........",
    )
    assert done(drawn(*rows), "fill_holes", 1, 1) == [
        "...........",
        ".####.####.",
        ".####.#  #.",
        ".####.####.",
        "...........",
    ]
    assert done(drawn(*rows), "fill_all_holes", 1, 1)[2] == ".####.####."


def test_what_reaches_the_edge_of_the_image_is_no_hole() -> None:
    rows = ("##.##", "#...#", "#####")
    assert done(drawn(*rows), "fill_holes", 0, 0) == list(rows)


def test_growing_takes_from_the_neighbours_and_shrinking_gives_to_the_nearest() -> None:
    rows = (
        "ooooooo",
        "ooo....",
        "oo###..",
        "oo###..",
        "oo###..",
        "ooooo..",
    )
    assert done(drawn(*rows), "grow", 3, 3) == [
        "ooooooo",
        "oo###..",
        "o#####.",
        "o#####.",
        "o#####.",
        "oo###..",
    ]
    shrunk = done(drawn(*rows), "shrink", 3, 3)
    assert [row.count("#") for row in shrunk] == [0, 0, 0, 1, 0, 0]
    assert shrunk[3] == "ooo#..." and shrunk[2][3] == "." and shrunk[4][3] == "o"


def test_a_region_at_the_edge_does_not_shrink_there() -> None:
    assert done(drawn("###.", "###.", "###."), "shrink", 0, 0) == ["##..", "##..", "##.."]


def test_smoothing_takes_a_bump_and_fills_a_dent() -> None:
    labels = np.zeros((40, 40), np.uint8)
    labels[10:30, 10:30] = 1
    labels[8:10, 19:20] = 1
    labels[28:30, 19:20] = 0
    document = Document("picture", LabelMap.from_array(labels), CLASSES)
    operate(OPERATIONS["smooth"], ToolContext(document), 20, 20)
    after = document.label_map.array
    assert (after[8:10, 19:20] == 0).all() and (after[28:30, 19:20] == 1).all()
    assert (after[14:26, 10:30] == 1).all() and (after[:, :10] == 0).all()


def test_small_regions_get_what_is_around_them_and_the_largest_can_be_kept_alone() -> None:
    rows = (
        "####...#...",
        "####.......",
        "####ooo##oo",
        "####ooooooo",
    )
    assert done(drawn(*rows), "remove_small", 0, 0, least=2) == [
        "####.......",
        "####.......",
        "####ooo##oo",
        "####ooooooo",
    ]
    kept = done(drawn(*rows), "keep_largest", 7, 0)
    assert kept[0] == "####......." and kept[3] == "####ooooooo"
    assert "#" not in kept[2][4:] and set(kept[2][4:7]) == {"o"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_in_order_is_no_edit(operation: str) -> None:
    document = Document("picture", LabelMap(30, 40, 1), CLASSES)
    assert operate(OPERATIONS[operation], ToolContext(document), 3, 4, least=40) is None and not document.can_undo


def test_a_region_gets_another_label() -> None:
    document = drawn("##.##", "##.##")
    edit = relabel(ToolContext(document), 4, 1, 2, "Relabel region")
    assert edit is not None and edit.name == "Relabel region" and shown(document) == ["##.oo", "##.oo"]
    assert relabel(ToolContext(document), 4, 1, 2, "Relabel region") is None
    assert relabel(ToolContext(document), 0, 0, 0, "Relabel a class", Scope.LABEL) is not None
    assert shown(document) == ["...oo", "...oo"]
    document = drawn("##.##", "##.##")
    relabel(ToolContext(document), 0, 0, 2, "Relabel a class", Scope.LABEL)
    assert shown(document) == ["oo.oo", "oo.oo"]


def test_an_operation_over_a_proposal_makes_it_real_before() -> None:
    document, proposal = Document("picture", LabelMap(9, 9), CLASSES), np.zeros((9, 9), np.uint8)
    proposal[2:7, 2:7] = 1
    proposal[4, 4] = 0
    operate(OPERATIONS["fill_holes"], ToolContext(document, proposal=proposal), 2, 2)
    assert document.label_map.value_at(4, 4) == 1
    document.undo()
    np.testing.assert_array_equal(document.label_map.array, proposal)
    document.undo()
    assert not document.can_undo


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    x=st.integers(0, 49),
    y=st.integers(0, 39),
    locked=st.sets(st.sampled_from([0, 1, 2])),
    least=st.integers(0, 60),
)
def test_only_the_region_and_its_neighbours_change_and_no_guard_is_broken(operation, seed, x, y, locked, least) -> None:  # type: ignore[no-untyped-def]
    random = np.random.default_rng(seed)
    labels = random.choice(np.array([VOID, 0, 1, 2], np.uint8), (8, 10)).repeat(5, axis=0).repeat(5, axis=1)
    document = Document("picture", LabelMap.from_array(labels), CLASSES)
    document.guard = Guard.of(locked)
    label = labels[y, x]
    operate(OPERATIONS[operation], ToolContext(document), x, y, least)
    after = document.label_map.array
    changed = after != labels
    assert ((labels[changed] == label) | (after[changed] == label)).all()
    assert not np.isin(labels[changed], list(locked)).any()
    if document.can_undo:
        document.undo()
    np.testing.assert_array_equal(document.label_map.array, labels)
