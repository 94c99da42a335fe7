"""A folder with masks, drafts and a proposal in which classes are merged or swapped, and ways to look at it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segstudio.core.class_change import ChangeKind, ClassChange
from segstudio.core.geometry import Box
from segstudio.project.class_change import ImageChanger
from segstudio.project.class_change_log import LOG_NAME, ClassChangeLog, Plan
from segstudio.project.project import Project
from tests.small_folders import HEIGHT, WIDTH, voc_folder
from tests.unit.project.test_touched import Person

MERGE = ClassChange(ChangeKind.MERGE, 2, 1)
SWAP = ClassChange(ChangeKind.SWAP, 2, 1)
BOX = Box(5, 10, 20, 18)


def varied_project(tmp_path: Path) -> Project:
    """Three accepted images, a draft over a mask (s03), a draft without one (s04), and one with a proposal (s05)."""
    made = Project.open(voc_folder(tmp_path / "voc", images=6, masks=4, held_out=1))
    for name in ("s03", "s04"):
        person = Person(made, name)
        person.document.apply_labels("Fill", np.full((HEIGHT, WIDTH), 0, np.uint8))
        person.stroke(BOX, 2)
        person.save()
    proposed = np.full((HEIGHT, WIDTH), 2, np.uint8)
    made.save_proposal("s05", proposed, proposed, None)
    return made


def changer_for(project: Project, change: ClassChange) -> tuple[ImageChanger, ClassChangeLog]:
    plan = Plan.of(change, project.classes, project.names)
    log = ClassChangeLog.begin(project.state_dir / LOG_NAME, plan)
    return ImageChanger(project, log), log


def kept_log(project: Project) -> ClassChangeLog:
    log = ClassChangeLog.open(project.state_dir / LOG_NAME)
    assert log is not None
    return log


def reopened(project: Project) -> Project:
    project.close()
    return Project.open(project.folder.root)


def masks(project: Project) -> dict[str, np.ndarray]:
    return {name: project.folder.read_label_map(name) for name in project.names if project.folder.has_mask(name)}


def seen(project: Project) -> dict[str, np.ndarray]:
    return {name: project.load_label_map(name).array.copy() for name in project.names}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def bytes_of_masks(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project.folder.root / "SegmentationClass").iterdir()}


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
