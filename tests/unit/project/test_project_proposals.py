"""A proposal for an image that was replaced since by one of another size: as if there were none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.project.project import Project, Status
from tests.small_folders import HEIGHT, WIDTH, voc_folder

LABELS = np.ones((HEIGHT, WIDTH), np.uint8)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A folder of three images, each with a proposal; s01 has another size by now."""
    made = Project.open(voc_folder(tmp_path / "data", images=3))
    for name in made.names:
        made.save_proposal(name, LABELS, LABELS, "r1")
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(made.folder.image_path("s01"))
    yield made
    made.close()


def test_a_proposal_of_another_size_is_none(project: Project) -> None:
    assert project.load_proposal("s00") is not None
    assert project.load_proposal("s01") is None


def test_it_is_passed_over_where_all_are_accepted(project: Project) -> None:
    assert project.accept_unreviewed(project.names) == ["s00", "s02"]
    assert not project.folder.has_mask("s01") and project.status("s02") is Status.UNREVIEWED


def test_the_proposal_of_a_broken_image_is_none(project: Project) -> None:
    project.folder.image_path("s02").write_bytes(b"")
    assert project.load_proposal("s02") is None
    assert project.accept_unreviewed(project.names) == ["s00"]
