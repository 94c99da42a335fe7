"""Guards: no way of changing pixels gets around them, and what was done before can still be undone."""

from __future__ import annotations

import numpy as np
import pytest

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.geometry import Box
from segstudio.core.guard import NO_GUARD, Guard
from segstudio.core.label_map import LabelMap
from segstudio.core.raster import BrushShape, footprint

CLASSES = ClassTable.from_names(["background", "road", "pole"])


def striped() -> Document:
    """600 columns: void, background, road, pole, 150 of each."""
    labels = np.repeat(np.array([VOID, 0, 1, 2], np.uint8), 150)[None].repeat(300, axis=0)
    return Document("picture", LabelMap.from_array(labels), CLASSES)


@pytest.mark.parametrize(
    ("guard", "free"),
    [
        (NO_GUARD, {VOID, 0, 1, 2}),
        (Guard.of([1]), {VOID, 0, 2}),
        (Guard.of([0, 1, 2]), {VOID}),
        (Guard.of([], only_over=2), {2}),
        (Guard.of([], only_over=VOID), {VOID}),
        (Guard.of([2], only_over=2), set()),
    ],
)
@pytest.mark.parametrize("way", ["region", "mask", "replace", "labels"])
def test_only_what_is_not_guarded_changes_whichever_way(guard: Guard, free: set[int], way: str) -> None:
    shown = striped()
    before = shown.label_map.array.copy()
    shown.guard = guard
    whole = shown.label_map.box
    new = np.full(before.shape, 9, np.uint8)
    if way == "labels":
        shown.apply_labels("Fill", new)
    else:
        with shown.begin("Fill") as builder:
            if way == "region":
                builder.paint_region(footprint((300, 150), 1400, BrushShape.SQUARE), 9)
            elif way == "mask":
                builder.paint_mask(whole, np.ones(before.shape, bool), 9)
            else:
                builder.replace(whole, new)
    expected = np.where(np.isin(before, list(free)), 9, before)
    np.testing.assert_array_equal(shown.label_map.array, expected)
    assert shown.can_undo == bool(free) and guard.guards == (guard is not NO_GUARD)
    assert {label for label in (VOID, 0, 1, 2) if guard.allows(label)} == free


def test_undo_and_redo_know_no_guard() -> None:
    shown = striped()
    before = shown.label_map.array.copy()
    shown.apply_labels("Clear", np.full(before.shape, VOID, np.uint8))
    shown.guard = Guard.of([VOID, 0, 1, 2])
    shown.undo()
    np.testing.assert_array_equal(shown.label_map.array, before)
    shown.redo()
    assert (shown.label_map.array == VOID).all()


def test_the_guard_of_an_edit_is_that_of_its_beginning() -> None:
    shown = striped()
    with shown.begin("Stroke") as builder:
        shown.guard = Guard.of([1])
        builder.paint_mask(Box(300, 0, 450, 300), np.ones((300, 150), bool), 2)
    assert (shown.label_map.array[:, 300:450] == 2).all()


def test_what_comes_before_an_edit_and_what_is_told_to_be_free_is_not_guarded() -> None:
    shown = striped()
    shown.guard = Guard.of([], only_over=2)
    filled = np.where(shown.label_map.array == VOID, np.uint8(0), shown.label_map.array)
    with shown.begin("Stroke") as builder:
        builder.precede("Apply proposal", filled)
        builder.paint_mask(Box(0, 0, 600, 300), np.ones((300, 600), bool), 1)
    expected = np.where(filled == 2, 1, filled)
    np.testing.assert_array_equal(shown.label_map.array, expected)
    shown.apply_labels("Fill the rest", np.zeros(filled.shape, np.uint8), guarded=False)
    assert (shown.label_map.array == 0).all()
