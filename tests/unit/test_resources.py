"""What the program ships: icons of one family, palettes, the sample folder and the starter checkpoint."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.core.class_table import VOID
from segstudio.core.resources import resource_root
from segstudio.project.voc_folder import VocFolder
from segstudio_training.checkpoint import load_checkpoint
from segstudio_training.predictor import Predictor
from segstudio_training.scenes import CLASSES

ICONS = sorted(path for path in (resource_root() / "icons").glob("*.svg") if path.stem != "segstudio")
SAMPLE = resource_root() / "sample"
STARTER = resource_root() / "starter.safetensors"
MOST_BYTES = 4_000_000


@pytest.mark.parametrize("path", ICONS, ids=lambda path: path.stem)
def test_an_icon_is_of_the_family(path: Path) -> None:
    root = ElementTree.parse(path).getroot()

    assert root.get("viewBox") == "0 0 24 24"
    assert root.get("stroke-width") == "1.5"
    assert root.get("stroke") == "currentColor"
    colors = {value for element in root.iter() for key, value in element.items() if key in ("fill", "stroke")}
    assert colors <= {"none", "currentColor"}
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(|style=", path.read_text(encoding="utf-8"))


def test_the_application_icon_is_drawn_and_rendered() -> None:
    ElementTree.parse(resource_root() / "icons" / "segstudio.svg")
    with Image.open(resource_root() / "icons" / "segstudio.png") as picture:
        assert picture.size == (256, 256)
        assert picture.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]  # RGBA pixels are tuples


@pytest.mark.parametrize("name", ["okabe-ito", "tol-bright"])
def test_a_palette_names_distinct_colours(name: str) -> None:
    palette = json.loads((resource_root() / "palettes" / f"{name}.json").read_text(encoding="utf-8"))

    colors = [tuple(entry["rgb"]) for entry in palette["colors"]]
    assert len(set(colors)) == len(colors) >= 7
    assert all(len(color) == 3 and all(0 <= part <= 255 for part in color) for color in colors)
    assert len({entry["name"] for entry in palette["colors"]}) == len(colors)


def test_the_sample_is_a_small_folder_with_truth_for_half_of_it() -> None:
    folder = VocFolder.open(SAMPLE)

    with_truth = [name for name in folder.names if folder.has_mask(name)]
    held_out = folder.read_list("val")
    assert len(folder.names) >= 24
    assert len(with_truth) * 2 == len(folder.names)
    assert sorted(folder.read_list("train") + held_out) == with_truth
    assert len(held_out) >= 4
    assert list(folder.problems()) == []
    assert folder.classes == CLASSES
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) <= MOST_BYTES


def test_the_sample_masks_are_palette_pngs_with_a_rare_thin_class() -> None:
    counts = np.zeros(256, dtype=np.int64)
    for path in sorted((SAMPLE / "SegmentationClass").glob("*.png")):
        with Image.open(path) as mask, Image.open(SAMPLE / "JPEGImages" / f"{path.stem}.jpg") as image:
            assert mask.mode == "P"
            assert mask.size == image.size
            assert np.array_equal(np.reshape(mask.getpalette(), (-1, 3))[: len(CLASSES)], CLASSES.colors)
            counts += np.bincount(np.array(mask).ravel(), minlength=256)

    shares = counts / counts.sum()
    assert shares[len(CLASSES) : VOID].sum() == 0
    assert (shares[: len(CLASSES)] > 0).all()
    assert 0 < shares[CLASSES.names.index("power line")] <= 0.02
    assert shares.max() >= 0.3


def test_the_starter_knows_the_sample_and_is_imperfect_at_it() -> None:
    assert STARTER.stat().st_size <= MOST_BYTES
    starter = load_checkpoint(STARTER)
    folder = VocFolder.open(SAMPLE)
    assert starter.network_name == "segnet"
    assert starter.classes.names == folder.classes.names

    predictor = Predictor(starter, "cpu")
    wrong = []
    for name in folder.read_list("val"):
        truth = folder.read_label_map(name)
        proposed = predictor.predict(folder.read_image(name)).labels
        wrong.append(float((proposed != truth)[truth != VOID].mean()))
    assert 0.02 < np.mean(wrong) < 0.6
