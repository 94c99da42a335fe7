"""Guards: no way of changing pixels gets around them, and what was done before can still be undone."""

from __future__ import annotations

import numpy as np
import pytest

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.geometry import Box
from segstudio.core.guard import NO_GUARD, Guard, Reason, Refusal
from segstudio.core.label_map import LabelMap
from segstudio.core.pixel_sets import AllPixels, AtLeast, PackedPixels
from segstudio.core.raster import BrushShape, footprint, rectangle

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
    assert {label for label in (VOID, 0, 1, 2) if guard.refusal(label, 0, 0) is None} == free


def halves(top: int) -> np.ndarray:
    """`top` in the upper half of the stripes' pixels, 0 in the lower."""
    made = np.zeros((300, 600), np.uint8)
    made[:150] = top
    return made


@pytest.mark.parametrize(
    ("guard", "reason"),
    [
        (Guard.of([], sure=AtLeast(halves(200), 200)), Reason.SURE),
        (Guard.of([], accepted=PackedPixels.with_class(np.where(halves(1) == 1, 0, VOID).astype(np.uint8))), None),
        (Guard.of([], sure=AllPixels()), Reason.SURE),
    ],
)
@pytest.mark.parametrize("way", ["region", "mask", "replace"])
def test_a_guard_of_places_keeps_what_has_a_class_there(guard: Guard, reason: Reason | None, way: str) -> None:
    shown = striped()
    before = shown.label_map.array.copy()
    shown.guard = guard
    box = Box(10, 100, 600, 300)
    with shown.begin("Fill") as builder:
        if way == "region":
            builder.paint_region(rectangle(box), 9)
        elif way == "mask":
            builder.paint_mask(box, np.ones((200, 590), bool), 9)
        else:
            builder.replace(box, np.full((200, 590), 9, np.uint8))
    guarded = np.zeros(before.shape, bool)
    guarded[: 300 if isinstance(guard.sure, AllPixels) else 150] = True
    expected = before.copy()
    free = ~guarded | (before == VOID)
    expected[box.slices] = np.where(free, 9, before)[box.slices]
    np.testing.assert_array_equal(shown.label_map.array, expected)
    assert guard.refusal(VOID, 20, 20) is None
    assert guard.refusal(1, 20, 20) == Refusal(reason or Reason.ACCEPTED, 1)


@pytest.mark.parametrize("way", ["region", "mask", "replace", "over a proposal"])
def test_an_edit_that_a_guard_has_kept_from_changing_anything_says_which(way: str) -> None:
    shown = striped()
    told: list[Refusal] = []
    shown.refused.connect(told.append)
    box = Box(300, 0, 450, 300)  # road
    for guard, refusal in (
        (Guard.of([1, 2]), Refusal(Reason.LOCKED, 1)),
        (Guard.of([], VOID), Refusal(Reason.ANOTHER_LABEL, 1)),
        (Guard.of([], sure=AllPixels()), Refusal(Reason.SURE, 1)),
        (Guard.of([], accepted=PackedPixels.with_class(shown.label_map.array)), Refusal(Reason.ACCEPTED, 1)),
    ):
        shown.guard = guard
        with shown.begin("Fill") as builder:
            if way == "replace":
                builder.replace(box, np.full((300, 150), 2, np.uint8))
            elif way == "region":
                builder.paint_region(rectangle(box), 2)
            else:
                if way == "over a proposal":
                    builder.precede("Apply proposal", np.where(shown.label_map.array == VOID, 0, shown.label_map.array))
                builder.paint_mask(box, np.ones((300, 150), bool), 2)
        assert told == [refusal] and not shown.can_undo and not shown.is_editing
        told.clear()


def test_no_guard_is_blamed_where_something_changed_or_nothing_would_have() -> None:
    shown = striped()
    told: list[Refusal] = []
    shown.refused.connect(told.append)
    shown.guard = Guard.of([1])
    with shown.begin("Fill") as builder:
        builder.paint_region(rectangle(Box(290, 0, 450, 300)), 2)
    with shown.begin("Fill") as builder:
        builder.paint_region(rectangle(Box(310, 0, 440, 300)), 1)
    with shown.begin("Fill") as builder:
        builder.paint_region(rectangle(Box(310, 0, 440, 300)), 2)
        builder.cancel()
    assert told == [] and shown.can_undo


def test_a_stroke_asks_a_guard_for_what_it_touches_alone() -> None:
    asked: list[Box] = []

    class Watched:
        def mask(self, box: Box) -> np.ndarray:
            asked.append(box)
            return np.ones((box.height, box.width), bool)

    shown = Document("picture", LabelMap(3000, 3000, 1), CLASSES)
    shown.guard = Guard.of([], accepted=Watched())
    with shown.begin("Stroke") as builder:
        builder.paint_region(footprint((1500, 1500), 40, BrushShape.ROUND), 2)
    assert sum(box.area for box in asked) <= 40 * 40 + 1


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
