"""The gate on hand-made scores whose answer is known: what is better, worse, noise, or cannot be judged."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.project.looks import Look
from segstudio_training.bootstrap import compare
from segstudio_training.evaluate import ImageScores
from segstudio_training.gate import Judgement, Verdict, described_judgement, judge
from segstudio_training.metrics import tallied_iou

CLASSES = ("road", "sky", "pole")
PIXELS = 1000


def look(seed: int) -> Look:
    return Look.of(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8))


def scored(
    found: Sequence[Sequence[int | None]],
    looks: Sequence[int] | None = None,
    name: str = "i{}",
    classes: tuple[str, ...] = CLASSES,
) -> ImageScores:
    """Each image has `PIXELS` of each class, of which so many are `found`; None: the image lacks the class.

    What is missed goes to no class, so a class's IoU is the share that is found. Equal numbers in `looks` make images
    that show one scene.
    """
    hits = np.array([[n or 0 for n in image] for image in found])
    true = np.array([[0 if n is None else PIXELS for n in image] for image in found])
    tallies = np.stack([hits, true, hits], axis=1)
    iou = tallied_iou(tallies.sum(axis=0))
    present = {name: float(value) for name, value in zip(classes, iou, strict=True) if not np.isnan(value)}
    result = {"miou": float(np.nanmean(iou)), "per_class_iou": present}
    seen = [look(seed) for seed in (looks or range(len(found)))]
    return ImageScores(classes, tuple(name.format(at) for at in range(len(found))), tuple(seen), tallies, result)


def shares(seed: int, images: int = 20, around: int = 500, spread: int = 100) -> np.ndarray:
    return np.random.default_rng(seed).integers(around - spread, around + spread, (images, len(CLASSES)))


def test_the_same_network_again_is_not_worse_and_says_that_nothing_can_be_told() -> None:
    same = scored(shares(0).tolist())
    judgement = judge(same, same)
    assert judgement.verdict is Verdict.BETTER and "within noise" in judgement.reason
    assert judgement.difference is not None
    assert (judgement.difference.low, judgement.difference.measured, judgement.difference.high) == (0, 0, 0)


def test_better_everywhere_is_better_and_the_reason_names_the_numbers() -> None:
    old = scored([[400, 400, 400]] * 9, looks=[0, 0, 0, 1, 1, 2, 2, 3, 4])
    new = scored([[450, 450, 450]] * 9, looks=[0, 0, 0, 1, 1, 2, 2, 3, 4])
    judgement = judge(old, new)
    assert judgement.verdict is Verdict.BETTER
    assert judgement.reason == (
        "Mean IoU went from 40.0 % to 45.0 % (difference +5.0 to +5.0 points over 9 held-out images in 5 groups)."
    )


def test_worse_beyond_noise_is_worse() -> None:
    before = shares(1)
    judgement = judge(scored(before.tolist()), scored((before - shares(2, around=30, spread=30)).tolist()))
    assert judgement.verdict is Verdict.WORSE and not judgement.lost
    assert judgement.difference is not None and judgement.difference.high < 0


def test_a_little_worse_on_a_few_and_better_on_others_is_noise_and_the_newer_one_wins() -> None:
    before = shares(3)
    change = np.random.default_rng(4).integers(-150, 150, before.shape)
    change -= change.mean().astype(int) + 5  # half a point worse in the mean
    judgement = judge(scored(before.tolist()), scored((before + change).tolist()))
    assert judgement.difference is not None
    assert judgement.difference.low < judgement.difference.measured < 0 < judgement.difference.high
    assert judgement.verdict is Verdict.BETTER and "within noise" in judgement.reason


def test_a_fall_that_is_sure_but_tiny_counts_as_equal() -> None:
    judgement = judge(scored([[500, 500, 500]] * 8), scored([[499, 499, 499]] * 8))
    assert judgement.difference is not None and judgement.difference.high < 0
    assert judgement.verdict is Verdict.BETTER


def test_a_class_that_falls_in_all_groups_is_lost_however_much_the_mean_gains() -> None:
    before = shares(5, images=8)
    after = before + np.array([250, 250, -150])
    judgement = judge(scored(before.tolist()), scored(after.tolist()))
    assert judgement.verdict is Verdict.WORSE and judgement.lost == ("pole",)
    assert "It loses pole (IoU 46.2 % to 31.2 %)." in judgement.reason and "Mean IoU went from" in judgement.reason


def test_a_class_that_is_missed_in_one_image_of_many_is_noise() -> None:
    before = shares(6)
    after = before.copy()
    after[7, 2] = 0
    judgement = judge(scored(before.tolist()), scored(after.tolist()))
    assert judgement.verdict is Verdict.BETTER and not judgement.lost


def test_a_class_that_only_three_scenes_show_is_not_lost_by_falling_a_little_in_them() -> None:
    before = [[500, 500, 500 if at < 3 else None] for at in range(10)]
    after = [[500, 500, 400 if at < 3 else None] for at in range(10)]
    assert judge(scored(before), scored(after)).lost == ()


def test_a_class_that_falls_in_all_of_six_scenes_may_do_so_by_chance() -> None:
    """What one class does from one training to the next is more than so few scenes can tell."""
    before = shares(5, images=6)
    judgement = judge(scored(before.tolist()), scored((before + np.array([100, 100, -150])).tolist()))
    assert judgement.verdict is Verdict.BETTER and not judgement.lost


def test_a_class_that_falls_far_in_all_of_six_scenes_is_lost() -> None:
    before = shares(5, images=6, around=600, spread=50)
    judgement = judge(scored(before.tolist()), scored((before + np.array([100, 100, -350])).tolist()))
    assert judgement.verdict is Verdict.WORSE and judgement.lost == ("pole",)


@pytest.mark.parametrize(("showing", "lost"), [(1, ()), (3, ()), (4, ("pole",))])
def test_a_class_that_is_not_found_any_more_is_lost_where_four_scenes_show_it(showing: int, lost: tuple[str]) -> None:
    before = [[500, 500, 500 if at < showing else None] for at in range(10)]
    after = [[600, 600, 10 if at < showing else None] for at in range(10)]
    assert judge(scored(before), scored(after)).lost == lost


@pytest.mark.parametrize("images", [1, 3])
def test_few_held_out_images_cannot_judge_and_say_how_many(images: int) -> None:
    judgement = judge(scored([[400] * 3] * images), scored([[500] * 3] * images))
    assert judgement.verdict is Verdict.CANNOT_JUDGE
    assert f"Only {images} held-out images so far: at least 4" in judgement.reason
    assert "40.0 % to 50.0 %" in judgement.reason


def test_many_held_out_images_of_few_scenes_cannot_judge_either() -> None:
    looks = [0] * 4 + [1] * 4 + [2] * 4
    judgement = judge(scored([[400] * 3] * 12, looks), scored([[300] * 3] * 12, looks))
    assert judgement.verdict is Verdict.CANNOT_JUDGE and judgement.groups == 3
    assert "The 12 held-out images show only 3 different scenes: at least 4" in judgement.reason


def test_without_an_old_network_there_is_nothing_to_compare() -> None:
    first = judge(None, scored([[100] * 3] * 5))
    assert (first.verdict, first.images, first.difference) == (Verdict.BETTER, 5, None)
    assert judge(None, scored([[100] * 3] * 2)).verdict is Verdict.CANNOT_JUDGE
    assert judge(None, None).verdict is Verdict.CANNOT_JUDGE


def width(judgement: Judgement) -> float:
    assert judgement.difference is not None
    return judgement.difference.high - judgement.difference.low


def test_neighbouring_frames_widen_the_interval() -> None:
    """Ten scenes of four frames each, which all do as their scene does: forty images know no more than ten."""
    before = np.repeat(shares(7, images=10), 4, axis=0)
    after = before + np.repeat(np.random.default_rng(8).integers(-100, 130, (10, 3)), 4, axis=0)
    scenes = [at // 4 for at in range(40)]
    together = judge(scored(before.tolist(), scenes), scored(after.tolist(), scenes))
    apart = judge(scored(before.tolist()), scored(after.tolist()))
    ten = judge(scored(before[::4].tolist()), scored(after[::4].tolist()))
    assert (together.groups, apart.groups) == (10, 40)
    assert width(together) > 1.7 * width(apart)
    assert width(together) == pytest.approx(width(ten), rel=0.15)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Of 200 comparisons whose true difference is nil, about 90 in 100 intervals hold it, with six groups only."""
    random = np.random.default_rng(9)
    held = 0
    for number in range(200):
        before = random.integers(300, 700, (6, 3))
        after = before + np.rint(random.normal(0, 80, before.shape)).astype(int)
        judgement = judge(scored(before.tolist(), name=f"{number}-{{}}"), scored(after.tolist(), name=f"{number}-{{}}"))
        assert judgement.difference is not None
        held += judgement.difference.low <= 0 <= judgement.difference.high
    assert 0.84 <= held / 200 <= 0.97


@pytest.mark.parametrize("classes", [2, 11])
def test_many_classes_are_not_lost_by_chance_more_often_than_few(classes: int) -> None:
    """Two equally good networks: one of many classes seems to fall nearly always, and that is no reason to refuse."""
    names = tuple(f"class {number}" for number in range(classes))
    refused = 0
    for trial in range(100):
        draws = np.random.default_rng(trial).integers(250, 750, (2, 9, classes)).tolist()
        old, new = (scored(found, range(10 * trial, 10 * trial + 9), f"{trial}-{{}}", names) for found in draws)
        refused += bool(judge(old, new).lost)
    assert refused <= 10, "the level is 90 %"


def test_the_same_images_give_the_same_judgement() -> None:
    old, new = scored(shares(10).tolist()), scored(shares(11).tolist())
    assert judge(old, new) == judge(old, new)


def test_scores_of_other_images_are_refused() -> None:
    with pytest.raises(ValueError, match="same images"):
        judge(scored([[1, 2, 3]] * 5), scored([[1, 2, 3]] * 6))


def test_the_gate_event_is_plain_json() -> None:
    event = json.loads(json.dumps(described_judgement(judge(scored(shares(0).tolist()), scored(shares(1).tolist())))))
    assert (event["images"], event["groups"], event["level"], event["lost"]) == (20, 20, 0.9, [])
    assert event["interval"][0] <= event["difference"] <= event["interval"][1]
    assert event["class_intervals"].keys() == set(CLASSES)
    assert described_judgement(judge(None, None))["interval"] is None


counts = st.integers(0, 50)
images = st.lists(st.tuples(counts, counts, counts, counts, st.integers(0, 3)), min_size=1, max_size=12)


@given(images)
@settings(max_examples=60, deadline=None)
def test_every_interval_holds_what_was_measured(rows: list[tuple[int, int, int, int, int]]) -> None:
    """Whatever the two found of whatever there was, in groups of any size; some images lack a class."""
    tallies = []
    for which in (0, 1):
        of_image = [
            [[min(row[which], row[2]), min(row[1 - which], row[3])], [row[2], row[3]], [row[which], row[1 - which]]]
            for row in rows
        ]
        tallies.append(np.array(of_image))
    numbers = {group: number for number, group in enumerate(dict.fromkeys(row[4] for row in rows))}
    compared = compare(tallies[0], tallies[1], [numbers[row[4]] for row in rows], [str(at) for at in range(len(rows))])
    before, after = (tallied_iou(each.sum(axis=0)) for each in tallies)
    for index, difference in compared.per_class.items():
        assert difference.measured == pytest.approx(after[index] - before[index])
    for difference in (compared.miou, *compared.per_class.values()):
        assert difference.low <= difference.measured <= difference.high
