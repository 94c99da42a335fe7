"""How masks of every form, value and frame are read, and written back in the same form."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from segstudio.core.class_table import VOID, VOID_COLOR, voc_color
from segstudio.core.errors import InputError, SaveError
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
