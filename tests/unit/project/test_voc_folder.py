"""How a folder is opened, where its classes come from, and what real data sets read as."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.core.class_table import VOID, VOID_COLOR, ClassTable, voc_color
from segstudio.core.errors import InputError, SaveError
from segstudio.formats.class_sources import VOC20_NAMES, ClassSource
from segstudio.formats.mask_png import MaskForm
from segstudio.project.voc_folder import VocFolder

from .conftest import CLASSES, LABELMAP, FolderMaker, UInt8Array

CLASS_COLORS = np.zeros((256, 3), dtype=np.uint8)
CLASS_COLORS[:3] = [color for _, color in CLASSES]
CLASS_COLORS[VOID] = VOID_COLOR


def _stored(folder: VocFolder, name: str) -> Image.Image:
    picture = Image.open(folder.workspace / "SegmentationClass" / f"{name}.png")
    picture.load()
    return picture


# -- opening ------------------------------------------------------------------------------------------------


def test_names_are_in_natural_order_and_kinds_mix(data_set: FolderMaker) -> None:
    for name, suffix in (("a10", ".jpg"), ("a9", ".png"), ("a1", ".TIF"), ("b", ".bmp"), ("c", ".jpeg")):
        data_set.image(name, suffix=suffix)
    data_set.text("JPEGImages/notes.txt", "no image")
    data_set.text("JPEGImages/.hidden.jpg", "no image")
    folder = VocFolder.open(data_set.root)
    assert folder.names == ["a1", "a9", "a10", "b", "c"]
    assert folder.is_voc


def test_missing_folder_file_and_empty_folder_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        VocFolder.open(tmp_path / "nowhere")
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(InputError, match="is a file"):
        VocFolder.open(tmp_path / "file.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no images"):
        VocFolder.open(tmp_path / "empty")


def test_opening_many_images_opens_none_of_them(data_set: FolderMaker) -> None:
    (data_set.root / "JPEGImages").mkdir()
    for index in range(2000):
        (data_set.root / "JPEGImages" / f"{index}.jpg").touch()
    folder = VocFolder.open(data_set.root)
    assert len(folder.names) == 2000


# -- classes ------------------------------------------------------------------------------------------------


def test_classes_from_labelmap_before_class_names_before_labels(data_set: FolderMaker) -> None:
    data_set.image("a")
    data_set.text("labels.txt", "__ignore__\nfrom_labels\n")
    assert VocFolder.open(data_set.root).classes.names == ("from_labels",)
    data_set.text("class_names.txt", "from_names\n")
    assert VocFolder.open(data_set.root).classes.names == ("from_names",)
    data_set.text("labelmap.txt", "from_labelmap:1,2,3::\n")
    folder = VocFolder.open(data_set.root)
    assert folder.classes.names == ("from_labelmap",)
    assert folder.class_source is ClassSource.LABELMAP_TXT


def test_voc_classes_where_the_masks_fit_them(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.image("a")
    data_set.palette_mask("a", np.where(labels == 2, np.uint8(15), labels))
    folder = VocFolder.open(data_set.root)
    assert folder.class_source is ClassSource.VOC20
    assert folder.classes.names == VOC20_NAMES
    assert folder.classes.name_of(int(folder.read_label_map("a")[25, 20])) == "person"


@pytest.mark.parametrize("value", [21, 2])
def test_classes_made_up_where_the_masks_do_not_fit_voc(data_set: FolderMaker, labels: UInt8Array, value: int) -> None:
    """A value beyond VOC's, or a colour that is not VOC's."""
    palette = [voc_color(index) for index in range(256)]
    palette[2] = (1, 2, 3)
    data_set.image("a")
    data_set.palette_mask("a", np.where(labels == 2, np.uint8(value), labels), palette)
    folder = VocFolder.open(data_set.root)
    assert folder.class_source is ClassSource.VALUES
    assert folder.classes.names == tuple(f"class {index}" for index in range(value + 1))
    assert folder.read_label_map("a")[25, 20] == value


def test_sparse_grey_values_become_as_many_classes_and_are_written_back(
    data_set: FolderMaker, labels: UInt8Array
) -> None:
    data_set.image("a")
    stored = np.array([0, 100, 200], dtype=np.uint8)[np.where(labels == VOID, 0, labels)]
    data_set.grey_mask("a", stored)
    folder = VocFolder.open(data_set.root)
    assert folder.classes.names == ("class 0", "class 100", "class 200")
    assert sorted(np.unique(folder.read_label_map("a"))) == [0, 1, 2]
    folder.write_label_map("a", folder.read_label_map("a"))
    assert np.array_equal(np.asarray(_stored(folder, "a")), stored)


def test_rgb_colours_without_a_class_file_become_classes(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.image("a")
    data_set.rgb_mask("a", CLASS_COLORS[labels])
    folder = VocFolder.open(data_set.root)
    assert folder.class_source is ClassSource.VALUES
    assert set(folder.classes.colors) == {color for _, color in CLASSES}
    assert np.array_equal(folder.read_label_map("a") == VOID, labels == VOID)


def test_a_broken_class_file_stops_the_folder_from_opening(data_set: FolderMaker) -> None:
    data_set.image("a")
    data_set.text("labelmap.txt", "road:128,64::\n")
    with pytest.raises(InputError, match=r"labelmap\.txt, line 1"):
        VocFolder.open(data_set.root)


# -- real data ----------------------------------------------------------------------------------------------


def test_camvid_reads_as_its_palette_files_say(real_data: Path) -> None:
    folder = VocFolder.open(real_data / "camvid-voc")
    assert folder.class_source is ClassSource.LABELMAP_TXT and folder.classes.names[0] == "sky"
    assert len(folder.read_list("train")) == 367 and len(folder.read_list("val")) == 101
    for name in folder.names[::60]:
        with Image.open(folder.root / "SegmentationClass" / f"{name}.png") as picture:
            assert np.array_equal(folder.read_label_map(name), np.asarray(picture))


def test_voc_sample_reads_as_its_palette_files_say(real_data: Path) -> None:
    folder = VocFolder.open(real_data / "voc-sample")
    assert folder.class_source is ClassSource.CLASS_NAMES_TXT and folder.classes.background_index == 0
    for name in folder.names:
        with Image.open(folder.root / "SegmentationClass" / f"{name}.png") as picture:
            assert np.array_equal(folder.read_label_map(name), np.asarray(picture))


@pytest.mark.parametrize("void_color", [VOID_COLOR, (0, 0, 0)])
def test_cvats_form_of_camvid_loads_bit_for_bit(
    real_data: Path, data_set: FolderMaker, void_color: tuple[int, int, int]
) -> None:
    source = VocFolder.open(real_data / "camvid-voc")
    data_set.text("labelmap.txt", (source.root / "labelmap.txt").read_text())
    colors = source.classes.palette()
    colors[VOID] = void_color
    names = source.names[::40]
    for name in names:
        (data_set.root / "JPEGImages").mkdir(exist_ok=True)
        (data_set.root / "JPEGImages" / f"{name}.jpg").write_bytes(source.image_path(name).read_bytes())
        data_set.rgb_mask(name, colors[source.read_label_map(name)])
    folder = VocFolder.open(data_set.root)
    assert folder.mask_form is MaskForm.RGB
    for name in names:
        assert np.array_equal(folder.read_label_map(name), source.read_label_map(name))
        folder.write_label_map(name, folder.read_label_map(name))
        with Image.open(data_set.root / "SegmentationClass" / f"{name}.png") as picture:
            assert np.array_equal(np.asarray(picture), colors[source.read_label_map(name)])


# -- changing the class table where colours carry the meaning ------------------------------------------------


@pytest.mark.parametrize("form", [MaskForm.RGB, MaskForm.PALETTE])
def test_where_masks_tell_classes_by_colour_they_can_be_renamed_and_added_but_not_recoloured(
    data_set: FolderMaker, labels: UInt8Array, form: MaskForm
) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    data_set.image("b")
    if form is MaskForm.RGB:
        data_set.rgb_mask("a", CLASS_COLORS[labels])
    else:
        data_set.palette_mask("a", labels, [tuple(color) for color in CLASS_COLORS.tolist()])
    folder = VocFolder.open(data_set.root)
    colors = folder.classes.colors
    with pytest.raises(InputError, match='colour of "cell" cannot be changed'):
        folder.set_classes(ClassTable.from_names(folder.classes.names, [colors[0], (9, 9, 9), colors[2]]))
    folder.set_classes(ClassTable.from_names(["background", "nucleus", "wall", "pore"], [*colors, (9, 9, 9)]))
    more = labels.copy()
    more[-1] = 3
    folder.write_label_map("b", more)
    again = VocFolder.open(data_set.root)
    assert again.classes.names == ("background", "nucleus", "wall", "pore")
    assert np.array_equal(again.read_label_map("a"), labels)
    assert np.array_equal(again.read_label_map("b"), more)


def test_a_class_that_shares_its_colour_is_not_written_as_rgb(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP + "twin:200,0,90::\n")
    data_set.image("a")
    path = data_set.rgb_mask("a", np.zeros((30, 40, 3), dtype=np.uint8))
    before = path.read_bytes()
    with pytest.raises(SaveError, match="shares its colour"):
        VocFolder.open(data_set.root).write_label_map("a", labels)
    assert path.read_bytes() == before
