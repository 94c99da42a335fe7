"""Drafts, journals and statuses stay true to the pixels, whoever changed them and whatever fails on closing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from segstudio.core.class_table import VOID
from segstudio.core.edits import APPLY_PROPOSAL
from segstudio.core.errors import SaveError
from segstudio.core.geometry import Box
from segstudio.project.project import Project, Status
from tests.small_folders import HEIGHT, WIDTH, draw_scene, voc_folder, write_mask
from tests.unit.project.test_touched import Person

BOX = Box(5, 10, 20, 18)
PROPOSED = np.full((HEIGHT, WIDTH), 2, np.uint8)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.open(voc_folder(tmp_path / "voc", images=6, masks=2))


def reopened(project: Project) -> Project:
    project.close()
    return Project.open(project.folder.root)


def undo_everything(person: Person) -> list[np.ndarray]:
    """Every state that Undo gives, and then every one that Redo gives."""
    document, states = person.document, [person.document.label_map.array.copy()]
    while document.undo() is not None:
        states.append(document.label_map.array.copy())
    while document.redo() is not None:
        states.append(document.label_map.array.copy())
    return states


def test_a_proposal_accepted_in_bulk_has_no_redo_of_what_was_undone_before(project: Project) -> None:
    project.save_proposal("s03", PROPOSED, PROPOSED, "r1")
    person = Person(project, "s03")
    person.document.apply_labels(APPLY_PROPOSAL, PROPOSED)
    person.stroke(BOX, 1)
    person.save()
    person.document.undo()
    person.document.undo()
    person.save()
    assert project.accept_unreviewed(["s03"]) == ["s03"]
    assert project.status("s03") is Status.UNREVIEWED and project.load_history("s03") == ([], [])
    again = reopened(project)
    assert again.status("s03") is Status.UNREVIEWED
    person = Person(again, "s03")
    assert not person.document.can_undo and not person.document.can_redo
    assert np.array_equal(person.document.label_map.array, PROPOSED)
    person.stroke(BOX, 0)
    person.save()
    states = undo_everything(Person(again, "s03"))
    assert len(states) == 3 and np.array_equal(states[1], PROPOSED)
    assert all(set(np.unique(state)) <= {0, 2} for state in states)
    again.close()


def test_a_mask_that_another_program_replaced_has_no_history_from_before(project: Project) -> None:
    person = Person(project, "s00")
    person.document.apply_labels("Fill", np.full((HEIGHT, WIDTH), 1, np.uint8))
    project.accept("s00", person.document.label_map.array.copy(), project.journal("s00").append_mark())
    write_mask(project.folder.root, "s00", PROPOSED)
    again = reopened(project)
    person = Person(again, "s00")
    person.stroke(BOX, 0)
    person.save()
    last = reopened(again)
    states = undo_everything(Person(last, "s00"))
    assert [set(np.unique(state)) for state in states] == [{0, 2}, {2}, {0, 2}]
    last.close()


def test_a_stroke_taken_back_leaves_an_accepted_image_accepted(project: Project) -> None:
    person = Person(project, "s00")
    person.stroke(BOX, VOID)
    person.document.undo()
    person.save()
    assert project.status("s00") is Status.ACCEPTED
    again = reopened(project)
    assert again.status("s00") is Status.ACCEPTED
    assert not list((again.state_dir / "drafts").glob("*"))
    person = Person(again, "s00")
    person.document.redo()
    assert (person.document.label_map.read(BOX) == VOID).all()
    again.close()


def test_a_draft_painted_back_to_the_mask_is_none(project: Project) -> None:
    truth = draw_scene(0)[1]
    project.save_draft("s00", PROPOSED)
    assert project.status("s00") is Status.DRAFT
    project.save_draft("s00", truth)
    assert project.status("s00") is Status.ACCEPTED
    assert np.array_equal(project.load_label_map("s00").array, truth)
    project.close()


def test_a_draft_beside_a_broken_mask_is_kept(project: Project) -> None:
    project.save_draft("s00", PROPOSED)
    (project.folder.root / "SegmentationClass" / "s00.png").write_bytes(b"broken")
    project.save_draft("s00", PROPOSED)
    assert project.status("s00") is Status.DRAFT
    project.close()


def test_a_proposal_taken_back_with_its_strokes_is_a_proposal_again(project: Project) -> None:
    project.save_proposal("s03", PROPOSED, PROPOSED, "r1")
    person = Person(project, "s03")
    person.document.apply_labels(APPLY_PROPOSAL, PROPOSED)
    person.stroke(BOX, 1)
    undo_everything(person)
    person.document.undo()
    person.document.undo()
    person.save()
    assert project.status("s03") is Status.PROPOSED
    again = reopened(project)
    assert again.status("s03") is Status.PROPOSED
    again.close()


def test_closing_closes_every_journal_where_the_first_one_fails(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("s03", "s04", "s05"):
        Person(project, name).stroke(BOX, 1)
    journals = [project.journal(name) for name in ("s03", "s04", "s05")]

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken, pytest.raises(SaveError, match="disk is full"):
        broken.setattr(os, "fsync", full)
        project.close()
    assert all(journal.is_closed for journal in journals)
    project.close()
    again = Project.open(project.folder.root)
    assert (again.load_label_map("s05").read(BOX) == 1).all()
    again.close()
