"""Deep and many-channel images, and drafts that teach, as a person meets them in the window."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import tifffile
from PySide6.QtCore import Qt

from segstudio.core.class_table import VOID, ClassTable
from segstudio.project.project import Project, Status
from segstudio.services.settings import DRAFTS_TEACH
from segstudio.widgets.settings_dialog import SettingsDialog
from tests.gui.window_person import Person, use_tiny_model
from tests.small_folders import CLASSES, draw_scene, voc_folder

Key = Qt.Key


def test_images_of_five_deep_channels_are_shown_and_proposed_for(person: Person, tmp_path: Path) -> None:
    import torch

    from segstudio_training.checkpoint import Checkpoint, save_checkpoint
    from segstudio_training.networks import build_network
    from segstudio_training.normalisation import InputKind, Normalisation

    root = voc_folder(tmp_path / "data", images=2)
    for number in range(2):
        (root / "JPEGImages" / f"s{number:02d}.png").unlink()
        image = draw_scene(number)[0]
        values = np.concatenate([image, image[..., :2]], axis=2).astype(np.uint16) * 16
        tifffile.imwrite(
            root / "JPEGImages" / f"s{number:02d}.tif", np.moveaxis(values, -1, 0), photometric="minisblack"
        )
    arguments = {"width": 4, "dropout": 0.0, "channels": 5}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = build_network("segnet", 3, arguments).state_dict()
    how = Normalisation((0.03,) * 5, (0.01,) * 5, InputKind.MEASURED)
    checkpoint = Checkpoint("segnet", arguments, ClassTable.from_names(CLASSES), state, how)
    use_tiny_model(root, save_checkpoint(tmp_path / "five.safetensors", checkpoint))
    person.open(root)
    person.wait_for_proposal()
    shown = person.window.session.current
    assert shown is not None and shown.image.shape == (48, 64, 3) and shown.image.max() == 255


def test_drafts_teach_where_the_settings_say_so(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=3, masks=1)
    person.open(root)
    person.choose_in_filmstrip("s01")
    person.paint(Key.Key_2, (10, 10), (40, 10))
    person.settle()
    person.trigger("settings")
    dialog = person.dialog(SettingsDialog)
    assert isinstance(dialog, SettingsDialog)
    assert not dialog.drafts_box.isChecked()
    dialog.drafts_box.setChecked(True)
    person.answer(dialog)
    assert person.window.settings.get(DRAFTS_TEACH)
    assert person.window.session.status("s01") is Status.DRAFT
    person.wait(person.parts.model.fine_tune_button.isEnabled)
    person.click(person.parts.model.fine_tune_button)
    (job,) = (root / ".segstudio" / "jobs").glob("*.json")
    assert json.loads(job.read_text())["drafts"] == ["s01"]
    person.trigger("cancel")
    person.wait(lambda: not person.window.rounds.is_running)
    project = Project.open(root)
    touched = project.touched_labels("s01")
    project.close()
    np.testing.assert_array_equal(touched[touched != VOID], 1)
    np.testing.assert_array_equal(touched, person.labels)
