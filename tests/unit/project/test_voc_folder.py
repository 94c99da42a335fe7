"""How classes, forms, frames, 0/255 folders and lists are read and written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.core.class_table import VOID, VOID_COLOR, ClassTable, voc_color
from segstudio.core.errors import InputError, SaveError
from segstudio.formats.class_sources import VOC20_NAMES, ClassSource
from segstudio.formats.mask_code import PaletteReading
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


# -- forms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", list(MaskForm))
def test_every_form_reads_to_the_same_labels_and_is_kept(
    data_set: FolderMaker, labels: UInt8Array, form: MaskForm
) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    data_set.image("b")
    if form is MaskForm.PALETTE:
        data_set.palette_mask("a", labels, [tuple(color) for color in CLASS_COLORS.tolist()])
    elif form is MaskForm.GREY:
        data_set.grey_mask("a", labels)
    else:
        data_set.rgb_mask("a", CLASS_COLORS[labels])
    folder = VocFolder.open(data_set.root)
    assert folder.mask_form is form
    assert np.array_equal(folder.read_label_map("a"), labels)
    folder.write_label_map("b", labels)
    expected = {MaskForm.PALETTE: "P", MaskForm.GREY: "L", MaskForm.RGB: "RGB"}[form]
    assert _stored(folder, "b").mode == expected
    assert np.array_equal(np.asarray(_stored(folder, "b")), np.asarray(_stored(folder, "a")))
    assert np.array_equal(VocFolder.open(data_set.root).read_label_map("b"), labels)


def test_a_new_folder_gets_palette_masks_with_void_255(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    folder = VocFolder.open(data_set.root)
    folder.write_label_map("a", labels)
    picture = _stored(folder, "a")
    assert picture.mode == "P" and np.array_equal(np.asarray(picture), labels)
    assert np.asarray(picture.convert("RGB"))[10, 10].tolist() == list(CLASSES[1][1])


def test_palette_masks_map_by_colour_where_palette_and_table_agree(data_set: FolderMaker, labels: UInt8Array) -> None:
    """The mask's own numbers are others than the table's: only the colours tell."""
    moved = np.array([7, 3, 5], dtype=np.uint8)
    stored = np.where(labels == VOID, np.uint8(VOID), moved[np.where(labels == VOID, 0, labels)])
    palette = [(0, 0, 0)] * 256
    for value, (_, color) in zip(moved.tolist(), CLASSES, strict=True):
        palette[value] = color
    palette[0] = (9, 9, 9)
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    data_set.image("b")
    data_set.palette_mask("a", stored, palette)
    folder = VocFolder.open(data_set.root)
    assert folder.palette_reading is PaletteReading.COLOUR
    read = folder.read_label_map("a")
    assert np.array_equal(read[labels != 0], labels[labels != 0])
    folder.write_label_map("b", labels)
    assert np.array_equal(VocFolder.open(data_set.root).read_label_map("b"), labels)


def test_palette_masks_map_by_index_where_they_disagree(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    data_set.image("b")
    data_set.palette_mask("a", labels)
    folder = VocFolder.open(data_set.root)
    assert folder.palette_reading is PaletteReading.INDEX
    assert np.array_equal(folder.read_label_map("a"), labels)
    folder.write_label_map("b", labels)
    assert _stored(folder, "b").getpalette() == _stored(folder, "a").getpalette()


def test_classes_without_colours_take_those_of_the_masks(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("class_names.txt", "_background_\ncell\nwall\n")
    data_set.image("a")
    data_set.palette_mask("a", labels)
    folder = VocFolder.open(data_set.root)
    assert folder.classes.colors == (voc_color(0), voc_color(1), voc_color(2))


@pytest.mark.parametrize("form", [MaskForm.GREY, MaskForm.PALETTE])
def test_only_0_and_255_is_background_and_foreground_and_is_written_back(data_set: FolderMaker, form: MaskForm) -> None:
    stored = np.zeros((30, 40), dtype=np.uint8)
    stored[10:20] = 255
    data_set.image("a")
    data_set.image("b")
    if form is MaskForm.GREY:
        data_set.grey_mask("a", stored)
    else:
        data_set.palette_mask("a", stored, [(value, value, value) for value in range(256)])
    folder = VocFolder.open(data_set.root)
    assert folder.classes.names == ("background", "foreground")
    assert np.array_equal(folder.read_label_map("a"), stored // 255)
    folder.write_label_map("b", stored // 255)
    assert np.array_equal(np.asarray(_stored(folder, "b")), stored)
    with pytest.raises(SaveError, match="void"):
        folder.write_label_map("b", stored)
    assert np.array_equal(np.asarray(_stored(folder, "b")), stored)


def test_0_and_255_in_a_folder_of_more_classes_is_void(data_set: FolderMaker) -> None:
    stored = np.zeros((30, 40), dtype=np.uint8)
    stored[10:20] = 255
    data_set.image("a")
    data_set.grey_mask("a", stored)
    data_set.text("labelmap.txt", LABELMAP)
    assert np.array_equal(VocFolder.open(data_set.root).read_label_map("a"), stored)


def test_a_first_mask_of_background_and_void_stays_so_when_opened_again(data_set: FolderMaker) -> None:
    labels = np.zeros((30, 40), dtype=np.uint8)
    labels[10:20] = VOID
    data_set.image("a")
    data_set.text("labelmap.txt", "background:0,0,0::\nthing:255,0,0::\n")
    VocFolder.open(data_set.root).write_label_map("a", labels)
    assert np.array_equal(VocFolder.open(data_set.root).read_label_map("a"), labels)


# -- unknown colours and values -----------------------------------------------------------------------------


def test_an_unknown_colour_is_named_and_the_mask_never_overwritten(data_set: FolderMaker, labels: UInt8Array) -> None:
    pixels = CLASS_COLORS[labels].copy()
    pixels[20, 20:27] = (77, 88, 99)
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    path = data_set.rgb_mask("a", pixels)
    before = path.read_bytes()
    folder = VocFolder.open(data_set.root)
    with pytest.raises(InputError, match=r"SegmentationClass/a\.png has 7 pixels of the colour 77,88,99"):
        folder.read_label_map("a")
    with pytest.raises(SaveError, match="was not overwritten"):
        folder.write_label_map("a", labels)
    assert path.read_bytes() == before


def test_an_index_beyond_the_class_table_is_named(data_set: FolderMaker, labels: UInt8Array) -> None:
    labels[0, :4] = 9
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    data_set.grey_mask("a", labels)
    with pytest.raises(InputError, match="4 pixels of value 9, which no class has: there are 3 classes"):
        VocFolder.open(data_set.root).read_label_map("a")


def test_black_and_the_voc_void_colour_are_void_where_no_class_has_them(data_set: FolderMaker) -> None:
    pixels = np.zeros((30, 40, 3), dtype=np.uint8)
    pixels[:10] = VOID_COLOR
    pixels[20:] = (50, 60, 70)
    data_set.text("labelmap.txt", "thing:50,60,70::\n")
    data_set.image("a")
    data_set.rgb_mask("a", pixels)
    read = VocFolder.open(data_set.root).read_label_map("a")
    assert (read[:20] == VOID).all() and (read[20:] == 0).all()


def test_a_mask_of_another_size_is_an_input_error(data_set: FolderMaker) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a", size=(40, 30))
    data_set.grey_mask("a", np.zeros((31, 40), dtype=np.uint8))
    with pytest.raises(InputError, match="40 × 31 pixels, but its image has 40 × 30"):
        VocFolder.open(data_set.root).read_label_map("a")


@pytest.mark.parametrize("data", [b"", b"garbage", None])
def test_a_broken_mask_is_named_and_not_overwritten(
    data_set: FolderMaker, labels: UInt8Array, data: bytes | None
) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    path = data_set.grey_mask("a", np.random.default_rng(0).integers(0, 3, (30, 40), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:90] if data is None else data)
    before = path.read_bytes()
    folder = VocFolder.open(data_set.root)
    with pytest.raises(InputError, match=r"a\.png"):
        folder.read_label_map("a")
    with pytest.raises(SaveError):
        folder.write_label_map("a", labels)
    assert path.read_bytes() == before


# -- frames -------------------------------------------------------------------------------------------------


def test_a_mask_has_the_stored_frame_and_exif_turns_only_the_view(data_set: FolderMaker) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a", size=(40, 30), orientation=6)
    folder = VocFolder.open(data_set.root)
    assert folder.read_image("a").shape == (30, 40, 3)
    assert folder.frame_size("a") == (30, 40)
    assert folder.view_orientation("a") == 6
    assert folder.read_thumbnail("a", 20).shape == (20, 15, 3)


def test_an_existing_mask_shows_the_upright_frame_for_itself_and_for_new_ones(data_set: FolderMaker) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    for name in ("a", "b"):
        data_set.image(name, size=(40, 30), orientation=6)
    data_set.grey_mask("a", np.zeros((40, 30), dtype=np.uint8))
    folder = VocFolder.open(data_set.root)
    for name in ("a", "b"):
        assert folder.read_image(name).shape == (40, 30, 3)
        assert folder.view_orientation(name) == 1
    folder.write_label_map("b", np.ones((40, 30), dtype=np.uint8))
    assert folder.read_label_map("b").shape == (40, 30)


# -- writing ------------------------------------------------------------------------------------------------


def test_the_mask_before_the_first_overwriting_is_kept_once(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    path = data_set.grey_mask("a", np.zeros_like(labels))
    original = path.read_bytes()
    for value in (1, 2):
        VocFolder.open(data_set.root).write_label_map("a", np.full_like(labels, value))
    assert (data_set.root / ".segstudio" / "originals" / "a.png").read_bytes() == original


def test_segstudios_own_first_mask_is_no_original(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    for value in (1, 2):
        VocFolder.open(data_set.root).write_label_map("a", np.full_like(labels, value))
    assert not (data_set.root / ".segstudio" / "originals" / "a.png").exists()


def test_a_full_disk_leaves_the_mask_as_it_was(
    data_set: FolderMaker, labels: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    path = data_set.grey_mask("a", np.zeros_like(labels))
    before = path.read_bytes()
    folder = VocFolder.open(data_set.root)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(SaveError, match="disk is full"):
        folder.write_label_map("a", labels)
    monkeypatch.undo()
    assert path.read_bytes() == before
    folder.write_label_map("a", labels)
    assert np.array_equal(folder.read_label_map("a"), labels)


def test_with_a_workspace_the_folder_itself_is_never_written(
    data_set: FolderMaker, labels: UInt8Array, tmp_path: Path
) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    data_set.grey_mask("a", np.zeros_like(labels))
    data_set.split("train", "a")
    before = {path: path.stat().st_mtime_ns for path in data_set.root.rglob("*")}
    workspace = tmp_path / "work"
    folder = VocFolder.open(data_set.root, workspace)
    folder.write_label_map("a", labels)
    folder.add_to_lists("a", "val")
    assert {path: path.stat().st_mtime_ns for path in data_set.root.rglob("*")} == before
    again = VocFolder.open(data_set.root, workspace)
    assert np.array_equal(again.read_label_map("a"), labels)
    assert again.read_list("val") == ["a"] and again.read_list("train") == ["a"]


# -- plain folders ------------------------------------------------------------------------------------------


def test_a_plain_folder_becomes_a_voc_folder_with_the_first_mask(data_set: FolderMaker, labels: UInt8Array) -> None:
    for name in ("a", "b"):
        data_set.plain_image(name)
    folder = VocFolder.open(data_set.root)
    assert not folder.is_voc and folder.class_source is ClassSource.NONE and len(folder.classes) == 0
    folder.set_classes(ClassTable.from_names(["background", "cell", "wall"]))
    assert sorted(path.name for path in data_set.root.iterdir()) == ["a.jpg", "b.jpg"]
    folder.write_label_map("a", labels)
    assert (data_set.root / "a.jpg").read_bytes() == (data_set.root / "JPEGImages" / "a.jpg").read_bytes()
    assert (data_set.root / "ImageSets" / "Segmentation").is_dir()
    again = VocFolder.open(data_set.root)
    assert again.is_voc and again.names == ["a", "b"]
    assert again.classes == folder.classes
    assert np.array_equal(again.read_label_map("a"), labels)


def test_where_links_are_impossible_images_are_copied(
    data_set: FolderMaker, labels: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    data_set.plain_image("a")
    monkeypatch.setattr(os, "link", impossible)
    folder = VocFolder.open(data_set.root)
    folder.set_classes(ClassTable.from_names(["background", "cell", "wall"]))
    folder.write_label_map("a", labels)
    assert (data_set.root / "JPEGImages" / "a.jpg").stat().st_size == (data_set.root / "a.jpg").stat().st_size


def test_an_added_class_goes_into_the_class_file(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("class_names.txt", "background\ncell\nwall\n")
    data_set.image("a")
    folder = VocFolder.open(data_set.root)
    folder.set_classes(ClassTable.from_names([*folder.classes.names, "pore"], [*folder.classes.colors, (1, 1, 1)]))
    labels[0] = 3
    folder.write_label_map("a", labels)
    assert (data_set.root / "class_names.txt").read_text() == "background\ncell\nwall\npore\n"
    assert np.array_equal(VocFolder.open(data_set.root).read_label_map("a"), labels)
    assert (data_set.root / ".segstudio" / "originals" / "class_names.txt").read_text() == "background\ncell\nwall\n"


# -- lists --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ("nothing", "no image"),
        ("../secret", "climbs out"),
        ("..\\secret", "climbs out"),
        ("/etc/passwd", "absolute"),
        ("C:\\x", "absolute"),
        ("sub/a", "is a path"),
    ],
)
def test_bad_lines_are_named_and_never_followed(data_set: FolderMaker, tmp_path: Path, entry: str, word: str) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "secret.jpg")
    data_set.image("a")
    data_set.split("train", "a", entry)
    folder = VocFolder.open(data_set.root)
    with pytest.raises(InputError, match=rf"train\.txt, line 2: .*{word}"):
        folder.read_list("train")
    assert folder.listed("train").names == ("a",)
    assert [problem.path for problem in folder.problems()] == ["ImageSets/Segmentation/train.txt"]


def test_a_missing_list_names_those_there_are(data_set: FolderMaker) -> None:
    data_set.image("a")
    data_set.split("train", "a")
    with pytest.raises(InputError, match="The lists are: train"):
        VocFolder.open(data_set.root).read_list("test")
    with pytest.raises(InputError, match="no list"):
        VocFolder.open(data_set.root).read_list("../../etc/passwd")


def test_adding_a_name_keeps_every_other_byte_of_a_list(data_set: FolderMaker) -> None:
    for name in ("a", "b"):
        data_set.image(name)
    train = data_set.root / "ImageSets" / "Segmentation" / "train.txt"
    data_set.split("test", "b")
    train.write_bytes(b"a\r\ngone")
    folder = VocFolder.open(data_set.root)
    folder.add_to_lists("b", "train")
    folder.add_to_lists("b", "train")
    assert train.read_bytes() == b"a\r\ngone\r\nb\r\n"
    assert folder.read_list("trainval") == ["a", "b"]
    assert folder.read_list("test") == ["b"]


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
