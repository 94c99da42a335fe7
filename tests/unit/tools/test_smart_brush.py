"""The smart brush: where it stops, where it does not, and that it is a brush in all else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.label_map import LabelMap
from segstudio.core.raster import BrushShape, snapped, sweep
from segstudio.tools import TOOLS, Modifiers, Phase, PointerEvent, ToolContext
from segstudio.tools.smart_brush import SMALLEST

CLASSES = ClassTable.from_names(["background", "road", "pole"])
HEIGHT, WIDTH = 120, 160


def document(fill: int = VOID) -> Document:
    return Document("picture", LabelMap(HEIGHT, WIDTH, fill), CLASSES)


def walls(seed: int = 0, low: int = 90, high: int = 130) -> np.ndarray:
    """Two noisy greys that meet at column 80."""
    grey = np.full((HEIGHT, WIDTH, 3), low, np.float64)
    grey[:, 80:] = high
    return np.clip(grey + np.random.default_rng(seed).normal(0, 4, grey.shape), 0, 255).astype(np.uint8)


def stroke(  # type: ignore[no-untyped-def]
    context: ToolContext, *points, held: Modifiers = Modifiers.NONE, tool_id: str = "smart_brush"
) -> np.ndarray:
    """The pixels that a stroke changes, (height, width) bool."""
    before, tool = context.document.label_map.array.copy(), TOOLS[tool_id].factory()
    tool.handle(PointerEvent(*points[0], Phase.PRESS, held), context)
    for point in points[1:]:
        tool.handle(PointerEvent(*point, Phase.MOVE, held), context)
    tool.handle(PointerEvent(*points[-1], Phase.RELEASE, held), context)
    return context.document.label_map.array != before


@pytest.mark.parametrize("size", [12, 40, 90])
@pytest.mark.parametrize("shape", BrushShape)
def test_it_stops_at_the_edge_on_whichever_side_its_middle_is(size: int, shape: BrushShape) -> None:
    for x, side in ((80 - size * 0.2, np.s_[:, 83:]), (80 + size * 0.2, np.s_[:, :77])):
        context = ToolContext(document(), 1, size, shape, image=walls())
        painted = stroke(context, (x, 60))
        centre = snapped((x, 60), size)
        whole = sweep(centre, centre, size, shape).mask(context.document.label_map.box)
        assert not painted[side].any() and not (painted & ~whole).any()
        own = whole.copy()
        own[:, 77:83] = False
        own[side] = False
        assert painted[own].mean() > 0.97, "and takes all on its own side"


def test_a_dark_line_between_equal_walls_parts_them() -> None:
    image = walls(high=90)
    image[:, 80:83] = 20
    painted = stroke(ToolContext(document(), 1, 30, image=image), (72, 60))
    assert not painted[:, 84:].any() and painted[60, 60:78].all()


@pytest.mark.parametrize("kind", ["flat", "noise", "shaded"])
def test_without_an_edge_it_is_the_plain_brush(kind: str) -> None:
    image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    if kind == "noise":
        image = walls(high=90)
    elif kind == "shaded":
        image[:] = np.linspace(20, 235, WIDTH)[None, :, None]
    smart = stroke(ToolContext(document(), 1, 40, image=image), (80, 60), (100, 70))
    plain = stroke(ToolContext(document(), 1, 40), (80, 60), (100, 70), tool_id="brush")
    np.testing.assert_array_equal(smart, plain)


@pytest.mark.parametrize("size", [1, 3, 4])
def test_a_brush_too_small_to_tell_is_the_plain_brush(size: int) -> None:
    assert size < SMALLEST
    smart = stroke(ToolContext(document(), 1, size, image=walls()), (79, 60), (82, 60))
    plain = stroke(ToolContext(document(), 1, size), (79, 60), (82, 60), tool_id="brush")
    np.testing.assert_array_equal(smart, plain)


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(st.tuples(st.floats(-30, 190), st.floats(-30, 150)), min_size=1, max_size=4),
    size=st.integers(5, 200),
    shape=st.sampled_from(BrushShape),
    seed=st.integers(0, 3),
)
@example(points=[(54.0, -5.0), (0.0, 1.0)], size=5, shape=BrushShape.SQUARE, seed=0)
def test_it_never_paints_more_than_the_brush_and_always_what_its_middle_passes(points, size, shape, seed) -> None:  # type: ignore[no-untyped-def]
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 256, (6, 8, 3), dtype=np.uint8).repeat(20, axis=0).repeat(20, axis=1)
    smart = stroke(ToolContext(document(), 1, size, shape, image=blocks), *points)
    plain = stroke(ToolContext(document(), 1, size, shape), *points, tool_id="brush")
    assert not (smart & ~plain).any()
    way = stroke(ToolContext(document(), 1, 1, shape), *(snapped(point, size) for point in points), tool_id="brush")
    assert not (way & ~smart).any(), "so a fast stroke has no gaps"


def test_fast_or_slow_a_stroke_hangs_together() -> None:
    image = walls()
    for way in ([(10, 60), (150, 62)], [(x, 60) for x in range(10, 150, 7)]):
        painted = stroke(ToolContext(document(), 1, 16, image=image), *way)
        assert cv2.connectedComponents(painted.astype(np.uint8), connectivity=4)[0] == 2


@pytest.mark.parametrize("size", [9, 24, 150])
def test_the_outline_before_a_click_is_what_the_click_paints(size: int) -> None:
    tool, context = TOOLS["smart_brush"].factory(), ToolContext(document(), 1, size, image=walls())
    for x in (70.2, 84.9, 2.0, 159.5):
        seen = tool.handle(PointerEvent(x, 60.3, Phase.HOVER), context).outline
        assert seen is not None
        painted = stroke(context, (x, 60.3))
        np.testing.assert_array_equal(seen.mask(context.document.label_map.box), painted)
        context.document.undo()


def test_shift_aims_a_line_and_paints_what_it_showed() -> None:
    tool, context = TOOLS["smart_brush"].factory(), ToolContext(document(), 1, 12, image=walls())
    for phase in (Phase.PRESS, Phase.RELEASE):
        tool.handle(PointerEvent(74.0, 20.0, phase), context)
    aimed = tool.handle(PointerEvent(76.0, 100.0, Phase.HOVER, Modifiers.SHIFT), context).outline
    assert aimed is not None
    for phase in (Phase.PRESS, Phase.RELEASE):
        tool.handle(PointerEvent(76.0, 100.0, phase, Modifiers.SHIFT), context)
    painted = context.document.label_map.array == 1
    assert painted[60, 75] and not painted[:, 82:].any()
    np.testing.assert_array_equal(aimed.mask(context.document.label_map.box) & ~painted, False)
    assert not (painted[40:80] & ~aimed.mask(context.document.label_map.box)[40:80]).any()


@pytest.mark.parametrize("erasing", [False, True])
def test_it_paints_the_class_or_erases_as_the_brush_does(erasing: bool) -> None:
    context = ToolContext(document(fill=2), 1, 30, erasing=erasing, image=walls())
    painted = stroke(context, (70, 60))
    assert painted.any() and set(np.unique(context.document.label_map.array[painted])) == {0 if erasing else 1}
    name = context.document.history.undo_name
    assert name == ("Eraser stroke" if erasing else "Smart brush stroke")


def test_over_a_proposal_it_becomes_real_first_and_undo_brings_it_back() -> None:
    shown, proposal = document(), np.full((HEIGHT, WIDTH), 2, np.uint8)
    stroke(ToolContext(shown, 1, 30, image=walls(), proposal=proposal), (70, 60))
    assert shown.label_map.value_at(70, 60) == 1 and shown.label_map.value_at(120, 60) == 2
    shown.undo()
    np.testing.assert_array_equal(shown.label_map.array, proposal)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 40)])
def test_pictures_of_hardly_a_pixel_are_painted(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    for size in (5, 60, 500):
        shown = Document("picture", LabelMap(*shape, VOID), CLASSES)
        stroke(ToolContext(shown, 1, size, image=image), (0.5, 0.5))
        assert shown.label_map.value_at(0, 0) == 1
