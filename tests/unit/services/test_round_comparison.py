"""Two networks compared in the predictor's thread: what is counted, what is dropped, what is told of a bad one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project
from segstudio.services.predictor_thread import ProposalService
from segstudio.services.round_comparison import Comparison, ComparisonService, HeldOutChange
from tests import patience  # noqa: F401 - imported for its effect
from tests.small_folders import CLASSES, HEIGHT, WIDTH, tiny_checkpoint, voc_folder


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project.open(voc_folder(tmp_path / "data", images=6, masks=5, held_out=3))
    yield made
    made.close()


@pytest.fixture
def both(tmp_path: Path) -> tuple[Path, Path]:
    """One network under two sets of names: what the old one calls background, the new one calls pole."""
    return tiny_checkpoint(tmp_path / "old.safetensors"), tiny_checkpoint(tmp_path / "new.safetensors", CLASSES[::-1])


@pytest.fixture
def service(qtbot: QtBot) -> Iterator[ComparisonService]:
    proposals = ProposalService()
    made = ComparisonService(proposals, proposals)
    with qtbot.waitSignal(proposals.imported):
        proposals.start()
    yield made
    made.cancel()
    proposals.stop()


def test_every_changed_pixel_is_counted_once_as_lost_and_once_as_won(
    service: ComparisonService, project: Project, both: tuple[Path, Path], qtbot: QtBot
) -> None:
    with qtbot.waitSignal(service.compared) as told:
        service.start(project, *both, "s05")
    assert told.args is not None
    found: Comparison = told.args[0]
    assert found.image.shape == (HEIGHT, WIDTH, 3) and found.before.shape == found.after.shape == (HEIGHT, WIDTH)
    changed = found.before != found.after
    assert found.changed == pytest.approx(changed.mean()) and changed.any()
    assert found.lost.sum() == found.won.sum() == changed.sum()
    np.testing.assert_array_equal(found.won[:3], np.bincount(found.after[changed], minlength=3)[:3])


def test_every_held_out_image_is_judged_against_its_truth(
    service: ComparisonService, project: Project, both: tuple[Path, Path], qtbot: QtBot
) -> None:
    judged: list[tuple[HeldOutChange, int, int]] = []
    service.judged.connect(lambda *told: judged.append(told))
    (project.folder.root / "JPEGImages" / "s03.png").write_bytes(b"")
    service.start(project, *both, None)
    qtbot.waitUntil(lambda: len(judged) == 3)
    assert [told[1:] for told in judged] == [(1, 3), (2, 3), (3, 3)]
    assert [told[0] and told[0].name for told in judged] == ["s02", None, "s04"]
    shown: list[Comparison] = []
    service.compared.connect(shown.append)
    service.show_image("s04")
    qtbot.waitUntil(lambda: bool(shown))
    truth, last = project.folder.read_label_map("s04"), judged[-1][0]
    assert last.before == pytest.approx(np.mean(shown[0].before != truth))
    assert last.after == pytest.approx(np.mean(shown[0].after != truth))


def test_nothing_is_told_of_a_comparison_that_was_cancelled(
    service: ComparisonService, project: Project, both: tuple[Path, Path], qtbot: QtBot
) -> None:
    shown: list[str] = []
    service.compared.connect(lambda found: shown.append(found.name))
    service.start(project, *both, "s00")
    service.cancel()
    service.start(project, *both, "s01")
    qtbot.waitUntil(lambda: bool(shown))
    assert shown == ["s01"]


def test_a_checkpoint_that_cannot_be_used_is_told(
    service: ComparisonService, project: Project, both: tuple[Path, Path], tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(service.failed) as told:
        service.start(project, both[0], tmp_path / "gone.safetensors", "s00")
    assert told.args is not None
    error = told.args[0]
    assert isinstance(error, SegStudioError) and "gone.safetensors" in error.message
