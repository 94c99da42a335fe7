"""The guards hold for every tool and every operation of the tables."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.guard import Guard, Reason, Refusal
from segstudio.core.label_map import LabelMap
from segstudio.core.pixel_sets import AtLeast, PackedPixels
from segstudio.tools import TOOLS, Modifiers, Phase, PointerEvent, ToolContext
from segstudio.tools.region_operations import OPERATIONS, Scope, operate, relabel
from tests.unit.tools.background_hand import segments_of, worked_off

CLASSES = ClassTable.from_names(["background", "road", "pole"])
PAINTING = [tool_id for tool_id, spec in TOOLS.items() if spec.paints]
CHANGES = {
    **{operation.id: partial(operate, operation, least=60) for operation in OPERATIONS.values()},
    **{f"relabel {scope.name}": partial(relabel, value=2, name="Relabel", scope=scope) for scope in Scope},
}
GUARDS = ("locked", "only_over", "sure", "accepted")
IMAGE = np.random.default_rng(8).integers(0, 60, (6, 8, 3), dtype=np.uint8).repeat(10, axis=0).repeat(10, axis=1)
SEGMENTS = segments_of(IMAGE)
LEAST = 128
held = st.sampled_from([Modifiers.NONE, Modifiers.CTRL, Modifiers.SHIFT, Modifiers.CTRL | Modifiers.SHIFT])
some_guards = st.sets(st.sampled_from(GUARDS), min_size=1)
spots = st.tuples(st.floats(-10, 90), st.floats(-10, 70))


class Scenery:
    """A picture of blocks with everything that guards may ask about, all of it different from pixel to pixel."""

    def __init__(self, guards: set[str], proposed: bool, seed: int = 4) -> None:
        random = np.random.default_rng(seed)
        blocks = random.choice(np.array([VOID, 0, 1, 2], np.uint8), (2, 6, 8)).repeat(10, axis=1).repeat(10, axis=2)
        self.labels, accepted = blocks
        confidence = random.integers(0, 256, self.labels.shape, dtype=np.uint8)
        self.document = Document("picture", LabelMap.from_array(self.labels), CLASSES)
        proposal = random.integers(0, 3, self.labels.shape, dtype=np.uint8) if proposed else None
        self.context = ToolContext(self.document, 2, 9, proposal=proposal, image=IMAGE, segments=SEGMENTS)
        self.before = self.context.seen().copy()
        self.free = np.ones(self.labels.shape, bool)
        has_class = self.before != VOID
        if "locked" in guards:
            self.free &= ~np.isin(self.before, (0, 2))
        if "only_over" in guards:
            self.free &= self.before == 1
        if "sure" in guards:
            self.free &= ~has_class | (confidence < LEAST)
        if "accepted" in guards:
            self.free &= ~has_class | (accepted == VOID)
        self.document.guard = Guard.of(
            (0, 2) if "locked" in guards else (),
            1 if "only_over" in guards else None,
            AtLeast(confidence, LEAST) if "sure" in guards else None,
            PackedPixels.with_class(accepted) if "accepted" in guards else None,
        )

    def assert_guarded(self) -> None:
        """Only free pixels differ from before; where nothing was done a shown proposal is no part of the labels yet."""
        start = self.before if self.document.can_undo else self.labels
        changed = self.document.label_map.array != start
        assert not (changed & ~self.free).any()


def gesture(tool_id: str, context: ToolContext, points: list[tuple[float, float]], modifiers: Modifiers) -> None:
    """Draw along `points` with the tool, and finish."""
    tool = TOOLS[tool_id].factory()
    for number, (x, y) in enumerate(points):
        is_first = number == 0 or tool.is_stepwise
        tool.handle(PointerEvent(x, y, Phase.PRESS if is_first else Phase.MOVE, modifiers), context)
        if tool.is_stepwise:
            tool.handle(PointerEvent(x, y, Phase.RELEASE, modifiers), context)
    last = Phase.CONFIRM if tool.is_stepwise else Phase.RELEASE
    worked_off(tool, tool.handle(PointerEvent(*points[-1], last, modifiers), context), context)
    assert not tool.is_busy and not context.document.is_editing


@pytest.mark.parametrize("tool_id", PAINTING)
@settings(max_examples=40, deadline=None)
@given(points=st.lists(spots, min_size=1, max_size=5), modifiers=held, guards=some_guards, proposed=st.booleans())
def test_no_tool_changes_what_is_guarded(tool_id, points, modifiers, guards, proposed) -> None:  # type: ignore[no-untyped-def]
    scenery = Scenery(guards, proposed)
    gesture(tool_id, scenery.context, points, modifiers)
    scenery.assert_guarded()


@pytest.mark.parametrize("change", CHANGES)
@settings(max_examples=40, deadline=None)
@given(
    x=st.integers(0, 79), y=st.integers(0, 59), guards=some_guards, proposed=st.booleans(), seed=st.integers(0, 1000)
)
def test_no_operation_changes_what_is_guarded(change, x, y, guards, proposed, seed) -> None:  # type: ignore[no-untyped-def]
    scenery = Scenery(guards, proposed, seed)
    CHANGES[change](scenery.context, x, y)
    scenery.assert_guarded()


WAYS = (
    [(10.5, 10.5), (70.5, 10.5), (70.5, 50.5), (10.5, 50.5)],
    [(5.5, 30.5), (40.5, 31.5), (78.5, 30.5)],
    [(10.5, 10.5), (70.5, 50.5)],
)
"""Around a good part of the picture, across it, and from corner to corner."""


def two_halves() -> np.ndarray:
    labels = np.zeros((60, 80), np.uint8)
    labels[:, 40:] = 1
    return labels


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("tool_id", PAINTING)
def test_each_guard_alone_keeps_each_tool_from_what_it_would_change_and_says_so(tool_id: str, guard: str) -> None:
    """The same gesture, guarded and not, so that no tool passes by doing nothing."""
    labels = two_halves()
    plain = Document("picture", LabelMap.from_array(labels), CLASSES)
    way = next(way for way in WAYS if _changes(tool_id, plain, way))
    guarded = Document("picture", LabelMap.from_array(labels), CLASSES)
    told: list[Refusal] = []
    guarded.refused.connect(told.append)
    guarded.guard = {
        "locked": Guard.of([0, 1]),
        "only_over": Guard.of([], VOID),
        "sure": Guard.of([], sure=AtLeast(np.full(labels.shape, LEAST, np.uint8), LEAST)),
        "accepted": Guard.of([], accepted=PackedPixels.with_class(labels)),
    }[guard]
    assert not _changes(tool_id, guarded, way)
    reasons = dict(zip(GUARDS, (Reason.LOCKED, Reason.ANOTHER_LABEL, Reason.SURE, Reason.ACCEPTED), strict=True))
    assert [refusal.reason for refusal in told] == [reasons[guard]]


def _changes(tool_id: str, document: Document, way: list[tuple[float, float]]) -> bool:
    before = document.label_map.array.copy()
    gesture(tool_id, ToolContext(document, 2, 20, image=IMAGE, segments=SEGMENTS), way, Modifiers.NONE)
    return not np.array_equal(document.label_map.array, before)


@pytest.mark.parametrize("tool_id", PAINTING)
def test_what_is_not_guarded_is_still_changed(tool_id: str) -> None:
    """A guard of one half leaves the other half to the tool."""
    for kept in (0, 1):
        shown = Document("picture", LabelMap.from_array(two_halves()), CLASSES)
        accepted = np.where(two_halves() == kept, kept, VOID).astype(np.uint8)
        shown.guard = Guard.of([], accepted=PackedPixels.with_class(accepted))
        ways = [*WAYS, [(x + 30, y) for x, y in WAYS[0]]]
        if any(_changes(tool_id, shown, way) for way in ways):
            changed = shown.label_map.array != two_halves()
            assert not (changed & (two_halves() == kept)).any()
            return
    raise AssertionError("nothing was ever changed")
