"""The scissors: an outline that keeps to edges, at any size of the image, and a polygon in all else."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.geometry import Box
from segstudio.core.label_map import LabelMap
from segstudio.core.raster import Polygon
from segstudio.tools import TOOLS, Modifiers, Phase, PointerEvent, Tool, ToolContext, ToolOutcome
from segstudio.tools.scissors import WINDOW_REACH, EdgeWay, sampled

CLASSES = ClassTable.from_names(["background", "road", "pole"])
CENTRE, RADIUS = (80.0, 60.0), 40.0
QUARTERS = ((120.0, 60.0), (80.0, 100.0), (40.0, 60.0), (80.0, 20.0))
"""On the disc's border, clockwise from the right."""


def disc_image(height: int = 120, width: int = 160, seed: int = 0, scale: int = 1) -> np.ndarray:
    """A disc of 130 before a ground of 90, with noise; `scale` times as large."""
    rows, columns = np.mgrid[: height * scale, : width * scale]
    inside = np.hypot(columns + 0.5 - CENTRE[0] * scale, rows + 0.5 - CENTRE[1] * scale) <= RADIUS * scale
    grey = np.where(inside, 130, 90) + np.random.default_rng(seed).integers(-3, 4, inside.shape)
    return grey[..., None].repeat(3, axis=2).astype(np.uint8)


def true_disc(height: int = 120, width: int = 160) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.hypot(columns + 0.5 - CENTRE[0], rows + 0.5 - CENTRE[1]) <= RADIUS


def document(height: int = 120, width: int = 160, fill: int = VOID) -> Document:
    return Document("picture", LabelMap(height, width, fill), CLASSES)


def click(tool: Tool, context: ToolContext, *points, held: Modifiers = Modifiers.NONE) -> None:  # type: ignore[no-untyped-def]
    for x, y in points:
        tool.handle(PointerEvent(x, y, Phase.PRESS, held), context)
        tool.handle(PointerEvent(x, y, Phase.RELEASE, held), context)


def confirm(tool: Tool, context: ToolContext, held: Modifiers = Modifiers.NONE) -> ToolOutcome:
    return tool.handle(PointerEvent(0, 0, Phase.CONFIRM, held), context)


def overlap(painted: np.ndarray, true: np.ndarray) -> float:
    return np.count_nonzero(painted & true) / np.count_nonzero(painted | true)


@pytest.mark.parametrize("way", ["enter", "first corner"])
def test_four_clicks_cut_out_a_disc(way: str) -> None:
    shown, tool = document(), TOOLS["scissors"].factory()
    context = ToolContext(shown, 2, image=disc_image())
    click(tool, context, *QUARTERS)
    if way == "enter":
        outcome = confirm(tool, context)
    else:
        outcome = tool.handle(PointerEvent(QUARTERS[0][0] + 1, QUARTERS[0][1], Phase.PRESS), context)
    assert outcome.edit is not None and outcome.edit.name == "Scissors" and not tool.is_busy
    assert overlap(shown.label_map.array == 2, true_disc()) > 0.97, "a square through the clicks has 0.64"
    shown.undo()
    assert (shown.label_map.array == VOID).all() and not shown.can_undo


def test_with_shift_it_is_a_polygon() -> None:
    shown, tool = document(), TOOLS["scissors"].factory()
    context = ToolContext(shown, 2, image=disc_image())
    click(tool, context, *QUARTERS, held=Modifiers.SHIFT)
    confirm(tool, context, Modifiers.SHIFT)
    straight = Polygon(np.array(QUARTERS)).mask(shown.label_map.box)
    np.testing.assert_array_equal(shown.label_map.array == 2, straight)


def test_each_leg_is_straight_or_not_by_itself() -> None:
    shown, tool = document(), TOOLS["scissors"].factory()
    context = ToolContext(shown, 2, image=disc_image())
    click(tool, context, QUARTERS[0])
    click(tool, context, QUARTERS[1], held=Modifiers.SHIFT)
    click(tool, context, *QUARTERS[2:])
    confirm(tool, context)
    painted = shown.label_map.array == 2
    assert not painted[85:88, 105:108].any(), "cut off straight"
    assert painted[85:87, 53:55].all() and painted[32:35, 105:107].all()


def test_the_outline_follows_the_pointer_along_the_edge() -> None:
    tool, context = TOOLS["scissors"].factory(), ToolContext(document(), 2, image=disc_image())
    click(tool, context, QUARTERS[0])
    seen = tool.handle(PointerEvent(*QUARTERS[1], Phase.HOVER), context)
    assert isinstance(seen.outline, Polygon) and seen.is_area and seen.color_value == 2
    points = seen.outline.points
    assert tuple(points[0]) == QUARTERS[0] and tuple(points[-1]) == QUARTERS[1] and len(points) > 4
    away = np.hypot(*(points - CENTRE).T) - RADIUS
    assert np.abs(away).max() < 2
    straight = tool.handle(PointerEvent(*QUARTERS[1], Phase.HOVER, Modifiers.SHIFT), context).outline
    assert isinstance(straight, Polygon) and straight.points.tolist() == [list(QUARTERS[0]), list(QUARTERS[1])]


def test_near_the_first_corner_it_shows_what_a_click_there_fills() -> None:
    shown, tool = document(), TOOLS["scissors"].factory()
    context = ToolContext(shown, 2, image=disc_image())
    click(tool, context, *QUARTERS)
    at = QUARTERS[0][0] - 2, QUARTERS[0][1] + 1
    seen = tool.handle(PointerEvent(*at, Phase.HOVER), context).outline
    assert seen is not None
    click(tool, context, at)
    np.testing.assert_array_equal(seen.mask(shown.label_map.box), shown.label_map.array == 2)


def test_backspace_takes_a_click_back_with_its_way_and_a_corner_can_be_dragged() -> None:
    shown, tool = document(), TOOLS["scissors"].factory()
    context = ToolContext(shown, 2, image=disc_image())
    click(tool, context, *QUARTERS[:2], (5.0, 5.0))
    tool.handle(PointerEvent(5, 5, Phase.STEP_BACK), context)
    tool.handle(PointerEvent(20, 110, Phase.PRESS), context)
    tool.handle(PointerEvent(*QUARTERS[2], Phase.MOVE), context)
    tool.handle(PointerEvent(*QUARTERS[2], Phase.RELEASE), context)
    click(tool, context, QUARTERS[3])
    confirm(tool, context)
    assert overlap(shown.label_map.array == 2, true_disc()) > 0.97
    click(tool, context, *QUARTERS[:2])
    for _ in range(2):
        assert tool.is_busy
        tool.handle(PointerEvent(0, 0, Phase.STEP_BACK), context)
    assert not tool.is_busy


def test_control_erases_alt_picks_and_escape_forgets() -> None:
    shown, tool = document(fill=1), TOOLS["scissors"].factory()
    context = ToolContext(shown, 2, image=disc_image())
    assert tool.handle(PointerEvent(5, 5, Phase.PRESS, Modifiers.ALT), context).picked_class == 1 and not tool.is_busy
    click(tool, context, *QUARTERS)
    tool.handle(PointerEvent(5, 5, Phase.CANCEL), context)
    assert not tool.is_busy and not shown.can_undo
    click(tool, context, QUARTERS[0], held=Modifiers.CTRL)
    click(tool, context, *QUARTERS[1:])
    confirm(tool, context)
    assert overlap(shown.label_map.array == 0, true_disc()) > 0.97


@pytest.mark.parametrize("scale", [2, 4])
def test_far_from_the_click_or_from_far_the_way_is_as_good_as_its_pixels(scale: int) -> None:
    """The disc is larger than a window of whole pixels, or looked at from so far that these are not seen."""
    image = disc_image(scale=scale)
    for reach in (4.0, 8.0 * scale):
        way = EdgeWay()
        start, end = ((x * scale, y * scale) for x, y in QUARTERS[:2])
        points = np.array(way.between(start, end, ToolContext(document(), image=image, reach=reach)))
        assert np.abs(np.hypot(*(points - np.array(CENTRE) * scale).T) - RADIUS * scale).max() < 2.5 * scale
        assert len(points) > 4


def test_windows_are_made_once_for_a_corner_and_their_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def counted(image: np.ndarray, box: Box, step: int) -> np.ndarray:
        found = sampled(image, box, step)
        sizes.append(found.shape[:2])
        return found

    monkeypatch.setattr(sys.modules[EdgeWay.__module__], "sampled", counted)
    way, context = EdgeWay(), ToolContext(document(), image=np.zeros((4000, 5000, 3), np.uint8), reach=64.0)
    for x in range(2000, 2600, 20):
        way.between((2000.0, 2000.0), (float(x), 2100.0), context)
    assert len(sizes) == 1
    for x in range(2000, 5000, 20):
        way.between((2000.0, 2000.0), (float(x), 2100.0), context)
    assert len(sizes) == 4 and max(max(size) for size in sizes) <= 2 * WINDOW_REACH + 1
    way.between((2600.0, 2100.0), (2700.0, 2100.0), context)
    assert len(sizes) == 5


def test_an_average_over_pixels_is_one() -> None:
    image = np.random.default_rng(1).integers(0, 256, (90, 70, 3), dtype=np.uint8)
    box = Box(10, 20, 58, 84)
    mean = image[box.slices].reshape(32, 2, 24, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(sampled(image, box, 2), mean, atol=1)
    np.testing.assert_array_equal(sampled(image, box, 1), image[box.slices])
    assert sampled(image, box, 16).shape == (4, 3, 3)


@pytest.mark.parametrize("kind", ["flat", "grey noise", "shaded"])
def test_without_edges_the_way_is_straight(kind: str) -> None:
    image = np.full((120, 160, 3), 90, np.uint8)
    if kind == "grey noise":
        image += np.random.default_rng(0).integers(0, 4, (120, 160, 1), dtype=np.uint8)
    elif kind == "shaded":
        image[:] = np.linspace(40, 200, 160)[None, :, None]
    points = EdgeWay().between((20.0, 20.0), (90.0, 75.0), ToolContext(document(), image=image))
    assert points == [(90.0, 75.0)]


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    points=st.lists(st.tuples(st.floats(-60, 90), st.floats(-60, 90)), min_size=1, max_size=5),
    reach=st.floats(0.05, 200),
    seed=st.integers(0, 9),
)
def test_no_point_and_no_picture_is_too_odd(shape, points, reach, seed) -> None:  # type: ignore[no-untyped-def]
    image = np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)
    way, context = EdgeWay(), ToolContext(document(), image=image, reach=reach)
    for start, end in zip(points, [*points[1:], points[0]], strict=True):
        found = way.between(start, end, context)
        assert found[-1] == end
        inner = np.array(found[:-1]).reshape(-1, 2)
        assert ((inner >= 0) & (inner <= (shape[1], shape[0]))).all()


def test_without_an_image_it_is_a_polygon_and_over_a_proposal_this_becomes_real_first() -> None:
    shown, proposal = document(), np.full((120, 160), 1, np.uint8)
    tool, context = TOOLS["scissors"].factory(), ToolContext(shown, 2, proposal=proposal)
    click(tool, context, *QUARTERS)
    confirm(tool, context)
    straight = Polygon(np.array(QUARTERS)).mask(shown.label_map.box)
    np.testing.assert_array_equal(shown.label_map.array, np.where(straight, 2, 1))
    shown.undo()
    np.testing.assert_array_equal(shown.label_map.array, proposal)


def test_nothing_of_the_image_is_kept_after_the_drawing() -> None:
    tool, context = TOOLS["scissors"].factory(), ToolContext(document(), 2, image=disc_image())
    for end in (Phase.CONFIRM, Phase.CANCEL):
        click(tool, context, *QUARTERS)
        tool.handle(PointerEvent(0, 0, end), context)
        assert tool._way._windows == {} and tool._way._made_for is None  # type: ignore[attr-defined]
