"""Starting a network's encoder from weights that were trained elsewhere.

torchvision's VGG16-BN (ImageNet) fits a SegNet of width 64; a segstudio checkpoint fits a SegNet of its own width,
whatever its classes are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from segstudio.core.errors import CheckpointError, marked
from segstudio_training.checkpoint import METADATA_KEY, read_tensors

NONE, IMAGENET = "none", "imagenet"
BATCH_NORM_KEYS = ("weight", "bias", "running_mean", "running_var")


def load_encoder_weights(network: nn.Module, choice: str) -> None:
    """Fill `network`'s encoder in place.

    Args:
        network: one with an `encoder` of convolutions and batch norms, such as SegNet.
        choice: "none", "imagenet" (downloaded by torchvision), or the path of a file: a state dict of torchvision's
            vgg16_bn, or a segstudio checkpoint.

    Raises:
        CheckpointError: no such file, a bad one, one of another width, or no network to download over.
    """
    if choice == NONE:
        return
    if choice == IMAGENET:
        _check_paper_width(network)
        _fill_from_vgg(network, _downloaded(), IMAGENET)
        return
    path = Path(choice)
    tensors, metadata = read_tensors(path)
    if METADATA_KEY in metadata:
        _fill_from_checkpoint(network, tensors, path)
    else:
        _check_paper_width(network)
        _fill_from_vgg(network, tensors, str(path))


def _encoder(network: nn.Module) -> nn.Module:
    encoder = getattr(network, "encoder", None)
    if not isinstance(encoder, nn.Module):
        raise CheckpointError(marked("This network has no encoder that weights could be put into."))
    return encoder


def _check_paper_width(network: nn.Module) -> None:
    first = next(module for module in _encoder(network).modules() if isinstance(module, nn.Conv2d))
    if first.out_channels != 64:
        raise CheckpointError(
            marked("The ImageNet weights fit a network of width 64, and this one has width {width}. Use --width 64."),
            width=first.out_channels,
        )


def _downloaded() -> dict[str, Tensor]:
    """ImageNet's weights from torch hub's cache, or from the network."""
    from torchvision.models import VGG16_BN_Weights

    try:
        return dict(VGG16_BN_Weights.IMAGENET1K_V1.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError, ValueError) as error:
        # URLError is an OSError; RuntimeError is torch hub's word for a broken download.
        raise CheckpointError(
            marked(
                "The ImageNet weights could not be downloaded. Fetch torchvision's vgg16_bn weights on a machine "
                "that is online and give the file: --encoder-weights FILE."
            )
        ) from error


def _blocks(encoder: nn.Module) -> Iterator[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Each convolution with its batch norm, in order."""
    modules = [module for module in encoder.modules() if isinstance(module, (nn.Conv2d, nn.BatchNorm2d))]
    for convolution, norm in zip(modules[::2], modules[1::2], strict=True):
        assert isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        yield convolution, norm


def _fill_from_vgg(network: nn.Module, tensors: dict[str, Tensor], source: str) -> None:
    """Copy `features.N.…` of a VGG16-BN.

    Its convolutions have a bias, ours none: the batch norm subtracts its running mean from what the convolution gives,
    so a mean lowered by the bias yields the same.
    """
    numbers = sorted({int(key.split(".")[1]) for key in tensors if _is_feature(key)})
    names = [f"features.{number}" for number in numbers]
    blocks = list(_blocks(_encoder(network)))
    try:
        if len(names) != 2 * len(blocks):
            raise KeyError("features")
        with torch.no_grad():
            for (convolution, norm), first, second in zip(blocks, names[::2], names[1::2], strict=True):
                _copy(convolution.weight, tensors[f"{first}.weight"])
                for key in BATCH_NORM_KEYS:
                    _copy(getattr(norm, key), tensors[f"{second}.{key}"])
                norm.running_mean -= tensors[f"{first}.bias"]  # type: ignore[operator]  # a tensor, it is tracked
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            marked('"{path}" does not hold the encoder of torchvision\'s vgg16_bn.'), path=source
        ) from error


def _is_feature(key: str) -> bool:
    parts = key.split(".")
    return len(parts) == 3 and parts[0] == "features" and parts[1].isdigit()


def _fill_from_checkpoint(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    found = {key.removeprefix("encoder."): value for key, value in tensors.items() if key.startswith("encoder.")}
    encoder = _encoder(network)
    expected = encoder.state_dict()
    if found.keys() != expected.keys() or any(found[key].shape != expected[key].shape for key in expected):
        raise CheckpointError(
            marked('The encoder in "{path}" is of another network or width. Give the same --network and --width.'),
            path=path,
        )
    encoder.load_state_dict(found)


def _copy(target: Tensor, source: Tensor) -> None:
    if target.shape != source.shape:
        raise ValueError("shape")
    target.copy_(source)
