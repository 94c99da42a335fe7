"""What a person did is kept: drafts, the journal and masks, and nothing is lost where the disk fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segstudio.core.class_table import VOID
from segstudio.core.geometry import Box
from segstudio.project.project import Project, Status
from tests.small_folders import draw_scene, voc_folder
from tests.unit.services.conftest import LEFT, RIGHT, Desk, mask_of


def test_leaving_keeps_a_draft_and_coming_back_finds_the_history(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.paint(1, LEFT)
    desk.paint(2, RIGHT)
    desk.session.undo()
    desk.go_to("s01")
    desk.settle()
    assert desk.session.status("s00") is Status.DRAFT and not (folder / "SegmentationClass" / "s00.png").exists()
    desk.go_to("s00")
    assert (desk.document.label_map.read(LEFT) == 1).all() and not desk.document.is_modified
    desk.session.redo()
    assert (desk.document.label_map.read(RIGHT) == 2).all()
    desk.session.undo()
    desk.session.undo()
    assert desk.document.label_map.holds_only(VOID)


def test_a_draft_is_there_at_the_next_start_with_its_history(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.paint(1, LEFT)
    desk.paint(2, RIGHT)
    desk.session.close_project()
    assert desk.session.project is None
    desk.open(folder)
    assert desk.session.status("s00") is Status.DRAFT
    assert (desk.document.label_map.read(LEFT) == 1).all() and (desk.document.label_map.read(RIGHT) == 2).all()
    desk.session.undo()
    assert (desk.document.label_map.read(RIGHT) == VOID).all() and (desk.document.label_map.read(LEFT) == 1).all()


def test_opening_the_open_folder_again_keeps_what_was_painted(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.paint(1, LEFT)
    desk.open(folder)
    assert (desk.document.label_map.read(LEFT) == 1).all()
    assert desk.session.status("s00") is Status.DRAFT


def test_editing_an_accepted_image_makes_a_draft_of_it(desk: Desk, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=3, masks=3)
    desk.open(root)
    truth = draw_scene(0)[1]
    desk.paint(2, LEFT)
    assert desk.session.status("s00") is Status.DRAFT
    desk.go_to("s01")
    desk.settle()
    np.testing.assert_array_equal(mask_of(root, "s00"), truth)
    desk.go_to("s00")
    desk.session.accept()
    desk.settle()
    assert (mask_of(root, "s00")[LEFT.slices] == 2).all()
    np.testing.assert_array_equal(mask_of(root, "s00")[RIGHT.slices], truth[RIGHT.slices])
    assert desk.session.status("s00") is Status.ACCEPTED


def test_every_edit_is_in_the_journal_before_anything_else_is_saved(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    with desk.qtbot.waitSignal(desk.session.journaled):
        desk.paint(1, LEFT)
    other = Project.open(folder)
    try:
        assert (other.load_label_map("s00").read(LEFT) == 1).all()
    finally:
        other.close()


def test_more_images_than_are_kept_in_memory_lose_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.open(voc_folder(tmp_path / "data", images=12))
    for number in range(12):
        desk.go_to(f"s{number:02d}")
        desk.paint(number % 3)
    desk.settle()
    for number in range(12):
        desk.go_to(f"s{number:02d}")
        assert (desk.document.label_map.array == number % 3).all()
        assert desk.document.can_undo


def test_a_full_disk_loses_no_accepted_work_and_says_so_once(
    desk: Desk, folder: Path, disk_full: Callable[[], Callable[[], None]]
) -> None:
    desk.open(folder)
    desk.paint(1)
    make_room = disk_full()
    desk.session.accept()
    desk.wait_for("s01")
    desk.settle()
    assert len(desk.said) == 1 and "disk is full" in desk.said[0]
    assert desk.session.status("s00") is Status.DRAFT and not (folder / "SegmentationClass" / "s00.png").exists()
    remedy = desk.notifier.history[-1].remedy
    assert remedy is not None
    remedy()
    desk.wait_for("s00")
    assert (desk.document.label_map.array == 1).all() and desk.document.can_undo
    make_room()
    assert desk.session.accept()
    desk.settle()
    assert (mask_of(folder, "s00") == 1).all() and desk.session.status("s00") is Status.ACCEPTED


def test_painting_on_a_full_disk_goes_on_and_complains_once(
    desk: Desk, folder: Path, disk_full: Callable[[], Callable[[], None]]
) -> None:
    desk.open(folder)
    make_room = disk_full()
    for value in (1, 2, 1):
        desk.paint(value, LEFT)
    assert len(desk.said) == 1 and "disk is full" in desk.said[0]
    desk.session.undo()
    assert (desk.document.label_map.read(LEFT) == 2).all()
    desk.go_to("s01")
    desk.settle()
    assert len(desk.said) == 1
    make_room()
    desk.session.close_project()
    again = Project.open(folder)
    try:
        assert (again.load_label_map("s00").read(LEFT) == 2).all()
    finally:
        again.close()


def test_edits_after_a_lost_one_are_recovered_right_or_not_at_all(
    desk: Desk, folder: Path, disk_full: Callable[[], Callable[[], None]]
) -> None:
    desk.open(folder)
    desk.paint(1, LEFT)
    make_room = disk_full()
    desk.paint(2)
    desk.settle()
    make_room()
    desk.paint(1, RIGHT)  # with room again, the draft catches up in the background
    desk.settle()
    desk.paint(0, Box(0, 0, 10, 10))
    other = Project.open(folder)  # as after a crash
    try:
        np.testing.assert_array_equal(other.load_label_map("s00").array, desk.document.label_map.array)
        undo, _ = other.load_history("s00")
        assert len(undo) == 1
    finally:
        other.close()
    assert len(desk.said) == 1


def test_a_draft_that_failed_keeps_its_document_in_memory(
    desk: Desk, tmp_path: Path, disk_full: Callable[[], Callable[[], None]]
) -> None:
    desk.open(voc_folder(tmp_path / "data", images=12))
    make_room = disk_full()
    desk.paint(1, LEFT)
    for number in range(1, 12):
        desk.go_to(f"s{number:02d}")
    desk.settle()
    desk.go_to("s00")
    assert (desk.document.label_map.read(LEFT) == 1).all() and desk.document.can_undo
    make_room()


def test_a_read_only_folder_can_be_painted_in_and_says_what_to_do(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from segstudio.formats import atomic

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    desk.open(folder)
    monkeypatch.setattr(atomic.os, "open", refuse)
    desk.paint(1)
    desk.session.accept()
    desk.settle()
    desk.wait_for("s01")
    assert all("--workspace" in text for text in desk.said) and len(desk.said) == 2  # when painting, and when accepting
    desk.go_to("s00")
    assert (desk.document.label_map.array == 1).all()


def test_a_workspace_takes_everything_that_is_written(desk: Desk, folder: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    desk.open(folder, workspace)
    desk.paint(1)
    desk.session.accept()
    desk.settle()
    assert (workspace / "SegmentationClass" / "s00.png").is_file()
    assert not (folder / "SegmentationClass" / "s00.png").exists() and not (folder / ".segstudio").exists()


def test_a_stroke_taken_back_leaves_an_accepted_image_accepted(desk: Desk, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=3, masks=3)
    desk.open(root)
    desk.paint(2, LEFT)
    desk.session.undo()
    desk.go_to("s01")
    desk.settle()
    assert desk.session.status("s00") is Status.ACCEPTED
    desk.session.close_project()
    desk.open(root)
    assert desk.session.status("s00") is Status.ACCEPTED
    assert not list((root / ".segstudio" / "drafts").glob("*"))


def test_an_image_that_is_only_looked_at_is_not_saved(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.go_to("s01")
    desk.session.close_project()
    assert not (folder / ".segstudio" / "drafts").exists() and not (folder / ".segstudio" / "journal").exists()


def test_a_disk_that_fails_while_closing_is_told_once_and_the_folder_is_closed(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    desk.open(folder)
    for name, value in (("s00", 1), ("s01", 2)):
        desk.go_to(name)
        desk.paint(value, LEFT)
    told_before_closed: list[list[str]] = []
    desk.session.project_closed.connect(lambda: told_before_closed.append(desk.said))
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        desk.session.close_project()
    assert desk.session.project is None
    said = told_before_closed[0]
    assert len(said) == len(set(said)) == 2 and all("disk is full" in text for text in said)
    desk.open(folder)
    assert desk.said == said
    desk.go_to("s01")
    assert (desk.document.label_map.read(LEFT) == 2).all()
    desk.paint(1, RIGHT)
    desk.session.close_project()
    assert desk.said == said and desk.session.project is None


def test_a_folder_whose_disk_is_full_can_be_left_for_another(
    desk: Desk, folder: Path, tmp_path: Path, disk_full: Callable[[], Callable[[], None]]
) -> None:
    other = voc_folder(tmp_path / "other")
    desk.open(folder)
    make_room = disk_full()
    desk.paint(1)
    assert len(desk.said) == 1
    desk.open(other)
    make_room()
    assert desk.session.project is not None and desk.session.project.folder.root == other
    assert len(desk.said) == 2, "the draft could not be written either"
    assert desk.notifier.history[-1].remedy is None
    desk.paint(2)
    desk.go_to("s01")
    desk.settle()
    assert desk.session.status("s00") is Status.DRAFT
