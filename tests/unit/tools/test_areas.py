"""The tools that fill an area at once: which pixels they take, with which label, and over a proposal."""

from __future__ import annotations

import numpy as np
import pytest

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document, EditBuilder
from segstudio.core.label_map import LabelMap
from segstudio.core.raster import Polygon, Spans
from segstudio.tools import TOOLS, Modifiers, Phase, PointerEvent, Tool, ToolContext, ToolOutcome
from segstudio.tools.bucket import region_around

CLASSES = ClassTable.from_names(["background", "road", "pole"])
AREAS = ("lasso", "rectangle", "ellipse")
CTRL, SHIFT = Modifiers.CTRL, Modifiers.SHIFT

SQUARE = ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0))


def document(fill: int = VOID) -> Document:
    return Document("picture", LabelMap(60, 80, fill), CLASSES)


def draw(
    tool_id: str, context: ToolContext, *points: tuple[float, float], held: Modifiers = Modifiers.NONE
) -> ToolOutcome:
    tool = TOOLS[tool_id].factory()
    tool.handle(PointerEvent(*points[0], Phase.PRESS, held), context)
    for point in points[1:]:
        tool.handle(PointerEvent(*point, Phase.MOVE, held), context)
    return tool.handle(PointerEvent(*points[-1], Phase.RELEASE, held), context)


def test_a_lasso_fills_what_it_goes_around() -> None:
    shown = document()
    outcome = draw("lasso", ToolContext(shown, 2), *SQUARE)
    assert outcome.edit is not None and outcome.edit.name == "Lasso"
    expected = np.full((60, 80), VOID, np.uint8)
    expected[10:30, 10:30] = 2
    np.testing.assert_array_equal(shown.label_map.array, expected)


def test_a_rectangle_takes_the_pixels_of_both_corners_whichever_way_it_is_drawn() -> None:
    for points in (((10.2, 20.9), (30.5, 25.1)), ((30.5, 25.1), (10.2, 20.9)), ((30.9, 20.0), (10.0, 25.9))):
        shown = document()
        draw("rectangle", ToolContext(shown, 2), *points)
        rows, columns = np.nonzero(shown.label_map.array == 2)
        assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 25, 10, 30)
        assert len(rows) == 6 * 21


def test_an_ellipse_has_the_area_of_one_and_touches_its_rectangle() -> None:
    shown = document()
    draw("ellipse", ToolContext(shown, 1), (5, 5), (64.9, 44.9))
    mask = shown.label_map.array == 1
    assert mask.sum() == pytest.approx(np.pi * 30 * 20, rel=0.01)
    assert mask[5].any() and mask[44].any() and mask[:, 5].any() and mask[:, 64].any()
    assert not mask[4].any() and not mask[45].any()
    np.testing.assert_array_equal(mask[5:45], mask[5:45][::-1])


@pytest.mark.parametrize("end", [(30.5, 14.5), (14.5, 30.5)])
def test_shift_makes_sides_equal(end: tuple[float, float]) -> None:
    shown = document()
    draw("rectangle", ToolContext(shown, 1), (10.5, 10.5), end, held=SHIFT)
    rows, columns = np.nonzero(shown.label_map.array == 1)
    assert (rows.max(), columns.max(), rows.min(), columns.min()) == (30, 30, 10, 10)
    draw("rectangle", ToolContext(shown, 2), (40.5, 40.5), (35.5, 38.5), held=SHIFT)
    rows, columns = np.nonzero(shown.label_map.array == 2)
    assert (rows.max(), columns.max(), rows.min(), columns.min()) == (40, 40, 35, 35)


@pytest.mark.parametrize("tool_id", AREAS)
def test_what_is_shown_while_drawing_is_what_is_filled(tool_id: str) -> None:
    shown, tool = document(fill=0), TOOLS[tool_id].factory()
    context = ToolContext(shown, 2)
    assert tool.handle(PointerEvent(3, 3, Phase.HOVER), context).outline is None
    tool.handle(PointerEvent(*SQUARE[0], Phase.PRESS), context)
    for point in SQUARE[1:]:
        seen = tool.handle(PointerEvent(*point, Phase.MOVE), context)
    assert isinstance(seen.outline, Polygon if tool_id == "lasso" else Spans)
    assert seen.is_area and seen.color_value == 2
    assert not shown.can_undo and (shown.label_map.array == 0).all()
    tool.handle(PointerEvent(*SQUARE[-1], Phase.RELEASE), context)
    np.testing.assert_array_equal(seen.outline.mask(shown.label_map.box), shown.label_map.array == 2)


@pytest.mark.parametrize("tool_id", AREAS)
@pytest.mark.parametrize("how", ["ctrl", "held key"])
def test_an_area_can_be_erased(tool_id: str, how: str) -> None:
    shown = document(fill=1)
    draw(
        tool_id,
        ToolContext(shown, 2, erasing=how == "held key"),
        *SQUARE,
        held=CTRL if how == "ctrl" else Modifiers.NONE,
    )
    assert set(np.unique(shown.label_map.array)) == {0, 1}


@pytest.mark.parametrize("tool_id", [*AREAS, "bucket"])
def test_an_area_over_a_proposal_makes_it_real_before(tool_id: str) -> None:
    shown, proposal = document(), np.full((60, 80), 1, np.uint8)
    proposal[:, 40:] = 0
    draw(tool_id, ToolContext(shown, 2, proposal=proposal), *SQUARE)
    assert set(np.unique(shown.label_map.array)) == ({0, 2} if tool_id == "bucket" else {0, 1, 2})
    shown.undo()
    np.testing.assert_array_equal(shown.label_map.array, proposal)
    shown.undo()
    assert (shown.label_map.array == VOID).all() and not shown.can_undo


@pytest.mark.parametrize("tool_id", AREAS)
def test_beside_the_image_nothing_is_done(tool_id: str) -> None:
    shown = document(fill=1)
    outcome = draw(tool_id, ToolContext(shown, 2), (-30, 5), (-20, 5), (-20, 25))
    assert outcome.edit is None and not shown.can_undo and not shown.is_editing


@pytest.mark.parametrize("tool_id", [*AREAS, "bucket"])
def test_alt_picks_the_class_and_draws_nothing(tool_id: str) -> None:
    shown, tool = document(fill=1), TOOLS[tool_id].factory()
    outcome = tool.handle(PointerEvent(5, 5, Phase.PRESS, Modifiers.ALT), ToolContext(shown, 2))
    assert outcome.picked_class == 1 and not tool.is_busy


# -- the bucket


def two_blots() -> Document:
    labels = np.zeros((60, 80), np.uint8)
    labels[10:20, 10:20] = 1
    labels[20:30, 20:30] = 1  # touches the other at a corner only
    return Document("picture", LabelMap.from_array(labels), CLASSES)


def test_the_bucket_fills_what_hangs_together_side_by_side() -> None:
    shown = two_blots()
    draw("bucket", ToolContext(shown, 2), (15, 15), (25, 25))  # where it was pressed counts
    labels = shown.label_map.array
    assert (labels[10:20, 10:20] == 2).all() and (labels[20:30, 20:30] == 1).all()
    assert np.count_nonzero(labels == 2) == 100


def test_with_shift_the_bucket_fills_every_pixel_of_that_label() -> None:
    shown = two_blots()
    draw("bucket", ToolContext(shown, 2), (15, 15), held=SHIFT)
    assert np.count_nonzero(shown.label_map.array == 2) == 200 and not (shown.label_map.array == 1).any()


def test_with_ctrl_the_bucket_erases_and_what_has_the_label_already_is_no_edit() -> None:
    shown = two_blots()
    assert draw("bucket", ToolContext(shown, 1), (15, 15)).edit is None and not shown.can_undo
    assert draw("bucket", ToolContext(shown, 1), (90, 15)).edit is None
    outcome = draw("bucket", ToolContext(shown, 1), (15, 15), held=CTRL)
    assert outcome.edit is not None and np.count_nonzero(shown.label_map.array == 1) == 100


def test_a_region_is_the_component_that_a_plain_search_finds() -> None:
    labels = np.random.default_rng(3).integers(0, 2, (40, 50), dtype=np.uint8)
    labels.flags.writeable = False
    for x, y in ((0, 0), (25, 20), (49, 39)):
        found, edge = np.zeros(labels.shape, bool), [(y, x)]
        while edge:
            row, column = edge.pop()
            inside = 0 <= row < 40 and 0 <= column < 50
            if inside and not found[row, column] and labels[row, column] == labels[y, x]:
                found[row, column] = True
                edge += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
        box, mask = region_around(labels, x, y)
        expected = np.zeros_like(found)
        expected[box.slices] = mask
        np.testing.assert_array_equal(expected, found)


# -- the polygon


def click(tool: Tool, context: ToolContext, x: float, y: float, held: Modifiers = Modifiers.NONE) -> ToolOutcome:
    pressed = tool.handle(PointerEvent(x, y, Phase.PRESS, held), context)
    released = tool.handle(PointerEvent(x, y, Phase.RELEASE, held), context)
    return pressed if pressed.edit is not None else released


def corners(context: ToolContext, *points: tuple[float, float], held: Modifiers = Modifiers.NONE) -> Tool:
    tool = TOOLS["polygon"].factory()
    for point in points:
        click(tool, context, *point, held)
    return tool


@pytest.mark.parametrize("way", ["confirm", "first corner"])
def test_a_polygon_is_filled_when_it_is_closed(way: str) -> None:
    shown = document()
    context = ToolContext(shown, 2, reach=3)
    tool = corners(context, *SQUARE)
    assert tool.is_busy and not shown.can_undo
    if way == "confirm":
        outcome = tool.handle(PointerEvent(50, 50, Phase.CONFIRM), context)
    else:
        outcome = click(tool, context, 11.5, 12)
    assert outcome.edit is not None and outcome.edit.name == "Polygon" and not tool.is_busy
    assert (shown.label_map.array[10:30, 10:30] == 2).all() and np.count_nonzero(shown.label_map.array == 2) == 400


def test_the_outline_follows_the_pointer_and_a_corner_can_be_dragged() -> None:
    shown = document()
    context = ToolContext(shown, 2)
    tool = corners(context, *SQUARE[:2])
    seen = tool.handle(PointerEvent(33, 44, Phase.HOVER), context)
    assert isinstance(seen.outline, Polygon) and seen.outline.points.tolist()[-1] == [33, 44]
    tool.handle(PointerEvent(33, 44, Phase.PRESS), context)
    tool.handle(PointerEvent(*SQUARE[2], Phase.MOVE), context)
    tool.handle(PointerEvent(*SQUARE[2], Phase.RELEASE), context)
    click(tool, context, *SQUARE[3])
    tool.handle(PointerEvent(0, 0, Phase.CONFIRM), context)
    assert np.count_nonzero(shown.label_map.array == 2) == 400


def test_corners_are_taken_back_one_by_one() -> None:
    shown = document()
    context = ToolContext(shown, 2)
    tool = corners(context, *SQUARE, (70.0, 50.0))
    tool.handle(PointerEvent(0, 0, Phase.STEP_BACK), context)
    tool.handle(PointerEvent(0, 0, Phase.CONFIRM), context)
    assert np.count_nonzero(shown.label_map.array == 2) == 400
    tool = corners(context, *SQUARE[:2])
    for _ in range(2):
        assert tool.is_busy
        tool.handle(PointerEvent(0, 0, Phase.STEP_BACK), context)
    assert not tool.is_busy


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_corners_hold_nothing(count: int) -> None:
    shown = document()
    context = ToolContext(shown, 2, proposal=np.full((60, 80), 1, np.uint8))
    tool = corners(context, *SQUARE[:count])
    assert tool.handle(PointerEvent(0, 0, Phase.CONFIRM), context).edit is None
    assert not tool.is_busy and not shown.can_undo


def test_class_and_ink_of_a_polygon_are_those_of_its_first_click() -> None:
    shown = document(fill=1)
    tool = corners(ToolContext(shown, 2), *SQUARE)
    tool.handle(PointerEvent(0, 0, Phase.CONFIRM), ToolContext(shown, 1, erasing=True))
    assert (shown.label_map.array[10:30, 10:30] == 2).all()
    tool = corners(ToolContext(shown, 2), *SQUARE, held=CTRL)
    assert tool.handle(PointerEvent(0, 0, Phase.CONFIRM), ToolContext(shown, 2)).edit is not None
    assert (shown.label_map.array[10:30, 10:30] == 0).all()


@pytest.mark.parametrize("tool_id", [*AREAS, "bucket"])
def test_a_failure_at_the_release_leaves_no_edit_open(tool_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = document(fill=1)

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(EditBuilder, "paint_region", full)
    monkeypatch.setattr(EditBuilder, "paint_mask", full)
    with pytest.raises(MemoryError):
        draw(tool_id, ToolContext(shown, 2), *SQUARE)
    assert not shown.is_editing and (shown.label_map.array == 1).all()
