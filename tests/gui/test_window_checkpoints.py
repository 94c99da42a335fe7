"""Which network is in use: a file that is none is refused, and every button means the round that it stands beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from segstudio.core.errors import SaveError, marked
from segstudio.project.index import ProjectIndex
from segstudio.project.project import Project
from segstudio.project.rounds import Round
from segstudio.services.rounds import RoundResult, Verdict
from segstudio.widgets.round_history import RoundHistoryDialog
from tests.gui.window_person import Person, use_tiny_model
from tests.small_folders import tiny_checkpoint, voc_folder


@pytest.fixture
def project(person: Person, tmp_path: Path) -> Project:
    """Open, with a network in use."""
    root = voc_folder(tmp_path / "data", images=3)
    use_tiny_model(root)
    person.open(root)
    person.wait_for_proposal()
    opened = person.window.session.project
    assert opened is not None
    return opened


def in_use(project: Project) -> str:
    current = project.current_round()
    assert current is not None
    return current.id


def finish_round(person: Person, project: Project, tmp_path: Path, taken: bool) -> None:
    """A round ends whose result the panel shows; then another network is loaded."""
    made = Round("new", tiny_checkpoint(tmp_path / "new.safetensors"), parent="tiny", images=2, seconds=5)
    project.add_round(made)
    if taken:
        project.use_round("new")
    person.window.rounds.finished.emit(
        RoundResult(made, {"miou": 0.4}, {"miou": 0.5}, Verdict.BETTER if taken else Verdict.WORSE, "", taken)
    )
    person.window.folder_flow.load_checkpoint(tiny_checkpoint(tmp_path / "other.safetensors", seed=1))
    person.wait(lambda: in_use(project).startswith("loaded"))


@pytest.mark.parametrize("which", ["no network", "missing", "other classes"])
def test_a_file_that_cannot_be_used_never_becomes_the_folders_network(
    person: Person, project: Project, tmp_path: Path, which: str
) -> None:
    path = tmp_path / "notes.pt"
    if which == "no network":
        path.write_bytes(b"hello")
    elif which == "other classes":
        path = tiny_checkpoint(tmp_path / "cats.safetensors", ("cat", "dog"))
    person.window.folder_flow.load_checkpoint(path)
    person.wait(lambda: bool(person.said))
    assert len(person.said) == 1
    assert in_use(project) == "tiny" and [made.id for made in project.rounds()] == ["tiny"]
    assert person.window.proposals.model is not None and person.shows_proposal


def test_a_checkpoint_belongs_to_the_folder_that_it_was_chosen_for(
    person: Person, project: Project, tmp_path: Path
) -> None:
    with person.qtbot.waitSignal(person.window.folder_flow._check.passed):
        person.window.folder_flow.load_checkpoint(tiny_checkpoint(tmp_path / "good.safetensors"))
        person.window.session.close_project()
    assert person.window.session.project is None
    again = Project.open(project.folder.root)
    assert [made.id for made in again.rounds()] == ["tiny"]
    again.close()


def test_back_to_previous_means_the_round_that_is_shown(person: Person, project: Project, tmp_path: Path) -> None:
    finish_round(person, project, tmp_path, taken=True)
    person.click(person.parts.model.result.roll_back_button)
    assert in_use(project) == "tiny"


def test_use_new_means_the_round_that_is_shown(person: Person, project: Project, tmp_path: Path) -> None:
    finish_round(person, project, tmp_path, taken=False)
    person.click(person.parts.model.result.keep_button)
    assert in_use(project) == "new"


def test_the_result_goes_with_its_folder(person: Person, project: Project, tmp_path: Path) -> None:
    finish_round(person, project, tmp_path, taken=True)
    person.open(voc_folder(tmp_path / "other", images=2))
    assert not person.parts.model.result.isVisible()


def test_a_network_that_cannot_be_put_in_use_is_told(
    person: Person, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish_round(person, project, tmp_path, taken=True)
    before = in_use(project)
    person.trigger("history")
    dialog = person.dialog(RoundHistoryDialog)
    assert isinstance(dialog, RoundHistoryDialog)

    def refuse(_index: ProjectIndex, _round_id: str) -> None:
        raise SaveError(marked("The disk is full."))

    monkeypatch.setattr(ProjectIndex, "set_current_round_id", refuse)
    person.click(person.parts.model.result.roll_back_button)
    person.parts.model.use_round_clicked.emit("tiny")
    dialog.use_clicked.emit("new")
    assert person.said == ["The disk is full."] * 3 and in_use(project) == before
    dialog.use_clicked.emit("gone")
    assert "no round gone" in person.said[-1]
