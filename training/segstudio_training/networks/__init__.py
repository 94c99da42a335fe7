"""The networks that a checkpoint may name, in one table.

A network is one file here and a row in `NETWORKS`. Each is a `torch.nn.Module` that maps (N, channels, H, W) float
images to (N, classes, H, W) class scores, and whose last layer with weights is called `classifier`: a 1×1 convolution
with a row of weights and a bias for each class. It takes any size from 32×32 on and batches of one image; what is to be
taken over from other networks is called `encoder`, whose first convolution takes the image, and `imagenet_encoder`
names the row of `encoder_weights` that fills it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from segstudio.core.errors import CheckpointError, InputError, marked
from segstudio_training.networks.segnet import SegNet
from segstudio_training.networks.unet import UNet

Argument = int | float
MAX_WIDTH = 1024
CHANNELS, RGB_CHANNELS = "channels", 3
"""An argument of every network, the channels of the image: three where it is not told, as in older checkpoints."""


@dataclass(frozen=True)
class NetworkEntry:
    """How a network is built and which of its arguments a checkpoint keeps.

    Attributes:
        title: what a person reads.
        build: called as ``build(num_classes, arguments)``.
        defaults: every argument that `build` takes but for the channels, with its default, whose type it has.
        stride: pixels per step of the coarsest features; tiles are cut in multiples of it.
        context: pixels to each side that a prediction depends on noticeably; the overlap of tiles.
        width_without_gpu: the width that is bearable on a processor, where there is a width to choose.
    """

    title: str
    build: Callable[[int, Mapping[str, Argument]], nn.Module]
    defaults: Mapping[str, Argument]
    stride: int = 32
    context: int = 96
    width_without_gpu: int = 16


def _channels(arguments: Mapping[str, Argument]) -> int:
    return int(arguments.get(CHANNELS, RGB_CHANNELS))


def _build_segnet(num_classes: int, arguments: Mapping[str, Argument]) -> nn.Module:
    return SegNet(num_classes, int(arguments["width"]), float(arguments["dropout"]), _channels(arguments))


def _build_unet(num_classes: int, arguments: Mapping[str, Argument]) -> nn.Module:
    return UNet(num_classes, int(arguments["width"]), float(arguments["dropout"]), _channels(arguments))


def _build_lraspp(num_classes: int, arguments: Mapping[str, Argument]) -> nn.Module:
    # Here and below: torchvision's models take a second to import, which a SegNet need not wait for.
    from segstudio_training.networks.lraspp import LRASPP

    return LRASPP(num_classes, channels=_channels(arguments))


def _build_deeplabv3(num_classes: int, arguments: Mapping[str, Argument]) -> nn.Module:
    from segstudio_training.networks.deeplabv3 import DeepLabV3

    return DeepLabV3(num_classes, dropout=float(arguments["dropout"]), channels=_channels(arguments))


NETWORKS: dict[str, NetworkEntry] = {
    "segnet": NetworkEntry("SegNet", _build_segnet, {"width": 64, "dropout": 0.0}),
    "unet": NetworkEntry("U-Net", _build_unet, {"width": 64, "dropout": 0.0}, stride=16),
    "lraspp": NetworkEntry("LR-ASPP MobileNetV3", _build_lraspp, {}, stride=16, context=160),
    "deeplabv3": NetworkEntry("DeepLabV3 MobileNetV3", _build_deeplabv3, {"dropout": 0.0}, stride=16, context=160),
}


def network_entry(name: str) -> NetworkEntry:
    """The row called `name`.

    Raises:
        InputError: there is none.
    """
    if name not in NETWORKS:
        raise InputError(
            marked('There is no network called "{name}". Choose one of: {known}.'), name=name, known=", ".join(NETWORKS)
        )
    return NETWORKS[name]


def checked_arguments(name: str, arguments: Mapping[str, object]) -> dict[str, Argument]:
    """`arguments` completed with the defaults of network `name`, each of the right type and in a sane range.

    Raises:
        InputError: an unknown network.
        CheckpointError: an unknown argument, or a value that no such network was ever built with.
    """
    entry = network_entry(name)
    complete = dict(entry.defaults)
    for key, value in arguments.items():
        default = RGB_CHANNELS if key == CHANNELS else entry.defaults.get(key)
        good = default is not None and isinstance(value, (int, float)) and not isinstance(value, bool)
        if good and isinstance(default, int):
            good = isinstance(value, int) and 1 <= value <= MAX_WIDTH
        elif good:
            good = 0 <= float(value) < 1  # type: ignore[arg-type]  # a number, as was just checked
        if not good:
            raise CheckpointError(
                marked('The network "{name}" cannot be built with {key} = {value}.'), name=name, key=key, value=value
            )
        complete[key] = value  # type: ignore[assignment]  # a number, as was just checked
    return complete


def chosen_arguments(
    name: str, width: int | None, dropout: float, has_gpu: bool, channels: int = RGB_CHANNELS
) -> dict[str, Argument]:
    """The arguments of a fresh network `name`.

    Args:
        name: a row of `NETWORKS`.
        width: what a person asks for; None takes what suits the machine.
        dropout: 0 where none is asked for.
        has_gpu: whether it is going to run on one.
        channels: of the image.

    Raises:
        InputError: an unknown network, or one that has no such argument.
    """
    entry = network_entry(name)
    if width is not None and "width" not in entry.defaults:
        raise InputError(marked("{title} has one width only. Leave the width out."), title=entry.title)
    if dropout and "dropout" not in entry.defaults:
        raise InputError(marked("{title} has no dropout. Leave the dropout out."), title=entry.title)
    suitable = entry.defaults.get("width", 0) if has_gpu else entry.width_without_gpu
    given = {"width": suitable if width is None else width, "dropout": dropout}
    told = {} if channels == RGB_CHANNELS else {CHANNELS: channels}
    return {key: given[key] for key in entry.defaults} | told


def build_network(name: str, num_classes: int, arguments: Mapping[str, object]) -> nn.Module:
    """A freshly initialised network for `num_classes` classes; errors as in `checked_arguments`."""
    return network_entry(name).build(num_classes, checked_arguments(name, arguments))
