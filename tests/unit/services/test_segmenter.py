"""Segments of the view: found while it stays, kept as long as they fit, dropped when it is another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from segstudio.core.geometry import Box
from segstudio.services.segmenter import SegmentedView, Segmenter
from segstudio.tools.segments import Segments

IMAGE = np.random.default_rng(5).integers(0, 255, (12, 16, 3), dtype=np.uint8).repeat(10, axis=0).repeat(10, axis=1)
WHOLE = Box.of_size(160, 120)


PART, SEEN = Box(0, 0, 128, 96), Box(10, 10, 100, 80)


def view(part: Box = PART, seen: Box = SEEN, **more: object) -> SegmentedView:
    return replace(SegmentedView(IMAGE, IMAGE, part, 0, 10, WHOLE, seen), **more)  # type: ignore[arg-type]


@pytest.fixture
def segmenter(qtbot: QtBot) -> Iterator[Segmenter]:
    made = Segmenter()
    yield made
    made.stop()


@pytest.fixture
def told(segmenter: Segmenter) -> list[Segments | None]:
    found: list[Segments | None] = []
    segmenter.changed.connect(found.append)
    return found


def find(segmenter: Segmenter, qtbot: QtBot, wanted: SegmentedView) -> Segments:
    with qtbot.waitSignal(segmenter.changed, check_params_cb=lambda found: found is not None, timeout=60_000):
        segmenter.show(wanted)
    assert segmenter.segments is not None
    return segmenter.segments


def test_a_view_that_stays_gets_its_segments(segmenter: Segmenter, qtbot: QtBot, told: list[Segments | None]) -> None:
    found = find(segmenter, qtbot, view())
    assert found.box == Box(0, 0, 128, 96) and told == [found]


def test_only_the_last_of_many_views_is_divided(
    segmenter: Segmenter, qtbot: QtBot, told: list[Segments | None]
) -> None:
    for left in range(20):
        segmenter.show(view(Box(left, 0, 100 + left, 96), Box(left, 10, 90, 80)))
    found = find(segmenter, qtbot, view(Box(30, 0, 130, 96), Box(40, 10, 120, 80)))
    assert found.corner == (30, 0) and told == [found]


def test_segments_that_hold_all_of_the_view_are_kept(
    segmenter: Segmenter, qtbot: QtBot, told: list[Segments | None]
) -> None:
    found = find(segmenter, qtbot, view())
    segmenter.show(view(Box(20, 0, 148, 96), Box(30, 10, 120, 80)))
    segmenter.show(view())
    assert segmenter.segments is found and told == [found]


@pytest.mark.parametrize(
    "other",
    [
        view(Box(60, 0, 160, 96), Box(70, 10, 150, 80)),
        view(size=20),
        view(image=IMAGE.copy()),
    ],
    ids=["elsewhere", "another size", "another image"],
)
def test_those_of_another_view_are_dropped_at_once(
    segmenter: Segmenter, qtbot: QtBot, told: list[Segments | None], other: SegmentedView
) -> None:
    first = find(segmenter, qtbot, view())
    segmenter.show(other)
    assert segmenter.segments is None and told == [first, None]
    qtbot.waitUntil(lambda: segmenter.segments is not None, timeout=60_000)
    assert segmenter.segments is not first and len(told) == 3


def test_a_closer_look_keeps_the_coarser_ones_until_the_finer_are_there(
    segmenter: Segmenter, qtbot: QtBot, told: list[Segments | None]
) -> None:
    coarse = view(pixels=IMAGE[::2, ::2].copy(), part=Box(0, 0, 80, 60), level=1)
    first = find(segmenter, qtbot, coarse)
    segmenter.show(view())
    assert segmenter.segments is first
    qtbot.waitUntil(lambda: segmenter.segments is not first, timeout=60_000)
    assert segmenter.segments is not None and segmenter.segments.level == 0 and told == [first, segmenter.segments]


def test_what_comes_for_a_view_that_is_gone_is_dropped(
    segmenter: Segmenter, qtbot: QtBot, told: list[Segments | None]
) -> None:
    segmenter.show(view())
    qtbot.waitUntil(lambda: segmenter._task is not None, timeout=60_000)
    segmenter.show(None)
    segmenter._runner.wait()
    found = find(segmenter, qtbot, view(Box(30, 0, 130, 96), Box(40, 10, 120, 80)))
    assert told == [found]
    segmenter.show(None)
    assert told == [found, None] and segmenter.segments is None


def test_stopping_waits_and_brings_nothing_more(qtbot: QtBot) -> None:
    segmenter = Segmenter()
    told: list[object] = []
    segmenter.changed.connect(told.append)
    segmenter.show(view())
    qtbot.waitUntil(lambda: segmenter._task is not None, timeout=60_000)
    segmenter.stop()
    assert told == []
