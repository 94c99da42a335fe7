"""The networks that a checkpoint may name, in one table.

A network is one file here and a row in `NETWORKS`. Each is a `torch.nn.Module` that maps (N, 3, H, W) float images
to (N, classes, H, W) class scores, and whose last layer is called `classifier`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from segstudio.core.errors import CheckpointError, InputError, marked
from segstudio_training.networks.segnet import SegNet

Argument = int | float
MAX_WIDTH = 1024


@dataclass(frozen=True)
class NetworkEntry:
    """How a network is built and which of its arguments a checkpoint keeps.

    Attributes:
        title: what a person reads.
        build: called as ``build(num_classes, arguments)``.
        defaults: every argument that `build` takes, with its default; an argument's type is its default's.
        stride: pixels per step of the coarsest features; tiles are cut in multiples of it.
        context: pixels to each side that a prediction depends on noticeably; the overlap of tiles.
    """

    title: str
    build: Callable[[int, Mapping[str, Argument]], nn.Module]
    defaults: Mapping[str, Argument]
    stride: int = 32
    context: int = 96


def _build_segnet(num_classes: int, arguments: Mapping[str, Argument]) -> nn.Module:
    return SegNet(num_classes, width=int(arguments["width"]), dropout=float(arguments["dropout"]))


NETWORKS: dict[str, NetworkEntry] = {
    "segnet": NetworkEntry("SegNet", _build_segnet, {"width": 64, "dropout": 0.0}),
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
        default = entry.defaults.get(key)
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


def build_network(name: str, num_classes: int, arguments: Mapping[str, object]) -> nn.Module:
    """A freshly initialised network for `num_classes` classes; errors as in `checked_arguments`."""
    return network_entry(name).build(num_classes, checked_arguments(name, arguments))
