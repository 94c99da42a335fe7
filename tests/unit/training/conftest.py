"""Tiny folders, networks and checkpoints for the training floor's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from segstudio.core.class_table import ClassTable
from segstudio.project.voc_folder import VocFolder
from segstudio_training.checkpoint import Checkpoint, save_checkpoint
from segstudio_training.data.augment import Augmentation
from segstudio_training.job import Job, Recipe
from segstudio_training.networks import build_network

CLASSES = ("ground", "sun", "pole")
COLORS = {"ground": (40, 120, 60), "sun": (250, 220, 40), "pole": (200, 30, 200)}
TINY = {"width": 4, "dropout": 0.0}
QUICK = Recipe(working_side=48, crop_pixels=32 * 32, batch_size=2, augmentation=Augmentation(scale=(0.8, 1.0)))


def draw_pair(seed: int, height: int = 40, width: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """An easy scene whose colours tell the classes apart: image (H, W, 3) and label map (H, W)."""
    random = np.random.default_rng(seed)
    labels = np.zeros((height, width), np.uint8)
    y, x = int(random.integers(4, height - 18)), int(random.integers(4, width - 18))
    labels[y : y + 14, x : x + 14] = 1
    column = int(random.integers(0, width - 4))
    labels[:, column : column + 4] = 2
    image = np.array([COLORS[name] for name in CLASSES], np.int16)[labels]
    image = image + random.integers(-12, 13, image.shape)
    labels[:2] = 255
    return image.clip(0, 255).astype(np.uint8), labels


def write_voc(root: Path, count: int, classes: tuple[str, ...] = CLASSES, seed: int = 0) -> Path:
    """A VOC folder of `count` easy scenes with palette masks, named s00, s01, …"""
    for part in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / part).mkdir(parents=True, exist_ok=True)
    (root / "class_names.txt").write_text("\n".join(classes) + "\n")
    palette = ClassTable.from_names(classes).palette()
    for number in range(count):
        image, labels = draw_pair(seed * 1000 + number)
        Image.fromarray(image).save(root / "JPEGImages" / f"s{number:02d}.png")
        mask = Image.fromarray(labels)
        mask.putpalette(palette.tobytes())
        mask.save(root / "SegmentationClass" / f"s{number:02d}.png")
    return root


@pytest.fixture
def voc(tmp_path: Path) -> VocFolder:
    """A folder of ten easy scenes, opened."""
    return VocFolder.open(write_voc(tmp_path / "voc", 10))


@pytest.fixture
def make_job(voc: VocFolder, tmp_path: Path) -> Callable[..., Job]:
    """Jobs over `voc`: six images teach and four are held out, unless asked otherwise."""

    def make(**changes: object) -> Job:
        given: dict[str, object] = {
            "source": voc,
            "train": voc.names[:6],
            "heldout": voc.names[6:],
            "out": tmp_path / "new.safetensors",
            "width": 4,
            "max_steps": 6,
            "device": "cpu",
            "recipe": QUICK,
        }
        return Job(**{**given, **changes})  # type: ignore[arg-type]

    return make


def tiny_checkpoint(classes: tuple[str, ...] = CLASSES, seed: int = 0, **changes: object) -> Checkpoint:
    """An untrained SegNet of width 4."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        state = build_network("segnet", len(classes), TINY).state_dict()
    return Checkpoint("segnet", dict(TINY), ClassTable.from_names(classes), state, **changes)  # type: ignore[arg-type]


@pytest.fixture
def checkpoint_path(tmp_path: Path) -> Path:
    """An untrained checkpoint on disk."""
    return save_checkpoint(tmp_path / "old.safetensors", tiny_checkpoint())
