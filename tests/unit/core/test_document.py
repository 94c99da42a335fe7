"""The document against plain arrays: whatever is painted, undone and redone, the pixels are what a copy would hold."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.edits import Edit, EditFormatError
from segstudio.core.geometry import Box
from segstudio.core.guard import Guard
from segstudio.core.history import EditHistory
from segstudio.core.label_map import TILE, LabelMap
from segstudio.core.raster import BrushShape, footprint, sweep

HEIGHT, WIDTH = TILE + 70, 2 * TILE + 30
CLASSES = ClassTable.from_names(["road", "sky", "pole"])


def new_document(height: int = HEIGHT, width: int = WIDTH, byte_budget: int = 10**7) -> Document:
    return Document("image", LabelMap(height, width), CLASSES, EditHistory(byte_budget))


def mask_of(spans, shape: tuple[int, int]) -> np.ndarray:
    return spans.mask(Box.of_size(shape[1], shape[0]))


points = st.tuples(st.floats(-40, WIDTH + 40), st.floats(-40, HEIGHT + 40))
values = st.sampled_from([0, 1, 2, VOID])


class DocumentMachine(RuleBasedStateMachine):
    """Every public way to change a document, beside a list of whole copies."""

    @initialize()
    def start(self) -> None:
        self.document = new_document()
        self.states = [self.document.label_map.array.copy()]
        self.position = 0
        self.saved: int | None = 0
        self.journal = LabelMap(HEIGHT, WIDTH)
        self.document.edited.connect(lambda edit: Edit.from_bytes(edit.to_bytes()).apply_to(self.journal))
        self.document.reverted.connect(self._on_reverted)

    def _on_reverted(self, edits: tuple[Edit, ...], _forward: bool) -> None:
        for edit in edits:
            Edit.from_bytes(edit.to_bytes()).apply_to(self.journal)

    def _made(self, after: np.ndarray) -> None:
        if np.array_equal(after, self.states[self.position]):
            return
        if self.saved is not None and self.saved > self.position:
            self.saved = None
        self.states = [*self.states[: self.position + 1], after]
        self.position += 1

    @rule(
        path=st.lists(points, min_size=1, max_size=4),
        size=st.integers(1, 90),
        shape=st.sampled_from(BrushShape),
        value=values,
        cancel=st.booleans(),
    )
    def stroke(self, path, size, shape, value, cancel) -> None:
        after = self.states[self.position].copy()
        builder = self.document.begin("Stroke")
        for start, end in zip([path[0], *path], path, strict=False):
            spans = sweep(start, end, size, shape)
            builder.paint_region(spans, value)
            after[mask_of(spans, after.shape)] = value
        assert not self.document.can_undo
        if cancel:
            builder.cancel()
        else:
            builder.commit()
            self._made(after)

    @rule(x=st.integers(-20, WIDTH), y=st.integers(-20, HEIGHT), seed=st.integers(0, 9), value=values)
    def fill_mask(self, x, y, seed, value) -> None:
        box = Box(x, y, x + 300, y + 50)
        mask = np.random.default_rng(seed).random((50, 300)) < 0.5
        after = self.states[self.position].copy()
        inner = box.intersection(Box.of_size(WIDTH, HEIGHT))
        if not inner.is_empty:
            after[inner.slices][mask[inner.translated(-x, -y).slices]] = value
        with self.document.begin("Fill") as builder:
            builder.paint_mask(box, mask, value)
        self._made(after)

    @rule(seed=st.integers(0, 99))
    def proposal(self, seed) -> None:
        labels = np.random.default_rng(seed).integers(0, 3, (HEIGHT // 9 + 1, WIDTH // 9 + 1), dtype=np.uint8)
        labels = np.ascontiguousarray(labels.repeat(9, axis=0).repeat(9, axis=1)[:HEIGHT, :WIDTH])
        self.document.apply_labels("Apply proposal", labels)
        self._made(labels)

    @rule(
        seed=st.integers(0, 9),
        end=points,
        size=st.integers(1, 90),
        value=st.sampled_from([0, VOID]),
        cancel=st.booleans(),
    )
    def stroke_on_a_proposal(self, seed, end, size, value, cancel) -> None:
        labels = np.random.default_rng(seed).integers(0, 3, (HEIGHT, WIDTH), dtype=np.uint8)
        after = labels.copy()
        builder = self.document.begin("Stroke")
        builder.precede("Apply proposal", labels)
        spans = sweep(end, end, size, BrushShape.ROUND)
        builder.paint_region(spans, value)
        after[mask_of(spans, after.shape)] = value
        if cancel:
            builder.cancel()
            return
        edit = builder.commit()
        assert (edit is None) == np.array_equal(after, labels)
        if edit is not None:
            self._made(labels)
            self._made(after)

    @rule()
    def undo(self) -> None:
        assert (self.document.undo() is not None) == (self.position > 0)
        self.position = max(0, self.position - 1)

    @rule()
    def redo(self) -> None:
        assert (self.document.redo() is not None) == (self.position + 1 < len(self.states))
        self.position = min(len(self.states) - 1, self.position + 1)

    @rule(position=st.integers(-1, 12), within=st.sampled_from([0.0, math.inf]))
    def go_to(self, position, within) -> None:
        goal = min(max(0, position), len(self.states) - 1)
        calls = 1
        while not self.document.go_to(position, within):
            calls += 1
        if within == 0:
            assert calls >= abs(goal - self.position), "one step a call where there is no time"
        else:
            assert calls == 1
        self.position = goal

    @rule()
    def save(self) -> None:
        self.document.mark_saved()
        self.saved = self.position

    @precondition(lambda self: hasattr(self, "document"))
    @invariant()
    def pixels_are_right(self) -> None:
        np.testing.assert_array_equal(self.document.label_map.array, self.states[self.position])
        np.testing.assert_array_equal(self.journal.array, self.states[self.position])
        assert self.document.is_modified == (self.position != self.saved)
        assert self.document.can_undo == (self.position > 0)
        assert self.document.can_redo == (self.position + 1 < len(self.states))


DocumentMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestDocumentMachine = DocumentMachine.TestCase


def test_an_edit_keeps_what_changed_and_not_the_image() -> None:
    document = new_document(4000, 3000)
    with document.begin("Stroke") as builder:
        builder.paint_region(footprint((1500, 2000), 50, BrushShape.ROUND), 1)
    assert builder.edit is not None
    assert builder.edit.nbytes < 1000
    assert builder.edit.nbytes == len(builder.edit.to_bytes())
    assert builder.edit.box == footprint((1500, 2000), 50, BrushShape.ROUND).box


def test_painting_what_is_there_already_is_no_edit() -> None:
    document = new_document()
    with document.begin("Stroke") as builder:
        builder.paint_region(footprint((50, 50), 20, BrushShape.ROUND), VOID)
    assert builder.edit is None
    assert not document.can_undo
    assert not document.is_modified


def test_signals_say_where_pixels_changed() -> None:
    document = new_document()
    boxes: list[Box] = []
    document.changed.connect(boxes.append)
    with document.begin("Stroke") as builder:
        builder.paint_region(footprint((50, 60), 10, BrushShape.SQUARE), 0)
    document.undo()
    assert boxes == [Box(45, 55, 55, 65)] * 2


def test_an_exception_within_an_edit_puts_the_pixels_back() -> None:
    document = new_document()
    with pytest.raises(KeyError), document.begin("Stroke") as builder:
        builder.paint_region(footprint((50, 60), 10, BrushShape.SQUARE), 0)
        raise KeyError
    assert (document.label_map.array == VOID).all()
    assert not document.is_editing


def test_two_edits_at_once_are_refused() -> None:
    document = new_document()
    document.begin("One")
    with pytest.raises(RuntimeError):
        document.begin("Two")


def test_history_stays_within_its_bytes_and_keeps_the_newest() -> None:
    rng = np.random.default_rng(0)
    document = new_document(300, 300, byte_budget=200_000)
    for _ in range(20):
        document.apply_labels("Noise", rng.integers(0, 3, (300, 300), dtype=np.uint8))
        assert document.history.nbytes <= 200_000
    last = document.label_map.array.copy()
    steps = 0
    while document.undo():
        steps += 1
    assert 1 <= steps < 20
    while document.redo():
        pass
    np.testing.assert_array_equal(document.label_map.array, last)


def test_a_history_smaller_than_one_edit_still_undoes_it() -> None:
    document = new_document(300, 300, byte_budget=10)
    document.apply_labels("Noise", np.random.default_rng(0).integers(0, 3, (300, 300), dtype=np.uint8))
    assert document.undo() is not None
    assert (document.label_map.array == VOID).all()


def test_saved_at_an_earlier_position_is_still_modified() -> None:
    document = new_document()
    document.apply_labels("A", np.zeros((HEIGHT, WIDTH), np.uint8))
    position = document.history.position
    document.apply_labels("B", np.ones((HEIGHT, WIDTH), np.uint8))
    document.mark_saved(position)
    assert document.is_modified
    document.undo()
    assert not document.is_modified


@pytest.mark.parametrize("damage", ["cut", "flip", "magic", "version", "outside"])
def test_damaged_bytes_are_refused_and_change_nothing(damage: str) -> None:
    document = new_document()
    edit = document.apply_labels("Noise", np.random.default_rng(0).integers(0, 3, (HEIGHT, WIDTH), dtype=np.uint8))
    assert edit is not None
    data = bytearray(edit.to_bytes())
    if damage == "cut":
        data = data[:-9]
    elif damage == "flip":
        data[-200] ^= 255
    elif damage == "magic":
        data[0] = 0
    elif damage == "version":
        data[4] = 99
    else:
        start = 16 + len(b"Noise")
        data[start : start + 4] = (10**6).to_bytes(4, "little")
    before = document.label_map.array.copy()
    with pytest.raises(EditFormatError):
        Edit.from_bytes(bytes(data)).apply_to(document.label_map)
    np.testing.assert_array_equal(document.label_map.array, before)


def test_an_edit_of_another_size_is_refused() -> None:
    edit = new_document(40, 40).apply_labels("A", np.zeros((40, 40), np.uint8))
    assert edit is not None
    with pytest.raises(EditFormatError):
        edit.apply_to(LabelMap(40, 41))


def test_an_edit_worked_out_on_a_copy_is_taken_up_as_one_edit_whatever_is_guarded() -> None:
    document, copy = new_document(), new_document()
    edit = copy.apply_labels("Fill", np.zeros((HEIGHT, WIDTH), np.uint8))
    assert edit is not None
    document.guard = Guard.of([VOID])
    told: list[object] = []
    document.changed.connect(told.append)
    document.edited.connect(told.append)
    document.take_up(edit)
    assert (document.label_map.array == 0).all() and told == [edit.box, edit]
    document.undo()
    assert (document.label_map.array == VOID).all() and not document.can_undo
    with document.begin("Stroke"), pytest.raises(RuntimeError):
        document.take_up(edit)
    with pytest.raises(EditFormatError):
        new_document(5, 5).take_up(edit)
