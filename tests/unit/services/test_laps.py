"""When another lap is worth its time."""

from __future__ import annotations

from pathlib import Path

import pytest

from segstudio.project.rounds import Round
from segstudio.services.laps import Laps, gained
from segstudio_training.rounds import RoundResult, Verdict


def result(verdict: Verdict, taken: bool, before: float | None, after: float | None) -> RoundResult:
    scores = [None if miou is None else {"miou": miou} for miou in (before, after)]
    return RoundResult(Round("r", Path()), scores[0], scores[1], verdict, "", taken)


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (result(Verdict.BETTER, True, 0.5, 0.6), True),
        (result(Verdict.BETTER, True, 0.5, 0.501), False),
        (result(Verdict.WORSE, False, 0.5, 0.4), False),
        (result(Verdict.WORSE, False, 0.5, 0.6), False),  # it loses a class
        (result(Verdict.CANNOT_JUDGE, True, 0.5, 0.6), True),
        (result(Verdict.CANNOT_JUDGE, True, None, None), False),
        (result(Verdict.FIRST, True, None, 0.3), True),
        (result(Verdict.FIRST, True, None, None), True),
    ],
)
def test_what_counts_as_gain(ended: RoundResult, expected: bool) -> None:
    assert gained(ended) is expected


def test_laps_go_on_while_they_gain_and_rest_after_two_that_do_not() -> None:
    laps = Laps()
    assert laps.begin() == 1
    laps.end(has_gained=False)
    assert laps.is_worthwhile
    laps.end(has_gained=True)
    laps.end(has_gained=False)
    assert laps.is_worthwhile
    laps.end(has_gained=False)
    assert not laps.is_worthwhile


def test_something_new_wakes_them_for_two_more() -> None:
    laps = Laps(number=4, without_gain=2)
    laps.accept("a")
    assert laps.is_worthwhile and laps.begin() == 5 and not laps.waiting
    laps.end(has_gained=False)
    assert laps.is_worthwhile
    laps.end(has_gained=False)
    assert not laps.is_worthwhile


def test_what_the_lap_under_way_did_not_take_up_waits_for_the_next() -> None:
    laps = Laps()
    laps.begin()
    laps.accept("a")
    laps.accept("b")
    laps.taken_up(["a"])
    laps.end(has_gained=False)
    laps.end(has_gained=False)
    assert laps.waiting == {"b"} and laps.is_worthwhile
