"""Tiny folders and checkpoints that tests of the services, the window and the commands make for themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from segstudio.core.class_table import ClassTable

if TYPE_CHECKING:
    import torch
    from torch import nn

UInt8Array = npt.NDArray[np.uint8]

CLASSES = ("background", "sun", "pole")
COLORS = ((40, 120, 60), (250, 220, 40), (200, 30, 200))
WIDTH, HEIGHT = 64, 48


def draw_scene(seed: int) -> tuple[UInt8Array, UInt8Array]:
    """An image, (48, 64, 3), whose colours tell its three classes apart, and its label map, (48, 64)."""
    random = np.random.default_rng(seed)
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    y, x = int(random.integers(4, HEIGHT - 20)), int(random.integers(4, WIDTH - 20))
    labels[y : y + 16, x : x + 16] = 1
    column = int(random.integers(0, WIDTH - 6))
    labels[:, column : column + 6] = 2
    image = np.array(COLORS, np.int16)[labels] + random.integers(-12, 13, (HEIGHT, WIDTH, 1))
    return image.clip(0, 255).astype(np.uint8), labels


def write_mask(root: Path, name: str, labels: UInt8Array) -> Path:
    """A palette mask in SegmentationClass."""
    path = root / "SegmentationClass" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(labels)
    picture.putpalette(ClassTable.from_names(CLASSES).palette().tobytes())
    picture.save(path)
    return path


def write_list(root: Path, split: str, names: Sequence[str]) -> Path:
    """A list in ImageSets/Segmentation."""
    path = root / "ImageSets" / "Segmentation" / f"{split}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return path


def voc_folder(root: Path, images: int = 6, masks: int = 0, held_out: int = 0) -> Path:
    """A VOC folder of scenes s00, s01, …: the first `masks` have their truth, `held_out` of these stand in val.txt."""
    (root / "JPEGImages").mkdir(parents=True)
    (root / "SegmentationClass").mkdir()
    (root / "class_names.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    names = [f"s{number:02d}" for number in range(images)]
    for number, name in enumerate(names):
        image, labels = draw_scene(number)
        Image.fromarray(image).save(root / "JPEGImages" / f"{name}.png")
        if number < masks:
            write_mask(root, name, labels)
    if masks:
        write_list(root, "train", names[: masks - held_out])
        write_list(root, "val", names[masks - held_out : masks])
    return root


def plain_folder(root: Path, images: int = 3) -> Path:
    """A folder of images and nothing else."""
    root.mkdir(parents=True)
    for number in range(images):
        Image.fromarray(draw_scene(number)[0]).save(root / f"p{number}.png")
    return root


def _fit_classifier(network: nn.Module, classes: int) -> None:
    import torch

    from segstudio_training.normalisation import IMAGENET_MEAN, IMAGENET_STD

    scenes = [draw_scene(number) for number in range(4)]
    images = np.stack([(image / 255 - IMAGENET_MEAN) / IMAGENET_STD for image, _ in scenes])
    labels = np.stack([labels for _, labels in scenes]).clip(max=classes - 1).ravel()
    seen: list[torch.Tensor] = []
    classifier = network.get_submodule("classifier")
    hook = classifier.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        batch = torch.from_numpy(images.transpose(0, 3, 1, 2)).float()
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None  # the mean over all that is seen
        network.train()(batch)
        network.eval()(batch)
        hook.remove()
        features = seen[-1].permute(0, 2, 3, 1).flatten(0, 2).double()
        inputs = torch.cat([features, torch.ones(len(features), 1)], dim=1)
        weights = torch.from_numpy(1 / np.sqrt(np.bincount(labels)[labels]))[:, None]  # all classes alike
        wanted = torch.from_numpy(np.eye(classes)[labels] * 6 - 3)
        solved = torch.linalg.lstsq(inputs * weights, wanted * weights, driver="gelsd").solution.float()
        state = network.state_dict()
        state["classifier.weight"].copy_(solved[:-1].T[:, :, None, None])
        state["classifier.bias"].copy_(solved[-1])


def tiny_checkpoint(
    path: Path, classes: Sequence[str] = CLASSES, seed: int = 0, shares: tuple[float, ...] = ()
) -> Path:
    """A SegNet of width 4 for `classes`, saved at `path`; `shares` as in `Checkpoint.class_shares`.

    It has seen a few scenes: its batch norms know them and its classifier is fitted by least squares, no more. That is
    enough to say different things of different colours.
    """
    import torch

    from segstudio_training.checkpoint import Checkpoint, save_checkpoint
    from segstudio_training.networks import build_network

    arguments = {"width": 4, "dropout": 0.0}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_network("segnet", len(classes), arguments)
    _fit_classifier(network, len(classes))
    state = network.state_dict()
    return save_checkpoint(
        path, Checkpoint("segnet", arguments, ClassTable.from_names(classes), state, class_shares=shares)
    )


def deep_channel_folder(root: Path, images: int = 3, masks: int = 0) -> Path:
    """A VOC folder of scenes as TIFFs of five channels of 16 bits: red, green, blue, a ramp, and where the pole is."""
    import tifffile

    voc_folder(root, images, masks)
    for number in range(images):
        (root / "JPEGImages" / f"s{number:02d}.png").unlink()
        image, labels = draw_scene(number)
        ramp = np.linspace(0, 255, HEIGHT * WIDTH).reshape(1, HEIGHT, WIDTH)
        values = np.concatenate([np.moveaxis(image, -1, 0) * 16.0, ramp, (labels == 2)[None] * 9000.0])
        tifffile.imwrite(root / "JPEGImages" / f"s{number:02d}.tif", values.astype(np.uint16), photometric="minisblack")
    return root
