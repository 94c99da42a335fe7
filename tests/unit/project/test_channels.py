"""The choice of channels: kept with the folder, and obeyed by everything that shows an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from segstudio.formats.tiff_file import channel_names
from segstudio.project.channels import ChannelChoice, NetworkInput, has_choice, load_choice, save_choice
from segstudio.project.images import read_image_file, read_thumbnail
from segstudio.project.voc_folder import VocFolder
from tests.small_folders import deep_channel_folder


def five_channels(path: Path) -> np.ndarray:
    """(5, 20, 30) uint16: in each channel a ramp of its own height."""
    ramp = np.linspace(0, 1, 600).reshape(20, 30)
    values = np.stack([ramp * 100 * (number + 1) ** 3 for number in range(5)]).astype(np.uint16)
    values[3] = values[3][::-1, ::-1]
    tifffile.imwrite(path, values, photometric="minisblack")
    return values


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    choice = ChannelChoice((4, 0, 3), NetworkInput.SHOWN)
    assert load_choice(tmp_path) == ChannelChoice()
    save_choice(tmp_path, choice)
    assert load_choice(tmp_path) == choice


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"shown": [1, 2], "network": "all"}',
        '{"shown": [-1], "network": "all"}',
        '{"shown": [true], "network": "all"}',
        '{"shown": 3, "network": "all"}',
        '{"shown": [1], "network": "some"}',
    ],
)
def test_what_makes_no_sense_counts_as_no_choice(tmp_path: Path, text: str) -> None:
    save_choice(tmp_path, ChannelChoice((1,)))
    (tmp_path / ".segstudio" / "channels.json").write_text(text)
    assert load_choice(tmp_path) == ChannelChoice()


def test_each_channel_teaches_once(tmp_path: Path) -> None:
    assert ChannelChoice((3, 0, 3), NetworkInput.SHOWN).taught == (3, 0)
    assert ChannelChoice((3, 0, 3)).taught == ()
    assert [has_choice(count) for count in (1, 2, 3, 4)] == [False, True, False, True]


def test_chosen_channels_are_shown_each_from_black_to_white(tmp_path: Path) -> None:
    path = tmp_path / "five.tif"
    five_channels(path)
    shown = read_image_file(path, channels=(4, 0, 3))
    assert shown.shape == (20, 30, 3) and shown.dtype == np.uint8
    for channel in range(3):
        assert shown[..., channel].min() == 0 and shown[..., channel].max() == 255
    np.testing.assert_allclose(shown[..., 0].astype(int), shown[..., 1], atol=3)
    assert shown[0, 0, 2] == 255 and shown[0, 0, 0] == 0, "the fourth channel runs the other way"
    grey = read_image_file(path, channels=(3,))
    assert (grey == shown[..., 2:]).all()
    small = read_thumbnail(path, 10, channels=(3,))
    assert small.shape[1] == 10 and small[0, 0, 0] > 200


def test_an_image_without_a_choice_is_shown_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "rgb.tif"
    values = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    tifffile.imwrite(path, values, photometric="rgb")
    np.testing.assert_array_equal(read_image_file(path, channels=(2, 1, 0)), values)
    five = tmp_path / "five.tif"
    five_channels(five)
    np.testing.assert_array_equal(read_image_file(five, channels=(0, 1, 7)), read_image_file(five))


def test_names_of_channels_are_found_where_a_file_tells_them(tmp_path: Path) -> None:
    values = np.zeros((4, 20, 30), np.uint16)
    ome, imagej, plain, gdal = (tmp_path / f"{name}.tif" for name in ("ome.ome", "imagej", "plain", "gdal"))
    names = ["DAPI", "GFP & more", "Cy3", "Cy5"]
    tifffile.imwrite(ome, values, photometric="minisblack", metadata={"axes": "CYX", "Channel": {"Name": names}})
    tifffile.imwrite(imagej, values, imagej=True, metadata={"axes": "CYX", "Labels": names})
    tifffile.imwrite(plain, values, photometric="minisblack")
    items = "".join(
        f'<Item name="DESCRIPTION" sample="{place}" role="description">{name}</Item>'
        for place, name in ((0, "blue"), (3, "NIR &amp; far"))
    )
    metadata = f"<GDALMetadata>{items}</GDALMetadata>"
    tifffile.imwrite(
        gdal, np.moveaxis(values, 0, 2), photometric="minisblack", extratags=[(42112, "s", 0, metadata, True)]
    )
    assert channel_names(ome) == channel_names(imagej) == tuple(names)
    assert channel_names(plain) == ("",) * 4
    assert channel_names(gdal) == ("blue", "", "", "NIR & far")


def test_a_folder_shows_what_was_chosen_and_compares_looks_without_it(tmp_path: Path) -> None:
    root = deep_channel_folder(tmp_path / "data")
    folder = VocFolder.open(root)
    assert folder.channel_names("s00") == ("",) * 5
    before, look = folder.read_image("s00"), folder.read_thumbnail("s00", 32, as_chosen=False)
    folder.keep_channels(ChannelChoice((4,)))
    again = VocFolder.open(root)
    assert again.channels == ChannelChoice((4,))
    shown = again.read_image("s00")
    assert (shown[..., 0] == shown[..., 2]).all() and (shown != before).any()
    assert (again.read_thumbnail("s00", 32) != look).any()
    np.testing.assert_array_equal(again.read_thumbnail("s00", 32, as_chosen=False), look)
