"""The life of a label map: proposed, drafted, recorded, accepted; rounds; and folders that cannot be written."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.errors import InputError, SaveError
from segstudio.core.geometry import Box
from segstudio.project.index import SCHEMA_VERSION
from segstudio.project.project import Project, Side, Status
from segstudio.project.rounds import Round

from .conftest import LABELMAP, FolderMaker, UInt8Array

NAME = "image0"


def _reopened(project: Project) -> Project:
    project.close()
    return Project.open(project.folder.root)


def _edit(project: Project, document: Document, value: int) -> None:
    builder = document.begin("Brush stroke")
    builder.replace(Box(2, 2, 12, 9), np.full((7, 10), value, dtype=np.uint8))
    edit = builder.commit()
    assert edit is not None
    project.journal(NAME).append(edit)


def test_a_new_label_map_is_void_of_the_images_size(cell_project: Project) -> None:
    label_map = cell_project.load_label_map(NAME)
    assert label_map.shape == (30, 40) and (label_map.array == VOID).all()
    assert cell_project.status(NAME) is Status.UNLABELLED


def test_looking_at_a_folder_writes_nothing(cell_project: Project) -> None:
    before = sorted(cell_project.folder.root.rglob("*"))
    for name in cell_project.names:
        cell_project.load_label_map(name)
        cell_project.status(name)
        cell_project.journal(name)
    assert cell_project.teaching_names() == [] and cell_project.rounds() == []
    cell_project.close()
    assert sorted(cell_project.folder.root.rglob("*")) == before


def test_drafts_survive_reopening(cell_project: Project, labels: UInt8Array) -> None:
    cell_project.save_draft(NAME, labels)
    again = _reopened(cell_project)
    assert again.status(NAME) is Status.DRAFT
    assert np.array_equal(again.load_label_map(NAME).array, labels)
    assert not again.folder.has_mask(NAME)
    again.close()


def test_edits_after_the_draft_survive_reopening(cell_project: Project, labels: UInt8Array) -> None:
    cell_project.save_draft(NAME, labels)
    document = Document(NAME, cell_project.load_label_map(NAME), cell_project.classes)
    _edit(cell_project, document, 1)
    again = _reopened(cell_project)
    assert np.array_equal(again.load_label_map(NAME).array, document.label_map.array)
    undo, redo = again.load_history(NAME)
    assert len(undo) == 1 and not redo
    again.close()


def test_edits_made_while_the_draft_is_being_saved_are_not_lost(cell_project: Project) -> None:
    document = Document(NAME, cell_project.load_label_map(NAME), cell_project.classes)
    _edit(cell_project, document, 1)
    mark, copy = cell_project.journal(NAME).append_mark(), document.label_map.array.copy()
    _edit(cell_project, document, 2)
    cell_project.save_draft(NAME, copy, mark)
    again = _reopened(cell_project)
    assert np.array_equal(again.load_label_map(NAME).array, document.label_map.array)
    again.close()


def test_a_draft_over_an_accepted_mask_changes_no_truth_until_accepted(
    cell_project: Project, labels: UInt8Array
) -> None:
    cell_project.accept(NAME, labels)
    cell_project.save_draft(NAME, np.zeros_like(labels))
    assert cell_project.status(NAME) is Status.DRAFT
    assert np.array_equal(cell_project.folder.read_label_map(NAME), labels)
    assert cell_project.teaching_names() == [NAME]
    cell_project.accept(NAME, np.zeros_like(labels))
    assert cell_project.status(NAME) is Status.ACCEPTED
    assert not (cell_project.folder.read_label_map(NAME)).any()
    cell_project.close()


def test_an_all_void_draft_says_nothing(cell_project: Project, labels: UInt8Array) -> None:
    cell_project.save_draft(NAME, labels)
    cell_project.save_draft(NAME, np.full_like(labels, VOID))
    assert cell_project.status(NAME) is Status.UNLABELLED
    cell_project.close()


def test_accept_writes_mask_and_lists_and_drops_draft_and_proposal(cell_project: Project, labels: UInt8Array) -> None:
    cell_project.save_proposal(NAME, labels, labels, "r1")
    cell_project.save_draft(NAME, labels)
    document = Document(NAME, cell_project.load_label_map(NAME), cell_project.classes)
    _edit(cell_project, document, 2)
    assert cell_project.accept(NAME, document.label_map.array.copy()) is Side.TEACHING
    again = _reopened(cell_project)
    assert again.status(NAME) is Status.ACCEPTED and again.load_proposal(NAME) is None
    assert np.array_equal(again.load_label_map(NAME).array, document.label_map.array)
    with Image.open(again.folder.root / "SegmentationClass" / f"{NAME}.png") as picture:
        assert np.array_equal(np.asarray(picture), document.label_map.array)
    assert again.folder.read_list("train") == again.folder.read_list("trainval") == [NAME]
    again.close()


def test_proposals_keep_confidence_round_and_classes(cell_project: Project, labels: UInt8Array) -> None:
    confidence = np.arange(labels.size, dtype=np.uint32).reshape(labels.shape).astype(np.uint8)
    cell_project.save_proposal(NAME, labels, confidence, "r1")
    again = _reopened(cell_project)
    assert again.status(NAME) is Status.PROPOSED and not again.has_labels(NAME)
    proposal = again.load_proposal(NAME)
    assert proposal is not None and proposal.round_id == "r1"
    assert np.array_equal(proposal.labels, labels) and np.array_equal(proposal.confidence, confidence)
    assert proposal.class_names == again.classes.names
    assert (again.load_label_map(NAME).array == VOID).all()
    again.drop_proposals()
    assert again.status(NAME) is Status.UNLABELLED
    again.close()


def test_proposals_and_drafts_follow_the_class_table_by_name(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.image(NAME)
    data_set.text("labelmap.txt", LABELMAP)
    project = Project.open(data_set.root)
    project.save_proposal(NAME, labels, labels, None)
    project.save_draft(NAME, labels)
    project.close()
    data_set.text("labelmap.txt", "wall:200,0,90::\nnew:1,1,1::\nbackground:0,0,0::\ncell:10,200,30::\n")
    again = Project.open(data_set.root)
    for read in (again.load_proposal(NAME).labels, again.load_label_map(NAME).array):  # type: ignore[union-attr]
        for name, value in (("background", 0), ("cell", 1), ("wall", 2)):
            assert np.array_equal(read == again.classes.index_of(name), labels == value)
    again.close()


def test_a_broken_proposal_is_none(cell_project: Project, labels: UInt8Array) -> None:
    cell_project.save_proposal(NAME, labels, labels, None)
    (cell_project.state_dir / "proposals" / f"{NAME}.png").write_bytes(b"broken")
    assert cell_project.load_proposal(NAME) is None
    cell_project.close()


def test_a_broken_draft_is_named(cell_project: Project, labels: UInt8Array) -> None:
    cell_project.save_draft(NAME, labels)
    (cell_project.state_dir / "drafts" / f"{NAME}.png").write_bytes(b"broken")
    with pytest.raises(InputError, match=f"{NAME}.png"):
        cell_project.load_label_map(NAME)
    cell_project.close()


def test_rounds_keep_their_lineage_and_any_can_be_used_again(cell_project: Project) -> None:
    assert cell_project.current_round() is None
    first = Round("r1", cell_project.checkpoints_dir / "r1.safetensors", None, "2026-01-01T00:00:00", 5, 30.0)
    second = Round("r2", Path("/elsewhere/r2.safetensors"), "r1", scores={"miou": 0.5}, kept=False, note="worse")
    for made in (first, second):
        cell_project.add_round(made)
    cell_project.use_round("r2")
    again = _reopened(cell_project)
    assert again.rounds() == [first, second] and again.current_round() == second
    again.use_round("r1")
    assert again.current_round() == first
    with pytest.raises(InputError, match="r9"):
        again.use_round("r9")
    again.close()


def test_checkpoint_paths_follow_the_folder_when_it_moves(cell_project: Project, tmp_path: Path) -> None:
    cell_project.add_round(Round("r1", cell_project.checkpoints_dir / "r1.safetensors"))
    cell_project.close()
    cell_project.folder.root.rename(tmp_path / "moved")
    moved = Project.open(tmp_path / "moved")
    assert moved.rounds()[0].checkpoint == moved.checkpoints_dir / "r1.safetensors"
    moved.close()


def test_time_spent_adds_up(cell_project: Project) -> None:
    cell_project.add_seconds(NAME, 2.5)
    cell_project.add_seconds(NAME, 4.0)
    again = _reopened(cell_project)
    assert again.seconds(NAME) == 6.5 and again.seconds("image1") == 0.0
    again.close()


def test_job_file(cell_project: Project) -> None:
    path = cell_project.write_job("r1", {"train": ["a"], "heldout": []})
    assert path.read_text().split() == ["{", '"train":', "[", '"a"', "],", '"heldout":', "[]", "}"]
    assert cell_project.checkpoints_dir.is_dir()
    cell_project.close()


def test_an_index_of_a_newer_version_and_a_damaged_one_are_named(cell_project: Project) -> None:
    cell_project.add_seconds(NAME, 1)
    cell_project.close()
    index = cell_project.state_dir / "project.sqlite"
    connection = sqlite3.connect(index)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(InputError, match="newer segstudio"):
        Project.open(cell_project.folder.root)
    index.write_bytes(b"this is not a database" * 100)
    with pytest.raises(InputError, match="damaged"):
        Project.open(cell_project.folder.root)


def test_a_folder_that_cannot_be_written_can_be_looked_at_and_names_the_remedy(
    data_set: FolderMaker, labels: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the seam, because permissions do not stop root."""
    for index in range(6):
        data_set.image(f"image{index}", seed=index)
        data_set.grey_mask(f"image{index}", labels)
    data_set.text("labelmap.txt", LABELMAP)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    for seam in ("open", "mkdir", "replace", "rename"):
        monkeypatch.setattr(os, seam, refuse)
    project = Project.open(data_set.root)
    assert project.status("image1") is Status.ACCEPTED
    assert len(project.teaching_names()) + len(project.held_out_names()) == 6
    assert np.array_equal(project.load_label_map("image1").array, labels)
    document = Document("image1", project.load_label_map("image1"), project.classes)
    builder = document.begin("Brush stroke")
    builder.replace(Box(0, 0, 3, 3), np.zeros((3, 3), dtype=np.uint8))
    edit = builder.commit()
    assert edit is not None
    for write in (
        lambda: project.journal("image1").append(edit),
        lambda: project.save_draft("image1", labels),
        lambda: project.accept("image1", labels),
        lambda: project.add_seconds("image1", 1.0),
        lambda: project.save_proposal("image1", labels, labels, None),
    ):
        with pytest.raises(SaveError, match="--workspace"):
            write()
    project.close()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not stop root")
def test_a_folder_without_write_permission(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.image(NAME)
    data_set.text("labelmap.txt", LABELMAP)
    data_set.root.chmod(0o555)
    try:
        project = Project.open(data_set.root)
        with pytest.raises(SaveError, match="--workspace"):
            project.accept(NAME, labels)
        project.close()
    finally:
        data_set.root.chmod(0o755)


def test_a_full_disk_at_accept_keeps_draft_and_edits(
    cell_project: Project, labels: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell_project.save_draft(NAME, labels)
    document = Document(NAME, cell_project.load_label_map(NAME), cell_project.classes)
    _edit(cell_project, document, 1)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for _ in range(3):
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(SaveError, match="disk is full"):
            cell_project.accept(NAME, document.label_map.array.copy())
        monkeypatch.undo()
    again = _reopened(cell_project)
    assert again.status(NAME) is Status.DRAFT
    assert np.array_equal(again.load_label_map(NAME).array, document.label_map.array)
    again.close()


def test_several_threads_may_use_one_project(cell_project: Project, labels: UInt8Array) -> None:
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for _ in range(5):
                cell_project.save_draft(name, labels)
                cell_project.add_seconds(name, 1.0)
                cell_project.load_label_map(name)
                cell_project.accept(name, labels)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must show it
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in cell_project.names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert {cell_project.seconds(name) for name in cell_project.names} == {5.0}
    assert sorted(cell_project.folder.read_list("trainval")) == cell_project.names
    cell_project.close()


def test_a_plain_folder_is_accepted_into_voc_form(data_set: FolderMaker, labels: UInt8Array) -> None:
    for index in range(3):
        data_set.plain_image(f"photo{index}", seed=index)
    project = Project.open(data_set.root)
    project.set_classes(ClassTable.from_names(["background", "cell", "wall"]))
    project.accept("photo1", labels)
    again = _reopened(project)
    assert again.status("photo1") is Status.ACCEPTED and len(again.names) == 3
    assert again.folder.read_list("train") == ["photo1"]
    for name in again.folder.read_list("train"):
        # As torchvision's VOCSegmentation finds its pairs.
        assert (again.folder.root / "JPEGImages" / f"{name}.jpg").is_file()
        assert (again.folder.root / "SegmentationClass" / f"{name}.png").is_file()
    again.close()
