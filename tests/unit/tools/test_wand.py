"""The magic wand: what looks alike, how far a drag takes it, and what it does with it."""

from __future__ import annotations

import numpy as np
import pytest

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.geometry import Box
from segstudio.core.label_map import LabelMap
from segstudio.core.raster import MaskRegion, ReducedMask
from segstudio.tools import TOOLS, Modifiers, Phase, PointerEvent, Tool, ToolContext, ToolOutcome
from segstudio.tools.wand import FIRST_TOLERANCE, MOST_LOOKED_AT, MOST_TOLERANCE, PER_REACH

CLASSES = ClassTable.from_names(["background", "road", "pole"])


@pytest.fixture
def image() -> np.ndarray:
    """A noisy sky of 100, a wall of 130 below it, a window of 100 in the wall."""
    grey = np.full((60, 80), 100.0)
    grey[30:] = 130
    grey[40:50, 30:45] = 100
    noisy = grey + np.random.default_rng(0).integers(-3, 4, grey.shape)
    return noisy[..., None].repeat(3, axis=2).astype(np.uint8)


def document(fill: int = VOID) -> Document:
    return Document("picture", LabelMap(60, 80, fill), CLASSES)


def whole(seen: ReducedMask, shown: Document) -> np.ndarray:
    """Over all of the document: True on what is shown pixel by pixel."""
    assert seen.step == 1
    mask = np.zeros(shown.label_map.shape, bool)
    mask[seen.box.slices] = seen.thinned(seen.box, 1)
    return mask


def drag(tool: Tool, context: ToolContext, x: float, to: float, held: Modifiers = Modifiers.NONE) -> ToolOutcome:
    tool.handle(PointerEvent(x, 10, Phase.PRESS, held), context)
    tool.handle(PointerEvent(to, 10, Phase.MOVE, held), context)
    return tool.handle(PointerEvent(to, 10, Phase.RELEASE, held), context)


def test_a_click_takes_what_looks_alike_and_hangs_together(image: np.ndarray) -> None:
    shown = document()
    outcome = drag(TOOLS["wand"].factory(), ToolContext(shown, 1, image=image), 20, 20)
    assert outcome.edit is not None and outcome.edit.name == "Magic wand"
    taken = shown.label_map.array == 1
    assert taken[:29].all() and not taken[32:].any(), "not the window, though it looks the same"


def test_a_drag_to_the_right_takes_more_and_the_next_click_begins_there(image: np.ndarray) -> None:
    shown, tool = document(), TOOLS["wand"].factory()
    context = ToolContext(shown, 1, image=image, reach=4)
    steps = (35 - FIRST_TOLERANCE) / PER_REACH * 4
    drag(tool, context, 20, 20 + steps)
    assert (shown.label_map.array == 1).all()
    shown.undo()
    drag(tool, context, 20, 20)
    assert (shown.label_map.array == 1).all(), "the tolerance is kept"
    shown.undo()
    drag(tool, context, 20, 20 - 10 * steps)
    assert 0 < np.count_nonzero(shown.label_map.array == 1) < 30 * 80, "and never below nothing"
    shown.undo()
    drag(tool, context, 20, 20 + 1000 * steps)
    assert tool._tolerance == MOST_TOLERANCE  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("right", "drag_to"), [((0.0, 1.0), (20, 40)), ((-1.0, 0.0), (-10, 10)), ((0.0, -1.0), (20, -20))]
)
def test_right_is_where_it_is_on_the_screen(
    image: np.ndarray, right: tuple[float, float], drag_to: tuple[float, float]
) -> None:
    """An image may be shown turned, as its EXIF orientation says."""
    shown, tool = document(), TOOLS["wand"].factory()
    context = ToolContext(shown, 1, image=image, reach=4, right=right)
    tool.handle(PointerEvent(20, 10, Phase.PRESS), context)
    tool.handle(PointerEvent(*drag_to, Phase.RELEASE), context)
    assert (shown.label_map.array == 1).all()


def test_the_image_is_not_kept_by_the_tool(image: np.ndarray) -> None:
    tool, shown, kept = TOOLS["wand"].factory(), document(), image.copy()
    drag(tool, ToolContext(shown, 1, image=kept), 20, 20)
    assert tool._reduced is not None  # type: ignore[attr-defined]
    del kept
    assert tool._reduced is None  # type: ignore[attr-defined]


def test_what_is_shown_is_what_is_filled(image: np.ndarray) -> None:
    shown, tool = document(fill=0), TOOLS["wand"].factory()
    context = ToolContext(shown, 2, image=image)
    seen = tool.handle(PointerEvent(20, 45, Phase.PRESS), context)
    assert isinstance(seen.outline, ReducedMask) and seen.is_area and seen.color_value == 2
    assert (shown.label_map.array == 0).all() and shown.is_editing
    tool.handle(PointerEvent(20, 45, Phase.RELEASE), context)
    np.testing.assert_array_equal(whole(seen.outline, shown), shown.label_map.array == 2)


def test_control_erases_and_cancelling_restores(image: np.ndarray) -> None:
    shown, tool = document(fill=1), TOOLS["wand"].factory()
    context = ToolContext(shown, 2, image=image)
    tool.handle(PointerEvent(20, 10, Phase.PRESS), context)
    tool.handle(PointerEvent(20, 10, Phase.CANCEL), context)
    assert not tool.is_busy and not shown.is_editing and (shown.label_map.array == 1).all()
    drag(tool, context, 20, 20, Modifiers.CTRL)
    assert (shown.label_map.array[:29] == 0).all()


def test_over_a_proposal_it_becomes_real_first(image: np.ndarray) -> None:
    shown, proposal = document(), np.full((60, 80), 1, np.uint8)
    drag(TOOLS["wand"].factory(), ToolContext(shown, 2, image=image, proposal=proposal), 20, 20)
    assert (shown.label_map.array[:29] == 2).all() and (shown.label_map.array[32:] == 1).all()
    shown.undo()
    np.testing.assert_array_equal(shown.label_map.array, proposal)


@pytest.mark.parametrize(("x", "has_image"), [(-5, True), (20, False)])
def test_beside_the_image_or_without_one_nothing_is_done(image: np.ndarray, x: float, has_image: bool) -> None:
    shown, tool = document(), TOOLS["wand"].factory()
    drag(tool, ToolContext(shown, 2, image=image if has_image else None), x, 20)
    assert not tool.is_busy and not shown.can_undo and not shown.is_editing


def test_with_shift_at_the_press_it_takes_what_looks_alike_everywhere(image: np.ndarray) -> None:
    shown, tool = document(), TOOLS["wand"].factory()
    context = ToolContext(shown, 1, image=image)
    seen = tool.handle(PointerEvent(20, 10, Phase.PRESS, Modifiers.SHIFT), context)
    assert isinstance(seen.outline, ReducedMask)
    tool.handle(PointerEvent(20, 10, Phase.RELEASE), context)  # Shift is let go before the button
    taken = shown.label_map.array == 1
    assert taken[:29].all() and taken[42:48, 32:43].all(), "the window in the wall too"
    assert not taken[32:38].any()
    np.testing.assert_array_equal(whole(seen.outline, shown), taken)
    shown.undo()
    drag(tool, context, 20, 20)
    assert not (shown.label_map.array[32:] == 1).any()


def test_the_tolerance_is_told_while_it_is_dragged(image: np.ndarray) -> None:
    shown, tool = document(), TOOLS["wand"].factory()
    context = ToolContext(shown, 1, image=image, reach=4)
    assert tool.handle(PointerEvent(20, 10, Phase.HOVER), context).tolerance is None
    assert tool.handle(PointerEvent(20, 10, Phase.PRESS), context).tolerance == FIRST_TOLERANCE
    assert tool.handle(PointerEvent(23, 10, Phase.MOVE), context).tolerance == FIRST_TOLERANCE + 3
    assert tool.handle(PointerEvent(-900, 10, Phase.MOVE), context).tolerance == 0
    assert tool.handle(PointerEvent(20, 10, Phase.RELEASE), context).tolerance is None


@pytest.mark.parametrize("held", [Modifiers.NONE, Modifiers.SHIFT])
def test_of_a_large_image_only_what_is_in_sight_is_compared_while_one_drags(held: Modifiers) -> None:
    """2000 × 3000 pixels of 40, of which one half is in sight, with a square of 90 about the click."""
    image = np.full((2000, 3000, 3), 40, np.uint8)
    image[700:900, 600:1000] = image[1500:1700, 600:1000] = image[700:900, 2500:2700] = 90
    shown, tool = Document("picture", LabelMap(2000, 3000), CLASSES), TOOLS["wand"].factory()
    visible = Box(100, 100, 1900, 1900)
    context = ToolContext(shown, 1, image=image, visible=visible)
    seen = tool.handle(PointerEvent(800, 800, Phase.PRESS, held), context).outline
    assert isinstance(seen, ReducedMask) and seen.step == 2 and seen.inside.size <= MOST_LOOKED_AT
    assert seen.box.intersection(visible) == seen.box
    found = seen.inside.sum() * seen.step**2
    assert found == pytest.approx(80_000 * (2 if held else 1), rel=0.02)
    tool.handle(PointerEvent(800, 800, Phase.RELEASE, held), context)
    expected = image[..., 0] == 90 if held else np.zeros((2000, 3000), bool)
    expected[700:900, 600:1000] = True
    assert np.count_nonzero((shown.label_map.array == 1) != expected) <= 5 * 12, "but for rounded corners"


def test_part_of_a_region_is_its_part() -> None:
    random = np.random.default_rng(2)
    region = MaskRegion(Box(5, 7, 25, 37), random.random((30, 20)) < 0.5)
    whole = region.mask(Box(0, 0, 40, 50))
    assert whole.sum() == region.inside.sum()
    for box in (Box(0, 0, 10, 10), Box(10, 10, 30, 30), Box(30, 40, 40, 50), Box(5, 7, 25, 37)):
        np.testing.assert_array_equal(region.mask(box), whole[box.slices])


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_thinned_mask_tells_of_each_pixel_what_the_kept_one_before_it_says(step: int) -> None:
    box = Box(5, 7, 26, 37)
    mask = ReducedMask(box, step, np.random.default_rng(2).random((-(-30 // step), -(-21 // step))) < 0.5)
    for asked, by in ((box, 1), (Box(9, 10, 26, 30), 1), (Box(6, 8, 20, 37), 4)):
        expected = [
            [mask.inside[(y - 7) // step, (x - 5) // step] for x in range(asked.x0, asked.x1, by)]
            for y in range(asked.y0, asked.y1, by)
        ]
        np.testing.assert_array_equal(mask.thinned(asked, by), expected)
