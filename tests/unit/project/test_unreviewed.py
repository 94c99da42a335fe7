"""Label maps accepted in bulk: never held out, in no list, teaching only where asked, until somebody accepts them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segstudio.core.class_table import VOID
from segstudio.core.errors import InputError, SaveError
from segstudio.project.index import SCHEMA_VERSION, ProjectIndex
from segstudio.project.project import Project, Side, Status

from .conftest import LABELMAP, FolderMaker, UInt8Array


@pytest.fixture
def proposed(data_set: FolderMaker, labels: UInt8Array) -> Iterator[Project]:
    """Twelve images, all with a proposal of the classes 0 to 2."""
    data_set.text("labelmap.txt", LABELMAP)
    for index in range(12):
        data_set.image(f"i{index}", seed=index)
    project = Project.open(data_set.root)
    for name in project.names:
        propose(project, name, labels)
    yield project
    project.close()


def propose(project: Project, name: str, labels: UInt8Array) -> None:
    project.save_proposal(name, np.where(labels == VOID, 0, labels).astype(np.uint8), labels, "r1")


def reopened(project: Project) -> Project:
    project.close()
    return Project.open(project.folder.root)


def lists(project: Project) -> list[Path]:
    return sorted((project.folder.root / "ImageSets").rglob("*.txt"))


def test_the_masks_are_written_and_marked_and_stand_in_no_list(proposed: Project, labels: UInt8Array) -> None:
    steps: list[tuple[int, int]] = []
    written = proposed.accept_unreviewed(proposed.names[:8], lambda done, total: steps.append((done, total)))
    assert written == proposed.names[:8] and steps == [(at, 8) for at in range(1, 9)]
    again = reopened(proposed)
    for name in written:
        assert again.status(name) is Status.UNREVIEWED and again.has_labels(name)
        assert again.load_proposal(name) is None and again.is_held_out(name) is None
        assert np.array_equal(again.folder.read_label_map(name), np.where(labels == VOID, 0, labels))
    assert again.status("i8") is Status.PROPOSED
    assert lists(again) == []
    assert again.teaching_names() == [] and again.held_out_names() == []
    again.close()


def test_they_teach_only_where_the_person_says_so(proposed: Project, labels: UInt8Array) -> None:
    proposed.accept("i0", labels)
    proposed.accept_unreviewed(["i1", "i2"])
    assert proposed.teaching_names() == ["i0"]
    assert proposed.teaching_names(include_unreviewed=True) == ["i0", "i1", "i2"]


def test_accepting_one_reviews_it_and_only_then_decides_its_side(proposed: Project, labels: UInt8Array) -> None:
    proposed.accept_unreviewed(proposed.names)
    sides = {name: proposed.accept(name, labels) for name in proposed.names}
    assert set(sides.values()) == set(Side)  # as if they had been accepted one by one from the start
    assert proposed.held_out_names() == [name for name in proposed.names if sides[name] is Side.HELD_OUT]
    again = reopened(proposed)
    assert {again.status(name) for name in again.names} == {Status.ACCEPTED}
    assert again.folder.read_list("trainval") == again.names
    assert again.teaching_names(include_unreviewed=True) == again.teaching_names()
    again.close()


def test_what_has_taught_is_never_held_out(proposed: Project, labels: UInt8Array) -> None:
    proposed.accept_unreviewed(proposed.names)
    proposed.keep_teaching(proposed.teaching_names(include_unreviewed=True))
    again = reopened(proposed)
    assert lists(again) == [] and again.teaching_names() == []
    assert {again.accept(name, labels) for name in again.names} == {Side.TEACHING}
    assert again.held_out_names() == []
    again.close()


def test_a_name_of_val_never_teaches_and_is_not_scored_before_it_is_reviewed(
    proposed: Project, data_set: FolderMaker, labels: UInt8Array
) -> None:
    data_set.split("val", "i3")
    data_set.split("train", "i4")
    again = reopened(proposed)
    again.accept_unreviewed(["i3", "i4", "i5"])
    assert again.held_out_names() == [] and again.teaching_names() == []
    assert again.teaching_names(include_unreviewed=True) == ["i4", "i5"]
    assert again.accept("i3", labels) is Side.HELD_OUT
    assert again.held_out_names() == ["i3"]
    again.close()


def test_unreviewed_classes_balance_nothing(proposed: Project, labels: UInt8Array) -> None:
    """Class 2 stands in seven unreviewed masks and in the three that are reviewed last: one of these is held out."""
    proposed.accept_unreviewed(proposed.names[5:])
    without = np.where(labels == 2, 0, labels).astype(np.uint8)
    for name in proposed.names[:4]:
        proposed.accept(name, without)
    sides = [proposed.accept(name, labels) for name in proposed.names[4:7]]
    assert set(sides) == set(Side)


def test_it_cannot_be_moved_before_it_is_reviewed(proposed: Project) -> None:
    proposed.accept_unreviewed(["i0"])
    with pytest.raises(InputError, match="i0 is unreviewed"):
        proposed.move_to_side("i0", Side.HELD_OUT)


def test_a_draft_over_it_leaves_it_unreviewed(proposed: Project, labels: UInt8Array) -> None:
    proposed.accept_unreviewed(["i0"])
    proposed.save_draft("i0", labels)
    assert proposed.status("i0") is Status.DRAFT
    assert proposed.teaching_names() == [] and proposed.teaching_names(include_unreviewed=True) == ["i0"]


def test_work_is_never_written_over(proposed: Project, labels: UInt8Array) -> None:
    proposed.accept("i0", labels)
    proposed.save_draft("i1", labels)
    propose(proposed, "i0", np.zeros_like(labels))
    assert proposed.accept_unreviewed(["i0", "i1", "i2"]) == ["i2"]
    assert np.array_equal(proposed.folder.read_label_map("i0"), labels)
    assert proposed.status("i1") is Status.DRAFT and not proposed.folder.has_mask("i1")


def test_cancelling_leaves_the_rest_as_it_was(proposed: Project) -> None:
    done: list[int] = []
    written = proposed.accept_unreviewed(proposed.names, lambda at, _: done.append(at), lambda: len(done) == 3)
    assert written == proposed.names[:3]
    assert {proposed.status(name) for name in proposed.names[3:]} == {Status.PROPOSED}


def test_a_mask_that_cannot_be_written_leaves_nothing_that_passes_for_reviewed(
    proposed: Project, labels: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise SaveError("no room")

    with monkeypatch.context() as broken:
        broken.setattr(proposed.folder, "write_label_map", refuse)
        with pytest.raises(SaveError):
            proposed.accept_unreviewed(["i0"])
    assert proposed.status("i0") is Status.PROPOSED and proposed.teaching_names(include_unreviewed=True) == []
    proposed.accept_unreviewed(["i0"])
    with monkeypatch.context() as broken:
        broken.setattr(proposed.folder, "write_label_map", refuse)
        with pytest.raises(SaveError):
            proposed.accept("i0", labels)
    assert proposed.status("i0") is Status.UNREVIEWED and proposed.held_out_names() == proposed.teaching_names() == []


VERSION_1 = """
CREATE TABLE images (name TEXT PRIMARY KEY, held_out INTEGER, seconds REAL NOT NULL DEFAULT 0, look BLOB, classes TEXT)
WITHOUT ROWID;
CREATE TABLE rounds (id TEXT PRIMARY KEY, checkpoint TEXT NOT NULL, parent TEXT, created TEXT NOT NULL,
images INTEGER NOT NULL, seconds REAL NOT NULL, scores TEXT, kept INTEGER NOT NULL, note TEXT NOT NULL);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO images VALUES ('i0', 1, 12.5, NULL, '["cell"]');
INSERT INTO rounds VALUES ('r1', 'checkpoints/r1.safetensors', NULL, '', 3, 1.5, '{"miou": 0.5}', 1, 'mine');
INSERT INTO facts VALUES ('current round', 'r1');
PRAGMA user_version = 1;
"""


def test_an_index_of_version_1_is_read_as_it_is_and_brought_up_to_date_with_the_first_write(
    proposed: Project, labels: UInt8Array
) -> None:
    proposed.close()
    path = proposed.state_dir / "project.sqlite"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_1)
    connection.close()
    before = path.read_bytes()
    index = ProjectIndex(path)
    record = index.images()["i0"]
    assert (record.side, record.seconds, record.unreviewed) == (Side.HELD_OUT, 12.5, False)
    made = index.rounds()[0]
    assert (made.id, made.note, made.scores, made.judgement) == ("r1", "mine", {"miou": 0.5}, None)
    index.close()
    assert path.read_bytes() == before  # looking writes nothing
    project = Project.open(proposed.folder.root)
    project.accept_unreviewed(["i1"])
    again = reopened(project)
    assert again.status("i1") is Status.UNREVIEWED and again.accept("i0", labels) is Side.HELD_OUT
    assert again.current_round() is not None and again.seconds("i0") == 12.5
    again.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION == 2
    connection.close()
