"""Encoders start from torchvision's VGG16-BN or from another checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import MobileNet_V3_Large_Weights, VGG16_BN_Weights, mobilenet_v3_large, vgg16_bn

from segstudio.core.errors import CheckpointError
from segstudio_training.checkpoint import save_checkpoint
from segstudio_training.encoder_weights import load_encoder_weights, suited_width
from segstudio_training.networks import build_network
from tests.unit.training.conftest import tiny_checkpoint


@pytest.fixture
def vgg() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        features = vgg16_bn(weights=None).features
        for module in features:
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, std=0.1)
                nn.init.uniform_(module.running_var, 0.5, 2)
            elif isinstance(module, nn.Conv2d):
                nn.init.normal_(module.bias, std=0.1)
    return features.eval()


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_vgg16_weights_give_vgg16_features(vgg: nn.Module, tmp_path: Path, suffix: str) -> None:
    state = {f"features.{name}": tensor for name, tensor in vgg.state_dict().items()}
    path = tmp_path / f"vgg{suffix}"
    if suffix == ".pth":
        torch.save(state, path)
    else:
        save_file(state, path)
    network = build_network("segnet", 2, {"width": 64})
    load_encoder_weights(network, str(path))
    image = torch.randn(1, 3, 32, 32)
    network.eval()
    with torch.inference_mode():
        ours = network.encoder[0](image)
        assert torch.allclose(ours, vgg[:6](image), atol=1e-4)
        ours = network.encoder[1](torch.nn.functional.max_pool2d(ours, 2))
        assert torch.allclose(ours, vgg[6:13](vgg[:6](image)), atol=1e-4)


def test_all_of_a_checkpoint_but_the_classifier_is_taken_though_its_classes_are_others(tmp_path: Path) -> None:
    other = tiny_checkpoint(("cat", "dog"), seed=9)
    path = save_checkpoint(tmp_path / "a.safetensors", other)
    network = build_network("segnet", 5, {"width": 4})
    before = network.classifier.weight.clone()
    load_encoder_weights(network, str(path))
    taken = [name for name in network.state_dict() if not name.startswith("classifier.")]
    assert any(name.startswith("decoder.") for name in taken)
    for name in taken:
        assert torch.allclose(network.state_dict()[name].float(), other.state_dict[name].float(), atol=1e-2), name
    assert torch.equal(network.classifier.weight, before)


def test_an_encoder_of_another_width_is_refused(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "a.safetensors", tiny_checkpoint())
    with pytest.raises(CheckpointError, match="another network or width"):
        load_encoder_weights(build_network("segnet", 2, {"width": 8}), str(path))


@pytest.mark.parametrize(
    ("network", "width", "choice", "suited"),
    [
        ("segnet", None, "CKPT", 4),
        ("segnet", 32, "CKPT", 32),  # what a person asks for stands, and is refused then
        ("unet", None, "CKPT", None),
        ("segnet", None, "none", None),
        ("segnet", None, "imagenet", 64),
        ("segnet", None, "VGG", 64),
        ("lraspp", None, "imagenet", None),
    ],
)
def test_a_fresh_network_gets_the_width_of_the_weights_it_starts_from(
    network: str, width: int | None, choice: str, suited: int | None, tmp_path: Path
) -> None:
    files = {"CKPT": tmp_path / "a.safetensors", "VGG": tmp_path / "vgg.safetensors"}
    save_checkpoint(files["CKPT"], tiny_checkpoint())
    save_file({"features.0.bias": torch.zeros(64)}, files["VGG"])
    assert suited_width(network, width, str(files.get(choice, choice))) == suited


def test_imagenet_needs_the_paper_s_width() -> None:
    with pytest.raises(CheckpointError, match="width 64"):
        load_encoder_weights(build_network("segnet", 2, {"width": 16}), "imagenet")


@pytest.mark.parametrize("name", ["lraspp", "deeplabv3"])
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_mobilenet_weights_give_mobilenet_features(name: str, suffix: str, tmp_path: Path) -> None:
    theirs = mobilenet_v3_large(weights=None)
    state, path = theirs.state_dict(), tmp_path / f"mobilenet{suffix}"
    if suffix == ".pth":
        torch.save(state, path)
    else:
        save_file(state, path)
    network = build_network(name, 2, {})
    load_encoder_weights(network, str(path))
    assert all(torch.equal(value, state[f"features.{key}"]) for key, value in network.encoder.state_dict().items())


def test_a_file_that_is_no_mobilenet(tmp_path: Path) -> None:
    save_file({"features.0.0.weight": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match="mobilenet_v3_large"):
        load_encoder_weights(build_network("lraspp", 2, {}), str(tmp_path / "a.safetensors"))


def test_a_network_that_no_imagenet_weights_fit_says_so(tmp_path: Path) -> None:
    save_file({"features.0.0.weight": torch.zeros(1)}, tmp_path / "a.safetensors")
    for choice in ("imagenet", str(tmp_path / "a.safetensors")):
        with pytest.raises(CheckpointError, match="No ImageNet weights fit"):
            load_encoder_weights(build_network("unet", 2, {"width": 4}), choice)
    with pytest.raises(CheckpointError, match="another network or width"):
        path = save_checkpoint(tmp_path / "b.safetensors", tiny_checkpoint())
        load_encoder_weights(build_network("unet", 2, {"width": 4}), str(path))


def test_without_a_network_the_sentence_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("unreachable")

    monkeypatch.setattr(VGG16_BN_Weights, "get_state_dict", unreachable)
    monkeypatch.setattr(MobileNet_V3_Large_Weights, "get_state_dict", unreachable)
    with pytest.raises(CheckpointError, match=r"vgg16_bn.*--encoder-weights FILE"):
        load_encoder_weights(build_network("segnet", 2, {"width": 64}), "imagenet")
    with pytest.raises(CheckpointError, match=r"mobilenet_v3_large.*--encoder-weights FILE"):
        load_encoder_weights(build_network("lraspp", 2, {}), "imagenet")


def test_files_that_are_no_encoder(tmp_path: Path) -> None:
    network = build_network("segnet", 2, {"width": 64})
    save_file({"features.0.weight": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match="vgg16_bn"):
        load_encoder_weights(network, str(tmp_path / "a.safetensors"))
    with pytest.raises(CheckpointError, match="There is no"):
        load_encoder_weights(network, str(tmp_path / "none.pth"))
