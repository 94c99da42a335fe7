"""Specks go where their neighbours are, the same way every time."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segstudio_training.islands import merge_islands


def test_a_speck_takes_the_value_around_it() -> None:
    labels = np.full((20, 20), 3, np.uint8)
    labels[5:7, 5:7] = 1
    assert (merge_islands(labels, 5) == 3).all()
    assert (labels[5:7, 5:7] == 1).all(), "the input is not changed"


def test_an_island_of_the_size_asked_for_stays() -> None:
    labels = np.zeros((20, 20), np.uint8)
    labels[5:7, 5:7] = 1
    assert np.array_equal(merge_islands(labels, 4), labels)


def test_the_majority_of_the_neighbours_wins() -> None:
    labels = np.zeros((9, 9), np.uint8)
    labels[:, 5:] = 2
    labels[4, 5] = 1  # three neighbours of value 0, five of value 2
    assert merge_islands(labels, 2)[4, 5] == 2


def test_void_is_left_alone_and_has_no_vote() -> None:
    labels = np.full((9, 9), 255, np.uint8)
    labels[4, 4] = 1
    assert np.array_equal(merge_islands(labels, 10), labels)
    labels[3, 4] = 255
    labels[5, 4:7] = 0
    assert merge_islands(labels, 2)[4, 4] == 0


def street() -> np.ndarray:
    """A pole of 2×30 pixels and a slanted one, a round speck of 6×6, and a short bar of 1×5, on one class."""
    labels = np.zeros((60, 80), np.uint8)
    labels[10:40, 20:22] = 1
    for step in range(30):
        labels[10 + step, 40 + step // 2] = 1
    labels[50:56, 5:11] = 2
    labels[50, 60:65] = 2
    return labels


def test_thin_and_long_islands_are_spared_and_specks_are_not() -> None:
    labels = street()
    spared = merge_islands(labels, 100, keep_thin=True)
    assert np.array_equal(spared == 1, labels == 1), "upright and slanted"
    assert not (spared == 2).any(), "round, or thin but short"
    assert not merge_islands(labels, 100).any(), "by size alone all are gone"


def test_how_long_a_thin_island_must_be_follows_the_size_asked_for() -> None:
    labels = street()
    assert (merge_islands(labels, 20, keep_thin=True) == 2).sum() == 36 + 5
    assert (merge_islands(labels, 30, keep_thin=True) == 2).sum() == 36
    assert not merge_islands(labels, 2000, keep_thin=True).any(), "30 pixels are short where 44 are the measure"


@settings(max_examples=40, deadline=None)
@given(arrays(np.uint8, (12, 15), elements=st.sampled_from([0, 1, 2, 255])), st.integers(0, 12))
def test_void_stays_and_nothing_new_appears(labels: np.ndarray, least: int) -> None:
    merged = merge_islands(labels, least)
    assert np.array_equal(merged == 255, labels == 255)
    assert set(np.unique(merged)) <= set(np.unique(labels))
    assert np.array_equal(merged, merge_islands(labels, least))
