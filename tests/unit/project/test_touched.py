"""Which pixels a person touched: strokes and fills count, what was only proposed does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segstudio.core.class_table import VOID
from segstudio.core.document import Document
from segstudio.core.edits import APPLY_PROPOSAL, REPLACE_BY_PROPOSAL
from segstudio.core.geometry import Box
from segstudio.core.history import EditHistory
from segstudio.project.held_out import Side
from segstudio.project.project import Project
from tests.small_folders import HEIGHT, WIDTH, voc_folder, write_list

PROPOSED = np.full((HEIGHT, WIDTH), 2, np.uint8)


class Person:
    """Somebody who edits one image of a project, every edit recorded as the window records it."""

    def __init__(self, project: Project, name: str) -> None:
        self.project, self.name = project, name
        done, undone = project.load_history(name)
        history = EditHistory(done=done, undone=undone)
        self.document = Document(name, project.load_label_map(name), project.classes, history)
        journal = project.journal(name)
        self.document.edited.connect(journal.append)
        self.document.reverted.connect(
            lambda edits, forward: (journal.append_redo if forward else journal.append_undo)(len(edits))
        )

    def stroke(self, box: Box, value: int) -> None:
        with self.document.begin("Brush stroke") as builder:
            builder.paint_mask(box, np.ones((box.height, box.width), bool), value)

    def save(self) -> None:
        mark = self.project.journal(self.name).append_mark()
        self.project.save_draft(self.name, self.document.label_map.array.copy(), mark)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.open(voc_folder(tmp_path / "voc", images=6, masks=2))


@pytest.fixture
def person(project: Project) -> Person:
    return Person(project, "s03")


def touched(person: Person) -> np.ndarray:
    return person.project.touched_labels(person.name)


def expected(**boxes: tuple[slice, slice, int]) -> np.ndarray:
    labels = np.full((HEIGHT, WIDTH), VOID, np.uint8)
    for rows, columns, value in boxes.values():
        labels[rows, columns] = value
    return labels


@pytest.mark.parametrize("is_saved", [False, True])
def test_a_stroke_over_a_proposal_is_all_that_was_touched(person: Person, is_saved: bool) -> None:
    person.document.apply_labels(APPLY_PROPOSAL, PROPOSED)
    assert (touched(person) == VOID).all(), "nobody has read the proposal yet"
    person.stroke(Box(5, 10, 20, 18), 1)
    if is_saved:
        person.save()
    assert np.array_equal(touched(person), expected(stroke=(slice(10, 18), slice(5, 20), 1)))


def test_what_agrees_with_the_proposal_leaves_no_trace(person: Person) -> None:
    person.document.apply_labels(APPLY_PROPOSAL, PROPOSED)
    person.stroke(Box(5, 10, 20, 18), 2)
    person.stroke(Box(0, 0, 4, 4), 1)
    person.stroke(Box(0, 0, 4, 4), 2)
    assert np.array_equal(touched(person), expected(there_and_back=(slice(0, 4), slice(0, 4), 2)))


def test_a_later_proposal_takes_over_and_undo_gives_back(person: Person) -> None:
    person.stroke(Box(0, 0, 10, 10), 1)
    person.document.apply_labels(REPLACE_BY_PROPOSAL, PROPOSED)
    assert (touched(person) == VOID).all()
    person.document.undo()
    only = expected(stroke=(slice(0, 10), slice(0, 10), 1))
    assert np.array_equal(touched(person), only)
    person.document.undo()
    assert (touched(person) == VOID).all()
    person.document.redo()
    person.save()
    assert np.array_equal(touched(person), only)


def test_a_proposal_around_a_stroke_leaves_the_stroke_touched(person: Person) -> None:
    person.stroke(Box(0, 0, 10, 10), 1)
    present = person.document.label_map.array
    person.document.apply_labels(APPLY_PROPOSAL, np.where(present == VOID, PROPOSED, present))
    person.document.apply_labels("Fill the rest", person.document.label_map.array)
    person.stroke(Box(2, 2, 4, 4), VOID)
    wanted = expected(stroke=(slice(0, 10), slice(0, 10), 1), void=(slice(2, 4), slice(2, 4), VOID))
    assert np.array_equal(touched(person), wanted)


def test_it_outlives_a_restart(person: Person) -> None:
    person.document.apply_labels(APPLY_PROPOSAL, PROPOSED)
    person.stroke(Box(1, 1, 3, 3), 0)
    person.save()
    person.stroke(Box(7, 7, 9, 9), 0)
    root = person.project.folder.root
    person.project.close()
    again = Project.open(root)
    wanted = expected(a=(slice(1, 3), slice(1, 3), 0), b=(slice(7, 9), slice(7, 9), 0))
    assert np.array_equal(again.touched_labels("s03"), wanted)


def test_only_drafts_without_a_mask_that_are_not_held_out_teach(project: Project) -> None:
    for name in ("s01", "s03", "s04"):
        Person(project, name).stroke(Box(0, 0, 5, 5), 1)
    root = project.folder.root
    project.close()
    write_list(root, "val", ["s04"])
    again = Project.open(root)
    assert again.teaching_drafts() == ["s03"]
    assert again.teaching_names() == ["s00", "s01"], "a draft over an accepted mask changes nothing"
    assert again.accept("s03", np.ones((HEIGHT, WIDTH), np.uint8)) is Side.TEACHING
    assert again.teaching_drafts() == []
