"""The main job, whole: open, propose, correct, accept, fine-tune, propose again, export, reopen elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from segstudio.project.project import Project, Status
from segstudio.widgets.export_dialog import ExportDialog
from tests.gui.window_person import PATIENT, Person, mask_of, use_tiny_model
from tests.small_folders import draw_scene, voc_folder

ACCEPTED = ["s00", "s01", "s02", "s03"]


def correct(person: Person) -> np.ndarray:
    """Paint the truth of the open scene: background, the sun, the pole. Returns the truth."""
    truth = draw_scene(int(person.name[1:]))[1]
    person.paint_all(Qt.Key.Key_1)
    for key, value in ((Qt.Key.Key_2, 1), (Qt.Key.Key_3, 2)):
        person.key(key, person.parts.canvas)
        person.parts.brush.square_button.click()
        person.parts.brush.size_spin.setValue(1)
        for row in np.unique(np.nonzero(truth == value)[0]):
            columns = np.flatnonzero(truth[row] == value)
            for run in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1):
                person.hand.stroke((run[0] + 0.5, row + 0.5), (run[-1] + 0.5, row + 0.5))
    return truth


@pytest.mark.slow
def test_the_main_job(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=8)
    use_tiny_model(root)
    person.open(root)
    session = person.window.session

    truths = {}
    for name in ACCEPTED:
        person.wait_for_image(name)
        person.wait_for_proposal()
        truths[name] = correct(person)
        np.testing.assert_array_equal(person.labels, truths[name])
        person.accept()
    person.wait_for_image("s04")
    person.wait_for_proposal()
    before = session.shown_proposal

    person.wait(lambda: session.tally.accepted == 4)
    with person.qtbot.waitSignal(person.window.round_flow.ended, timeout=PATIENT):
        person.window.round_flow.fine_tune(8)
    project = session.project
    assert project is not None
    newest = project.current_round()
    assert newest is not None and newest.parent == "tiny" and newest.images == 4 and newest.checkpoint.is_file()

    person.wait(lambda: (shown := session.shown_proposal) is not None and shown.round_id == newest.id)
    after = session.shown_proposal
    assert before is not None and after is not None
    truth = draw_scene(4)[1]
    assert (after.labels != truth).mean() < (before.labels != truth).mean()
    person.trigger("propose_all")
    person.wait(lambda: not person.window.proposals.is_busy)
    assert [session.status(f"s{n:02d}") for n in range(8)] == [Status.ACCEPTED] * 4 + [Status.PROPOSED] * 4

    person.trigger("export")
    dialog = person.dialog(ExportDialog)
    assert isinstance(dialog, ExportDialog)
    dialog.folder_edit.setText(str(tmp_path / "out"))
    with person.qtbot.waitSignal(person.window.folder_flow.export_finished, timeout=PATIENT) as finished:
        person.answer(dialog)
    assert finished.args is not None and [path.stem for path in finished.args[0]] == ACCEPTED
    assert person.said == []
    person.window.close()

    for name, truth in truths.items():
        with Image.open(tmp_path / "out" / f"{name}.png") as picture:
            assert picture.mode == "P"
            np.testing.assert_array_equal(np.asarray(picture), truth)
    _reopen_with_torchvision(root, tmp_path / "elsewhere", truths)
    again = Project.open(root)
    assert [name for name in again.names if again.status(name) is Status.ACCEPTED] == ACCEPTED
    again.close()


def _reopen_with_torchvision(root: Path, elsewhere: Path, truths: dict[str, np.ndarray]) -> None:
    from torchvision.datasets import VOCSegmentation

    year = elsewhere / "VOCdevkit" / "VOC2012"
    shutil.copytree(root, year)
    for path in (year / "JPEGImages").glob("*.png"):  # torchvision looks for .jpg alone; Pillow reads what is in it
        path.rename(path.with_suffix(".jpg"))
    seen = VOCSegmentation(str(elsewhere), year="2012", image_set="trainval")
    assert len(seen) == len(truths)
    for (image, mask), name in zip(seen, sorted(truths), strict=True):
        np.testing.assert_array_equal(np.asarray(mask), truths[name])
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), draw_scene(int(name[1:]))[0])
        np.testing.assert_array_equal(mask_of(root, name), truths[name])
