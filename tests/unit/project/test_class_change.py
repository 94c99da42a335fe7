"""Two classes merged or swapped on the disk: masks, drafts and journals, the record, and taking it back."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.extra.numpy import arrays

from segstudio.core.class_change import ClassChange
from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.errors import InputError
from segstudio.core.geometry import Box
from segstudio.project.class_change import ImageChanger
from segstudio.project.class_change_log import ClassChangeLog, Layer, Plan
from segstudio.project.project import Project, Side, Status
from tests.small_folders import HEIGHT, WIDTH, voc_folder, write_mask
from tests.unit.project.class_change_stage import (
    BOX,
    MERGE,
    SWAP,
    bytes_of_masks,
    changer_for,
    kept_log,
    masks,
    reopened,
    same,
    seen,
    varied_project,
)
from tests.unit.project.test_touched import Person


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return varied_project(tmp_path)


@pytest.mark.parametrize("change", [MERGE, SWAP])
def test_every_label_map_changes_and_all_come_back_bit_for_bit_after_a_restart(
    project: Project, change: ClassChange
) -> None:
    masks_before, seen_before = masks(project), seen(project)
    statuses = {name: project.status(name) for name in project.names}
    changer, log = changer_for(project, change)
    done = {name: changer.change(name) for name in project.names}
    log.end()
    assert {name for name, each in done.items() if each.changed} == {"s00", "s01", "s02", "s03", "s04"}
    assert {name for name, each in done.items() if each.mask_changed} == {"s00", "s01", "s02", "s03"}
    again = reopened(project)
    assert same(masks(again), {name: change.changed(labels) for name, labels in masks_before.items()})
    assert same(seen(again), {name: change.changed(labels) for name, labels in seen_before.items()})
    assert {name: again.status(name) for name in again.names} == statuses
    proposal = again.load_proposal("s05")
    assert proposal is not None and (proposal.labels == 2).all()
    log = kept_log(again)
    assert log.changed == ["s00", "s01", "s02", "s03", "s04"] and not log.is_interrupted
    changer = ImageChanger(again, log)
    log.begin_taking_back()
    assert all(changer.take_back(name).kept == 0 for name in log.changed)
    assert log.changed == []
    last = reopened(again)
    assert same(masks(last), masks_before) and same(seen(last), seen_before)
    assert {name: last.status(name) for name in last.names} == statuses
    last.close()


def test_lists_sides_and_originals_are_kept_as_accepting_keeps_them(project: Project) -> None:
    folder = project.folder.root
    original = (folder / "SegmentationClass" / "s00.png").read_bytes()
    lists = [(folder / "ImageSets" / "Segmentation" / f"{split}.txt").read_bytes() for split in ("train", "val")]
    sides = {name: project.is_held_out(name) for name in project.names}
    changer, _ = changer_for(project, MERGE)
    for name in project.names:
        changer.change(name)
    assert (project.folder.originals_dir / "s00.png").read_bytes() == original
    assert lists == [
        (folder / "ImageSets" / "Segmentation" / f"{split}.txt").read_bytes() for split in ("train", "val")
    ]
    assert {name: project.is_held_out(name) for name in project.names} == sides
    project.close()


def test_an_unreviewed_mask_stays_unreviewed(project: Project) -> None:
    project.accept_unreviewed(["s05"])
    changer, _ = changer_for(project, MERGE)
    changer.change("s05")
    again = reopened(project)
    assert again.status("s05") is Status.UNREVIEWED and (again.folder.read_label_map("s05") == 1).all()
    ImageChanger(again, kept_log(again)).take_back("s05")
    assert again.status("s05") is Status.UNREVIEWED and (again.folder.read_label_map("s05") == 2).all()
    again.close()


def test_the_history_of_an_image_goes_on_with_the_change_as_its_last_edit(project: Project) -> None:
    before = project.load_label_map("s04").array.copy()
    changer, _ = changer_for(project, SWAP)
    changer.change("s04")
    again = reopened(project)
    document = Person(again, "s04").document
    assert document.history.undo_name == SWAP.name
    document.undo()
    assert np.array_equal(document.label_map.array, before)
    document.undo()
    assert (document.label_map.array == 0).all()
    document.undo()
    assert (document.label_map.array == VOID).all()
    again.close()


def test_what_was_painted_since_stays_and_is_counted(project: Project) -> None:
    before = project.load_label_map("s00").array.copy()
    changer, _ = changer_for(project, MERGE)
    for name in project.names:
        changer.change(name)
    person = Person(project, "s00")
    person.stroke(Box(0, 0, WIDTH, 4), 0)
    project.accept("s00", person.document.label_map.array.copy(), project.journal("s00").append_mark())
    project.journal("s00").close()
    done = changer.take_back("s00")
    now = project.folder.read_label_map("s00")
    assert (now[:4] == 0).all() and np.array_equal(now[4:], before[4:])
    assert done.kept == np.count_nonzero(before[:4] == 2)
    assert project.status("s00") is Status.ACCEPTED
    assert changer.take_back("s01").kept == 0
    project.close()


def test_a_draft_that_was_accepted_since_and_drafted_again_is_taken_back_by_what_moved_in_the_draft(
    project: Project,
) -> None:
    """The mask that lay below is gone; what moved in it says nothing of the present one."""
    draft = project.load_label_map("s03").array.copy()
    changer, _ = changer_for(project, MERGE)
    changer.change("s03")
    labels = project.load_label_map("s03").array.copy()
    project.accept("s03", labels)
    person = Person(project, "s03")
    person.stroke(Box(0, 0, 3, 3), 1)
    person.save()
    project.journal("s03").close()
    changer.take_back("s03")
    assert np.array_equal(project.folder.read_label_map("s03"), draft)
    expected = draft.copy()
    expected[:3, :3] = 1
    assert np.array_equal(project.load_label_map("s03").array, expected)
    project.close()


def test_a_draft_in_which_nothing_moves_is_kept_when_the_mask_below_changes(project: Project) -> None:
    """Its journal builds on the mask: the draft must be a file of its own before the mask is replaced."""
    person = Person(project, "s00")
    person.document.apply_labels("Fill", np.zeros((HEIGHT, WIDTH), np.uint8))  # in the journal alone
    below = project.folder.read_label_map("s00")
    again = reopened(project)
    assert again.status("s00") is Status.DRAFT
    changer, _ = changer_for(again, SWAP)
    assert changer.change("s00").mask_changed
    last = reopened(again)
    assert (last.load_label_map("s00").array == 0).all() and last.status("s00") is Status.DRAFT
    assert np.array_equal(last.folder.read_label_map("s00"), SWAP.changed(below))
    assert len(last.load_history("s00")[0]) == 1
    ImageChanger(last, kept_log(last)).take_back("s00")
    assert (last.load_label_map("s00").array == 0).all()
    assert np.array_equal(last.folder.read_label_map("s00"), below)
    last.close()


def test_a_broken_mask_is_told_and_left(project: Project) -> None:
    path = project.folder.root / "SegmentationClass" / "s01.png"
    path.write_bytes(b"no picture")
    changer, log = changer_for(project, MERGE)
    with pytest.raises(InputError, match=r"s01\.png"):
        changer.change("s01")
    assert path.read_bytes() == b"no picture" and log.changed == []
    project.close()


def test_an_image_whose_size_is_another_one_now_is_left_when_taken_back(project: Project) -> None:
    from PIL import Image

    changer, _ = changer_for(project, MERGE)
    changer.change("s00")
    Image.new("RGB", (20, 20)).save(project.folder.root / "JPEGImages" / "s00.png")
    write_mask(project.folder.root, "s00", np.ones((20, 20), np.uint8))
    again = reopened(project)
    with pytest.raises(InputError, match="s00"):
        ImageChanger(again, kept_log(again)).take_back("s00")
    assert (again.folder.read_label_map("s00") == 1).all()
    again.close()


def test_a_merge_makes_no_pixel_of_a_proposal_count_as_touched(project: Project) -> None:
    person = Person(project, "s05")
    proposed = np.full((HEIGHT, WIDTH), 2, np.uint8)
    person.document.apply_labels("Apply proposal", proposed)
    person.stroke(BOX, 0)
    person.save()
    project.journal("s05").close()
    changer, _ = changer_for(project, MERGE)
    changer.change("s05")
    touched = project.touched_labels("s05")
    assert np.count_nonzero(touched != VOID) == BOX.area
    project.close()


def test_the_classes_of_a_changed_mask_are_known_to_later_decisions(project: Project) -> None:
    labels = project.folder.read_label_map("s00")
    project.accept("s00", labels)
    changer, _ = changer_for(project, MERGE)
    changer.change("s00")
    assert project._index.images()["s00"].classes == {"background", "sun"}
    assert project._index.images()["s00"].side is Side.TEACHING
    project.close()


# -- the record -------------------------------------------------------------------------------------------------


def test_a_record_with_a_torn_end_is_read_up_to_there_and_goes_on(project: Project) -> None:
    changer, log = changer_for(project, MERGE)
    changer.change("s00")
    whole = log.path.read_bytes()
    changer.change("s01")
    log.path.write_bytes(log.path.read_bytes()[:-3] + b"x")
    again = kept_log(project)
    assert again.changed == ["s00", "s01"] and again.left == ["s01", "s02", "s03", "s04", "s05"]
    again.finish("s01")
    assert kept_log(project).left == ["s02", "s03", "s04", "s05"]
    log.path.write_bytes(whole[:20])
    assert ClassChangeLog.open(log.path) is None
    log.path.write_bytes(b"")
    assert ClassChangeLog.open(log.path) is None
    project.close()


def test_the_next_change_replaces_the_record(project: Project) -> None:
    changer, log = changer_for(project, MERGE)
    changer.change("s00")
    size = log.path.stat().st_size
    _, after = changer_for(project, SWAP)
    assert kept_log(project).plan.change == SWAP and kept_log(project).changed == []
    assert after.path.stat().st_size < size
    after.remove()
    assert ClassChangeLog.open(after.path) is None
    project.close()


def test_a_plan_fits_only_the_classes_it_was_made_for() -> None:
    classes = ClassTable.from_names(["background", "sun", "pole"])
    plan = Plan.of(MERGE, classes, ["s00"])
    assert plan.source == "pole" and plan.target == "sun"
    assert plan.fits(ClassTable.from_names(["background", "sun", "pole", "new"]))
    assert not plan.fits(ClassTable.from_names(["background", "sun"]))
    assert not plan.fits(ClassTable.from_names(["background", "pole", "sun"]))


def test_what_moved_is_in_the_record_by_layer(project: Project) -> None:
    changer, log = changer_for(project, MERGE)
    changer.change("s03")
    changer.change("s00")
    assert set(log.moved("s03")) == {Layer.WORK, Layer.MASK}
    assert log.moved("s03")[Layer.WORK].was_draft
    assert set(log.moved("s00")) == {Layer.WORK} and log.moved("nobody") == {}
    project.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrays(np.uint8, (HEIGHT, WIDTH), elements=st.sampled_from([0, 1, 2, VOID])),
    st.sampled_from([MERGE, SWAP]),
)
def test_any_mask_changed_and_taken_back_is_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, labels: np.ndarray, change: ClassChange
) -> None:
    root = voc_folder(tmp_path_factory.mktemp("any") / "voc", images=1, masks=1)
    project = Project.open(root)
    project.accept("s00", labels)
    before = bytes_of_masks(project)
    changer, _ = changer_for(project, change)
    changer.change("s00")
    assert np.array_equal(project.folder.read_label_map("s00"), change.changed(labels))
    if set(np.unique(labels)) & set(change.moving):
        changer.take_back("s00")
    assert bytes_of_masks(project) == before
    project.close()


def test_an_open_image_is_changed_in_its_document_and_written_later(project: Project) -> None:
    changer, log = changer_for(project, SWAP)
    for name, is_draft in (("s00", False), ("s03", True)):
        person = Person(project, name)
        document: Document = person.document
        before, below = document.label_map.array.copy(), project.folder.read_label_map(name)
        prepared = changer.prepare(name, before, is_draft)
        changer.begin_open(document, prepared, is_draft)
        assert document.history.undo_name == SWAP.name
        labels, mark = document.label_map.array.copy(), project.journal(name).append_mark()
        person.stroke(Box(0, 0, 2, 2), 0)  # the person goes on meanwhile
        assert changer.keep_open(name, labels, mark, is_draft, prepared).mask_changed
        assert np.array_equal(project.folder.read_label_map(name), SWAP.changed(below))
        now = project.load_label_map(name).array
        assert (now[:2, :2] == 0).all() and np.array_equal(now[2:], SWAP.changed(before)[2:])
        project.journal(name).close()
    assert set(log.changed) == {"s00", "s03"}
    project.close()
