from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from segstudio.core.errors import InputError
from segstudio.project.images import (
    Scaling,
    image_size,
    read_header,
    read_image_file,
    read_thumbnail,
    scaled_to_8_bit,
    stored,
    upright,
)


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".tiff", ".PNG"])
def test_lossless_kinds_give_the_same_pixels(tmp_path: Path, pixels: np.ndarray, suffix: str) -> None:
    Image.fromarray(pixels).save(tmp_path / f"a{suffix}")
    assert np.array_equal(read_image_file(tmp_path / f"a{suffix}"), pixels)
    assert image_size(tmp_path / f"a{suffix}") == (20, 30)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits", "tiff_adobe_deflate"])
def test_compressed_tiffs(tmp_path: Path, pixels: np.ndarray, compression: str) -> None:
    Image.fromarray(pixels).save(tmp_path / "a.tif", compression=compression)
    assert np.array_equal(read_image_file(tmp_path / "a.tif"), pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("suffix", "options"), [(".png", {}), (".tif", {}), (".tif", {"compression": "tiff_lzw"})])
def test_pixels_are_in_the_stored_frame_and_upright_turns_them_as_pillow_does(
    tmp_path: Path, pixels: np.ndarray, orientation: int, suffix: str, options: dict[str, str]
) -> None:
    path = tmp_path / f"a{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, exif=exif, **options)
    assert read_header(path).orientation == orientation
    assert image_size(path) == (20, 30)
    array = read_image_file(path)
    assert np.array_equal(array, pixels)
    turned = Image.fromarray(pixels)
    turned.getexif()[0x0112] = orientation
    assert np.array_equal(upright(array, orientation), np.asarray(ImageOps.exif_transpose(turned)))
    assert np.array_equal(stored(upright(array, orientation), orientation), pixels)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK", "I;16", "I", "F"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (16, 1))
    suffix = ".tif" if mode in ("CMYK", "F", "I") else ".png"
    if mode == "I;16":
        picture = Image.fromarray(ramp.astype(np.uint16) * 256)
    elif mode == "F":
        picture = Image.fromarray(ramp.astype(np.float32) / 255)
    else:
        picture = Image.fromarray(ramp).convert(mode)
    picture.save(tmp_path / f"a{suffix}")
    array = read_image_file(tmp_path / f"a{suffix}")
    assert array.shape == (16, 256, 3) and array.dtype == np.uint8
    grey = array.mean(axis=2)
    assert grey[:, :20].mean() < 40 and grey[:, -20:].mean() > 215


def test_palette_with_transparency_does_not_warn(tmp_path: Path, pixels: np.ndarray) -> None:
    picture = Image.fromarray(pixels).quantize(16)
    picture.save(tmp_path / "a.png", transparency=bytes([0, 128] * 8))
    assert read_image_file(tmp_path / "a.png").shape == (20, 30, 3)


def test_sixteen_bit_percentiles_use_the_range_in_use(tmp_path: Path) -> None:
    values = np.linspace(1000, 1400, 10_000).reshape(100, 100).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values)
    array = read_image_file(tmp_path / "a.tif")
    assert array.min() == 0 and array.max() == 255
    fixed = read_image_file(tmp_path / "a.tif", scaling=Scaling.FIXED)
    assert fixed.max() == round(1400 * 255 / 65535)


def test_sixteen_bit_colour_tiff_of_many_channels(tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 65535, (10, 12, 5), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", planarconfig="contig")
    assert read_image_file(tmp_path / "a.tif").shape == (10, 12, 3)


def test_scaling_of_flat_and_not_a_number_values() -> None:
    assert scaled_to_8_bit(np.full((3, 3), 7, dtype=np.uint16), Scaling.PERCENTILE).max() == 0
    odd = np.array([[np.nan, 0.0, 1.0, np.inf]], dtype=np.float32)
    assert scaled_to_8_bit(odd, Scaling.FIXED).tolist() == [[0, 0, 255, 255]]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_thumbnails_fit_and_keep_the_aspect(tmp_path: Path, suffix: str) -> None:
    Image.new("RGB", (400, 200), (200, 30, 30)).save(tmp_path / f"a{suffix}")
    small = read_thumbnail(tmp_path / f"a{suffix}", 64)
    assert small.shape == (32, 64, 3)
    assert abs(int(small[10, 10, 0]) - 200) < 5


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".bmp"])
@pytest.mark.parametrize("damage", ["empty", "garbage", "truncated", "missing", "folder"])
def test_broken_files_give_one_sentence_naming_the_file(
    tmp_path: Path, pixels: np.ndarray, suffix: str, damage: str
) -> None:
    path = tmp_path / f"broken{suffix}"
    Image.fromarray(np.tile(pixels, (10, 10, 1))).save(path)
    data = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        cut = {"empty": b"", "garbage": b"not a picture at all", "truncated": data[: len(data) // 2]}
        path.write_bytes(cut[damage])
    with pytest.raises(InputError) as caught:
        read_image_file(path)
    assert f"broken{suffix}" in caught.value.message


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_over_the_pixel_limit_is_refused_before_decoding(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"large{suffix}"
    Image.new("RGB", (300, 200)).save(path)
    # Without its pixels the file could not be decoded: only the header is looked at.
    if suffix != ".tif":
        path.write_bytes(path.read_bytes()[:640])
    for read in (read_image_file, image_size, lambda p, limit: read_thumbnail(p, 8, limit)):
        with pytest.raises(InputError, match="300 × 200 pixels, more than the limit of 59999"):
            read(path, 59_999)


def test_a_decompression_bomb_does_not_warn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 20000 × 20000 picture of one colour is a small file and more than Pillow's own limit."""
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    assert path.stat().st_size < 200_000
    with pytest.raises(InputError, match="20000 × 20000"):
        read_image_file(path, 100_000_000)
    assert image_size(path) == (20_000, 20_000)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_exif_is_passed_over(tmp_path: Path, pixels: np.ndarray) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(pixels).save(path, exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff\x00\x01")
    assert read_header(path).orientation == 1
    assert read_image_file(path).shape == (20, 30, 3)
