"""What a change of two classes would change, counted over masks and drafts, against plain counting."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from segstudio.core.class_change import ChangeKind, ClassChange
from segstudio.core.errors import InputError
from segstudio.core.geometry import Box
from segstudio.project.class_counts import affected, count_image, counted
from segstudio.project.project import Project
from tests.small_folders import HEIGHT, WIDTH, voc_folder
from tests.unit.project.test_touched import Person

MERGE = ClassChange(ChangeKind.MERGE, 2, 1)
SWAP = ClassChange(ChangeKind.SWAP, 2, 1)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two accepted images, a draft over a mask (s02) and one without (s03); s04 has nothing, s05 a proposal."""
    made = Project.open(voc_folder(tmp_path / "voc", images=6, masks=3))
    for name in ("s02", "s03"):
        person = Person(made, name)
        person.document.apply_labels("Fill", np.zeros((HEIGHT, WIDTH), np.uint8))
        person.stroke(Box(0, 0, 10, 10), 2)
    proposed = np.full((HEIGHT, WIDTH), 2, np.uint8)
    made.save_proposal("s05", proposed, proposed, None)
    return made


def test_counting_takes_less_memory_than_the_label_map_itself() -> None:
    labels = np.full((4096, 4096), 2, np.uint8)
    labels[:3] = 7
    tracemalloc.start()
    try:
        found = counted(labels)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == {2: 4093 * 4096, 7: 3 * 4096} and peak < labels.nbytes


@pytest.mark.parametrize("change", [MERGE, SWAP])
def test_masks_drafts_and_pixels_are_those_that_plain_counting_finds(project: Project, change: ClassChange) -> None:
    counts = [found for name in project.names if (found := count_image(project, name)) is not None]
    assert [image.name for image in counts] == ["s00", "s01", "s02", "s03"]
    found = affected(counts, change)
    in_masks = {n: int(np.isin(project.folder.read_label_map(n), change.moving).sum()) for n in ("s00", "s01", "s02")}
    assert found.masks == 3 and found.mask_pixels == sum(in_masks.values())
    assert found.drafts == 2 and found.draft_pixels == 200
    seen = {**in_masks, "s02": 100, "s03": 100}
    assert dict(zip(found.names, found.pixels, strict=True)) == seen
    assert list(found.pixels) == sorted(seen.values(), reverse=True) and found.names[-2:] == ("s02", "s03")
    project.close()


def test_an_image_without_the_class_is_not_affected(project: Project) -> None:
    person = Person(project, "s03")
    person.stroke(Box(0, 0, WIDTH, HEIGHT), 0)
    counts = count_image(project, "s03")
    assert counts is not None and counts.draft == {0: HEIGHT * WIDTH} and counts.mask is None
    assert affected([counts], MERGE).names == ()
    project.close()


def test_a_broken_mask_says_so(project: Project) -> None:
    (project.folder.root / "SegmentationClass" / "s00.png").write_bytes(b"no picture")
    with pytest.raises(InputError):
        count_image(project, "s00")
    project.close()
