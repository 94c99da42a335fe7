"""The contract of every row of FORMATS, and what each promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.errors import InputError
from segstudio.formats import FORMATS

CLASSES = ClassTable.from_names(["background", "cell"], [(0, 0, 0), (10, 200, 30)])


@pytest.fixture
def labels() -> np.ndarray:
    values = np.zeros((12, 9), dtype=np.uint8)
    values[2:5] = 1
    values[8:] = VOID
    return values


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_writes_a_picture_of_the_labels_size(tmp_path: Path, labels: np.ndarray, name: str) -> None:
    image = np.full((12, 9, 3), 100, dtype=np.uint8)
    path = tmp_path / f"mask{FORMATS[name].suffix}"
    FORMATS[name].write(path, labels, CLASSES, image)
    assert FORMATS[name].name == name and FORMATS[name].title
    with Image.open(path) as picture:
        assert picture.size == (9, 12)


def test_palette_and_grey_hold_the_indices(tmp_path: Path, labels: np.ndarray) -> None:
    for name, mode in (("palette", "P"), ("grey", "L")):
        FORMATS[name].write(tmp_path / f"{name}.png", labels, CLASSES)
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert picture.mode == mode
            assert np.array_equal(np.asarray(picture), labels)


def test_palette_and_rgb_show_the_class_colours(tmp_path: Path, labels: np.ndarray) -> None:
    for name in ("palette", "rgb"):
        FORMATS[name].write(tmp_path / f"{name}.png", labels, CLASSES)
        with Image.open(tmp_path / f"{name}.png") as picture:
            pixels = np.asarray(picture.convert("RGB"))
        assert pixels[3, 0].tolist() == [10, 200, 30]
        assert pixels[0, 0].tolist() == [0, 0, 0]


def test_overlay_blends_and_leaves_void_clear(tmp_path: Path, labels: np.ndarray) -> None:
    image = np.full((12, 9, 3), 100, dtype=np.uint8)
    FORMATS["overlay"].write(tmp_path / "o.png", labels, CLASSES, image)
    with Image.open(tmp_path / "o.png") as picture:
        pixels = np.asarray(picture)
    assert pixels[3, 0].tolist() == [55, 150, 65]
    assert pixels[9, 0].tolist() == [100, 100, 100]


@pytest.mark.parametrize("image", [None, np.zeros((5, 5, 3), dtype=np.uint8)])
def test_overlay_without_its_image_is_an_input_error(
    tmp_path: Path, labels: np.ndarray, image: np.ndarray | None
) -> None:
    with pytest.raises(InputError, match="image"):
        FORMATS["overlay"].write(tmp_path / "o.png", labels, CLASSES, image)
