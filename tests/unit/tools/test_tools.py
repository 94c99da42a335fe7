"""What every tool in the table promises, and what each one paints."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.label_map import LabelMap
from segstudio.core.raster import BrushShape
from segstudio.core.resources import resource_root
from segstudio.tools import TOOLS, Modifiers, Phase, PointerEvent, ToolContext
from segstudio.tools.stroke import pressed_size
from tests.unit.tools.background_hand import segments_of, worked_off

CLASSES = ClassTable.from_names(["background", "road", "pole"])
IMAGE = np.zeros((60, 80, 3), np.uint8)
SEGMENTS = segments_of(IMAGE)
NO_BACKGROUND = ClassTable.from_names(["sky", "road"])


def document(classes: ClassTable = CLASSES, fill: int = VOID) -> Document:
    return Document("picture", LabelMap(60, 80, fill), classes)


def drag(tool, context, *points, modifiers=Modifiers.NONE):  # type: ignore[no-untyped-def]
    phases = [Phase.PRESS, *[Phase.MOVE] * (len(points) - 1), Phase.RELEASE]
    outcome = None
    for phase, (x, y) in zip(phases, [*points, points[-1]], strict=True):
        outcome = tool.handle(PointerEvent(x, y, phase, modifiers), context)
    return worked_off(tool, outcome, context)


@pytest.mark.parametrize("tool_id", TOOLS)
def test_every_row_names_an_icon_that_exists_and_a_key_of_its_own(tool_id: str) -> None:
    spec = TOOLS[tool_id]
    assert spec.id == tool_id
    assert (resource_root() / "icons" / f"{spec.icon}.svg").is_file()
    assert [row.shortcut for row in TOOLS.values()].count(spec.shortcut) == 1


@pytest.mark.parametrize("tool_id", TOOLS)
@pytest.mark.parametrize("shape", BrushShape)
def test_a_drag_makes_at_most_one_edit_and_undo_brings_the_pixels_back(tool_id: str, shape: BrushShape) -> None:
    shown = document(fill=1)
    before = shown.label_map.array.copy()
    outcome = drag(
        TOOLS[tool_id].factory(),
        ToolContext(shown, 2, 9, shape, image=IMAGE, segments=SEGMENTS),
        (5, 5),
        (70, 20),
        (30, 50),
    )
    assert not shown.is_editing
    assert shown.can_undo == (outcome.edit is not None)
    if outcome.edit is not None:
        assert not np.array_equal(shown.label_map.array, before)
        shown.undo()
    np.testing.assert_array_equal(shown.label_map.array, before)
    assert not shown.can_undo


@pytest.mark.parametrize("tool_id", TOOLS)
@settings(max_examples=40, deadline=None)
@given(
    points=st.lists(st.tuples(st.floats(-40, 120), st.floats(-40, 100)), min_size=1, max_size=6),
    size=st.integers(1, 60),
    shape=st.sampled_from(BrushShape),
)
def test_cancelling_restores_every_pixel(tool_id, points, size, shape) -> None:  # type: ignore[no-untyped-def]
    shown = document(fill=1)
    before = shown.label_map.array.copy()
    tool, context = TOOLS[tool_id].factory(), ToolContext(shown, 2, size, shape, image=IMAGE, segments=SEGMENTS)
    for number, (x, y) in enumerate(points):
        tool.handle(PointerEvent(x, y, Phase.MOVE if number else Phase.PRESS), context)
    tool.handle(PointerEvent(0, 0, Phase.CANCEL), context)
    np.testing.assert_array_equal(shown.label_map.array, before)
    assert not tool.is_busy and not shown.is_editing and not shown.can_undo


@pytest.mark.parametrize(
    ("size", "pressure", "width"), [(20, 0, 4), (20, 0.5, 12), (20, 1, 20), (20, 7, 20), (1, 0, 1)]
)
def test_a_light_touch_leaves_a_fifth_of_the_size(size: int, pressure: float, width: int) -> None:
    assert pressed_size(size, pressure) == width


@pytest.mark.parametrize("tool_id", ["brush", "smart_brush", "eraser", "void_brush"])
@settings(deadline=None)
@given(pressures=st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_what_a_stylus_paints_holds_its_outline_all_the_way_and_no_more_than_a_mouse(  # type: ignore[no-untyped-def]
    tool_id, pressures
) -> None:
    pressed, whole = document(fill=2), document(fill=2)
    tool, context = TOOLS[tool_id].factory(), ToolContext(pressed, 1, 14, image=IMAGE)
    outlined = np.zeros((60, 80), bool)
    way = [(15 + 6 * number, 30 + 7 * (number % 2)) for number in range(len(pressures))]
    for number, ((x, y), pressure) in enumerate(zip(way, pressures, strict=True)):
        phase = Phase.MOVE if number else Phase.PRESS
        outcome = tool.handle(PointerEvent(x, y, phase, pressure=pressure), context)
        outlined |= outcome.outline.mask(pressed.label_map.box)
    tool.handle(PointerEvent(*way[-1], Phase.RELEASE, pressure=0.0), context)
    drag(TOOLS[tool_id].factory(), ToolContext(whole, 1, 14, image=IMAGE), *way)
    painted, by_mouse = pressed.label_map.array != 2, whole.label_map.array != 2
    assert painted[outlined].all()
    edge = np.zeros_like(by_mouse)  # a smaller brush of the other parity stands half a pixel aside
    edge[1:-1, 1:-1] = by_mouse[:-2, 1:-1] | by_mouse[2:, 1:-1] | by_mouse[1:-1, :-2] | by_mouse[1:-1, 2:]
    assert (by_mouse | edge)[painted].all()


@pytest.mark.parametrize("tool_id", ["brush", "smart_brush", "eraser", "void_brush"])
@pytest.mark.parametrize(
    ("points", "begins"),
    [
        ([(5, 5)], True),
        ([(-20, 5)], False),
        ([(-2, 5)], True),
        ([(-20, 5), (90, 5)], True),
        ([(-20, 5), (9, -9)], False),
    ],
)
def test_an_edit_begins_where_the_brush_meets_the_image(tool_id: str, points: list, begins: bool) -> None:  # type: ignore[type-arg]
    tool, shown = TOOLS[tool_id].factory(), document(fill=1)
    for number, (x, y) in enumerate(points):
        tool.handle(PointerEvent(x, y, Phase.MOVE if number else Phase.PRESS), ToolContext(shown, 2, 7, image=IMAGE))
    assert tool.is_busy and shown.is_editing == begins
    tool.handle(PointerEvent(*points[-1], Phase.RELEASE), ToolContext(shown, 2, 7, image=IMAGE))
    assert not tool.is_busy and shown.can_undo == begins


@pytest.mark.parametrize("tool_id", ["brush", "smart_brush", "eraser", "void_brush"])
def test_a_stroke_on_a_proposal_makes_it_real_before(tool_id: str) -> None:
    shown, proposal = document(), np.full((60, 80), 1, dtype=np.uint8)
    context = ToolContext(shown, 2, 7, proposal=proposal, image=IMAGE)
    drag(TOOLS[tool_id].factory(), context, (-20, 5), (20, 5))
    after = shown.label_map.array.copy()
    assert after[5, 10] != 1 and np.count_nonzero(after != 1) == np.count_nonzero(after == after[5, 10])
    shown.undo()
    np.testing.assert_array_equal(shown.label_map.array, proposal)
    shown.undo()
    assert (shown.label_map.array == VOID).all() and not shown.can_undo


@pytest.mark.parametrize(
    ("points", "end", "class_index"),
    [
        ([(-20, 5)], Phase.RELEASE, 2),  # beside the image
        ([(5, 5), (20, 5)], Phase.CANCEL, 2),
        ([(5, 5), (20, 5)], Phase.RELEASE, 1),  # what the proposal says already
    ],
)
def test_a_stroke_that_comes_to_nothing_leaves_the_proposal(points: list, end: Phase, class_index: int) -> None:  # type: ignore[type-arg]
    shown, tool = document(), TOOLS["brush"].factory()
    context = ToolContext(shown, class_index, 7, proposal=np.full((60, 80), 1, dtype=np.uint8))
    for number, (x, y) in enumerate(points):
        tool.handle(PointerEvent(x, y, Phase.MOVE if number else Phase.PRESS), context)
    tool.handle(PointerEvent(*points[-1], end), context)
    assert (shown.label_map.array == VOID).all() and not shown.can_undo and not shown.can_redo


@pytest.mark.parametrize(
    ("tool_id", "classes", "erasing", "painted"),
    [
        ("brush", CLASSES, False, 2),
        ("eraser", CLASSES, False, 0),
        ("eraser", NO_BACKGROUND, False, VOID),
        ("void_brush", CLASSES, False, VOID),
        ("brush", CLASSES, True, 0),
        ("brush", NO_BACKGROUND, True, VOID),
    ],
)
def test_what_each_ink_leaves_behind(tool_id: str, classes: ClassTable, erasing: bool, painted: int) -> None:
    shown = document(classes, fill=1)
    drag(TOOLS[tool_id].factory(), ToolContext(shown, 2, 5, BrushShape.SQUARE, erasing), (10.5, 10.5))
    labels = shown.label_map.array
    assert (labels[8:13, 8:13] == painted).all()
    assert np.count_nonzero(labels == 1) == labels.size - 25


def test_the_outline_before_a_click_is_what_the_click_paints() -> None:
    shown = document()
    tool, context = TOOLS["brush"].factory(), ToolContext(shown, 1, 7)
    outline = tool.handle(PointerEvent(30.2, 20.9, Phase.HOVER), context).outline
    assert outline is not None
    drag(tool, context, (30.2, 20.9))
    np.testing.assert_array_equal(outline.mask(shown.label_map.box), shown.label_map.array == 1)


def test_shift_aims_a_line_from_the_last_end_and_paints_what_it_showed() -> None:
    shown = document()
    tool, context = TOOLS["brush"].factory(), ToolContext(shown, 1, 3)
    drag(tool, context, (10.5, 10.5))
    aimed = tool.handle(PointerEvent(60.5, 40.5, Phase.HOVER, Modifiers.SHIFT), context).outline
    assert aimed is not None
    outcome = drag(tool, context, (60.5, 40.5), modifiers=Modifiers.SHIFT)
    assert outcome is not None and outcome.edit is not None
    np.testing.assert_array_equal(aimed.mask(shown.label_map.box), shown.label_map.array == 1)
    assert shown.label_map.value_at(35, 25) == 1


def test_a_line_can_be_aimed_while_the_button_is_down() -> None:
    shown = document()
    tool, context = TOOLS["brush"].factory(), ToolContext(shown, 1, 1)
    drag(tool, context, (10.5, 30.5), (70.5, 5.5), (70.5, 30.5), modifiers=Modifiers.SHIFT)
    expected = np.zeros((60, 80), dtype=bool)
    expected[30, 10:71] = True
    np.testing.assert_array_equal(shown.label_map.array == 1, expected)


def test_a_line_never_starts_in_another_picture() -> None:
    first, second = document(), document()
    tool = TOOLS["brush"].factory()
    drag(tool, ToolContext(first, 1, 3), (10.5, 10.5))
    drag(tool, ToolContext(second, 1, 3), (60.5, 40.5), modifiers=Modifiers.SHIFT)
    assert np.count_nonzero(second.label_map.array == 1) <= 9


def test_size_and_ink_of_a_stroke_are_those_of_its_press() -> None:
    shown = document()
    tool = TOOLS["brush"].factory()
    tool.handle(PointerEvent(10.5, 10.5, Phase.PRESS), ToolContext(shown, 1, 3))
    tool.handle(PointerEvent(40.5, 10.5, Phase.MOVE), ToolContext(shown, 2, 21, erasing=True))
    tool.handle(PointerEvent(40.5, 10.5, Phase.RELEASE), ToolContext(shown, 2, 21))
    assert set(np.unique(shown.label_map.array)) == {1, VOID}
    assert np.flatnonzero((shown.label_map.array == 1).any(axis=1)).tolist() == [9, 10, 11]


@pytest.mark.parametrize(
    ("point", "proposal", "picked"),
    [((5, 5), None, 2), ((50, 50), None, VOID), ((50, 50), 1, 1), ((-3, 5), None, None)],
)
def test_picking_takes_the_class_that_is_seen(point, proposal, picked) -> None:  # type: ignore[no-untyped-def]
    labels = np.full((60, 80), VOID, dtype=np.uint8)
    labels[:10, :10] = 2
    shown = Document("picture", LabelMap.from_array(labels), CLASSES)
    proposed = None if proposal is None else np.full((60, 80), proposal, dtype=np.uint8)
    context = ToolContext(shown, proposal=proposed)
    for tool, modifiers in ((TOOLS["pick"].factory(), Modifiers.NONE), (TOOLS["brush"].factory(), Modifiers.ALT)):
        outcome = tool.handle(PointerEvent(*point, Phase.PRESS, modifiers), context)
        assert outcome.picked_class == picked
        tool.handle(PointerEvent(*point, Phase.RELEASE, modifiers), context)
    np.testing.assert_array_equal(shown.label_map.array, labels)


def test_a_second_press_while_another_edit_is_made_is_ignored() -> None:
    shown = document()
    with shown.begin("fill") as other:
        tool = TOOLS["brush"].factory()
        drag(tool, ToolContext(shown, 1, 5), (10, 10), (20, 20))
        assert not tool.is_busy
        other.cancel()
    assert (shown.label_map.array == VOID).all()
