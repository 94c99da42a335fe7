"""Cutting out what is in a box: what is found, how present labels steer it, and boxes that wait."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.geometry import Box
from segstudio.core.guard import Guard
from segstudio.core.label_map import LabelMap
from segstudio.tools import TOOLS, Modifiers, Phase, PointerEvent, Tool, ToolContext, ToolOutcome
from segstudio.tools import box_cut as box_cut_module
from segstudio.tools.box_cut import BoxCut
from segstudio.tools.grabcut import DRAG_A_BOX, NOTHING_FOUND
from tests.unit.tools.background_hand import worked_off

CLASSES = ClassTable.from_names(["background", "road", "pole"])
AROUND = ((22.5, 12.5), (59.5, 49.5))
BOX = Box(22, 12, 60, 50)


def scene(height: int = 60, width: int = 80, scale: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """A noisy red disc on noisy green, (height, width, 3) times `scale`, and where the disc is."""
    y, x = np.mgrid[: height * scale, : width * scale]
    disc = np.hypot(x + 0.5 - 41 * scale, y + 0.5 - 31 * scale) < 16 * scale
    image = np.where(disc[..., None], (190, 60, 50), (60, 120, 70))
    noise = np.random.default_rng(1).integers(-12, 13, (*disc.shape, 3))
    return (image + noise).astype(np.uint8), disc


IMAGE, DISC = scene()


def iou(found: np.ndarray, truth: np.ndarray) -> float:
    return float((found & truth).sum() / (found | truth).sum())


def working(fill: int = VOID, image: np.ndarray = IMAGE, **more: object) -> ToolContext:
    shown = Document("picture", LabelMap(*image.shape[:2], fill), CLASSES)
    return replace(ToolContext(shown, 1, image=image), **more)  # type: ignore[arg-type]


def drag(tool: Tool, context: ToolContext, way=AROUND, held: Modifiers = Modifiers.NONE) -> ToolOutcome:  # type: ignore[no-untyped-def]
    tool.handle(PointerEvent(*way[0], Phase.PRESS, held), context)
    tool.handle(PointerEvent(*way[1], Phase.MOVE, held), context)
    return tool.handle(PointerEvent(*way[1], Phase.RELEASE, held), context)


def test_the_thing_in_the_box_gets_the_class_as_one_edit() -> None:
    context, tool = working(), TOOLS["grabcut"].factory()
    waiting = drag(tool, context)
    assert waiting.is_waiting and waiting.outline is not None and waiting.outline.box == BOX
    assert tool.is_busy and tool.is_stepwise and not context.document.is_editing
    outcome = worked_off(tool, waiting, context)
    assert outcome.edit is not None and outcome.edit.name == "Cut out" and not tool.is_busy
    assert iou(context.document.label_map.array == 1, DISC) > 0.95
    context.document.undo()
    assert (context.document.label_map.array == VOID).all()


def test_one_box_always_gives_the_same() -> None:
    found = []
    for seed in (3, 99):
        cv2.setRNGSeed(seed)
        found.append(BoxCut(IMAGE, BOX, np.full((38, 38), VOID, np.uint8)).cut())
    np.testing.assert_array_equal(*found)


def test_a_large_box_is_looked_at_in_small_and_its_border_found_in_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box_cut_module, "MOST_PIXELS", 2500)
    image, disc = scene(scale=8)
    box = Box(22 * 8, 12 * 8, 60 * 8, 50 * 8)
    cut = BoxCut(image, box, np.full((box.height, box.width), VOID, np.uint8))
    found = cut.cut()
    assert found.shape == (box.height, box.width)
    monkeypatch.setattr(box_cut_module, "_refined", _in_blocks)
    assert iou(found, disc[box.slices]) > max(0.95, iou(cut.cut(), disc[box.slices]))


def _in_blocks(picture: np.ndarray, _small: np.ndarray, found: np.ndarray) -> np.ndarray:
    size = picture.shape[1], picture.shape[0]
    return cv2.resize(found.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0


def test_a_box_that_is_the_whole_image_works_too() -> None:
    context, tool = working(image=IMAGE[BOX.slices]), TOOLS["grabcut"].factory()
    worked_off(tool, drag(tool, context, ((-20, -20), (200, 200))), context)
    assert iou(context.document.label_map.array == 1, DISC[BOX.slices]) > 0.9


def test_nothing_is_said_to_be_found_where_nothing_stands_out() -> None:
    flat = np.full((60, 80, 3), 128, np.uint8)
    context, tool = working(image=flat), TOOLS["grabcut"].factory()
    outcome = worked_off(tool, drag(tool, context), context)
    assert outcome.message == NOTHING_FOUND and outcome.edit is None and not tool.is_busy
    assert not context.document.can_undo


@pytest.mark.parametrize("way", [((30, 30), (30, 30)), ((30, 30), (32, 50)), ((-30, -30), (-5, -5))])
def test_a_click_or_a_box_beside_the_image_is_no_box(way: tuple[tuple[float, float], ...]) -> None:
    context, tool = working(), TOOLS["grabcut"].factory()
    outcome = drag(tool, context, way)
    assert outcome.work is None and outcome.message == DRAG_A_BOX and not tool.is_busy


@pytest.mark.parametrize("operation", [cv2.erode, cv2.dilate])
def test_a_second_drag_refines_what_is_there(operation) -> None:  # type: ignore[no-untyped-def]
    """The border goes to where the image has one, from within and from without."""
    context, tool = working(), TOOLS["grabcut"].factory()
    rough = operation(DISC.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    with context.document.begin("rough") as builder:
        builder.paint_mask(Box(0, 0, 80, 60), rough, 1)
    worked_off(tool, drag(tool, context), context)
    labels = context.document.label_map.array
    assert iou(labels == 1, DISC) > max(0.9, iou(rough, DISC))
    assert (labels[rough & (labels != 1)] == 0).all(), "what is not of it is erased"


def test_what_falls_off_gets_the_label_beside_it() -> None:
    context, tool = working(), TOOLS["grabcut"].factory()
    rough = cv2.dilate(DISC.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    with context.document.begin("rough") as builder:
        builder.paint_mask(Box(0, 0, 80, 60), np.ones((60, 80), bool), 2)
        builder.paint_mask(Box(0, 0, 80, 60), rough, 1)
    worked_off(tool, drag(tool, context), context)
    labels = context.document.label_map.array
    assert (rough & (labels != 1)).sum() > 50 and (labels[labels != 1] == 2).all()
    context.document.undo()
    np.testing.assert_array_equal(labels == 1, rough)


def test_what_the_box_cuts_off_stays() -> None:
    context, tool = working(fill=1), TOOLS["grabcut"].factory()
    worked_off(tool, drag(tool, context), context)
    assert (context.document.label_map.array == 1).all()


def test_a_little_of_the_class_says_which_thing_is_meant() -> None:
    """Two discs in one box, and a dab on the one that is not in the middle."""
    y, x = np.mgrid[:60, :120]
    left, right = (np.hypot(x - middle, y - 30) < 14 for middle in (30, 85))
    image = np.where(left[..., None], (190, 60, 50), np.where(right[..., None], (50, 60, 190), (60, 120, 70)))
    image = (image + np.random.default_rng(2).integers(-9, 10, image.shape)).astype(np.uint8)
    box = Box(10, 10, 110, 50)
    present = np.full((40, 100), VOID, np.uint8)
    present[16:24, 16:24] = 1
    present[:, 60:] = 2
    found = BoxCut(image, box, present, wanted=1, locked=(2,)).cut()
    assert iou(found, left[box.slices]) > 0.9


def test_locked_classes_are_left_out() -> None:
    context, tool = working(), TOOLS["grabcut"].factory()
    with context.document.begin("half") as builder:
        builder.paint_mask(Box(0, 0, 40, 60), np.ones((60, 40), bool), 2)
    context.document.guard = Guard.of([2])
    worked_off(tool, drag(tool, context), context)
    labels = context.document.label_map.array
    assert (labels[:, :40] == 2).all() and (labels == 1)[:, 40:].any()


def test_control_erases_shift_makes_a_square_and_alt_picks() -> None:
    context, tool = working(fill=1), TOOLS["grabcut"].factory()
    picked = tool.handle(PointerEvent(30, 30, Phase.PRESS, Modifiers.ALT), context)
    assert picked.picked_class == 1 and not tool.is_busy
    outcome = drag(tool, context, ((22.5, 12.5), (50.5, 49.5)), Modifiers.CTRL | Modifiers.SHIFT)
    assert outcome.outline is not None and outcome.outline.box == BOX and outcome.color_value == 0
    outcome = worked_off(tool, outcome, context)
    assert outcome.edit is not None and outcome.edit.name == "Erase a thing"
    assert iou(context.document.label_map.array == 0, DISC) > 0.95


@pytest.mark.parametrize("phase", [Phase.CANCEL, Phase.STEP_BACK])
def test_what_is_worked_on_can_be_taken_back(phase: Phase) -> None:
    context, tool = working(), TOOLS["grabcut"].factory()
    waiting = drag(tool, context)
    tool.handle(PointerEvent(0, 0, phase), context)
    assert not tool.is_busy
    outcome = worked_off(tool, waiting, context)
    assert outcome.edit is None and (context.document.label_map.array == VOID).all()


def test_two_boxes_may_be_worked_on_and_an_answer_may_come_while_one_is_drawn() -> None:
    context, tool = working(), TOOLS["grabcut"].factory()
    first = drag(tool, context)
    tool.handle(PointerEvent(*AROUND[0], Phase.PRESS), replace(context, class_index=2))
    drawn = worked_off(tool, first, context)
    assert drawn.edit is not None and tool.is_busy and not tool.is_stepwise
    assert drawn.is_area and not drawn.is_waiting, "the box at the pointer is shown"
    second = tool.handle(PointerEvent(*AROUND[1], Phase.RELEASE), replace(context, class_index=0))
    assert worked_off(tool, second, context).edit is not None
    assert iou(context.document.label_map.array == 2, DISC) > 0.9, "the class is that of the press"


def test_over_a_proposal_it_becomes_real_first() -> None:
    proposal = np.full((60, 80), 2, np.uint8)
    context, tool = working(proposal=proposal), TOOLS["grabcut"].factory()
    worked_off(tool, drag(tool, context), context)
    labels = context.document.label_map.array
    assert iou(labels == 1, DISC) > 0.95 and (labels[labels != 1] == 2).all()
    context.document.undo()
    np.testing.assert_array_equal(labels, proposal)
