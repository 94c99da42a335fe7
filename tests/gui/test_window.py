"""The window as a person uses it: open, paint, accept, come back. Real events; what counts is what is on the disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from segstudio.core.class_table import VOID
from segstudio.project.project import Project, Status
from segstudio.services.settings import BRUSH_SIZE
from segstudio.widgets.class_names_dialog import ClassNamesDialog
from tests.gui.window_person import LEFT, Person, mask_of
from tests.small_folders import CLASSES, HEIGHT, WIDTH, plain_folder, voc_folder

Key = Qt.Key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return voc_folder(tmp_path / "data", images=5)


def test_a_folder_opens_and_the_panels_show_it(person: Person, folder: Path) -> None:
    assert person.window.pages.currentWidget() is person.parts.start and not person.parts.status.isVisible()
    person.open(folder)
    assert person.parts.canvas.isVisible() and person.name == "s00"
    assert folder.name in person.window.windowTitle()
    assert person.parts.filmstrip.model.rowCount() == 5
    assert person.parts.status.left.text().startswith(f"s00 · {WIDTH}×{HEIGHT}")
    assert not person.parts.status.primary_button.isEnabled()  # no network, nothing painted
    assert person.said == []


def test_painting_and_accepting_by_the_button(person: Person, folder: Path) -> None:
    person.open(folder)
    person.paint_all(Key.Key_1)
    person.paint(Key.Key_3, (10, 10), (50, 10), size=5)
    assert person.labels[10, 30] == 2 and person.labels[30, 30] == 0
    person.accept()
    person.wait_for_image("s01")
    mask = mask_of(folder, "s00")
    assert mask[10, 30] == 2 and mask[30, 30] == 0 and not (mask == VOID).any()
    person.wait(lambda: "1 accepted" in person.parts.filmstrip.counts.text())


def test_accepting_by_enter(person: Person, folder: Path) -> None:
    person.open(folder)
    person.paint_all(Key.Key_2)
    person.key(Key.Key_Return, person.parts.canvas)
    person.wait_for_image("s01")
    person.settle()
    assert (mask_of(folder, "s00") == 1).all()


def test_number_keys_and_the_panel_choose_classes(person: Person, folder: Path) -> None:
    person.open(folder)
    for key, index in ((Key.Key_2, 1), (Key.Key_3, 2), (Key.Key_1, 0)):
        person.key(key, person.parts.canvas)
        assert person.parts.classes.current() == index
        person.hand.stroke((20, 20), (22, 20))
        assert person.labels[20, 21] == index
    person.key(Key.Key_9, person.parts.canvas)  # there is no ninth class
    assert person.parts.classes.current() == 0


def test_a_number_in_a_field_is_a_number(person: Person, folder: Path) -> None:
    person.open(folder)
    spin = person.parts.brush.size_spin
    spin.setFocus()
    spin.selectAll()
    person.key(Key.Key_3, spin)
    person.key(Key.Key_2, spin)
    person.key(Key.Key_Return, spin)
    assert spin.value() == 32 and person.parts.classes.current() == 0
    assert person.name == "s00" and person.said == []


def test_enter_in_the_search_field_accepts_nothing(person: Person, folder: Path) -> None:
    person.open(folder)
    person.paint_all(Key.Key_1)
    search = person.parts.filmstrip.search
    search.setFocus()
    person.key(Key.Key_Return, search)
    assert person.name == "s00" and person.window.session.status("s00") is Status.DRAFT


def test_arrows_on_a_slider_move_the_slider(person: Person, folder: Path) -> None:
    person.open(folder)
    slider = person.parts.brush.opacity_slider
    slider.setFocus()
    before = slider.value()
    person.key(Key.Key_Right, slider)
    assert slider.value() > before and person.name == "s00"


def test_the_void_bar_offers_to_fill_and_enter_presses_its_button(person: Person, folder: Path) -> None:
    person.open(folder)
    person.paint(Key.Key_2, (10, 10), (50, 10))
    person.key(Key.Key_Return, person.parts.canvas)
    bar = person.parts.void_bar
    assert bar.isVisible() and person.name == "s00"
    bar.class_box.setCurrentIndex(0)
    person.key(Key.Key_Return)
    assert not bar.isVisible()
    person.wait_for_image("s01")
    person.settle()
    mask = mask_of(folder, "s00")
    assert mask[10, 30] == 1 and mask[40, 30] == 0 and not (mask == VOID).any()


def test_the_void_bar_lets_void_be_accepted_or_painting_go_on(person: Person, folder: Path) -> None:
    person.open(folder)
    bar = person.parts.void_bar
    person.paint(Key.Key_2, (10, 10), (50, 10))
    person.click(person.parts.status.primary_button)
    person.wait(bar.isVisible)
    person.key(Key.Key_Escape)
    assert not bar.isVisible() and person.name == "s00" and person.window.session.status("s00") is Status.DRAFT
    person.click(person.parts.status.primary_button)
    person.click(bar.accept_button)
    person.wait_for_image("s01")
    person.settle()
    assert (mask_of(folder, "s00") == VOID).any()


def test_accepting_nothing_is_told(person: Person, folder: Path) -> None:
    person.open(folder)
    person.key(Key.Key_Return, person.parts.canvas)
    assert len(person.said) == 1 and "nothing to accept" in person.said[0]
    assert person.window.notices.cards and person.name == "s00"


def test_undo_and_redo_by_keys(person: Person, folder: Path) -> None:
    person.open(folder)
    undo = person.window.actions_table["undo"]
    assert not undo.isEnabled()
    person.paint_all(Key.Key_2)
    person.paint_all(Key.Key_3)
    person.key(Key.Key_Z, person.parts.canvas)
    assert (person.labels == 1).all()
    person.qtbot.keyClick(person.parts.canvas, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (person.labels == VOID).all() and not undo.isEnabled()
    person.qtbot.keyClick(person.parts.canvas, Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert (person.labels == 1).all() and undo.isEnabled()


def test_a_draft_is_kept_when_leaving_and_at_the_next_start(person: Person, folder: Path) -> None:
    person.open(folder)
    person.paint(Key.Key_2, (10, 10), (50, 10))
    painted = person.labels.copy()
    person.choose_in_filmstrip("s03")
    person.choose_in_filmstrip("s00")
    np.testing.assert_array_equal(person.labels, painted)
    assert person.window.actions_table["undo"].isEnabled()
    person.paint(Key.Key_3, (10, 30), (50, 30))
    painted = person.labels.copy()
    person.window.close()
    project = Project.open(folder)
    assert project.status("s00") is Status.DRAFT
    np.testing.assert_array_equal(project.load_label_map("s00").array, painted)
    project.close()


def test_clearing_is_one_edit(person: Person, folder: Path) -> None:
    person.open(folder)
    person.paint_all(Key.Key_2)
    person.trigger("clear")
    assert (person.labels == VOID).all()
    person.trigger("undo")
    assert (person.labels == 1).all()
    person.trigger("fill_rest")
    assert (person.labels == 1).all()


def test_a_plain_folder_asks_for_classes_and_becomes_a_voc_folder(person: Person, tmp_path: Path) -> None:
    root = plain_folder(tmp_path / "photos")
    person.open(root)
    assert person.name == "p0"
    notice = person.window.notices.cards[0]
    person.click(notice.remedy_button)
    dialog = person.dialog(ClassNamesDialog)
    dialog.edit.setPlainText("background\ncell\nwall\n")  # type: ignore[attr-defined]
    person.answer(dialog)
    project = person.window.session.project
    assert project is not None and project.classes.names == ("background", "cell", "wall")
    assert sorted(path.name for path in root.iterdir()) == ["p0.png", "p1.png", "p2.png"]  # nothing written yet
    person.paint_all(Key.Key_2)
    person.accept()
    assert (root / "JPEGImages").is_dir() and (mask_of(root, "p0") == 1).all()
    assert (root / "ImageSets" / "Segmentation" / "trainval.txt").read_text() == "p0\n"
    again = Project.open(root)
    assert again.folder.is_voc and again.classes.names == ("background", "cell", "wall")
    assert again.status("p0") is Status.ACCEPTED
    again.close()


@pytest.mark.parametrize("onto", ["start page", "canvas"])
def test_a_folder_can_be_dropped(person: Person, folder: Path, tmp_path: Path, onto: str) -> None:
    if onto == "canvas":
        person.open(voc_folder(tmp_path / "other"))
    person.drop(person.window if onto == "start page" else person.parts.canvas, folder)
    person.wait(
        lambda: person.window.session.project is not None and person.window.session.project.folder.root == folder
    )
    person.wait_for_image("s00")


def test_an_image_that_is_dropped_opens_its_folder(person: Person, tmp_path: Path) -> None:
    root = plain_folder(tmp_path / "photos")
    person.drop(person.window, root / "p1.png")
    person.wait(lambda: person.name != "")
    assert person.window.session.project is not None and person.window.session.project.folder.root == root


def test_recent_folders_are_on_the_start_page_and_open_by_a_click(person: Person, folder: Path) -> None:
    person.open(folder)
    person.trigger("close")
    assert person.window.pages.currentWidget() is person.parts.start
    assert not person.window.actions_table["export"].isEnabled()
    person.click(person.parts.start.recent_buttons[0])
    person.wait_for_image("s00")
    person.trigger("close")
    person.window.folder_flow.recent_menu.actions()[0].trigger()
    person.wait_for_image("s00")


def test_a_recent_folder_that_is_gone_is_told_and_forgotten(person: Person, folder: Path) -> None:
    person.open(folder)
    person.trigger("close")
    folder.rename(folder.parent / "elsewhere")
    person.click(person.parts.start.recent_buttons[0])
    person.wait(lambda: bool(person.said))
    assert str(folder) in person.said[0]
    assert person.parts.start.recent_buttons == [] and person.window.pages.currentWidget() is person.parts.start


def test_a_folder_that_cannot_be_opened_costs_nothing(person: Person, folder: Path, tmp_path: Path) -> None:
    person.open(folder)
    person.paint_all(Key.Key_2)
    (tmp_path / "empty").mkdir()
    for bad in (tmp_path / "empty", tmp_path / "nowhere"):
        person.window.open_folder(bad)
        person.wait(lambda bad=bad: bool(person.said) and str(bad) in person.said[-1])  # type: ignore[misc]
    assert person.name == "s00" and (person.labels == 1).all() and person.parts.canvas.isVisible()


def test_a_read_only_folder_says_what_to_do_and_keeps_the_work(
    person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.open(folder)
    real_open = os.open

    def refuse(path: object, flags: int, *rest: int, **more: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, "Read-only file system")
        return real_open(path, flags, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse)
    person.paint_all(Key.Key_2)
    person.click(person.parts.status.primary_button)
    person.wait(lambda: len(person.said) == 2)
    person.settle()
    assert all("--workspace" in text for text in person.said)
    assert person.window.session.status("s00") is Status.DRAFT
    person.choose_in_filmstrip("s00")
    assert (person.labels == 1).all()
    monkeypatch.setattr(os, "open", real_open)
    person.accept()
    assert (mask_of(folder, "s00") == 1).all()


def test_a_broken_image_in_the_filmstrip_leaves_the_open_one(person: Person, folder: Path) -> None:
    (folder / "JPEGImages" / "s02.png").write_bytes(b"no picture")
    person.open(folder)
    person.paint_all(Key.Key_2)
    strip = person.parts.filmstrip
    index = strip.model.index(strip.model.row_of("s02"))
    person.qtbot.mouseClick(strip.view.viewport(), LEFT, pos=strip.view.visualRect(index).center())
    person.wait(lambda: bool(person.said))
    assert len(person.said) == 1 and "s02.png" in person.said[0]
    assert person.name == "s00" and (person.labels == 1).all()
    current = strip.view.currentIndex()
    assert strip.model.row_of("s00") == current.row()


def test_the_status_bar_says_what_is_under_the_pointer(person: Person, folder: Path) -> None:
    person.open(folder)
    person.paint_all(Key.Key_2)
    person.hand.hover(12.5, 7.5)
    assert "x 12 y 7" in person.parts.status.left.text() and "sun" in person.parts.status.left.text()


def test_brush_size_by_keys_and_remembered(person: Person, folder: Path) -> None:
    person.open(folder)
    before = person.parts.brush.size_px()
    person.key(Key.Key_BracketRight, person.parts.canvas)
    larger = person.parts.brush.size_px()
    assert larger > before and person.window.settings.get(BRUSH_SIZE) == larger
    person.key(Key.Key_BracketLeft, person.parts.canvas)
    assert person.parts.brush.size_px() < larger


def test_picking_a_class_from_the_image(person: Person, folder: Path) -> None:
    person.open(folder)
    person.paint_all(Key.Key_3)
    person.key(Key.Key_1, person.parts.canvas)
    person.key(Key.Key_I, person.parts.canvas)
    person.hand.stroke((5, 5))
    assert person.parts.classes.current() == 2
    assert person.window.actions_table["tool.brush"].isChecked()


def test_eraser_paints_background_and_the_void_brush_void(person: Person, folder: Path) -> None:
    person.open(folder)
    person.paint_all(Key.Key_3)
    person.key(Key.Key_E, person.parts.canvas)
    person.hand.stroke((10, 10))
    assert person.labels[10, 10] == 0
    person.key(Key.Key_V, person.parts.canvas)
    person.hand.stroke((40, 30))
    assert person.labels[30, 40] == VOID


def test_rgb_masks_are_written_back_as_rgb(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=3)
    (root / "class_names.txt").unlink()
    (root / "labelmap.txt").write_text("# label:color_rgb:parts:actions\nbackground:0,0,0::\nsun:9,200,30::\n")
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[5:20] = (9, 200, 30)
    Image.fromarray(pixels).save(root / "SegmentationClass" / "s00.png")
    person.open(root)
    assert person.name == "s01"
    person.paint_all(Key.Key_2)
    person.accept()
    assert (mask_of(root, "s01") == (9, 200, 30)).all()
    assert CLASSES[1] == "sun"
