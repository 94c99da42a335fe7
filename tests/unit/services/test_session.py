"""The session: open, paint, accept, leave and come back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.geometry import Box
from segstudio.project.project import Proposal, Status
from tests.small_folders import CLASSES, HEIGHT, WIDTH, draw_scene, voc_folder
from tests.unit.services.conftest import LEFT, RIGHT, Desk, mask_of


def proposal(value: int = 1) -> Proposal:
    labels = np.full((HEIGHT, WIDTH), value, np.uint8)
    return Proposal(labels, np.full_like(labels, 200), "round", CLASSES)


def test_a_folder_opens_at_its_first_unfinished_image(desk: Desk, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=5, masks=2)
    desk.open(root)
    assert desk.session.current is not None and desk.session.current.name == "s02"
    np.testing.assert_array_equal(desk.session.current.image, draw_scene(2)[0])
    assert desk.document.label_map.holds_only(VOID)
    desk.qtbot.waitUntil(lambda: desk.session.tally.accepted == 2)
    assert not (root / ".segstudio" / "drafts").exists()


def test_a_finished_folder_opens_at_its_first_image(desk: Desk, tmp_path: Path) -> None:
    desk.open(voc_folder(tmp_path / "data", images=3, masks=3))
    assert desk.session.current is not None and desk.session.current.name == "s00"
    np.testing.assert_array_equal(desk.document.label_map.array, draw_scene(0)[1])


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_that_cannot_be_opened_leaves_the_open_one(desk: Desk, folder: Path, made: bool) -> None:
    desk.open(folder)
    desk.paint(1, LEFT)
    other = folder.parent / "other"
    if made:
        other.mkdir()
    desk.session.open_project(other)
    desk.qtbot.waitUntil(lambda: bool(desk.said))
    assert len(desk.said) == 1 and str(other) in desk.said[0]
    assert desk.session.project is not None and desk.session.project.folder.root == folder
    assert (desk.document.label_map.read(LEFT) == 1).all() and desk.document.can_undo


def test_next_and_previous_stop_at_the_ends(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.session.open_previous()
    assert desk.session.current is not None and desk.session.current.name == "s00"
    for name in ("s01", "s02", "s03", "s04", "s05"):
        desk.session.open_next()
        desk.wait_for(name)
    assert desk.session.next_name() is None and desk.session.next_name(only_unfinished=True) == "s00"
    desk.session.open_previous()
    desk.wait_for("s04")


def test_the_next_image_waits_until_the_loop_has_come_round(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.qtbot.waitUntil(lambda: "s01" in desk.session._shelf)  # type: ignore[operator]  # a folder is open
    desk.paint(1, Box(0, 0, WIDTH, HEIGHT))
    assert desk.session.accept()
    QCoreApplication.sendPostedEvents()  # what the turn of the click does before it ends
    assert desk.session.current is not None and desk.session.current.name == "s00"
    desk.wait_for("s01")


def test_accepting_writes_the_mask_and_goes_on(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.paint(2)
    with desk.qtbot.waitSignal(desk.session.accepted) as accepted:
        assert desk.session.accept()
        assert desk.session.status("s00") is Status.ACCEPTED
    assert accepted.args == ["s00"]
    desk.wait_for("s01")
    assert (mask_of(folder, "s00") == 2).all()
    assert (folder / "ImageSets" / "Segmentation" / "train.txt").read_text() == "s00\n"
    desk.qtbot.waitUntil(lambda: (desk.session.tally.accepted, desk.session.tally.teaching) == (1, 1))
    assert desk.said == []


def test_accepting_a_proposal_is_accepting_what_is_shown(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.session.take_proposal("s00", proposal(1))
    assert desk.session.shown_proposal is not None
    assert desk.session.current.class_shares() == {1: 1.0}
    assert desk.session.accept()
    desk.settle()
    assert (mask_of(folder, "s00") == 1).all()


def test_nothing_at_all_is_not_accepted(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    with desk.qtbot.waitSignal(desk.session.void_left) as left:
        assert not desk.session.accept(allow_void=True)
    assert left.args == [1.0]
    assert desk.session.status("s00") is Status.UNLABELLED


def test_void_that_is_left_is_asked_about(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.paint(1, LEFT)
    with desk.qtbot.waitSignal(desk.session.void_left) as left:
        assert not desk.session.accept()
    assert left.args == [0.5]
    assert desk.session.current is not None and desk.session.current.name == "s00"
    assert desk.session.fill_void(0) is not None
    assert desk.session.accept()
    desk.settle()
    assert (mask_of(folder, "s00")[LEFT.slices] == 1).all() and (mask_of(folder, "s00")[RIGHT.slices] == 0).all()


def test_void_may_be_accepted(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.paint(1, LEFT)
    assert desk.session.accept(allow_void=True)
    desk.settle()
    assert (mask_of(folder, "s00")[RIGHT.slices] == VOID).all()


def test_a_proposal_becomes_one_edit_and_undo_shows_it_as_a_proposal_again(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    session = desk.session
    session.take_proposal("s00", proposal(2))
    edit = session.adopt_proposal()
    assert edit is not None and session.shown_proposal is None and (desk.document.label_map.array == 2).all()
    desk.paint(1, LEFT)
    assert session.clear() is not None
    session.undo()
    assert (desk.document.label_map.read(LEFT) == 1).all()
    session.undo()
    assert (desk.document.label_map.array == 2).all()
    session.undo()
    assert desk.document.label_map.holds_only(VOID) and not desk.document.can_undo
    assert session.shown_proposal is not None
    for _ in range(3):
        session.redo()
    assert desk.document.label_map.holds_only(VOID) and not desk.document.can_redo


def test_a_proposal_fills_only_what_is_void_unless_all_is_to_be_replaced(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.paint(1, LEFT)
    desk.session.take_proposal("s00", proposal(2))
    assert desk.session.shown_proposal is None
    desk.session.adopt_proposal()
    assert (desk.document.label_map.read(LEFT) == 1).all() and (desk.document.label_map.read(RIGHT) == 2).all()
    desk.session.replace_by_proposal()
    assert (desk.document.label_map.array == 2).all()
    desk.session.undo()
    assert (desk.document.label_map.read(LEFT) == 1).all()


def test_a_proposal_of_another_size_is_left(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    large = np.ones((HEIGHT * 2, WIDTH * 2), np.uint8)  # the file was replaced while it is open
    desk.session.take_proposal("s00", Proposal(large, large, "round", CLASSES))
    assert desk.session.shown_proposal is None


def test_a_proposal_for_an_image_read_ahead_is_there_when_it_opens(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.qtbot.waitUntil(lambda: desk.session._shelf is not None and "s01" in desk.session._shelf)
    desk.session.take_proposal("s01", proposal(1))
    desk.go_to("s01")
    assert desk.session.shown_proposal is not None


def test_forgotten_proposals_are_gone_but_the_one_in_sight_waits_for_its_successor(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    assert desk.session.project is not None
    desk.session.project.save_proposal("s01", *(np.ones((HEIGHT, WIDTH), np.uint8),) * 2, "round")
    desk.session.take_proposal("s00", proposal())
    assert desk.session.status("s01") is Status.PROPOSED
    shown = desk.session.shown_proposal
    desk.session.forget_proposals()
    desk.settle()
    assert desk.session.shown_proposal is shown and desk.session.status("s01") is Status.UNLABELLED
    desk.session.take_proposal("s00", proposal())
    assert desk.session.shown_proposal is not shown


def test_a_forgotten_proposal_that_was_painted_over_is_no_more_to_be_had(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.session.take_proposal("s00", proposal())
    desk.paint(1, LEFT)
    painted = desk.document.label_map.array.copy()
    desk.session.forget_proposals()
    desk.settle()
    assert desk.session.adopt_proposal() is None and (desk.document.label_map.array == painted).all()


@pytest.mark.parametrize("damage", [b"", b"\xff\xd8\xff\xe0 no picture", None])
def test_a_broken_image_is_told_and_the_open_one_stays(desk: Desk, folder: Path, damage: bytes | None) -> None:
    broken = folder / "JPEGImages" / "s03.png"
    broken.write_bytes(broken.read_bytes()[:200] if damage is None else damage)
    desk.open(folder)
    desk.paint(1, LEFT)
    with desk.qtbot.waitSignal(desk.session.image_failed) as failed:
        desk.session.open_image("s03")
    assert failed.args is not None and failed.args[0] == "s03"
    assert len(desk.said) == 1 and "s03.png" in desk.said[0]
    assert desk.session.current is not None and desk.session.current.name == "s00"
    assert (desk.document.label_map.read(LEFT) == 1).all() and desk.document.can_undo


def test_going_on_passes_over_a_broken_image(desk: Desk, folder: Path) -> None:
    for name in ("s01", "s02", "s04"):
        (folder / "JPEGImages" / f"{name}.png").write_bytes(b"")
    desk.open(folder)
    desk.session.open_next()
    desk.wait_for("s03")
    assert len(desk.said) == 2
    desk.paint(1)
    desk.session.accept()
    desk.wait_for("s05")
    desk.session.open_previous()
    desk.wait_for("s03")
    desk.session.open_previous()
    desk.wait_for("s00")
    assert len(desk.said) == 3  # each one once


def test_a_folder_whose_first_image_is_broken_opens_at_the_next(desk: Desk, folder: Path) -> None:
    (folder / "JPEGImages" / "s00.png").write_bytes(b"")
    desk.open(folder)
    assert desk.session.current is not None and desk.session.current.name == "s01"
    assert len(desk.said) == 1


def test_a_mask_of_another_size_is_told_and_not_overwritten(desk: Desk, folder: Path) -> None:
    path = folder / "SegmentationClass" / "s03.png"
    Image.fromarray(np.zeros((5, 7), np.uint8)).save(path)
    before = path.read_bytes()
    desk.open(folder)
    with desk.qtbot.waitSignal(desk.session.image_failed):
        desk.session.open_image("s03")
    assert len(desk.said) == 1 and path.read_bytes() == before


def test_other_classes_reach_every_open_document(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.go_to("s01")
    with desk.qtbot.waitSignal(desk.session.classes_changed):
        desk.session.set_classes(ClassTable.from_names([*CLASSES, "wire"]))
    assert desk.document.classes.names[-1] == "wire"
    desk.go_to("s00")
    assert desk.document.classes.names[-1] == "wire"


def test_time_is_counted_for_the_image_that_was_open(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.paint(1, LEFT)
    desk.go_to("s01")
    desk.settle()
    assert desk.session.project is not None
    assert desk.session.project.seconds("s00") > 0 and desk.session.project.seconds("s03") == 0


def test_closing_while_images_are_still_counted_is_quiet(desk: Desk, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=40, masks=40)
    (root / "ImageSets" / "Segmentation" / "train.txt").unlink()
    (root / "ImageSets" / "Segmentation" / "val.txt").unlink()
    desk.open(root)
    desk.session.close_project()
    desk.open(root)
    desk.qtbot.waitUntil(lambda: desk.session.tally.accepted == 40)
    assert desk.said == []


def test_the_last_image_stays_open_when_it_is_accepted(desk: Desk, tmp_path: Path) -> None:
    desk.open(voc_folder(tmp_path / "data", images=1))
    desk.paint(1)
    desk.session.accept()
    desk.settle()
    assert desk.session.current is not None and desk.session.status("s00") is Status.ACCEPTED
    assert not desk.document.is_modified
