"""The superpixel brush: whole segments along the way, and strokes that wait for them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.label_map import LabelMap
from segstudio.core.raster import MaskRegion
from segstudio.tools import TOOLS, Modifiers, Phase, PointerEvent, Tool, ToolContext, ToolOutcome
from tests.unit.tools.background_hand import segments_of

CLASSES = ClassTable.from_names(["background", "road", "pole"])
IMAGE = np.random.default_rng(3).integers(0, 255, (6, 8, 3), dtype=np.uint8).repeat(10, axis=0).repeat(10, axis=1)
SEGMENTS = segments_of(IMAGE, 10)
WAY = [(5.5, 5.5), (40.5, 20.5), (70.5, 50.5)]


def working(fill: int = VOID, **more: object) -> ToolContext:
    shown = Document("picture", LabelMap(60, 80, fill), CLASSES)
    return replace(ToolContext(shown, 1, image=IMAGE, segments=SEGMENTS), **more)  # type: ignore[arg-type]


def send(
    tool: Tool, phase: Phase, point: tuple[float, float], context: ToolContext, held: Modifiers = Modifiers.NONE
) -> ToolOutcome:
    return tool.handle(PointerEvent(*point, phase, held), context)


def stroke(
    tool: Tool, context: ToolContext, way: list[tuple[float, float]], held: Modifiers = Modifiers.NONE
) -> ToolOutcome:
    send(tool, Phase.PRESS, way[0], context, held)
    for point in way[1:]:
        send(tool, Phase.MOVE, point, context, held)
    return send(tool, Phase.RELEASE, way[-1], context, held)


def under(way: list[tuple[float, float]]) -> np.ndarray:
    """(60, 80) bool: the segments that the way meets, by brute force."""
    numbers = set(SEGMENTS.along(way[0], way[0]))
    for start, end in pairwise(way):
        numbers |= set(SEGMENTS.along(start, end))
    return np.isin(SEGMENTS.labels, list(numbers))


spots = st.tuples(st.floats(-10, 90), st.floats(-10, 70))


@settings(max_examples=60, deadline=None)
@given(way=st.lists(spots, min_size=1, max_size=6))
def test_a_stroke_paints_every_segment_it_meets_and_nothing_else(way: list[tuple[float, float]]) -> None:
    context = working()
    outcome = stroke(TOOLS["superpixels"].factory(), context, way)
    np.testing.assert_array_equal(context.document.label_map.array == 1, under(way))
    assert (outcome.edit is not None) == bool(under(way).any())
    context.document.undo()
    assert (context.document.label_map.array == VOID).all()


def test_the_segment_under_the_pointer_is_shown_before_it_is_painted() -> None:
    context, tool = working(), TOOLS["superpixels"].factory()
    shown = send(tool, Phase.HOVER, (33.5, 22.5), context)
    assert isinstance(shown.outline, MaskRegion) and shown.color_value == 1 and not shown.is_waiting
    stroke(tool, context, [(33.5, 22.5)])
    np.testing.assert_array_equal(
        shown.outline.mask(context.document.label_map.box), context.document.label_map.array == 1
    )
    assert send(tool, Phase.HOVER, (-3, 22.5), context).outline is None


@pytest.mark.parametrize("arrives", range(4))
def test_a_stroke_made_before_the_segments_are_there_waits_for_them(arrives: int) -> None:
    """Wherever in the stroke they come, it ends as if they had been there."""
    context, tool = working(segments=None), TOOLS["superpixels"].factory()
    phases = [Phase.PRESS, Phase.MOVE, Phase.MOVE, Phase.RELEASE]
    outcome = ToolOutcome()
    for number, (phase, point) in enumerate(zip(phases, [*WAY, WAY[-1]], strict=True)):
        outcome = send(tool, phase, point, context)
        if context.segments is None:
            assert outcome.is_waiting and tool.is_busy and not context.document.is_editing
        if number == arrives:
            assert tool.is_stepwise == (arrives == 3)
            context = replace(context, segments=SEGMENTS)
            came = send(tool, Phase.READY, point, context)
            outcome = came if number == 3 else outcome
    assert not tool.is_busy and outcome.edit is not None and not outcome.is_waiting
    np.testing.assert_array_equal(context.document.label_map.array == 1, under(WAY))
    context.document.undo()
    assert (context.document.label_map.array == VOID).all(), "one edit"


def test_a_second_stroke_that_waits_joins_the_first() -> None:
    context, tool = working(segments=None), TOOLS["superpixels"].factory()
    stroke(tool, context, WAY[:1])
    stroke(tool, context, WAY[2:])
    assert tool.is_busy
    send(tool, Phase.READY, WAY[2], replace(context, segments=SEGMENTS))
    np.testing.assert_array_equal(context.document.label_map.array == 1, under(WAY[:1]) | under(WAY[2:]))


@pytest.mark.parametrize("phase", [Phase.CANCEL, Phase.STEP_BACK])
def test_what_waits_can_be_taken_back(phase: Phase) -> None:
    context, tool = working(segments=None), TOOLS["superpixels"].factory()
    stroke(tool, context, WAY)
    send(tool, phase, WAY[0], context)
    assert not tool.is_busy
    send(tool, Phase.READY, WAY[0], replace(context, segments=SEGMENTS))
    assert (context.document.label_map.array == VOID).all() and not context.document.can_undo


def test_leaving_keeps_what_is_painted_and_drops_what_waits() -> None:
    context, tool = working(), TOOLS["superpixels"].factory()
    send(tool, Phase.PRESS, WAY[0], context)
    gone = replace(context, segments=None)
    far = (500.0, 5.5)
    send(tool, Phase.MOVE, far, gone)
    send(tool, Phase.RELEASE, far, gone)
    assert tool.is_stepwise
    assert send(tool, Phase.CONFIRM, far, gone).edit is not None
    np.testing.assert_array_equal(context.document.label_map.array == 1, under(WAY[:1]))


def test_a_stroke_keeps_to_the_segments_that_it_began_with() -> None:
    """New ones that come in mid-stroke are for the next: the person aims at what was there."""
    context, tool = working(), TOOLS["superpixels"].factory()
    send(tool, Phase.PRESS, WAY[0], context)
    other = replace(context, segments=segments_of(IMAGE, 30))
    send(tool, Phase.READY, WAY[0], other)
    send(tool, Phase.MOVE, WAY[1], other)
    send(tool, Phase.RELEASE, WAY[1], other)
    np.testing.assert_array_equal(context.document.label_map.array == 1, under(WAY[:2]))


def test_control_erases_and_alt_picks() -> None:
    context, tool = working(fill=2), TOOLS["superpixels"].factory()
    assert send(tool, Phase.PRESS, WAY[0], context, Modifiers.ALT).picked_class == 2 and not tool.is_busy
    outcome = stroke(tool, context, WAY, Modifiers.CTRL)
    assert outcome.edit is not None and outcome.edit.name == "Erase superpixels"
    np.testing.assert_array_equal(context.document.label_map.array == 0, under(WAY))


def test_over_a_proposal_it_becomes_real_first() -> None:
    proposal = np.full((60, 80), 2, np.uint8)
    context = working(proposal=proposal)
    stroke(TOOLS["superpixels"].factory(), context, WAY)
    np.testing.assert_array_equal(context.document.label_map.array, np.where(under(WAY), 1, 2))
    context.document.undo()
    np.testing.assert_array_equal(context.document.label_map.array, proposal)
