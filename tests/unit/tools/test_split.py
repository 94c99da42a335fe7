"""Splitting a region by a line: what is cut off, what is not, and how little is looked at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.geometry import Box
from segstudio.core.label_map import LabelMap, Labels
from segstudio.core.lines import Line
from segstudio.tools import TOOLS, Modifiers, Phase, PointerEvent, ToolContext, ToolOutcome
from segstudio.tools.split import MOST_SHOWN, cut_by

CLASSES = ClassTable.from_names(["background", "road", "pole"])
CTRL, SHIFT = Modifiers.CTRL, Modifiers.SHIFT

Way = list[tuple[float, float]]


def document(labels: np.ndarray) -> Document:
    return Document("picture", LabelMap.from_array(labels), CLASSES)


def slab() -> np.ndarray:
    """A road of 40 × 20 pixels in the background."""
    labels = np.zeros((60, 80), np.uint8)
    labels[20:40, 20:60] = 1
    return labels


def draw(shown: Document, *way: tuple[float, float], held: Modifiers = Modifiers.NONE, **more: object) -> ToolOutcome:
    tool, context = TOOLS["split"].factory(), ToolContext(shown, 2, reach=2, **more)  # type: ignore[arg-type]
    tool.handle(PointerEvent(*way[0], Phase.PRESS, held), context)
    for point in way[1:]:
        tool.handle(PointerEvent(*point, Phase.MOVE, held), context)
    outcome = tool.handle(PointerEvent(*way[-1], Phase.RELEASE, held), context)
    assert not tool.is_busy and not shown.is_editing
    return outcome


def test_the_smaller_side_gets_the_class_and_the_line_goes_with_it() -> None:
    shown = document(slab())
    outcome = draw(shown, (30.5, 15.5), (30.5, 45.5))
    expected = slab()
    expected[20:40, 20:31] = 2
    np.testing.assert_array_equal(shown.label_map.array, expected)
    assert outcome.edit is not None and outcome.edit.name == "Split" and not outcome.message
    shown.undo()
    np.testing.assert_array_equal(shown.label_map.array, slab())


@pytest.mark.parametrize("way", [[(30.5, 20.5), (30.5, 39.5)], [(30.5, 21.9), (30.5, 38.1)]])
def test_a_line_that_begins_within_and_ends_at_or_a_hair_short_of_the_border_cuts(way: Way) -> None:
    shown = document(slab())
    draw(shown, *way)
    assert (shown.label_map.array[20:40, 20:31] == 2).all()


@pytest.mark.parametrize("way", [[(30.5, 15.5), (30.5, 30.5)], [(30.5, 25.5), (30.5, 35.5)], [(30.5, 30.5)]])
def test_a_line_that_does_not_cut_through_changes_nothing_and_says_so(way: Way) -> None:
    shown = document(slab())
    outcome = draw(shown, *way)
    np.testing.assert_array_equal(shown.label_map.array, slab())
    assert outcome.edit is None and "does not cut through" in outcome.message and not shown.can_undo


def test_where_what_is_cut_off_has_the_class_already_another_is_asked_for() -> None:
    shown = document(np.where(slab() == 1, 2, 0).astype(np.uint8))
    outcome = draw(shown, (30.5, 15.5), (30.5, 45.5))
    assert outcome.edit is None and "Choose another class" in outcome.message and not shown.can_undo


def test_several_pieces_are_cut_off_at_once() -> None:
    """A comb of three teeth."""
    labels = np.zeros((60, 80), np.uint8)
    labels[10:30, 10:70] = 1
    labels[30:50, 12:20] = labels[30:50, 36:44] = labels[30:50, 60:68] = 1
    shown = document(labels)
    draw(shown, (12.5, 35.5), (75.5, 35.5))
    expected = labels.copy()
    expected[35:50][labels[35:50] == 1] = 2
    np.testing.assert_array_equal(shown.label_map.array, expected)


def test_a_small_region_that_the_line_begins_in_is_not_cut_by_what_was_not_drawn() -> None:
    labels = slab()
    labels[16:20, 28:34] = 2
    shown = document(labels)
    tool, context = TOOLS["split"].factory(), ToolContext(shown, 0, reach=4)
    for phase, y in ((Phase.PRESS, 17.5), (Phase.MOVE, 40.5), (Phase.RELEASE, 40.5)):
        tool.handle(PointerEvent(30.5, y, phase), context)
    assert (shown.label_map.array[16:20] == labels[16:20]).all() and (shown.label_map.array[20:40, 20:31] == 0).all()


def test_every_region_of_the_label_that_is_cut_through_is_split() -> None:
    labels = np.zeros((60, 80), np.uint8)
    labels[20:40, 10:30] = labels[20:40, 40:70] = 1
    shown = document(labels)
    draw(shown, (11.5, 30.5), (9.5, 30.5), (9.5, 25.5), (75.5, 25.5))
    assert (shown.label_map.array[20:26] == np.where(labels[20:26] == 1, 2, 0)).all()
    assert (shown.label_map.array[26:] == labels[26:]).all()


def test_a_line_that_goes_on_leaves_no_tail_in_what_stays() -> None:
    """An L: the line cuts its foot off and ends in the middle of its leg."""
    labels = np.zeros((60, 80), np.uint8)
    labels[5:55, 10:30] = 1
    labels[45:55, 30:50] = 1
    shown = document(labels)
    draw(shown, (40.5, 54.5), (40.5, 42.5), (20.5, 20.5))
    assert (shown.label_map.array[:, :30] == labels[:, :30]).all()
    assert (shown.label_map.array[45:55, 40:50] == 2).all() and (shown.label_map.array[45:55, 30:40] == 1).all()


def test_a_ring_is_cut_by_a_line_across_its_hole_and_not_by_one_into_it() -> None:
    labels = np.zeros((60, 80), np.uint8)
    labels[10:50, 10:70] = 1
    labels[25:35, 30:50] = 0
    shown = document(labels)
    assert "does not cut through" in draw(shown, (25.5, 10.5), (35.5, 30.5)).message
    draw(shown, (35.5, 10.5), (35.5, 55.5))
    expected = labels.copy()
    expected[:, :36][labels[:, :36] == 1] = 2
    np.testing.assert_array_equal(shown.label_map.array, expected)


def test_a_loop_cuts_out_what_it_goes_around() -> None:
    shown = document(slab())
    draw(shown, (30.5, 25.5), (40.5, 25.5), (40.5, 35.5), (30.5, 35.5), (30.5, 25.5))
    expected = slab()
    expected[25:36, 30:41] = 2
    expected[[25, 25, 35, 35], [30, 40, 30, 40]] = 1  # its corners touch with no side what is cut out
    np.testing.assert_array_equal(shown.label_map.array, expected)


def test_where_the_line_begins_says_which_label_is_meant() -> None:
    """Across the same ring, from its own border and from within its hole."""
    labels = np.zeros((60, 80), np.uint8)
    labels[10:50, 10:70] = 1
    labels[25:35, 30:50] = 0
    shown = document(labels)
    draw(shown, (35.5, 25.5), (35.5, 55.5))
    assert (shown.label_map.array[25:35, 30:36] == 2).all() and np.count_nonzero(shown.label_map.array == 2) == 60


def test_the_edge_of_the_image_is_a_border_and_a_line_may_leave_it() -> None:
    for way in (
        [(20.5, -30.5), (20.5, 90.5)],
        [(20.5, 5.5), (20.5, -20), (-30, -20), (-30, 80), (20.5, 80), (20.5, 3)],
    ):
        shown = document(np.ones((60, 80), np.uint8))
        draw(shown, *way)
        assert (shown.label_map.array[:, :21] == 2).all() and (shown.label_map.array[:, 21:] == 1).all()
    shown = document(np.ones((60, 80), np.uint8))
    assert draw(shown, (-20, 5), (-5, 50)).edit is None


def test_with_shift_the_line_is_straight_and_with_ctrl_what_is_cut_off_is_erased() -> None:
    shown = document(slab())
    draw(shown, (30.5, 15.5), (50.5, 30.5), (30.5, 45.5), held=SHIFT | CTRL)
    expected = slab()
    expected[20:40, 20:31] = 0
    np.testing.assert_array_equal(shown.label_map.array, expected)


def test_over_a_proposal_what_is_seen_is_cut_and_the_proposal_becomes_real_first() -> None:
    shown = document(np.full((60, 80), VOID, np.uint8))
    draw(shown, (30.5, 15.5), (30.5, 45.5), proposal=slab())
    assert (shown.label_map.array[20:40, 20:31] == 2).all()
    shown.undo()
    np.testing.assert_array_equal(shown.label_map.array, slab())
    shown.undo()
    assert not shown.can_undo
    assert draw(shown, (30.5, 25.5), (30.5, 30.5), proposal=slab()).edit is None
    assert (shown.label_map.array == VOID).all()


def test_what_would_be_cut_off_is_shown_while_the_line_is_drawn() -> None:
    shown, tool = document(slab()), TOOLS["split"].factory()
    context = ToolContext(shown, 2, reach=2)
    assert tool.handle(PointerEvent(30.5, 15.5, Phase.HOVER), context).outline is None
    tool.handle(PointerEvent(30.5, 15.5, Phase.PRESS), context)
    seen = tool.handle(PointerEvent(30.5, 30.5, Phase.MOVE), context)
    assert isinstance(seen.outline, Line) and seen.part is None and seen.is_area and seen.color_value == 2
    seen = tool.handle(PointerEvent(30.5, 45.5, Phase.MOVE), context)
    assert (shown.label_map.array == slab()).all() and seen.part is not None
    tool.handle(PointerEvent(30.5, 45.5, Phase.RELEASE), context)
    np.testing.assert_array_equal(seen.part.mask(shown.label_map.box), shown.label_map.array == 2)


def test_cancelling_changes_nothing() -> None:
    shown, tool = document(slab()), TOOLS["split"].factory()
    context = ToolContext(shown, 2, reach=2)
    for phase, y in ((Phase.PRESS, 15.5), (Phase.MOVE, 45.5), (Phase.CANCEL, 45.5)):
        outcome = tool.handle(PointerEvent(30.5, y, phase), context)
    assert outcome.outline is None and not tool.is_busy and not shown.is_editing and not shown.can_undo


# -- against a search of the whole image


def components(mask: np.ndarray) -> list[np.ndarray]:
    count, numbers = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    return [numbers == number for number in range(1, count)]


def assert_cut(labels: np.ndarray, line: np.ndarray, label: int, part: np.ndarray) -> None:
    """`part` is what the definition says, whichever of equally large pieces stays."""
    under = np.zeros(labels.shape, bool)
    under[line[:, 1], line[:, 0]] = True
    cuts = 0
    for region in components(labels == label):
        pieces = components(region & ~under)
        if not (region & under).any() or len(pieces) < 2:
            assert not (part & region).any()
            continue
        cuts += 1
        stays = [piece for piece in pieces if not (piece & part).any()]
        assert len(stays) == 1 and stays[0].sum() == max(piece.sum() for piece in pieces)
        taken = region & ~under & ~stays[0]
        beside = cv2.dilate(taken.astype(np.uint8), np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)) > 0
        np.testing.assert_array_equal(part & region, taken | (region & under & beside))
    assert cuts and not (part & (labels != label)).any()


def is_cut(labels: np.ndarray, line: np.ndarray, label: int) -> bool:
    under = np.zeros(labels.shape, bool)
    under[line[:, 1], line[:, 0]] = True
    regions = [region for region in components(labels == label) if (region & under).any()]
    return any(len(components(region & ~under)) > 1 for region in regions)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    block=st.sampled_from([1, 4, 12, 40]),
    way=st.lists(st.tuples(st.floats(-15, 135), st.floats(-15, 105)), min_size=2, max_size=6),
)
def test_it_is_as_a_search_of_the_whole_image_finds(seed: int, block: int, way: Way) -> None:
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 2, (-(-90 // block), -(-120 // block)), dtype=np.uint8)
    labels = np.ascontiguousarray(blocks.repeat(block, axis=0).repeat(block, axis=1)[:90, :120])
    bounds = Box.of_size(120, 90)
    line = Line(np.array(way)).pixels()
    cut = cut_by(line, lambda box: labels[box.slices], bounds)
    line = line[((line >= 0) & (line < (120, 90))).all(axis=1)]
    met = list(dict.fromkeys(labels[line[:, 1], line[:, 0]].tolist()))
    first = next((label for label in met if is_cut(labels, line, label)), None)
    assert (cut.label if cut is not None else None) == first
    if cut is not None:
        assert_cut(labels, line, cut.label, cut.part.mask(bounds))


class Reader:
    """Reads a large label map and counts what it is asked for."""

    def __init__(self, labels: Labels) -> None:
        self.labels, self.pixels = labels, 0

    def __call__(self, box: Box) -> Labels:
        self.pixels += box.area
        return self.labels[box.slices]


def test_of_a_large_region_no_more_is_looked_at_than_what_is_cut_off_needs() -> None:
    """A small nose of a region that fills a large image, cut from beside it; and a line that cuts nothing."""
    labels = np.ones((6000, 8000), np.uint8)
    labels[:100] = 0
    labels[80:100, 4000:4020] = 1
    reader = Reader(labels)
    bounds = Box.of_size(8000, 6000)
    cut = cut_by(Line(np.array([(3990.5, 95.5), (4030.5, 95.5)])).pixels(), reader, bounds)
    assert cut is not None and cut.label == 1 and cut.part.inside.sum() == 16 * 20
    assert reader.pixels < 200_000
    reader.pixels = 0
    assert cut_by(Line(np.array([(3000.5, 3000.5), (3100.5, 3000.5)])).pixels(), reader, bounds) is None
    assert reader.pixels < 200_000


def test_what_would_need_much_looking_is_not_shown_but_done_at_the_release() -> None:
    labels = np.zeros((1200, 1600), np.uint8)
    labels[100:1100, 100:1500] = 1
    shown, tool = document(labels), TOOLS["split"].factory()
    context = ToolContext(shown, 2, reach=2)
    tool.handle(PointerEvent(600.5, 90.5, Phase.PRESS), context)
    seen = tool.handle(PointerEvent(600.5, 1110.5, Phase.MOVE), context)
    assert labels.size > MOST_SHOWN and seen.part is None and isinstance(seen.outline, Line)
    tool.handle(PointerEvent(600.5, 1110.5, Phase.RELEASE), context)
    assert (shown.label_map.array[100:1100, 100:601] == 2).all() and (shown.label_map.array[:, 601:1500] != 2).all()
