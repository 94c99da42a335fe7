"""Which image teaches when: passes, replay of old images beside new ones, crops where rare classes are."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from segstudio.project.voc_folder import VocFolder
from segstudio_training.class_weights import class_frequencies
from segstudio_training.data.augment import Augmentation, augmented
from segstudio_training.data.batches import BatchPlan, make_batch
from segstudio_training.data.teaching_set import PLACES_KEPT, Sample, TeachingSet
from segstudio_training.data.turns import MOST_DRAWN, RareClasses, Turns
from segstudio_training.normalisation import Normalisation


def images(turns: Turns, count: int) -> list[int]:
    return [turns.at(place).image for place in range(count)]


def test_every_image_comes_once_before_any_comes_again() -> None:
    order = images(Turns(7, seed=3), 14)
    assert sorted(order[:7]) == sorted(order[7:]) == list(range(7)) and order[:7] != order[7:]


@pytest.mark.parametrize("share", [0.25, 0.3, 0.5, 2 / 3])
def test_fresh_images_get_their_share_and_old_ones_are_replayed_beside_them(share: float) -> None:
    turns = Turns(20, seed=1, fresh=[17, 18, 19], fresh_share=share)
    order = images(turns, 300)
    assert sum(image >= 17 for image in order) == pytest.approx(300 * share, abs=1)
    # Evenly: whatever the batch, its share is off by less than one crop.
    for start in range(0, 300, 4):
        assert abs(sum(image >= 17 for image in order[start : start + 4]) - 4 * share) < 1.001
    fresh, old = [image for image in order if image >= 17], [image for image in order if image < 17]
    assert sorted(fresh[:3]) == sorted(fresh[3:6]) == [17, 18, 19]
    assert sorted(old[:17]) == list(range(17))


@pytest.mark.parametrize(("fresh", "share"), [([], 0.5), ([1, 2], 0.0), (list(range(6)), 0.5)])
def test_without_both_kinds_all_images_have_common_passes(fresh: list[int], share: float) -> None:
    assert images(Turns(6, 4, fresh, share), 30) == images(Turns(6, 4), 30)


def rare(voc: VocFolder) -> tuple[TeachingSet, RareClasses]:
    teaching = TeachingSet(voc, voc.names, 1.0)
    frequencies = class_frequencies((teaching[index].labels for index in range(len(teaching))), 3)
    return teaching, RareClasses({index: teaching.class_places(index) for index in range(len(teaching))}, frequencies)


def test_aimed_crops_are_cut_around_pixels_drawn_by_how_rare_their_class_is(voc: VocFolder) -> None:
    teaching, classes = rare(voc)
    turns = Turns(len(teaching), 5, rare=classes, rare_share=0.6)
    drawn = [turns.at(place) for place in range(2000)]
    aimed = [turn for turn in drawn if turn.around is not None]
    assert len(aimed) == pytest.approx(1200, abs=80)
    hits = Counter(int(teaching[turn.image].labels[turn.around]) for turn in aimed if turn.around is not None)
    frequencies = class_frequencies((teaching[index].labels for index in range(len(teaching))), 3)
    assert 255 not in hits
    for index in (1, 2):
        assert hits[index] / hits[0] == pytest.approx(frequencies[0] / frequencies[index], rel=0.25)


def test_a_class_of_a_few_stray_pixels_does_not_take_all_crops() -> None:
    places = {0: {0: np.zeros((1, 2), np.uint16)}, 1: {1: np.ones((1, 2), np.uint16)}}
    classes = RareClasses(places, np.array([0.99, 1e-6]))
    random = np.random.default_rng(0)
    drawn = Counter(classes.drawn(random).image for _ in range(4000))
    assert drawn[1] / drawn[0] == pytest.approx(MOST_DRAWN, rel=0.25)


def test_the_pixels_of_a_class_are_remembered_compactly(voc: VocFolder) -> None:
    teaching = TeachingSet(voc, voc.names, 1.0)
    labels, places = teaching[3].labels, teaching.class_places(3)
    assert set(places) == {0, 1, 2}, "void is no class"
    for index, pixels in places.items():
        assert len(np.unique(pixels, axis=0)) == PLACES_KEPT and pixels.dtype == np.uint16
        assert (labels[pixels[:, 0], pixels[:, 1]] == index).all()
    again = TeachingSet(voc, voc.names, 1.0).class_places(3)
    assert all(np.array_equal(places[index], again[index]) for index in places)


@pytest.mark.parametrize("around", [(0, 0), (30, 40), (59, 79)])
def test_a_crop_holds_what_it_is_aimed_at(around: tuple[int, int]) -> None:
    labels = np.zeros((60, 80), np.uint8)
    row, column = (min(max(at, 1), side - 2) for at, side in zip(around, labels.shape, strict=True))
    labels[row - 1 : row + 2, column - 1 : column + 2] = 1
    sample = Sample(np.zeros((60, 80, 3), np.uint8), labels)
    seen = set()
    for seed in range(30):
        _, got = augmented(sample, (32, 32), np.random.default_rng(seed), Augmentation(flip=0), around)
        assert bool((got == 1).any())
        seen.add(tuple(np.argwhere(got.numpy() == 1)[0].tolist()))
    assert len(seen) > 5 or around != (30, 40), "jittered where there is room"


def test_aimed_batches_are_repeatable_and_show_the_rare_class_more_often(voc: VocFolder) -> None:
    teaching, classes = rare(voc)
    shares = []
    for share in (0.0, 1.0):
        turns = Turns(len(teaching), 2, rare=classes, rare_share=share)
        plan = BatchPlan(4, (16, 16), Augmentation(scale=(1, 1)), Normalisation(), seed=2, turns=turns)
        labels = np.stack([make_batch(teaching, plan, step)[1].numpy() for step in range(20)])
        assert np.array_equal(labels[7], make_batch(teaching, plan, 7)[1].numpy())
        shares.append((labels == 2).mean())
    assert shares[1] > 1.5 * shares[0]
