"""The masks as they were before segstudio wrote its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segstudio.core.errors import InputError
from segstudio.project.original_masks import original_mask_path, read_original_mask
from segstudio.project.voc_folder import VocFolder
from tests.small_folders import HEIGHT, WIDTH, draw_scene, voc_folder

OTHER = np.full((HEIGHT, WIDTH), 2, np.uint8)


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_mask_that_was_there_is_the_original_however_often_it_is_written_over(tmp_path: Path, times: int) -> None:
    folder = VocFolder.open(voc_folder(tmp_path / "data", images=2, masks=1))
    for _ in range(times):
        folder.write_label_map("s00", OTHER)
    np.testing.assert_array_equal(read_original_mask(folder, "s00"), draw_scene(0)[1])


def test_a_mask_that_segstudio_made_is_none(tmp_path: Path) -> None:
    folder = VocFolder.open(voc_folder(tmp_path / "data", images=2, masks=1))
    folder.write_label_map("s01", OTHER)
    assert original_mask_path(folder, "s01") is None
    with pytest.raises(InputError, match="had no mask"):
        read_original_mask(folder, "s01")


def test_in_a_workspace_of_its_own_the_data_set_keeps_the_original(tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=2, masks=1)
    folder = VocFolder.open(root, tmp_path / "work")
    for name in ("s00", "s01"):
        folder.write_label_map(name, OTHER)
    np.testing.assert_array_equal(read_original_mask(folder, "s00"), draw_scene(0)[1])
    assert original_mask_path(folder, "s01") is None
