"""Checkpoints: the weights of a network and all that is needed to use them, in one safetensors file.

Owns the file format. What is loaded is checked before it is used; nothing in a checkpoint is ever executed.
"""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

import segstudio
from segstudio.core.class_table import ClassInfo, ClassTable
from segstudio.core.errors import CheckpointError, InputError, marked
from segstudio.formats.atomic import write_atomically
from segstudio_training.networks import CHANNELS, MAX_WIDTH, RGB_CHANNELS, build_network, checked_arguments
from segstudio_training.normalisation import FIXED, InputKind, Normalisation
from segstudio_training.plain_pickle import DamagedPickleError, read_plain_pickle

Number = TypeVar("Number", int, float)

FORMAT_VERSION = 2
"""2 is written where the input is measured, which programs that know 1 alone would take for 8-bit RGB; else 1."""
METADATA_KEY = "segstudio"
MOST_IMAGES = 1 << 53
WORKING_SIDE = 384
"""Pixels of the longer side at which images are worked on where nothing else is asked for."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network.

    Attributes:
        network_name: a row of `NETWORKS`.
        network_arguments: that network's arguments (`width`, `dropout`, `channels`).
        classes: the classes in the order of the classifier's rows.
        state_dict: the network's tensors; floats are float32 in memory and float16 on disk.
        normalisation: how the input is made.
        working_side: pixels of the longer side to which the teaching images were reduced.
        working_scale: image pixels are reduced by this factor (at most 1) before the network sees them.
        scores: the held-out scores by the keys of `evaluate`, empty where nothing was held out.
        parent: file name of the checkpoint that the round started from, empty where it started from nothing.
        images: number of teaching images.
        class_shares: share (0 to 1) of the labelled teaching pixels that each class had, in the order of `classes`,
            0 for a class that did not occur; empty where it is not known.
        program_version: the segstudio that wrote it.
    """

    network_name: str
    network_arguments: dict[str, Any]
    classes: ClassTable
    state_dict: dict[str, Tensor]
    normalisation: Normalisation = FIXED
    working_side: int = WORKING_SIDE
    working_scale: float = 1.0
    scores: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    images: int = 0
    class_shares: tuple[float, ...] = ()
    program_version: str = segstudio.__version__

    @property
    def format_version(self) -> int:
        """The oldest version of the file format that can tell all this."""
        return FORMAT_VERSION if self.normalisation.is_measured else 1

    def build(self) -> nn.Module:
        """The network with its weights, in evaluation mode, on the CPU."""
        network = build_network(self.network_name, len(self.classes), self.network_arguments)
        network.load_state_dict(self.state_dict)
        return network.eval()


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> Path:
    """Write `checkpoint` to `path` at once and whole, weights as float16.

    Raises:
        SaveError: it cannot be written; what was at `path` before is still there.
    """
    from safetensors.torch import save

    tensors = {name: _packed(tensor) for name, tensor in checkpoint.state_dict.items()}
    write_atomically(path, save(tensors, metadata={METADATA_KEY: json.dumps(_description(checkpoint))}))
    return path


def load_checkpoint(path: Path) -> Checkpoint:
    """Read and check the checkpoint at `path` (safetensors, or a `.pt`/`.pth` that holds nothing but tensors).

    Raises:
        CheckpointError: it is missing, truncated, of a newer version, not segstudio's, does not fit the network that it
            names, or would run code.
    """
    tensors, metadata = read_tensors(path)
    if METADATA_KEY not in metadata:
        raise CheckpointError(
            marked('"{path}" holds weights but was not written by segstudio: it names no network and no classes.'),
            path=path,
        )
    return _checked(path, tensors, metadata[METADATA_KEY])


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a weights file, floats as float32; errors as in `load_checkpoint`."""
    if not path.is_file():
        raise CheckpointError(marked('There is no checkpoint at "{path}".'), path=path)
    if path.suffix.lower() in {".pt", ".pth", ".pkl", ".bin"}:
        tensors, metadata = _read_pickle(path)
    else:
        tensors, metadata = _read_safetensors(path)
    return {name: _unpacked(tensor) for name, tensor in tensors.items()}, metadata


def follow_classes(checkpoint: Checkpoint, classes: ClassTable, seed: int = 0) -> Checkpoint:
    """The same checkpoint for another class table, matched by class name.

    Known classes keep their rows of the classifier, new ones get fresh rows, removed ones are dropped. Scores of a
    checkpoint whose classes changed are dropped too: they were measured on other classes.

    Raises:
        CheckpointError: `classes` is empty or none of its names is known to the checkpoint.
    """
    if checkpoint.classes.names == classes.names:
        return replace(checkpoint, classes=classes)
    if not set(checkpoint.classes.names) & set(classes.names):
        raise CheckpointError(
            marked("The checkpoint knows {known}, and none of the classes of this folder. Train a new one instead."),
            known=_short_list(checkpoint.classes.names),
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = build_network(checkpoint.network_name, len(classes), checkpoint.network_arguments).state_dict()
    state = dict(checkpoint.state_dict)
    for name in ("classifier.weight", "classifier.bias"):
        rows = fresh[name].clone()
        for index, class_name in enumerate(classes.names):
            known = checkpoint.classes.index_of(class_name)
            if known is not None:
                rows[index] = checkpoint.state_dict[name][known]
            elif name == "classifier.bias":
                # As likely as the least likely known class, so that an untaught class does not flood the image.
                rows[index] = checkpoint.state_dict[name].min()
        state[name] = rows
    known_shares = dict(zip(checkpoint.classes.names, checkpoint.class_shares, strict=False))
    shares = tuple(known_shares.get(name, 0.0) for name in classes.names) if known_shares else ()
    return replace(checkpoint, classes=classes, state_dict=state, scores={}, class_shares=shares)


def _description(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "format_version": checkpoint.format_version,
        "program_version": checkpoint.program_version,
        "network": checkpoint.network_name,
        "network_arguments": checkpoint.network_arguments,
        "classes": [{"name": info.name, "color": list(info.color)} for info in checkpoint.classes],
        "normalisation": described_normalisation(checkpoint.normalisation),
        "working_side": checkpoint.working_side,
        "working_scale": checkpoint.working_scale,
        "scores": checkpoint.scores,
        "parent": checkpoint.parent,
        "images": checkpoint.images,
        "class_shares": checkpoint.class_shares,
    }


def _checked(path: Path, tensors: dict[str, Tensor], text: str) -> Checkpoint:
    try:
        described = json.loads(text)
        version = int(described["format_version"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise _damaged(path) from error
    if version > FORMAT_VERSION:
        raise CheckpointError(
            marked('"{path}" was written by a newer segstudio ({version}). Update segstudio to use it.'),
            path=path,
            version=described.get("program_version", "?"),
        )
    try:
        checkpoint = Checkpoint(
            network_name=str(described["network"]),
            network_arguments=checked_arguments(str(described["network"]), dict(described["network_arguments"])),
            classes=ClassTable(ClassInfo(str(c["name"]), _color(c["color"])) for c in described["classes"]),
            state_dict=tensors,
            normalisation=normalisation_of(described["normalisation"]),
            working_side=_within(int(described["working_side"]), 32, 1 << 16),
            working_scale=_within(float(described["working_scale"]), 1e-3, 1.0),
            scores=dict(described["scores"]),
            parent=str(described["parent"]),
            images=_within(int(described["images"]), 0, MOST_IMAGES),
            class_shares=_shares(described.get("class_shares", ()), len(described["classes"])),
            program_version=str(described["program_version"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _damaged(path) from error
    except InputError as error:
        raise CheckpointError(marked('"{path}" cannot be used: {why}'), path=path, why=error.message) from error
    channels = checkpoint.network_arguments.get(CHANNELS, RGB_CHANNELS)
    if not checkpoint.classes or channels != checkpoint.normalisation.count:
        raise _damaged(path)
    _check_fit(path, checkpoint)
    return checkpoint


def _check_fit(path: Path, checkpoint: Checkpoint) -> None:
    """Every tensor there, of its shape and type, and finite; asked on the meta device, so nothing is allocated."""
    with torch.device("meta"):
        expected = build_network(
            checkpoint.network_name, len(checkpoint.classes), checkpoint.network_arguments
        ).state_dict()
    found = checkpoint.state_dict
    if expected.keys() != found.keys() or not all(_alike(expected[name], found[name]) for name in expected):
        raise CheckpointError(
            marked('The weights in "{path}" do not fit the network "{network}" that it names.'),
            path=path,
            network=checkpoint.network_name,
        )
    if not all(bool(torch.isfinite(tensor).all()) for tensor in found.values()):
        raise CheckpointError(marked('The weights in "{path}" are not all numbers. Use another checkpoint.'), path=path)
    if any(name.endswith("running_var") and bool((tensor < 0).any()) for name, tensor in found.items()):
        raise _damaged(path)


def _alike(expected: Tensor, found: Tensor) -> bool:
    return expected.shape == found.shape and expected.dtype == found.dtype


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = dict(file.metadata() or {})
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        raise _damaged(path) from error


def _read_pickle(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What a pickle holds where it holds nothing but tensors and plain values."""
    try:
        content = read_plain_pickle(path)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            marked('"{path}" was refused: it is a pickle that may run code when opened. Use a .safetensors file.'),
            path=path,
        ) from error
    except (DamagedPickleError, OSError) as error:
        raise _damaged(path) from error
    if not isinstance(content, Mapping):
        raise _damaged(path)
    metadata = {k: v for k, v in content.items() if isinstance(k, str) and isinstance(v, str)}
    nested = content.get("state_dict")
    holder = nested if isinstance(nested, Mapping) else content
    tensors = {k: v for k, v in holder.items() if isinstance(k, str) and isinstance(v, Tensor)}
    if not tensors or not all(_is_stored_whole(tensor) for tensor in tensors.values()):
        raise _damaged(path)
    return tensors, metadata


def _is_stored_whole(tensor: Tensor) -> bool:
    """Whether the file holds every number of `tensor`: it could name a shape far beyond what any memory takes."""
    return tensor.layout is torch.strided and tensor.nbytes <= tensor.untyped_storage().nbytes()


def _packed(tensor: Tensor) -> Tensor:
    kept = tensor.detach().to("cpu").contiguous()
    if not kept.is_floating_point():
        return kept
    # A running variance beyond float16's range would become infinite; one of zero is kept from becoming negative.
    return kept.clamp(-65504.0, 65504.0).to(torch.float16)


def _unpacked(tensor: Tensor) -> Tensor:
    return tensor.to(torch.float32) if tensor.is_floating_point() else tensor


def _color(values: Any) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in values)
    return (_within(red, 0, 255), _within(green, 0, 255), _within(blue, 0, 255))


def normalisation_of(described: Any) -> Normalisation:
    """What `described_normalisation` told; ValueError, KeyError, TypeError or OverflowError where that is nonsense."""
    mean = tuple(float(value) for value in described["mean"])
    std = tuple(float(value) for value in described["std"])
    kind = InputKind(described.get("kind", InputKind.FIXED.value))
    channels = tuple(_within(int(value), 0, MAX_WIDTH) for value in described.get("channels", ()))
    count = len(mean) if kind is InputKind.MEASURED else 3
    if len(mean) != count or len(std) != count or not all(map(math.isfinite, (*mean, *std))) or min(std) <= 0:
        raise ValueError("normalisation")
    if channels and (kind is InputKind.FIXED or len(channels) != count):
        raise ValueError("channels")
    return Normalisation(mean, std, kind, channels)


def described_normalisation(normalisation: Normalisation) -> dict[str, Any]:
    """`normalisation` in values that JSON knows."""
    described: dict[str, Any] = {"mean": normalisation.mean, "std": normalisation.std}
    if normalisation.is_measured:
        described |= {"kind": normalisation.kind.value, "channels": normalisation.channels}
    return described


def _shares(described: Any, num_classes: int) -> tuple[float, ...]:
    """The shares of the classes; checkpoints written before they were kept have none."""
    shares = tuple(_within(float(value), 0.0, 1.0) for value in described)
    if shares and len(shares) != num_classes:
        raise ValueError("class shares")
    return shares


def _within(value: Number, least: Number, most: Number) -> Number:
    if not least <= value <= most:
        raise ValueError("out of range")
    return value


def _short_list(names: tuple[str, ...]) -> str:
    return ", ".join(names[:6]) + (" …" if len(names) > 6 else "")


def _damaged(path: Path) -> CheckpointError:
    return CheckpointError(
        marked('"{path}" is damaged or not a checkpoint. Use another one, or train again.'), path=path
    )
