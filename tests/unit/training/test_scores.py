"""Metrics, class weights, loss and gate against other implementations and numbers worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torchmetrics.classification import MulticlassAccuracy, MulticlassJaccardIndex

from segstudio.core.errors import InputError
from segstudio_training.class_weights import class_frequencies, class_weights, score_offsets
from segstudio_training.losses import build_loss
from segstudio_training.metrics import BOUNDARY_PIXELS, ConfusionMatrix, Scores, boundary_f1


def maps(seed: int, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes, (30, 40)).astype(np.uint8)
    guess = np.where(random.random((30, 40)) < 0.6, truth, random.integers(0, classes, (30, 40))).astype(np.uint8)
    truth[random.random((30, 40)) < 0.1] = 255
    return truth, guess


def test_scores_agree_with_torchmetrics() -> None:
    confusion = ConfusionMatrix(4)
    jaccard = MulticlassJaccardIndex(4, average="macro", ignore_index=255)
    recall = MulticlassAccuracy(4, average="macro", ignore_index=255)
    overall = MulticlassAccuracy(4, average="micro", ignore_index=255)
    for seed in range(3):
        truth, guess = maps(seed)
        confusion.update(truth, guess)
        for metric in (jaccard, recall, overall):
            metric.update(torch.from_numpy(guess).long(), torch.from_numpy(truth).long())
    assert confusion.miou() == pytest.approx(float(jaccard.compute()), abs=1e-6)
    assert confusion.class_accuracy() == pytest.approx(float(recall.compute()), abs=1e-6)
    assert confusion.pixel_accuracy() == pytest.approx(float(overall.compute()), abs=1e-6)


def test_a_class_absent_from_the_truth_is_left_out() -> None:
    truth = np.array([[0, 0, 1, 255]], np.uint8)
    guess = np.array([[0, 2, 1, 2]], np.uint8)
    scores = Scores(["a", "b", "c"])
    scores.update(truth, guess)
    result = scores.result()
    assert result["per_class_iou"] == {"a": 0.5, "b": 1.0}
    assert result["miou"] == 0.75
    assert result["class_accuracy"] == 0.75
    assert result["pixel_accuracy"] == pytest.approx(2 / 3)


def test_a_void_guess_is_wrong() -> None:
    confusion = ConfusionMatrix(2)
    confusion.update(np.array([[0, 1]], np.uint8), np.array([[255, 1]], np.uint8))
    assert confusion.pixel_accuracy() == 0.5
    assert confusion.miou() == 0.5


def test_nothing_scored_is_zero_and_not_a_failure() -> None:
    assert Scores(["a"]).result() == {
        "miou": 0.0, "class_accuracy": 0.0, "pixel_accuracy": 0.0, "boundary_f1": 0.0, "per_class_iou": {},
    }  # fmt: skip


def halves(at: int, height: int = 60, width: int = 80) -> np.ndarray:
    labels = np.zeros((height, width), np.uint8)
    labels[:, at:] = 1
    return labels


def test_boundary_f1_forgives_what_is_within_the_tolerance() -> None:
    # The diagonal is 100 pixels, so 0.75 % of it are 0.75 pixels; the least tolerance is one pixel.
    assert boundary_f1(halves(40), halves(40), 2) == 1.0
    assert boundary_f1(halves(40), halves(41), 2) == 1.0
    assert boundary_f1(halves(40), halves(45), 2) == 0.0


def test_boundary_f1_by_hand() -> None:
    # On 60 rows and a diagonal of 100 the tolerance is one pixel. Each class's boundary is one column of 60 pixels. The
    # guess leaves the upper 30 where they are, moves the lower 30 by 20, and its step is 19 more: 79. Of either map's
    # boundary the upper 30 are found and, one pixel away, one at the step.
    guess = halves(40)
    guess[30:, 40:60] = 0
    value = boundary_f1(halves(40), guess, 2)
    assert value is not None
    precision, recall = 31 / 79, 31 / 60
    assert value == pytest.approx(2 * precision * recall / (precision + recall))


def test_boundary_f1_of_an_all_void_truth_is_not_counted() -> None:
    assert boundary_f1(np.full((20, 20), 255, np.uint8), np.zeros((20, 20), np.uint8), 2) is None


def test_void_makes_no_boundary_on_either_side() -> None:
    truth = halves(40)
    truth[:, 10:14] = truth[:, 70:74] = 255
    assert boundary_f1(truth, halves(40), 2) == 1.0
    assert boundary_f1(truth, halves(20), 2) == 0.0, "the rims of void are no boundary that was found"
    truth[:, 38:42] = 255
    assert boundary_f1(truth, halves(40), 2) == 1.0, "where the truth does not know the border there is none to find"
    assert boundary_f1(truth, halves(20), 2) == 0.0


def test_a_guess_of_void_ends_a_class_as_another_class_does() -> None:
    guess = halves(40)
    guess[:, 60:] = 255
    value = boundary_f1(halves(40), guess, 2)
    assert value is not None
    assert 0.5 < value < 1.0


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Pixels of every map in which a boundary is looked for."""
    sizes: list[int] = []
    real = cv2.distanceTransform

    def noted(image: np.ndarray, *arguments: int) -> np.ndarray:
        sizes.append(image.size)
        return real(image, *arguments)

    monkeypatch.setattr(cv2, "distanceTransform", noted)
    return sizes


def test_boundary_f1_of_a_photograph_is_that_of_a_smaller_one(looked_at: list[int]) -> None:
    # The diagonal is 5,000 pixels and 0.75 % of it are 37.5.
    truth = halves(2000, 3000, 4000)
    assert boundary_f1(truth, halves(2030, 3000, 4000), 2) == 1.0
    assert boundary_f1(truth, halves(2045, 3000, 4000), 2) == 0.0
    assert max(looked_at) < 1.1 * BOUNDARY_PIXELS
    guess = halves(2000, 3000, 4000)
    guess[1500:, 2000:3000] = 0
    small = boundary_f1(halves(200, 300, 400), guess[5::10, 5::10], 2)
    assert boundary_f1(truth, guess, 2) == pytest.approx(small, abs=0.02)


def test_boundary_f1_looks_at_every_pixel_of_a_map_that_is_not_large(looked_at: list[int]) -> None:
    boundary_f1(halves(400, 720, 960), halves(500, 720, 960), 2)
    assert set(looked_at) == {720 * 960}


def test_median_frequency_by_hand() -> None:
    # Class 0: 6 of the 12 pixels of both images; class 1: 4 of 6 in one; class 2: 2 of 6 in the other.
    first = np.array([[0, 0, 1, 1, 1, 1]], np.uint8)
    second = np.array([[0, 0, 0, 0, 2, 2, 255]], np.uint8)
    frequencies = class_frequencies([first, second], 4)
    assert frequencies == pytest.approx([6 / 12, 4 / 6, 2 / 6, 0])
    assert class_weights("median_frequency", frequencies) == pytest.approx([1, 0.75, 1.5, 0])
    assert class_weights("sqrt_median_frequency", frequencies) == pytest.approx([1, 0.75**0.5, 1.5**0.5, 0])
    assert class_weights("none", frequencies) == pytest.approx([1, 1, 1, 0])


def test_effective_number_by_hand() -> None:
    # 0.05 % of 20,000 samples are 10: (1 - 0.999) / (1 - 0.999^10) = 0.001 / 0.009955 = 0.10045. 90 % are 18,000, of
    # which about 1 / (1 - 0.999) = 1,000 are effective: 0.001. Their mean is 0.050725.
    weights = class_weights("effective_number", np.array([0.9, 0.0005, 0.0]), cap=1000)
    assert weights == pytest.approx([0.001 / 0.050725, 0.10045 / 0.050725, 0], rel=1e-3)


def test_effective_number_weighs_frequent_classes_alike_and_rare_ones_by_their_share() -> None:
    weights = class_weights("effective_number", np.array([0.9, 0.3, 0.002, 0.001]), cap=1000)
    assert weights[0] == pytest.approx(weights[1], rel=0.01)
    assert weights[3] == pytest.approx(2 * weights[2], rel=0.02)
    assert (class_weights("effective_number", np.zeros(3)) == 0).all()


def test_no_class_weighs_more_than_the_cap_times_the_lightest() -> None:
    weights = class_weights("median_frequency", np.array([0.9, 0.05, 0.0001]), cap=8)
    assert weights.max() == pytest.approx(8 * weights.min())


def test_predictions_forget_the_share_of_the_weights_asked_for() -> None:
    # Scores taught with weights w are log(w·p) up to a constant; taking all of log w leaves log p.
    share, weights = np.array([0.7, 0.2, 0.1]), np.array([0.5, 1.0, 3.0])
    taught = np.log(weights * share)
    assert taught - score_offsets(weights, 1.0) == pytest.approx(np.log(share))
    assert taught - score_offsets(weights, 0.0) == pytest.approx(taught)
    assert score_offsets(np.array([0.0, 2.0]), 1.0)[0] == 0


def test_an_unknown_rule_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="median_frequency"):
        class_weights("fair", np.ones(2))


def test_cross_entropy_is_torch_s_own() -> None:
    torch.manual_seed(0)
    scores = torch.randn(2, 3, 5, 7, requires_grad=True)
    labels = torch.randint(0, 3, (2, 5, 7))
    labels[0, :2] = 255
    weights = torch.tensor([0.2, 1.0, 3.0])
    ours = build_loss("cross_entropy", weights)(scores, labels)
    theirs = torch.nn.functional.cross_entropy(scores, labels, weights, ignore_index=255)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6)
    mine, other = torch.autograd.grad(ours, scores)[0], torch.autograd.grad(theirs, scores)[0]
    assert torch.allclose(mine, other, atol=1e-7)


def test_cross_entropy_of_an_all_void_batch_is_zero_and_not_nan() -> None:
    scores = torch.randn(1, 3, 4, 4, requires_grad=True)
    loss = build_loss("cross_entropy", torch.ones(3))(scores, torch.full((1, 4, 4), 255))
    loss.backward()
    assert loss.item() == 0
    assert scores.grad is not None and not bool(scores.grad.isnan().any())


def test_a_class_of_weight_zero_teaches_nothing() -> None:
    scores = torch.randn(1, 3, 4, 4)
    labels = torch.zeros(1, 4, 4, dtype=torch.long)
    labels[0, 0] = 2
    loss = build_loss("cross_entropy", torch.tensor([1.0, 1.0, 0.0]))
    ignoring = labels.masked_fill(labels == 2, 255)
    assert float(loss(scores, labels)) == pytest.approx(float(loss(scores, ignoring)))


def test_an_unknown_loss_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="cross_entropy"):
        build_loss("fair", torch.ones(2))
