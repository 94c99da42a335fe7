"""Predictions have the image's size and frame, in one go or in tiles, by whatever plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from segstudio.core.errors import Cancelled, InputError
from segstudio.project.images import upright
from segstudio_training import plan as plans
from segstudio_training import predictor as predictors
from segstudio_training.islands import merge_islands
from segstudio_training.plan import CANDIDATES, PLAIN, SAFE, Plan, fastest_plan
from segstudio_training.predictor import Predictor, RawScores, ScoredTile
from segstudio_training.reading import Reading
from tests.unit.training.conftest import TINY, draw_pair, tiny_checkpoint

PLAIN_BORDERS = Reading(follow_edges=False)


@pytest.mark.parametrize("size", [(1, 1), (7, 90), (32, 32), (61, 83)])
@pytest.mark.parametrize("scale", [1.0, 0.4])
def test_any_size_at_any_working_scale(size: tuple[int, int], scale: float) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    found = Predictor(tiny_checkpoint(working_scale=scale), "cpu", SAFE).predict(image)
    assert found.labels.shape == found.confidence.shape == size
    assert found.labels.dtype == found.confidence.dtype == np.uint8
    assert found.labels.max() < 3


def test_labels_and_confidence_are_the_softmax_s_maximum() -> None:
    checkpoint = tiny_checkpoint(seed=4)
    image, _ = draw_pair(0, 64, 64)
    found = Predictor(checkpoint, "cpu", PLAIN).predict(image, PLAIN_BORDERS)
    mean, std = np.array(checkpoint.normalisation.mean), np.array(checkpoint.normalisation.std)
    batch = torch.from_numpy(((image / 255 - mean) / std).transpose(2, 0, 1)[None]).float()
    with torch.inference_mode():
        greatest, index = checkpoint.build()(batch).softmax(1).max(1)
    assert np.mean(found.labels == index[0].numpy()) > 0.999
    assert np.abs(found.confidence - np.round(255 * greatest[0].numpy())).max() <= 1


@pytest.mark.parametrize("plan", [p for p in CANDIDATES if p != PLAIN and not p.eight_bits])  # those: test_eight_bits
def test_every_plan_says_the_same_but_for_rounding(plan: Plan) -> None:
    checkpoint = tiny_checkpoint(seed=1)
    # Statistics other than a fresh network's, so that folding has something to fold.
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for name, value in checkpoint.state_dict.items():
            if name.endswith("running_mean"):
                value.normal_(0, 0.2)
            elif name.endswith("running_var"):
                value.uniform_(0.5, 2)
    image, _ = draw_pair(0, 64, 96)
    plain = Predictor(checkpoint, "cpu", PLAIN).predict(image)
    other = Predictor(checkpoint, "cpu", plan).predict(image)
    assert np.mean(plain.labels != other.labels) < (0.1 if plan.bfloat16 else 0.002)
    # Rounding may move a pooling maximum to the pixel beside it, which single pixels show; the picture is the same.
    assert np.abs(plain.confidence.astype(int) - other.confidence).mean() < 1


def test_predicting_does_not_change_the_checkpoint() -> None:
    checkpoint = tiny_checkpoint()
    before = {name: value.clone() for name, value in checkpoint.state_dict.items()}
    Predictor(checkpoint, "cpu", SAFE).predict(draw_pair(0)[0])
    assert all(torch.equal(before[name], value) for name, value in checkpoint.state_dict.items())


def test_tiles_agree_with_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    image, _ = draw_pair(2, 300, 420)
    predictor = Predictor(tiny_checkpoint(seed=2), "cpu", SAFE)
    whole = predictor.predict(image)
    monkeypatch.setattr(predictors, "WHOLE_PIXELS", 1)
    monkeypatch.setattr(predictors, "TILE_SIDE", 128)
    done: list[tuple[int, int]] = []
    tiled = predictor.predict(image, progress=lambda *values: done.append(values))
    assert done[0] == (0, 6) and done[-1] == (6, 6)
    # An untrained network is nowhere sure, so a few pixels near the seams may tip over; none by much.
    assert np.mean(whole.labels != tiled.labels) < 0.05
    assert np.abs(whole.confidence.astype(int) - tiled.confidence).max() <= 8


def test_tiles_cover_every_pixel_once() -> None:
    predictor = Predictor(tiny_checkpoint(working_scale=0.37), "cpu", SAFE)
    covered = np.zeros((4001, 2999), np.uint8)
    for outer, core in predictor.tiles(*covered.shape):
        covered[core] += 1
        assert outer[0].start <= core[0].start and outer[1].stop >= core[1].stop
    assert (covered == 1).all()


def test_enlarging_in_bands_is_enlarging(monkeypatch: pytest.MonkeyPatch) -> None:
    image, _ = draw_pair(3, 90, 130)
    predictor = Predictor(tiny_checkpoint(seed=2, working_scale=0.5), "cpu", SAFE)
    at_once = predictor.predict(image, PLAIN_BORDERS)
    monkeypatch.setattr(predictors, "BAND_VALUES", 1000)
    assert np.array_equal(predictor.predict(image, PLAIN_BORDERS).labels, at_once.labels)
    with torch.inference_mode():
        probabilities = predictor._scores(image).softmax(dim=0)
        enlarged = torch.nn.functional.interpolate(probabilities[None], (90, 130), mode="bilinear")[0]
    assert np.mean(enlarged.argmax(0).numpy() != at_once.labels) < 0.001


def test_borders_follow_the_image_s_edges_unless_told_otherwise() -> None:
    """The scores are a pixel beside the edge, four at full size; the image knows where it is."""
    predictor = Predictor(tiny_checkpoint(working_scale=0.25), "cpu", SAFE)
    image = np.full((256, 256, 3), 40, np.uint8)
    image[:, 128:] = (180, 150, 90)
    ramp = (torch.arange(64) - 32.5).expand(64, 64)
    tile = ScoredTile((slice(0, 256),) * 2, (slice(0, 256),) * 2, torch.stack([-ramp, ramp, ramp * 0 - 9]), image)
    scores = RawScores(256, 256, (tile,))
    straight, followed = predictor.read_off(scores, PLAIN_BORDERS), predictor.read_off(scores)
    truth = np.repeat([[0] * 128 + [1] * 128], 256, axis=0)
    assert [(found.labels != truth).sum() for found in (straight, followed)] == [4 * 256, 0]


def test_the_guide_of_a_far_larger_image_is_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    image, _ = draw_pair(3, 640, 960)
    predictor = Predictor(tiny_checkpoint(working_scale=0.125), "cpu", SAFE)
    (tile,) = predictor.scores(image).tiles
    assert tile.scores.shape[1:] == (80, 120) and tile.guide.shape == (320, 480, 3)
    monkeypatch.setattr(predictors, "GUIDE_VALUES", 3 * 160 * 240)
    (tile,) = predictor.scores(image).tiles
    assert tile.guide.shape == (160, 240, 3), "as many values as are allowed"
    assert predictor.predict(image).labels.shape == (640, 960)


def test_cancel_stops_inside_one_image() -> None:
    asked: list[int] = []

    def cancel() -> bool:
        asked.append(1)
        return len(asked) > 3

    predictor = Predictor(tiny_checkpoint(), "cpu", SAFE)
    with pytest.raises(Cancelled):
        predictor.predict(draw_pair(0)[0], cancel=cancel)
    assert predictor.predict(draw_pair(0)[0]).labels.size, "and it can be used again"


def test_a_turned_image_is_seen_upright_and_put_back() -> None:
    predictor = Predictor(tiny_checkpoint(seed=2), "cpu", SAFE)
    image, _ = draw_pair(1)
    for orientation in range(1, 9):
        found = predictor.predict(image, orientation=orientation)
        assert found.labels.shape == image.shape[:2]
        turned = np.ascontiguousarray(upright(image, orientation))
        assert np.array_equal(upright(found.labels, orientation), predictor.predict(turned).labels)


def test_islands_are_merged_on_request() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    predictor = Predictor(tiny_checkpoint(seed=2), "cpu", SAFE)
    rough, smooth = predictor.predict(image), predictor.predict(image, Reading(40))

    def changes(labels: np.ndarray) -> int:
        return int((labels[:, 1:] != labels[:, :-1]).sum())

    assert changes(smooth.labels) < changes(rough.labels)
    for orientation in (1, 6):
        rough = predictor.predict(image, orientation=orientation)
        spared = predictor.predict(image, Reading(40, keep_thin=True), orientation=orientation)
        assert np.array_equal(spared.labels, merge_islands(rough.labels, 40, keep_thin=True))


def test_a_grey_image_is_refused_with_a_sentence() -> None:
    with pytest.raises(InputError, match="red, green and blue"):
        Predictor(tiny_checkpoint(), "cpu", SAFE).predict(np.zeros((5, 5), np.uint8))


def test_the_fastest_plan_is_measured_once_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "SMALL_SIDE", 32)
    monkeypatch.setattr(plans, "FULL_SIDE", 32)
    network, device = tiny_checkpoint().build(), torch.device("cpu")
    chosen = fastest_plan(network, "segnet", TINY, device)
    assert chosen in CANDIDATES

    def again(*_: object) -> Plan:
        raise AssertionError("measured a second time")

    monkeypatch.setattr(plans, "measured_plan", again)
    assert fastest_plan(network, "segnet", TINY, device) == chosen
    # Another network is another question.
    with pytest.raises(AssertionError, match="second time"):
        fastest_plan(network, "segnet", {**TINY, "width": 8}, device)


def test_confidence_is_high_where_the_classifier_is_sure() -> None:
    checkpoint = tiny_checkpoint()
    state = dict(checkpoint.state_dict)
    state["classifier.bias"] = torch.tensor([0.0, 20.0, 0.0])
    found = Predictor(replace(checkpoint, state_dict=state), "cpu", SAFE).predict(draw_pair(0)[0])
    assert (found.labels == 1).all() and (found.confidence >= 254).all()


def _with_shares(shares: tuple[float, ...], seed: int = 2) -> Predictor:
    return Predictor(tiny_checkpoint(seed=seed, class_shares=shares), "cpu", SAFE)


def test_a_balance_favours_rare_classes_or_frequent_ones() -> None:
    predictor = _with_shares((0.9, 0.09, 0.01))
    image, _ = draw_pair(1, 64, 64)

    def pixels(balance: float) -> list[int]:
        found = predictor.predict(image, Reading(balance=balance, follow_edges=False))
        return np.bincount(found.labels.ravel(), minlength=3).tolist()

    before, rare, frequent = pixels(0), pixels(1), pixels(-1)
    assert rare[2] > before[2] and rare[0] < before[0]
    assert frequent[0] > before[0] and frequent[2] < before[2]


def test_no_balance_changes_no_bit() -> None:
    image, _ = draw_pair(1, 64, 64)
    plain = Predictor(tiny_checkpoint(seed=2), "cpu", SAFE).predict(image)
    known = _with_shares((0.9, 0.09, 0.01)).predict(image, Reading(balance=0.0))
    assert np.array_equal(plain.labels, known.labels) and np.array_equal(plain.confidence, known.confidence)


def test_a_balance_is_read_off_kept_scores_as_if_predicted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictors, "WHOLE_PIXELS", 1)
    monkeypatch.setattr(predictors, "TILE_SIDE", 128)
    predictor = _with_shares((0.9, 0.09, 0.01))
    image, _ = draw_pair(2, 200, 300)
    kept = predictor.scores(image)
    assert len(kept.tiles) > 1 and kept.nbytes >= 4 * predictor.values(200, 300)
    for balance in (0.0, 0.5, -0.5):
        reading = Reading(20, balance)
        again, anew = predictor.read_off(kept, reading), predictor.predict(image, reading)
        assert np.array_equal(again.labels, anew.labels) and np.array_equal(again.confidence, anew.confidence)


def test_a_balance_without_known_shares_is_refused_with_a_sentence() -> None:
    with pytest.raises(InputError, match="how often its classes occurred"):
        Predictor(tiny_checkpoint(), "cpu", SAFE).predict(draw_pair(0)[0], Reading(balance=0.5))
