"""8-bit convolutions: the integers' own arithmetic, ranges from batch norms, and where they are chosen at all."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from segstudio.core.class_table import VOID
from segstudio.core.resources import resource_root
from segstudio.project.voc_folder import VocFolder
from segstudio_training import device as devices
from segstudio_training import eight_bits, plan
from segstudio_training.checkpoint import load_checkpoint
from segstudio_training.eight_bits import (
    DEVIATIONS,
    EightBitConvolution,
    FoldedConvolution,
    activation_ranges,
    eight_bits_work,
    folded,
    is_cut_off,
    to_eight_bits,
)
from segstudio_training.networks import build_network
from segstudio_training.networks.segnet import SegNet
from segstudio_training.networks.segnet_eight_bits import EightBitSegNet
from segstudio_training.plan import CANDIDATES, SAFE, Plan, prepared
from segstudio_training.predictor import Predictor
from tests.unit.training.conftest import TINY

CPU = torch.device("cpu")
EIGHT_BITS = Plan(channels_last=True, folded=True, eight_bits=True)
needs_eight_bits = pytest.mark.skipif(not eight_bits_work(), reason="this processor has no 8-bit dot products")


def _pixels(*shape: int) -> torch.Tensor:
    values = torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(0))
    return values.to(torch.uint8).contiguous(memory_format=torch.channels_last)


def _norm(mean: list[float], deviation: list[float]) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(len(mean)).eval()
    with torch.no_grad():
        norm.bias.copy_(torch.tensor(mean))
        norm.weight.copy_(torch.tensor(deviation))
        norm.running_mean.copy_(torch.linspace(-1, 1, len(mean)))  # type: ignore[union-attr]  # it keeps statistics
        norm.running_var.copy_(torch.linspace(0.5, 2, len(mean)))  # type: ignore[union-attr]  # it keeps statistics
    return norm


@needs_eight_bits
@pytest.mark.parametrize("channels", [1, 3, 16, 40])
def test_whole_weights_give_the_very_sums(channels: int) -> None:
    random = torch.Generator().manual_seed(1)
    weight = torch.randint(-127, 128, (5, channels, 3, 3), generator=random).float()
    weight[:, 0, 0, 0] = 127  # the scale is 1 then, and no weight is rounded
    bias = torch.arange(5.0)
    pixels = _pixels(2, channels, 9, 11)
    found = EightBitConvolution(FoldedConvolution(weight, bias), torch.float32, rectified=False)(pixels)
    wanted = functional.conv2d(pixels.double(), weight.double(), bias.double(), padding=1)
    assert torch.equal(found.double(), wanted)


@needs_eight_bits
def test_the_result_is_rounded_rectified_and_limited() -> None:
    weight = torch.tensor([1.0, -1.0, 2.0]).reshape(3, 1, 1, 1)
    pixels = torch.tensor([[0, 100], [127, 200]], dtype=torch.uint8)[None, None]
    found = EightBitConvolution(FoldedConvolution(weight, torch.tensor([0.4, 50.0, -0.6])))(pixels)
    assert found.dtype is torch.uint8
    assert found[0].tolist() == [[[0, 100], [127, 200]], [[50, 0], [0, 0]], [[0, 199], [253, 255]]]
    halves = torch.tensor([0.4, 0.6, 254.7, 900.0])
    assert to_eight_bits(halves).tolist() == [0, 1, 255, 255]


def test_ranges_follow_the_batch_norm_and_are_never_nothing() -> None:
    ends = activation_ranges(_norm([1.0, 0.0, -500.0], [0.5, -2.0, 1.0]))
    assert ends.tolist() == pytest.approx([1 + DEVIATIONS * 0.5, DEVIATIONS * 2.0, DEVIATIONS * 2.0 * 1e-3])
    assert (activation_ranges(_norm([-1.0], [0.0])) > 0).all()


def test_folding_and_scaling_change_nothing_but_the_unit() -> None:
    torch.manual_seed(0)
    first, second = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.Conv2d(4, 2, 3, padding=1, bias=False)
    norms = _norm([0.5, 0.0, -0.2, 1.0], [1.0, 2.0, 0.1, -1.0]), _norm([0.1, 0.3], [1.5, 0.2])
    image = torch.randn(1, 3, 8, 8)
    with torch.inference_mode():
        wanted = norms[1](second(norms[0](first(image)).relu())).relu()
        one, between = folded(first, norms[0], None)
        two, ranges = folded(second, norms[1], between)
        middle = functional.conv2d(image, one.weight, one.bias, padding=1).relu()
        found = functional.conv2d(middle, two.weight, two.bias, padding=1).relu()
    assert torch.allclose(found / 255 * ranges[:, None, None], wanted, atol=1e-5)


def _shares(plan_tried: Plan) -> tuple[float, float]:
    """Of some of the sample's pixels, by the starter: the share labelled as in float32, and as the truth says."""
    checkpoint = load_checkpoint(resource_root() / "starter.safetensors")
    sample = VocFolder.open(resource_root() / "sample")
    exact, tried = Predictor(checkpoint, "cpu", SAFE), Predictor(checkpoint, "cpu", plan_tried)
    alike, right = [], []
    for name in sorted(filter(sample.has_mask, sample.names))[:6]:
        image, truth = sample.read_image(name), sample.read_label_map(name)
        found = tried.predict(image).labels
        alike.append(np.mean(found == exact.predict(image).labels))
        right.append(np.mean(found[truth != VOID] == truth[truth != VOID]))
    return float(np.mean(alike)), float(np.mean(right))


@needs_eight_bits
@pytest.mark.parametrize("bfloat16", [False, True])
def test_segnet_says_what_it_says_in_float32_about_as_nearly_as_bfloat16_does(bfloat16: bool) -> None:
    alike, right = _shares(Plan(bfloat16=bfloat16, channels_last=True, folded=True, eight_bits=True))
    usual, _ = _shares(Plan(bfloat16=True, channels_last=True, folded=True))
    _, exact = _shares(SAFE)
    assert alike > usual - 0.015
    assert abs(right - exact) < 0.005


@needs_eight_bits
def test_an_image_that_does_not_fit_the_ranges_is_done_in_floating_numbers() -> None:
    """Batch norms may be wrong about what comes out of them, as after a training in tiny batches."""
    network = load_checkpoint(resource_root() / "starter.safetensors").build().eval()
    image = VocFolder.open(resource_root() / "sample").read_image("valley_02")
    pixels = (torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255 - 0.45) / 0.225
    pixels = pixels.contiguous(memory_format=torch.channels_last)

    def agreement() -> float:
        runs = [prepared(copy.deepcopy(network), tried, CPU) for tried in (EIGHT_BITS, SAFE)]
        with torch.inference_mode():
            labels = [run(pixels).argmax(1) for run in runs]
        return float((labels[0] == labels[1]).float().mean())

    assert 0.9 < agreement() < 1
    for norm in (module for module in network.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.running_var /= 20  # type: ignore[operator]  # it keeps statistics
    assert agreement() == 1


def test_what_is_no_number_does_not_fit() -> None:
    fitting = torch.full((1, 2, 8, 8), 255.0)
    assert not is_cut_off(fitting)
    fitting[0, 0, 0, 0] = 256  # 1 of 128 is more than 0.005
    assert is_cut_off(fitting)
    fitting[0, 0, 0, 0] = torch.nan
    assert is_cut_off(fitting)


@needs_eight_bits
def test_dead_channels_and_odd_sizes_are_no_trouble() -> None:
    network = SegNet(3, width=4).eval()
    with torch.no_grad():
        norm = network.encoder[1][1]  # type: ignore[index]  # a Sequential
        norm.weight[0], norm.bias[0] = 0.0, -1.0
        network.decoder[2][1].weight.zero_()  # type: ignore[index]  # a Sequential
    image = torch.randn(2, 3, 45, 70).contiguous(memory_format=torch.channels_last)
    before = copy.deepcopy(network.state_dict())
    with torch.inference_mode():
        scores = EightBitSegNet(network, torch.float32)(image)
    assert scores.shape == (2, 3, 45, 70)
    assert bool(scores.isfinite().all())
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("limit", "allowed"),
    [
        *(("", True), ("ALL", True), ("AVX2", False), ("AVX512_CORE", False), ("avx512_core_vnni", True)),
        *(("AVX2_VNNI", True), ("AVX512_CORE_BF16", True), ("AVX512_CORE_AMX", True), ("SSE41", False)),
    ],
)
def test_a_limit_on_instructions_counts(limit: str, allowed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_has", lambda *names: "avx512_vnni" in names)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    assert devices.computes_eight_bits(CPU) is allowed
    assert not devices.computes_eight_bits(torch.device("meta"))


def _plans(monkeypatch: pytest.MonkeyPatch, name: str, instructions: bool, works: bool) -> list[Plan]:
    monkeypatch.setattr(plan, "computes_eight_bits", lambda _device: instructions)
    monkeypatch.setattr(plan, "eight_bits_work", lambda: works)
    return plan._possible_plans(build_network(name, 2, TINY), CPU)


def test_they_are_tried_only_where_network_processor_and_torch_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert any(found.eight_bits for found in _plans(monkeypatch, "segnet", True, True))
    for name, instructions, works in (("unet", True, True), ("segnet", False, True), ("segnet", True, False)):
        found = _plans(monkeypatch, name, instructions, works)
        assert SAFE in found
        assert not any(one.eight_bits for one in found)


def test_a_torch_without_the_operators_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_arguments: object) -> None:
        raise AttributeError("'_OpNamespace' 'onednn' object has no attribute 'qconv_prepack'")

    eight_bits_work.cache_clear()
    monkeypatch.setattr(eight_bits, "EightBitConvolution", missing)
    assert not eight_bits_work()
    eight_bits_work.cache_clear()


def test_every_candidate_is_another_plan() -> None:
    assert len(set(CANDIDATES)) == len(CANDIDATES)
