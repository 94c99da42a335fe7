"""Merging and swapping two classes against plain arrays, and taking it back."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from segstudio.core.class_change import ChangeKind, ClassChange
from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.edits import Edit, EditFormatError
from segstudio.core.guard import Guard
from segstudio.core.label_map import TILE, LabelMap

CLASSES = ClassTable.from_names(["road", "sky", "pole", "wall"])
SHAPE = (7, 9)

maps = arrays(np.uint8, SHAPE, elements=st.sampled_from([0, 1, 2, 3, VOID]))
changes = st.builds(
    lambda kind, pair: ClassChange(kind, *pair),
    st.sampled_from(ChangeKind),
    st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(lambda pair: pair[0] != pair[1]),
)


def document(labels: np.ndarray) -> Document:
    return Document("image", LabelMap.from_array(labels), CLASSES)


def expected(change: ClassChange, labels: np.ndarray) -> np.ndarray:
    """Pixel by pixel."""
    after = labels.copy()
    after[labels == change.source] = change.target
    if change.kind is ChangeKind.SWAP:
        after[labels == change.target] = change.source
    return after


@given(maps, changes)
def test_the_pixels_are_those_of_a_plain_loop_and_one_undo_brings_them_back(
    labels: np.ndarray, change: ClassChange
) -> None:
    made = document(labels)
    edit = change.apply_to(made)
    after = expected(change, labels)
    assert np.array_equal(made.label_map.array, after)
    assert np.array_equal(change.changed(labels), after)
    assert (edit is None) == np.array_equal(labels, after)
    assert np.count_nonzero(labels != after) == change.pixels(np.bincount(labels.ravel(), minlength=256))
    if edit is not None:
        made.undo()
        assert np.array_equal(made.label_map.array, labels) and not made.can_undo


@given(maps, changes)
def test_taken_back_it_leaves_no_trace(labels: np.ndarray, change: ClassChange) -> None:
    made = document(labels)
    moves = tuple(Edit.from_bytes(move.to_bytes()) for move in change.moves(made.label_map))
    assert np.array_equal(made.label_map.array, labels)  # telling what would move moves nothing
    change.apply_to(made)
    taken = change.take_back_in(made, moves)
    assert np.array_equal(made.label_map.array, labels)
    assert taken.kept == 0
    again = change.take_back_in(made, moves)
    assert again.edit is None and again.kept == 0


@given(maps, st.integers(0, 3), st.integers(0, 3))
def test_swapping_twice_changes_nothing(labels: np.ndarray, one: int, other: int) -> None:
    if one == other:
        return
    swap, made = ClassChange(ChangeKind.SWAP, one, other), document(labels)
    swap.apply_to(made)
    swap.apply_to(made)
    assert np.array_equal(made.label_map.array, labels)


@given(maps, maps, arrays(np.bool_, SHAPE), changes)
@settings(max_examples=300)
def test_what_was_painted_since_stays(
    labels: np.ndarray, painted: np.ndarray, where: np.ndarray, change: ClassChange
) -> None:
    made = document(labels)
    moves = change.moves(made.label_map)
    change.apply_to(made)
    after = made.label_map.array.copy()
    now = np.where(where, painted, after)
    made.apply_labels("Paint", now)
    taken = change.take_back_in(made, moves)
    moved = labels != after
    wanted = np.where(moved & (now == after), labels, now)
    assert np.array_equal(made.label_map.array, wanted)
    assert taken.kept == np.count_nonzero(moved & (now != after) & (now != labels))


@given(maps, maps, arrays(np.bool_, SHAPE), changes)
@settings(max_examples=300)
def test_whether_it_was_made_is_told_by_most_of_the_pixels_that_moved(
    labels: np.ndarray, painted: np.ndarray, where: np.ndarray, change: ClassChange
) -> None:
    made = document(labels)
    moves = change.moves(made.label_map)
    after = expected(change, labels)
    for start in (labels, after):
        now = np.where(where, painted, start)
        moved = labels != after
        is_after, is_before = np.count_nonzero(moved & (now == after)), np.count_nonzero(moved & (now == labels))
        assert change.is_made_in(LabelMap.from_array(now), moves) == (is_after >= is_before)


def test_across_tiles_only_those_that_hold_the_class_are_touched() -> None:
    labels = np.zeros((2 * TILE + 5, 3 * TILE + 5), np.uint8)
    labels[10:20, 10:20] = 1
    labels[2 * TILE + 2, 3 * TILE + 2] = 1
    made = document(labels)
    edit = ClassChange(ChangeKind.MERGE, 1, 2).apply_to(made)
    assert edit is not None and len(edit.patches) == 2
    assert np.count_nonzero(made.label_map.array == 2) == 101


def test_painted_by_a_guarded_edit_it_leaves_locked_classes() -> None:
    change = ClassChange(ChangeKind.SWAP, 1, 2)
    made = document(np.array([[1, 2, 3]], np.uint8))
    made.guard = Guard.of([2])
    with made.begin(change.name) as builder:
        change.paint(builder, made.label_map)
    assert made.label_map.array.tolist() == [[2, 2, 3]]


def test_moves_of_another_map_or_another_change_are_refused() -> None:
    change, made = ClassChange(ChangeKind.MERGE, 1, 2), document(np.array([[1, 2, 3]], np.uint8))
    elsewhere = change.moves(LabelMap(5, 5, fill=1))
    with pytest.raises(EditFormatError):
        change.take_back_in(made, elsewhere)
    with pytest.raises(EditFormatError):
        change.is_made_in(made.label_map, elsewhere)
    with pytest.raises(EditFormatError):
        change.take_back_in(made, ())
    with pytest.raises(ValueError, match="itself"):
        ClassChange(ChangeKind.MERGE, 1, 1)
    assert not made.is_editing and not made.can_undo
