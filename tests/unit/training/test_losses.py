"""Every loss against torch's own, torchmetrics and numbers worked out by hand; void and classes of weight 0."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional
from torchmetrics.classification import MulticlassJaccardIndex
from torchmetrics.segmentation import DiceScore

from segstudio_training.losses import LOSSES, build_loss
from segstudio_training.losses.cross_entropy_dice import soft_dice
from segstudio_training.losses.focal import FocalLoss
from segstudio_training.losses.lovasz_softmax import lovasz

# Two pixels of two classes: the first is 0 with probability 0.8, the second 1 with probability 0.6.
TWO_SCORES = torch.tensor([[0.8, 0.4], [0.2, 0.6]]).log().view(1, 2, 1, 2)
TWO_LABELS = torch.tensor([0, 1]).view(1, 1, 2)


def scene(classes: int = 4, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    scores = torch.randn(2, classes, 9, 11, generator=random) * 2
    labels = torch.randint(0, classes, (2, 9, 11), generator=random)
    labels[0, :2] = 255
    return scores, labels


def two_maps(images: int) -> torch.Tensor:
    """Two unlike (images, 8, 8) label maps of three classes."""
    return torch.randint(0, 3, (2, images, 8, 8), generator=torch.Generator().manual_seed(1))


def certain(guess: torch.Tensor, classes: int) -> torch.Tensor:
    """Scores that leave no doubt about `guess`."""
    return functional.one_hot(guess, classes).movedim(-1, 1) * 200.0


def test_focal_by_hand() -> None:
    # (1 · 0.2² · 0.22314 + 3 · 0.4² · 0.51083) / (1 + 3)
    loss = build_loss("focal", torch.tensor([1.0, 3.0]))
    assert float(loss(TWO_SCORES, TWO_LABELS)) == pytest.approx(0.063531, abs=1e-5)


def test_focal_of_gamma_0_is_torch_s_cross_entropy() -> None:
    scores, labels = scene()
    scores.requires_grad_()
    weights = torch.tensor([0.2, 1.0, 3.0, 0.7])
    ours = FocalLoss(weights, gamma=0.0)(scores, labels)
    theirs = functional.cross_entropy(scores, labels, weights, ignore_index=255)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    mine, other = torch.autograd.grad(ours, scores)[0], torch.autograd.grad(theirs, scores)[0]
    assert torch.allclose(mine, other, atol=1e-6)


def test_focal_cares_less_for_what_is_right_already() -> None:
    scores, labels = scene()
    easy = certain(labels.masked_fill(labels == 255, 0), 4) / 100
    plain, focal = build_loss("cross_entropy", torch.ones(4)), build_loss("focal", torch.ones(4))
    assert float(focal(easy, labels) / plain(easy, labels)) < float(focal(scores, labels) / plain(scores, labels)) / 2


def test_dice_by_hand() -> None:
    # Class 0: 1 - (2 · 0.8 + 1) / (1.2 + 1 + 1) = 0.1875; class 1: 1 - (2 · 0.6 + 1) / (0.8 + 1 + 1) = 0.214286.
    assert float(soft_dice(TWO_SCORES, TWO_LABELS, torch.ones(2))) == pytest.approx(0.200893, abs=1e-5)


def test_dice_of_a_certain_guess_is_torchmetrics_dice() -> None:
    guess, truth = two_maps(1)
    metric = DiceScore(3, average="none")
    metric.update(*(functional.one_hot(labels, 3).movedim(-1, 1) for labels in (guess, truth)))
    ours = soft_dice(certain(guess, 3), truth, torch.ones(3), smooth=0.0)
    assert 1 - float(ours) == pytest.approx(float(metric.compute().mean()), abs=1e-5)


def test_lovasz_by_hand() -> None:
    # Class 0: errors 0.4 (not it) and 0.2 (it), each taking half of the IoU: 0.3. Class 1: its only pixel has the
    # greatest error, 0.4, and takes the whole IoU.
    assert float(lovasz(TWO_SCORES, TWO_LABELS, torch.ones(2))) == pytest.approx(0.35, abs=1e-5)


def test_lovasz_of_a_certain_guess_is_one_minus_torchmetrics_iou() -> None:
    guess, truth = two_maps(2)
    truth[0, 0] = 255
    jaccard = MulticlassJaccardIndex(3, average="macro", ignore_index=255)
    jaccard.update(guess, truth)
    assert 1 - float(lovasz(certain(guess, 3), truth, torch.ones(3))) == pytest.approx(
        float(jaccard.compute()), abs=1e-5
    )


@pytest.mark.parametrize(("name", "term"), [("cross_entropy_dice", soft_dice), ("lovasz_softmax", lovasz)])
def test_the_cross_entropy_beside_it_is_torch_s_own(name: str, term: object) -> None:
    assert callable(term)
    scores, labels = scene()
    weights = torch.tensor([0.2, 1.0, 3.0, 0.7])
    theirs = functional.cross_entropy(scores, labels, weights, ignore_index=255) + term(scores, labels, weights)
    assert float(build_loss(name, weights)(scores, labels)) == pytest.approx(float(theirs), rel=1e-5)


@pytest.mark.parametrize("term", [soft_dice, lovasz])
def test_classes_that_the_batch_does_not_show_do_not_count(term: object) -> None:
    assert callable(term)
    two = term(TWO_SCORES, TWO_LABELS, torch.ones(2))
    unseen = torch.cat([TWO_SCORES, torch.full((1, 1, 1, 2), -1e4)], dim=1)
    assert float(term(unseen, TWO_LABELS, torch.ones(3))) == pytest.approx(float(two), abs=1e-6)


@pytest.mark.parametrize("name", list(LOSSES))
class TestEveryLoss:
    def test_void_pixels_neither_cost_nor_teach(self, name: str) -> None:
        scores, labels = scene()
        loss = build_loss(name, torch.tensor([0.5, 1.0, 2.0, 1.0]))
        changed = scores.clone()
        changed.movedim(1, 3)[labels == 255] = 7.0 * torch.arange(4.0)
        changed.requires_grad_()
        cost = loss(changed, labels)
        assert cost.item() == pytest.approx(float(loss(scores, labels)), rel=1e-6)
        (gradient,) = torch.autograd.grad(cost, changed)
        assert (gradient.movedim(1, 3)[labels == 255] == 0).all() and bool((gradient != 0).any())

    def test_a_class_of_weight_zero_is_as_good_as_void(self, name: str) -> None:
        scores, labels = scene()
        loss = build_loss(name, torch.tensor([0.5, 1.0, 2.0, 0.0]))
        blank = labels.masked_fill(labels == 3, 255)
        assert float(loss(scores, labels)) == pytest.approx(float(loss(scores, blank)), rel=1e-6)

    def test_an_all_void_batch_costs_0_and_has_finite_gradients(self, name: str) -> None:
        scores = torch.randn(1, 3, 4, 4, requires_grad=True)
        cost = build_loss(name, torch.ones(3))(scores, torch.full((1, 4, 4), 255))
        (gradient,) = torch.autograd.grad(cost, scores)
        assert cost.item() == 0 and (gradient == 0).all()

    def test_gradients_are_finite_where_the_network_is_certain(self, name: str) -> None:
        _, labels = scene()
        for guess in (labels.masked_fill(labels == 255, 0), torch.zeros_like(labels)):
            scores = certain(guess, 4).requires_grad_()
            (gradient,) = torch.autograd.grad(build_loss(name, torch.ones(4))(scores, labels), scores)
            assert bool(gradient.isfinite().all())

    def test_its_gradient_is_the_one_that_differences_give(self, name: str) -> None:
        scores, labels = scene(seed=3)
        scores.requires_grad_()
        loss = build_loss(name, torch.tensor([0.5, 1.0, 2.0, 1.0]))
        (gradient,) = torch.autograd.grad(loss(scores, labels), scores)
        direction, _ = scene(seed=4)
        with torch.no_grad():
            step = 1e-3
            difference = (loss(scores + step * direction, labels) - loss(scores - step * direction, labels)) / (
                2 * step
            )
        assert float(difference) == pytest.approx(float((gradient * direction).sum()), abs=2e-3)

    def test_it_teaches(self, name: str) -> None:
        scores, labels = scene()
        scores.requires_grad_()
        optimizer = torch.optim.Adam([scores], lr=0.3)
        loss = build_loss(name, torch.tensor([0.5, 1.0, 2.0, 1.0]))
        for _ in range(60):
            optimizer.zero_grad()
            loss(scores, labels).backward()
            optimizer.step()
        known = labels != 255
        assert float((scores.argmax(dim=1) == labels)[known].float().mean()) > 0.95
