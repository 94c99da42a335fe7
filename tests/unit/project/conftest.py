"""Small folders in every form, made by the tests themselves."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from segstudio.core.class_table import voc_color
from segstudio.project.project import Project

UInt8Array = npt.NDArray[np.uint8]

CLASSES = (("background", (0, 0, 0)), ("cell", (10, 200, 30)), ("wall", (200, 0, 90)))
LABELMAP = "# label:color_rgb:parts:actions\n" + "".join(f"{n}:{r},{g},{b}::\n" for n, (r, g, b) in CLASSES)


class FolderMaker:
    """Builds a data set under `root`, file by file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def image(
        self,
        name: str,
        size: tuple[int, int] = (40, 30),
        seed: int | None = None,
        orientation: int = 1,
        suffix: str = ".jpg",
    ) -> Path:
        """A noise image `size` = (width, height) in JPEGImages; its own noise unless `seed` is given."""
        return self.plain_image(name, size, seed, orientation, suffix, self.root / "JPEGImages")

    def plain_image(
        self,
        name: str,
        size: tuple[int, int] = (40, 30),
        seed: int | None = None,
        orientation: int = 1,
        suffix: str = ".jpg",
        folder: Path | None = None,
    ) -> Path:
        """The same directly in the root."""
        folder = folder or self.root
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(zlib.crc32(name.encode()) if seed is None else seed)
        picture = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
        exif = Image.Exif()
        if orientation != 1:
            exif[0x0112] = orientation
        path = folder / f"{name}{suffix}"
        picture.save(path, exif=exif) if orientation != 1 else picture.save(path)
        return path

    def palette_mask(self, name: str, values: UInt8Array, palette: list[tuple[int, int, int]] | None = None) -> Path:
        picture = Image.fromarray(values)
        colors = palette if palette is not None else [voc_color(index) for index in range(256)]
        picture.putpalette([part for color in colors for part in color])
        return self._save(name, picture)

    def grey_mask(self, name: str, values: UInt8Array) -> Path:
        return self._save(name, Image.fromarray(values))

    def rgb_mask(self, name: str, pixels: UInt8Array) -> Path:
        return self._save(name, Image.fromarray(pixels))

    def text(self, relative: str, text: str) -> Path:
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def split(self, name: str, *names: str) -> Path:
        return self.text(f"ImageSets/Segmentation/{name}.txt", "".join(f"{each}\n" for each in names))

    def _save(self, name: str, picture: Image.Image) -> Path:
        path = self.root / "SegmentationClass" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
        return path


@pytest.fixture
def data_set(tmp_path: Path) -> FolderMaker:
    return FolderMaker(tmp_path / "data")


@pytest.fixture
def labels() -> UInt8Array:
    """(30, 40) of the classes 0 to 2, with void."""
    values = np.zeros((30, 40), dtype=np.uint8)
    values[5:15, 5:20] = 1
    values[20:, 10:] = 2
    values[:3] = 255
    return values


@pytest.fixture
def cell_project(data_set: FolderMaker) -> Project:
    """Six images without masks, and a class file."""
    for index in range(6):
        data_set.image(f"image{index}", seed=index)
    data_set.text("labelmap.txt", LABELMAP)
    return Project.open(data_set.root)
