"""What every row of `NETWORKS` promises: any size and batch, teachable, kept, following class names, any plan."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models.segmentation import deeplabv3_mobilenet_v3_large, lraspp_mobilenet_v3_large

from segstudio.core.class_table import ClassTable
from segstudio.core.errors import CheckpointError, InputError
from segstudio_training import predictor as predictors
from segstudio_training.checkpoint import Checkpoint, follow_classes, load_checkpoint, save_checkpoint
from segstudio_training.eight_bits import eight_bits_work
from segstudio_training.engine import WeightAverage
from segstudio_training.networks import NETWORKS, build_network, chosen_arguments, network_entry
from segstudio_training.networks.deeplabv3 import DeepLabV3
from segstudio_training.networks.lraspp import LRASPP
from segstudio_training.networks.unet import UNet
from segstudio_training.plan import CANDIDATES, PLAIN, SAFE, Plan, prepared
from segstudio_training.predictor import Predictor
from segstudio_training.reading import Reading
from tests.unit.training.conftest import CLASSES, draw_pair

every_network = pytest.mark.parametrize("name", list(NETWORKS))


@pytest.fixture(autouse=True)
def _same_pictures_every_time() -> Iterator[None]:
    """How far rounding carries through unpooling depends on the picture: always the same ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def small(name: str, num_classes: int = 3, seed: int = 0) -> nn.Module:
    """The narrowest of its kind, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_network(name, num_classes, _arguments(name))


def lived_in(name: str, classes: tuple[str, ...] = CLASSES, seed: int = 0) -> Checkpoint:
    """A checkpoint whose batch norms have statistics of their own, as after teaching."""
    network = small(name, len(classes), seed)
    average = WeightAverage(network)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        average.settle([torch.randn(4, 3, 64, 64) for _ in range(2)])
    return Checkpoint(name, _arguments(name), ClassTable.from_names(classes), average.network.state_dict())


def difference(before: torch.Tensor, after: torch.Tensor) -> float:
    """Mean difference over the spread: above 1 where two have nothing in common.

    A mean, because SegNet's unpooling puts a value a pixel further where two were equal but for rounding.
    """
    return ((before - after).abs().mean() / before.std()).item()


def _arguments(name: str) -> dict[str, int | float]:
    return {"width": 4} if "width" in NETWORKS[name].defaults else {}


@every_network
@pytest.mark.parametrize("size", [(32, 32), (33, 47), (64, 90), (75, 101)])
def test_every_pixel_of_any_size_is_scored(name: str, size: tuple[int, int]) -> None:
    network = small(name, 5).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, *size)).shape == (2, 5, *size)


@every_network
def test_every_weight_learns_from_a_single_image_of_the_least_size(name: str) -> None:
    network = small(name)
    network.train()(torch.randn(1, 3, 32, 32)).square().mean().backward()
    unmoved = [key for key, p in network.named_parameters() if p.grad is None]
    assert not unmoved
    network.zero_grad()
    network(torch.randn(2, 3, 75, 90)).square().mean().backward()
    unmoved = [key for key, p in network.named_parameters() if p.grad is None or not bool(p.grad.abs().sum() > 0)]
    assert not unmoved


@every_network
def test_a_step_down_the_gradient_lowers_the_loss(name: str) -> None:
    network = small(name).train()
    image, labels = draw_pair(0, 64, 64)
    batch = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255 - 0.5
    truth = torch.from_numpy(labels).long()[None]

    def cost() -> torch.Tensor:
        return nn.functional.cross_entropy(network(batch), truth, ignore_index=255)

    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    before = cost()
    before.backward()
    optimizer.step()
    assert cost().item() < before.item()


@every_network
def test_the_classifier_has_a_row_for_each_class(name: str) -> None:
    network = small(name, 7)
    assert network.get_parameter("classifier.weight").shape[0] == 7
    assert network.get_parameter("classifier.bias").shape == (7,)
    # Raising a class's bias raises its score by as much everywhere: what scores are shifted by after teaching.
    network.eval()
    image = torch.randn(1, 3, 45, 60)
    with torch.inference_mode():
        before = network(image)
        network.get_parameter("classifier.bias")[2] += 1.5
        change = network(image) - before
        others = change.index_fill(1, torch.tensor([2]), 0)
    assert torch.allclose(change[:, 2], torch.tensor(1.5), atol=1e-4)
    assert torch.allclose(others, torch.tensor(0.0), atol=1e-4)


@every_network
def test_it_comes_back_from_a_file_as_it_was(name: str, tmp_path: Path) -> None:
    checkpoint = lived_in(name)
    loaded = load_checkpoint(save_checkpoint(tmp_path / "a.safetensors", checkpoint))
    assert (loaded.network_name, loaded.network_arguments) == (name, {**NETWORKS[name].defaults, **_arguments(name)})
    image = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        before, after = checkpoint.build()(image), loaded.build()(image)
    # Weights are kept as float16.
    assert difference(before, after) < 0.2


@every_network
def test_it_follows_its_classes_by_name(name: str) -> None:
    checkpoint = lived_in(name, ("ground", "sun", "pole"))
    followed = follow_classes(checkpoint, ClassTable.from_names(("pole", "new", "ground")))
    image = torch.randn(1, 3, 40, 56)
    with torch.inference_mode():
        before, after = checkpoint.build()(image), followed.build()(image)
    assert torch.allclose(after[:, 0], before[:, 2], atol=1e-5)
    assert torch.allclose(after[:, 2], before[:, 0], atol=1e-5)


@every_network
def test_folding_leaves_no_batch_norm(name: str) -> None:
    folded = prepared(lived_in(name).build(), SAFE, torch.device("cpu"))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())


@every_network
@pytest.mark.parametrize("plan", [plan for plan in CANDIDATES if plan != PLAIN], ids=str)
def test_every_plan_scores_the_same_but_for_rounding(name: str, plan: Plan) -> None:
    if plan.eight_bits and not eight_bits_work():
        pytest.skip("this processor has no 8-bit dot products")
    network = lived_in(name, seed=1).build()
    image = torch.randn(1, 3, 75, 90)
    other = prepared(copy.deepcopy(network), plan, torch.device("cpu"))
    with torch.inference_mode():
        before = network(image)
        after = other(image.to(plan.dtype, memory_format=plan.memory_format)).float()
    assert difference(before, after) < (0.5 if plan.bfloat16 or plan.eight_bits else 1e-3)


@every_network
def test_tiles_agree_with_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image, _ = draw_pair(2, 500, 620)
    predictor = Predictor(lived_in(name, seed=2), "cpu", SAFE)
    plain = Reading(follow_edges=False)  # which would bring out what the image tells, not the network
    whole = predictor.predict(image, plain)
    monkeypatch.setattr(predictors, "WHOLE_PIXELS", 1)
    monkeypatch.setattr(predictors, "TILE_SIDE", 256)
    tiled = predictor.predict(image, plain)
    # Some look at the whole image at once, and an untrained network is nowhere sure.
    assert np.mean(whole.labels != tiled.labels) < 0.15
    assert np.abs(whole.confidence.astype(int) - tiled.confidence).mean() < 8


@pytest.mark.parametrize("name", [name for name, entry in NETWORKS.items() if "dropout" in entry.defaults])
def test_dropout_drops_only_while_teaching(name: str) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_network(name, 2, {**_arguments(name), "dropout": 0.5})
        settled = WeightAverage(network)
        image = torch.randn(2, 3, 64, 64)
        settled.settle([image])
        assert not torch.equal(network.train()(image), network(image))
        assert torch.equal(settled.network(image), settled.network(image))


def test_an_unknown_network_or_argument_is_refused() -> None:
    with pytest.raises(InputError, match="segnet"):
        build_network("nonet", 2, {})
    with pytest.raises(CheckpointError):
        build_network("segnet", 2, {"width": 10**9})
    with pytest.raises(CheckpointError):
        build_network("segnet", 2, {"depth": 3})
    with pytest.raises(CheckpointError):
        build_network("lraspp", 2, {"width": 8})


def test_a_width_suits_the_machine_where_there_is_one_to_choose() -> None:
    assert chosen_arguments("unet", None, 0.0, has_gpu=False) == {"width": 16, "dropout": 0.0}
    assert chosen_arguments("unet", None, 0.5, has_gpu=True) == {"width": 64, "dropout": 0.5}
    assert chosen_arguments("segnet", 32, 0.0, has_gpu=True) == {"width": 32, "dropout": 0.0}
    assert chosen_arguments("lraspp", None, 0.0, has_gpu=False) == {}
    with pytest.raises(InputError, match="LR-ASPP MobileNetV3 has one width only"):
        chosen_arguments("lraspp", 32, 0.0, has_gpu=False)
    with pytest.raises(InputError, match="no dropout"):
        chosen_arguments("lraspp", None, 0.5, has_gpu=False)


def test_a_tile_s_grid_is_the_coarsest_features() -> None:
    for name in NETWORKS:
        network, sizes = small(name).eval(), []
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.BatchNorm2d)):
                module.register_forward_hook(lambda _module, _inputs, out, sizes=sizes: sizes.append(out.shape[-1]))
        with torch.inference_mode():
            network(torch.zeros(1, 3, 256, 256))
        coarsest = min(size for size in sizes if size > 1)  # beside what is pooled over the whole image
        # SegNet pools once more behind its last convolution.
        assert network_entry(name).stride == 256 // coarsest * (2 if name == "segnet" else 1), name


def test_the_paper_s_u_net_has_its_31_million_weights() -> None:
    with torch.device("meta"):
        network = UNet(2, width=64)
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(31.03e6, rel=0.005)


def test_lraspp_is_torchvision_s() -> None:
    theirs = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=4).eval()
    ours = LRASPP(4).eval()
    ours.encoder.load_state_dict(theirs.backbone.state_dict())
    ours.reduce.load_state_dict(theirs.classifier.cbr.state_dict())
    ours.attend.load_state_dict(theirs.classifier.scale.state_dict())
    low, high = theirs.classifier.low_classifier, theirs.classifier.high_classifier
    with torch.inference_mode():
        ours.classifier.weight.copy_(torch.cat([low.weight, high.weight], dim=1))
        ours.classifier.bias.copy_(low.bias + high.bias)
        image = torch.randn(1, 3, 97, 130)
        assert torch.allclose(ours(image), theirs(image)["out"], atol=1e-5)


def test_deeplabv3_is_torchvision_s_but_for_the_pooling_s_norm() -> None:
    theirs = deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=4).eval()
    ours = DeepLabV3(4).eval()
    pyramid, *between, classifier = theirs.classifier
    ours.encoder.load_state_dict(theirs.backbone.state_dict())
    ours.pyramid.load_state_dict(pyramid.state_dict(), strict=False)
    ours.smooth.load_state_dict(nn.Sequential(*between).state_dict())
    ours.classifier.load_state_dict(classifier.state_dict())
    with torch.inference_mode():
        ours.pyramid.convs[-1][1].bias.zero_()
        pyramid.convs[-1][2].eps = 0.0  # fresh statistics then change nothing
        image = torch.randn(1, 3, 97, 130)
        assert torch.allclose(ours(image), theirs(image)["out"], atol=1e-5)
