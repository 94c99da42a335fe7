"""What a network is given of an image file: every channel, at the file's own depth, without its alpha."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from segstudio.core.errors import InputError
from segstudio.project.images import image_size, read_image_file, read_thumbnail
from segstudio.project.samples import SampleKind, read_sample_kind, read_samples_file

Write = Callable[[Path, np.ndarray], object]


def numbers(channels: int, dtype: type = np.uint16, height: int = 20, width: int = 30) -> np.ndarray:
    """(H, W, C) random numbers over the whole range."""
    return np.random.default_rng(channels).integers(0, np.iinfo(dtype).max, (height, width, channels)).astype(dtype)


def test_deep_png_keeps_its_bits_and_drops_alpha(tmp_path: Path) -> None:
    values = numbers(4)
    for name, channels in (("grey", 1), ("color", 3), ("alpha", 4)):
        path = tmp_path / f"{name}.png"
        cv2.imwrite(str(path), values[..., :channels][..., [2, 1, 0, 3][:channels] if channels > 1 else 0])
        read = read_samples_file(path)
        assert read.dtype == np.uint16 and np.array_equal(read, values[..., : min(3, channels)])
        assert read_sample_kind(path) == SampleKind(min(3, channels), is_8_bit=False)
        assert image_size(path) == (20, 30)


def test_the_view_of_a_deep_colour_png_uses_the_range_in_use(tmp_path: Path) -> None:
    values = np.linspace(100, 900, 600 * 3).reshape(20, 30, 3).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "dark.png"), values)
    for view in (read_image_file(tmp_path / "dark.png"), read_thumbnail(tmp_path / "dark.png", 64)):
        assert view.dtype == np.uint8 and view.min() < 3 and view.max() > 252


def test_a_deep_png_that_is_cut_off_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.png"
    cv2.imwrite(str(path), numbers(3, height=200, width=200))
    path.write_bytes(path.read_bytes()[:50_000])
    for read in (read_samples_file, read_image_file):
        with pytest.raises(InputError, match=r"cut\.png"):
            read(path)


@pytest.mark.parametrize("mode", ["L", "LA", "1", "RGB", "RGBA", "P", "CMYK"])
def test_eight_bit_pictures(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(numbers(3, np.uint8)).convert(mode)
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    picture.save(path)
    read, kind = read_samples_file(path), read_sample_kind(path)
    assert read.dtype == np.uint8 and kind.is_usual
    assert kind.channels == read.shape[2] == (1 if mode in ("L", "LA", "1") else 3)
    view = read_image_file(path)
    assert np.array_equal(read, view[..., :1] if read.shape[2] == 1 else view)


def contiguous(path: Path, values: np.ndarray) -> None:
    tifffile.imwrite(path, values, photometric="minisblack", planarconfig="contig")


def planar(path: Path, values: np.ndarray) -> None:
    tifffile.imwrite(path, np.moveaxis(values, -1, 0), photometric="minisblack", planarconfig="separate")


def channels_first(path: Path, values: np.ndarray) -> None:
    tifffile.imwrite(path, np.moveaxis(values, -1, 0), photometric="minisblack")


def channels_last(path: Path, values: np.ndarray) -> None:
    tifffile.imwrite(path, values, photometric="minisblack")


def imagej(path: Path, values: np.ndarray) -> None:
    tifffile.imwrite(path, np.moveaxis(values, -1, 0), imagej=True, metadata={"axes": "CYX"})


def ome(path: Path, values: np.ndarray) -> None:
    tifffile.imwrite(path, np.moveaxis(values, -1, 0), ome=True, metadata={"axes": "CYX"}, photometric="minisblack")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("write", [contiguous, planar, channels_first, channels_last, imagej, ome])
def test_tiffs_of_five_channels_in_every_layout(tmp_path: Path, write: Write, dtype: type) -> None:
    path = tmp_path / "a.tif"
    values = numbers(5, dtype)
    write(path, values)
    read = read_samples_file(path)
    assert read.dtype == dtype and np.array_equal(read, values)
    assert read_sample_kind(path) == SampleKind(5, is_8_bit=dtype is np.uint8)
    assert image_size(path) == (20, 30)
    view = read_image_file(path)
    assert view.shape == (20, 30, 3) and view.dtype == np.uint8
    if dtype is np.uint8:
        assert np.array_equal(view, values[..., :3])


def test_of_a_stack_of_slices_the_first_counts(tmp_path: Path) -> None:
    stack = np.moveaxis(numbers(4), -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    assert np.array_equal(read_samples_file(tmp_path / "a.tif")[..., 0], stack[0])
    assert read_sample_kind(tmp_path / "a.tif").channels == 1


def test_tiffs_drop_alpha_and_turn_white_is_zero(tmp_path: Path) -> None:
    values = numbers(4)
    tifffile.imwrite(tmp_path / "alpha.tif", values, photometric="rgb", extrasamples=["unassalpha"])
    tifffile.imwrite(tmp_path / "infrared.tif", values, photometric="rgb", extrasamples=["unspecified"])
    tifffile.imwrite(tmp_path / "white.tif", values[..., 0], photometric="miniswhite")
    assert np.array_equal(read_samples_file(tmp_path / "alpha.tif"), values[..., :3])
    assert np.array_equal(read_samples_file(tmp_path / "infrared.tif"), values)
    assert np.array_equal(read_samples_file(tmp_path / "white.tif")[..., 0], 65535 - values[..., 0])


def test_other_numbers_become_floats(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.array([[np.nan, 0.25], [-3.0, 1e6]], np.float32))
    read = read_samples_file(tmp_path / "a.tif")
    assert read.dtype == np.float32 and read[..., 0].tolist() == [[0.0, 0.25], [-3.0, 1e6]]
    assert not read_sample_kind(tmp_path / "a.tif").is_8_bit
