"""The drawn scenes: the same seed gives the same scene, the truth fits the class table, and the rare class is rare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio_training.scenes import CLASSES, draw_scene, main, write_folder
from segstudio_training.scenes_style import AUTUMN, SUMMER, StyleName

SMALL = (96, 72)
RARE = CLASSES.names.index("power line")
LARGE = CLASSES.names.index("grass")


def test_the_same_seed_draws_the_same_scene_and_another_seed_another() -> None:
    image, labels = draw_scene(5, SMALL)
    again_image, again_labels = draw_scene(5, SMALL)
    other, _ = draw_scene(6, SMALL)

    assert image.tobytes() == again_image.tobytes()
    assert labels.tobytes() == again_labels.tobytes()
    assert image.tobytes() != other.tobytes()


@pytest.mark.parametrize("size", [(96, 72), (70, 51)])
def test_a_scene_has_the_asked_size_and_labels_of_the_table(size: tuple[int, int]) -> None:
    image, labels = draw_scene(1, size)

    assert image.shape == (size[1], size[0], 3)
    assert image.dtype == labels.dtype == np.uint8
    assert labels.shape == image.shape[:2]
    assert labels.max() < len(CLASSES)


def test_the_styles_show_the_same_classes_in_another_light() -> None:
    summer, _ = draw_scene(3, SMALL, SUMMER)
    autumn, _ = draw_scene(3, SMALL, AUTUMN)

    assert np.abs(summer.astype(int) - autumn).mean() > 10


def test_one_class_is_large_and_one_is_rare_and_thin() -> None:
    shares = np.array(
        [np.bincount(draw_scene(seed, (160, 120))[1].ravel(), minlength=len(CLASSES)) for seed in range(10)]
    ) / (160 * 120)

    assert np.argmax(shares.mean(axis=0)) == LARGE
    assert 0.0005 < shares[:, RARE].mean() <= 0.02
    assert (shares[:, RARE] > 0).mean() >= 0.6
    assert (shares.mean(axis=0) > 0).all()


def test_a_folder_has_truth_for_the_asked_share_and_both_lists(tmp_path: Path) -> None:
    names = write_folder(tmp_path, 8, 20, truth_share=0.5, heldout_share=0.25, style=StyleName.AUTUMN, size=(64, 48))

    def listed(split: str) -> list[str]:
        return (tmp_path / "ImageSets/Segmentation" / f"{split}.txt").read_text(encoding="utf-8").split()

    masks = sorted(path.stem for path in (tmp_path / "SegmentationClass").glob("*.png"))
    assert names == sorted(path.stem for path in (tmp_path / "JPEGImages").glob("*.jpg"))
    assert len(masks) == 4
    assert sorted(listed("train") + listed("val")) == masks == listed("trainval")
    assert len(listed("val")) == 1
    with Image.open(tmp_path / "SegmentationClass" / f"{masks[0]}.png") as mask:
        drawn = draw_scene(20 + names.index(masks[0]), (64, 48), AUTUMN)[1]
        assert mask.mode == "P"
        assert np.array_equal(np.array(mask), drawn)


def test_the_command_writes_the_same_folder_again(tmp_path: Path) -> None:
    for place in ("first", "second"):
        asked = ["--out", str(tmp_path / place), "--count", "2", "--seed", "9", "--size", "64x48"]
        assert main(asked) == 0

    first = {path.relative_to(tmp_path / "first"): path.read_bytes() for path in tmp_path.glob("first/**/*.*")}
    second = {path.relative_to(tmp_path / "second"): path.read_bytes() for path in tmp_path.glob("second/**/*.*")}
    assert len(first) == 2 + 2 + 3 + 1
    assert first == second


@pytest.mark.parametrize("wrong", [["--size", "big"], ["--size", "4x4"], ["--truth-share", "2"], ["--style", "winter"]])
def test_a_wrong_option_is_wrong_usage(wrong: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--out", str(tmp_path), "--count", "1", "--seed", "1", *wrong])

    assert stopped.value.code == 2
    assert wrong[0] in capsys.readouterr().err
