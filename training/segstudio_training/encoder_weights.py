"""Starting a network from weights that were trained elsewhere.

torchvision's ImageNet weights fit the networks that say so by `imagenet_encoder`: VGG16-BN a SegNet of width 64,
MobileNetV3-Large the networks built on it. A segstudio checkpoint fits the network that it names, at its own width,
whatever its classes are; it gives the decoder too, which has learnt to draw borders where the encoder found them. Where
the images do not have the channels that the weights were taught on, the first convolution is fitted to theirs (see
`first_layer`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from segstudio.core.errors import CheckpointError, marked
from segstudio_training.checkpoint import METADATA_KEY, load_checkpoint, read_tensors
from segstudio_training.networks import network_entry
from segstudio_training.networks.first_layer import first_convolution, fitted_kernel

NONE, IMAGENET = "none", "imagenet"
PAPER_WIDTH = 64
"""VGG16's, which a SegNet must have to start from it."""
BATCH_NORM_KEYS = ("weight", "bias", "running_mean", "running_var")


def load_encoder_weights(network: nn.Module, choice: str) -> None:
    """Fill `network`'s encoder in place; from a segstudio checkpoint everything but the classifier.

    Args:
        network: one with an `encoder`, such as SegNet.
        choice: "none", "imagenet" (downloaded by torchvision), or the path of a file: a state dict of the torchvision
            model that `network.imagenet_encoder` names, or a segstudio checkpoint.

    Raises:
        CheckpointError: no such file, a bad one, one of another network or width, or no connection to download over.
    """
    if choice == NONE:
        return
    if choice == IMAGENET:
        _check_paper_width(network)
        _filler(network)(network, _downloaded(network), IMAGENET)
        return
    path = Path(choice)
    tensors, metadata = read_tensors(path)
    if METADATA_KEY in metadata:
        _fill_from_checkpoint(network, tensors, path)
    else:
        _filler(network)(network, tensors, str(path))


def suited_width(network_name: str, width: int | None, choice: str) -> int | None:
    """The width that a fresh network is built with so that encoder weights fit it.

    Args:
        network_name: a row of `NETWORKS`.
        width: what a person asks for, which stands.
        choice: as in `load_encoder_weights`.

    Returns:
        None where any width is as good, or the network has none to choose.

    Raises:
        CheckpointError: `choice` is a file that cannot be read.
        InputError: there is no network of that name.
    """
    if width is not None or choice == NONE or "width" not in network_entry(network_name).defaults:
        return width
    if choice != IMAGENET and METADATA_KEY in read_tensors(Path(choice))[1]:
        checkpoint = load_checkpoint(Path(choice))
        found = checkpoint.network_arguments.get("width") if checkpoint.network_name == network_name else None
        return None if found is None else int(found)
    return PAPER_WIDTH if network_name == "segnet" else None


def _encoder(network: nn.Module) -> nn.Module:
    encoder = getattr(network, "encoder", None)
    if not isinstance(encoder, nn.Module):
        raise CheckpointError(marked("This network has no encoder that weights could be put into."))
    return encoder


def _check_paper_width(network: nn.Module) -> None:
    """VGG16 has one width; asked before a download, and of a file."""
    if _imagenet_model(network) != "vgg16_bn":
        return
    first = first_convolution(_encoder(network))
    if first.out_channels != PAPER_WIDTH:
        raise CheckpointError(
            marked("The ImageNet weights fit a network of width 64, and this one has width {width}. Use --width 64."),
            width=first.out_channels,
        )


def _filler(network: nn.Module) -> Callable[[nn.Module, dict[str, Tensor], str], None]:
    """How ImageNet's weights come into `network`."""
    fill = _FILLERS.get(_imagenet_model(network))
    if fill is None:
        raise CheckpointError(
            marked(
                "No ImageNet weights fit this network. Start it from a segstudio checkpoint of the same network, "
                "or leave --encoder-weights out."
            )
        )
    return fill


def _imagenet_model(network: nn.Module) -> str:
    return str(getattr(network, "imagenet_encoder", ""))


def _downloaded(network: nn.Module) -> dict[str, Tensor]:
    """ImageNet's weights from torch hub's cache, or from the internet."""
    from torchvision.models import get_model_weights

    model = _imagenet_model(network)
    try:
        return dict(get_model_weights(model).DEFAULT.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError, ValueError) as error:
        # URLError is an OSError; RuntimeError is torch hub's word for a broken download.
        raise CheckpointError(
            marked(
                "The ImageNet weights could not be downloaded. Fetch torchvision's {model} weights on a machine "
                "that is online and give the file: --encoder-weights FILE."
            ),
            model=model,
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
    _check_paper_width(network)
    numbers = sorted({int(key.split(".")[1]) for key in tensors if _is_feature(key)})
    names = [f"features.{number}" for number in numbers]
    blocks = list(_blocks(_encoder(network)))
    try:
        if len(names) != 2 * len(blocks):
            raise KeyError("features")
        with torch.no_grad():
            for (convolution, norm), first, second in zip(blocks, names[::2], names[1::2], strict=True):
                kernel = tensors[f"{first}.weight"]
                is_first = first == names[0]
                _copy(convolution.weight, fitted_kernel(kernel, convolution.in_channels) if is_first else kernel)
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


def _fill_from_mobilenet(network: nn.Module, tensors: dict[str, Tensor], source: str) -> None:
    """Copy `features.…` of a MobileNetV3-Large, whose layers the encoder consists of."""
    encoder = _encoder(network)
    found = {key.removeprefix("features."): value for key, value in tensors.items() if key.startswith("features.")}
    _fit_first(found, encoder)
    # Counts of batches, which old files lack and nothing here needs.
    needed = {key: value for key, value in encoder.state_dict().items() if value.is_floating_point()}
    if any(key not in found or found[key].shape != value.shape for key, value in needed.items()):
        raise CheckpointError(
            marked('"{path}" does not hold the features of torchvision\'s mobilenet_v3_large.'), path=source
        )
    encoder.load_state_dict({key: found[key] for key in needed}, strict=False)


_FILLERS: dict[str, Callable[[nn.Module, dict[str, Tensor], str], None]] = {
    "vgg16_bn": _fill_from_vgg,
    "mobilenet_v3_large": _fill_from_mobilenet,
}
"""How the weights of a torchvision model, by its name there, come into an encoder."""


def _fill_from_checkpoint(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Take everything but the classifier, whose rows stand for the other folder's classes."""
    found = _without_classifier(tensors)
    expected = _without_classifier(network.state_dict())
    _fit_first(found, network)
    if found.keys() != expected.keys() or any(found[key].shape != expected[key].shape for key in expected):
        raise CheckpointError(
            marked('The weights in "{path}" are of another network or width. Give the same --network and --width.'),
            path=path,
        )
    network.load_state_dict(found, strict=False)


def _without_classifier(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key: value for key, value in tensors.items() if not key.startswith("classifier.")}


def _fit_first(found: dict[str, Tensor], network: nn.Module) -> None:
    """Fit the kernel of the first convolution, where `found` has it, to the channels that `network` takes."""
    first = first_convolution(network)
    key = next(name for name, parameter in network.named_parameters() if parameter is first.weight)
    if key in found and found[key].ndim == 4:
        found[key] = fitted_kernel(found[key], first.in_channels)


def _copy(target: Tensor, source: Tensor) -> None:
    if target.shape != source.shape:
        raise ValueError("shape")
    target.copy_(source)
