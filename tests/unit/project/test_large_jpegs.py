"""Large JPEGs: Pillow's very pixels by another decoder, Pillow's judgement of damage, and a small picture first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.core.errors import InputError
from segstudio.formats import large_jpeg
from segstudio.formats.large_jpeg import read_large_jpeg
from segstudio.project.images import read_image_file, read_preview

SIZE = (403, 299)


@pytest.fixture(autouse=True)
def _every_jpeg_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_jpeg, "LARGE_PIXELS", 1)


def scene(mode: str = "RGB") -> Image.Image:
    random = np.random.default_rng(4)
    blocks = Image.fromarray(random.integers(0, 256, (9, 13, 3), dtype=np.uint8))
    return blocks.resize(SIZE, Image.Resampling.BICUBIC).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("quality", [25, 90])
def test_the_pixels_are_pillows(tmp_path: Path, mode: str, progressive: bool, subsampling: str, quality: int) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by no decoder: pixels are in the stored frame
    scene(mode).save(path, quality=quality, subsampling=subsampling, progressive=progressive, exif=exif)
    with Image.open(path) as picture:
        expected = np.asarray(picture.convert("RGB"))
    if mode != "CMYK":
        found = read_large_jpeg(path)
        assert found is not None
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(read_image_file(path), expected)


def test_a_file_that_is_cut_off_is_refused_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    scene().save(path)
    path.write_bytes(path.read_bytes()[:-400])
    assert read_large_jpeg(path) is None
    with pytest.raises(InputError, match="cut off"):
        read_image_file(path)


def test_what_follows_the_end_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    scene().save(path)
    expected = read_image_file(path)
    path.write_bytes(path.read_bytes() + b"a maker's own notes")
    assert read_large_jpeg(path) is None
    np.testing.assert_array_equal(read_image_file(path), expected)


def test_no_jpeg_at_all_is_left_to_pillow(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8 no picture \xff\xd9")
    assert read_large_jpeg(path) is None
    with pytest.raises(InputError, match="cannot be read as an image"):
        read_image_file(path)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_preview_is_an_eighth_and_looks_like_the_image(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.jpg"
    scene(mode).save(path, quality=95)
    small = read_preview(path)
    assert small is not None and small.shape == (-(-SIZE[1] // 8), -(-SIZE[0] // 8), 3)
    whole = read_image_file(path)[: SIZE[1] // 8 * 8, : SIZE[0] // 8 * 8].astype(float)
    means = whole.reshape(SIZE[1] // 8, 8, SIZE[0] // 8, 8, 3).mean(axis=(1, 3))
    assert np.abs(small[: SIZE[1] // 8, : SIZE[0] // 8] - means).mean() < 2, "each pixel is the mean of a block"


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_there_is_none_where_it_would_take_as_long(tmp_path: Path, suffix: str) -> None:
    scene().save(tmp_path / f"a{suffix}")
    assert read_preview(tmp_path / f"a{suffix}") is None


def test_small_jpegs_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_jpeg, "LARGE_PIXELS", SIZE[0] * SIZE[1] + 1)
    scene().save(tmp_path / "a.jpg")
    assert read_preview(tmp_path / "a.jpg") is None
