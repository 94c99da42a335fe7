from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.core.errors import Cancelled, InputError
from segstudio.formats import FORMATS
from segstudio.project.check import check_folder
from segstudio.project.export import export_masks
from segstudio.project.project import Project

from .conftest import LABELMAP, FolderMaker, UInt8Array


def _export(project: Project, names: list[str], form: str, out: Path) -> list[Path]:
    return export_masks(project, names, form, out, lambda _done, _total: None, lambda: False)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_export_writes_what_each_image_shows(
    cell_project: Project, labels: UInt8Array, tmp_path: Path, form: str
) -> None:
    cell_project.accept("image0", labels)
    cell_project.save_draft("image1", labels)
    cell_project.save_proposal("image2", labels, labels, None)
    seen: list[tuple[int, int]] = []
    out = tmp_path / "out"
    written = export_masks(
        cell_project, cell_project.names, form, out, lambda done, total: seen.append((done, total)), lambda: False
    )
    assert [path.name for path in written] == ["image0.png", "image1.png", "image2.png"]
    assert seen == [(done, 6) for done in range(1, 7)]
    if form == "grey":
        for path in written:
            with Image.open(path) as picture:
                assert np.array_equal(np.asarray(picture), labels)
    cell_project.close()


def test_cancelling_stops_and_keeps_what_is_written(cell_project: Project, labels: UInt8Array, tmp_path: Path) -> None:
    for name in cell_project.names[:3]:
        cell_project.accept(name, labels)
    asked = iter([False, True])
    with pytest.raises(Cancelled):
        export_masks(
            cell_project, cell_project.names, "grey", tmp_path / "out", lambda _d, _t: None, lambda: next(asked)
        )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["image0.png"]
    cell_project.close()


@pytest.mark.parametrize(
    "part", ["SegmentationClass", "JPEGImages", "ImageSets/x", ".segstudio", "x/../SegmentationClass"]
)
def test_export_never_goes_into_the_data_set(cell_project: Project, labels: UInt8Array, part: str) -> None:
    cell_project.accept("image0", labels)
    before = (cell_project.folder.root / "SegmentationClass" / "image0.png").read_bytes()
    with pytest.raises(InputError, match="part of the data set"):
        _export(cell_project, ["image0"], "rgb", cell_project.folder.root / part)
    assert (cell_project.folder.root / "SegmentationClass" / "image0.png").read_bytes() == before
    cell_project.close()


def test_export_never_overwrites_an_image_of_a_plain_folder(data_set: FolderMaker, labels: UInt8Array) -> None:
    image = data_set.plain_image("a", suffix=".png")
    before = image.read_bytes()
    project = Project.open(data_set.root)
    project.save_proposal("a", labels, labels, None)
    with pytest.raises(InputError, match="data set itself"):
        _export(project, ["a"], "grey", data_set.root)
    assert image.read_bytes() == before
    project.close()


def test_export_through_a_link_to_the_masks_is_refused(
    cell_project: Project, labels: UInt8Array, tmp_path: Path
) -> None:
    cell_project.accept("image0", labels)
    (tmp_path / "innocent").symlink_to(cell_project.folder.root / "SegmentationClass", target_is_directory=True)
    with pytest.raises(InputError, match="part of the data set"):
        _export(cell_project, ["image0"], "rgb", tmp_path / "innocent")
    cell_project.close()


def test_an_unknown_format_names_those_there_are(cell_project: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="palette, grey, rgb, overlay"):
        _export(cell_project, [], "gif", tmp_path / "out")
    cell_project.close()


def test_check_finds_every_problem_once(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    for name in ("good", "size", "value", "mask", "twin", "picture", "zero", "cut"):
        data_set.image(name)
        data_set.grey_mask(name, labels)
    data_set.image("twin", suffix=".png")
    data_set.grey_mask("size", labels[:-1])
    data_set.grey_mask("value", np.full_like(labels, 77))
    images, masks = data_set.root / "JPEGImages", data_set.root / "SegmentationClass"
    (masks / "mask.png").write_bytes(b"broken")
    (images / "picture.jpg").write_bytes(b"broken")
    (images / "zero.jpg").write_bytes(b"")
    cut = (images / "cut.jpg").read_bytes()
    (images / "cut.jpg").write_bytes(cut[: len(cut) // 2])
    data_set.grey_mask("stray", labels)
    data_set.split("train", "good", "missing", "../up", "/abs")
    found = [problem.path for problem in check_folder(data_set.root)]
    assert sorted(found) == sorted(
        [
            "JPEGImages/cut.jpg",
            "JPEGImages/picture.jpg",
            "JPEGImages/twin.png",
            "JPEGImages/zero.jpg",
            "SegmentationClass/mask.png",
            "SegmentationClass/size.png",
            "SegmentationClass/stray.png",
            "SegmentationClass/value.png",
            *["ImageSets/Segmentation/train.txt"] * 3,
        ]
    )
    assert all(problem.problem.endswith(".") for problem in check_folder(data_set.root))


def test_check_of_good_plain_missing_and_empty_folders(
    data_set: FolderMaker, labels: UInt8Array, tmp_path: Path
) -> None:
    data_set.plain_image("a")
    assert ["not a VOC folder" in problem.problem for problem in check_folder(data_set.root)] == [True]
    data_set.image("a")
    data_set.text("labelmap.txt", LABELMAP)
    data_set.grey_mask("a", labels)
    assert list(check_folder(data_set.root)) == []
    (tmp_path / "empty").mkdir()
    for folder, words in ((tmp_path / "empty", "no images"), (tmp_path / "nowhere", "no folder")):
        assert [words in problem.problem for problem in check_folder(folder)] == [True]


def test_check_names_unknown_colours_and_images_over_the_limit(data_set: FolderMaker) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a", size=(40, 30))
    data_set.rgb_mask("a", np.full((30, 40, 3), 123, dtype=np.uint8))
    assert ["123,123,123" in problem.problem for problem in check_folder(data_set.root)] == [True]
    assert "limit of 100" in next(check_folder(data_set.root, pixel_limit=100)).problem


def test_real_folders_have_no_problems(real_data: Path) -> None:
    assert list(check_folder(real_data / "voc-sample")) == []
