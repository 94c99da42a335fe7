"""The guards hold for every tool of the table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.guard import Guard
from segstudio.core.label_map import LabelMap
from segstudio.tools import TOOLS, Modifiers, Phase, PointerEvent, ToolContext

CLASSES = ClassTable.from_names(["background", "road", "pole"])
PAINTING = [tool_id for tool_id, spec in TOOLS.items() if spec.paints]
IMAGE = np.zeros((60, 80, 3), np.uint8)
held = st.sampled_from([Modifiers.NONE, Modifiers.CTRL, Modifiers.SHIFT, Modifiers.CTRL | Modifiers.SHIFT])


@pytest.mark.parametrize("tool_id", PAINTING)
@settings(max_examples=30, deadline=None)
@given(
    points=st.lists(st.tuples(st.floats(-10, 90), st.floats(-10, 70)), min_size=1, max_size=5),
    modifiers=held,
    locked=st.sets(st.sampled_from([0, 1, 2])),
    only_over=st.sampled_from([None, VOID, 0, 1, 2]),
    proposed=st.booleans(),
)
def test_no_tool_changes_what_is_guarded(tool_id, points, modifiers, locked, only_over, proposed) -> None:  # type: ignore[no-untyped-def]
    random = np.random.default_rng(4)
    labels = random.choice(np.array([VOID, 0, 1, 2], np.uint8), (6, 8)).repeat(10, axis=0).repeat(10, axis=1)
    shown = Document("picture", LabelMap.from_array(labels), CLASSES)
    shown.guard = Guard.of(locked, only_over)
    proposal = random.integers(0, 3, labels.shape, dtype=np.uint8) if proposed else None
    context = ToolContext(shown, 2, 9, proposal=proposal, image=IMAGE)
    before, tool = context.seen().copy(), TOOLS[tool_id].factory()
    for number, (x, y) in enumerate(points):
        tool.handle(PointerEvent(x, y, Phase.MOVE if number else Phase.PRESS, modifiers), context)
        if tool.is_stepwise:
            tool.handle(PointerEvent(x, y, Phase.RELEASE, modifiers), context)
            tool.handle(PointerEvent(x, y, Phase.PRESS, modifiers), context)
    tool.handle(PointerEvent(*points[-1], Phase.CONFIRM if tool.is_stepwise else Phase.RELEASE, modifiers), context)
    after = shown.label_map.array
    changed = after != (before if shown.can_undo else labels)
    allowed = ~np.isin(before, list(locked)) & ((before == only_over) if only_over is not None else True)
    assert not (changed & ~allowed).any()


@pytest.mark.parametrize("tool_id", PAINTING)
def test_what_is_not_guarded_is_still_changed(tool_id: str) -> None:
    labels = np.zeros((60, 80), np.uint8)
    labels[:, 40:] = 1
    shown = Document("picture", LabelMap.from_array(labels), CLASSES)
    shown.guard = Guard.of([1])
    context, tool = ToolContext(shown, 2, 20, image=IMAGE), TOOLS[tool_id].factory()
    points = [(10, 10), (70, 10), (70, 50), (10, 50)]
    if tool_id in ("eraser", "bucket"):  # erasing background is nothing; a fill keeps to one label
        shown.guard = Guard.of([0] if tool_id == "eraser" else [1])
    phases = [Phase.PRESS, Phase.MOVE, Phase.MOVE, Phase.MOVE]
    for phase, (x, y) in zip(phases, points, strict=True):
        tool.handle(PointerEvent(x, y, Phase.PRESS if tool.is_stepwise else phase), context)
        if tool.is_stepwise:
            tool.handle(PointerEvent(x, y, Phase.RELEASE), context)
    tool.handle(PointerEvent(10, 50, Phase.CONFIRM if tool.is_stepwise else Phase.RELEASE), context)
    half = np.s_[:, 40:] if tool_id == "eraser" else np.s_[:, :40]
    assert not np.array_equal(shown.label_map.array[half], labels[half])
