"""Each clause of the rule that decides which accepted images are held out."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from segstudio.core.class_table import VOID
from segstudio.project.held_out import AcceptedImage, Side, decide_side, hashed_side, neighbour_groups
from segstudio.project.looks import Look
from segstudio.project.project import Project, Status
from segstudio.project.voc_folder import VocFolder

from .conftest import LABELMAP, FolderMaker, UInt8Array


def _look(seed: int) -> Look:
    return Look.of(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8))


def _image(name: str, position: int = 0, classes: tuple[str, ...] = (), look: Look | None = None) -> AcceptedImage:
    return AcceptedImage(name, position, look or _look(zlib.crc32(name.encode())), frozenset(classes))


def _accept_all(images: list[AcceptedImage]) -> dict[str, Side]:
    accepted: list[tuple[AcceptedImage, Side]] = []
    for image in images:
        accepted.append((image, decide_side(image, accepted)))
    return {image.name: side for image, side in accepted}


def test_the_first_four_teach() -> None:
    sides = _accept_all([_image(f"n{index}", index * 10) for index in range(4)])
    assert set(sides.values()) == {Side.TEACHING}


def test_one_in_five_by_a_hash_that_is_the_same_everywhere() -> None:
    held = [index for index in range(1000) if hashed_side(f"image{index}") is Side.HELD_OUT]
    assert 160 < len(held) < 240
    assert held[:5] == [1, 5, 15, 19, 22]


def test_without_classes_or_likeness_the_hash_decides_from_the_fifth_on() -> None:
    names = [f"image{index}" for index in range(60)]
    sides = _accept_all([_image(name, index * 10) for index, name in enumerate(names)])
    assert all(sides[name] is hashed_side(name) for name in names[4:])


def test_a_class_seen_in_three_images_is_on_both_sides() -> None:
    rng = np.random.default_rng(0)
    images = []
    for index in range(80):
        classes = {"everywhere"} | {name for name, share in (("common", 0.5), ("rare", 0.06)) if rng.random() < share}
        images.append(_image(f"{index}", index * 10, tuple(classes)))
    accepted: list[tuple[AcceptedImage, Side]] = []
    for image in images:
        accepted.append((image, decide_side(image, accepted)))
        for name in image.classes if len(accepted) >= 5 else ():
            on = [side for other, side in accepted if name in other.classes]
            # Two classes may ask for opposite sides of one image; the rarer is heard, the other with its next image.
            if len(on) >= 5:
                assert set(on) == set(Side), name


def test_the_fifth_image_is_held_out_for_the_class_that_all_have() -> None:
    sides = _accept_all([_image(f"n{index}", index * 10, ("a",)) for index in range(5)])
    assert list(sides.values()) == [Side.TEACHING] * 4 + [Side.HELD_OUT]


def test_near_duplicates_stay_on_one_side_whatever_their_names() -> None:
    rng = np.random.default_rng(1)
    base = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    images = []
    for index in range(30):
        nearly = np.clip(base.astype(int) + rng.integers(-4, 5, base.shape), 0, 255).astype(np.uint8)
        images.append(_image(f"{index * 7919 % 101}x", index * 10, ("a",), Look.of(nearly)))
    assert len(set(_accept_all(images).values())) == 1


def _frames(count: int) -> list[Look]:
    """Frames of a camera that moves over a smooth scene."""
    noise = np.random.default_rng(2).integers(0, 256, (64, 64 + 4 * count, 3), dtype=np.uint8)
    scene = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(8))).astype(float)
    scene = ((scene - scene.min()) / np.ptp(scene) * 255).astype(np.uint8)
    return [Look.of(np.ascontiguousarray(scene[:, 4 * index : 4 * index + 64])) for index in range(count)]


def test_neighbouring_frames_stay_on_one_side() -> None:
    looks = _frames(12)
    images = [_image(f"clip_{index:04d}", index, ("a",), look) for index, look in enumerate(looks)]
    assert len(set(_accept_all(images).values())) == 1


def test_numbers_alone_make_no_neighbours() -> None:
    """Scans numbered one after the other are images of their own."""
    sides = _accept_all([_image(f"scan_{index:04d}", index) for index in range(40)])
    assert set(sides.values()) == set(Side)


def test_frames_of_one_scene_are_a_group_and_a_camera_that_moves_on_begins_another() -> None:
    looks = _frames(40)
    groups = neighbour_groups([f"clip_{index:04d}" for index in range(40)], looks)
    assert groups == sorted(groups) and max(map(groups.count, groups)) <= 5
    assert all(groups[at] == groups[at - 1] for at in range(1, 40) if at % 5)


def test_look_alikes_of_other_names_are_a_group_only_as_near_duplicates() -> None:
    first, second = _frames(3)[:2]
    assert 0.9 <= first.likeness(second) < 0.98
    assert neighbour_groups(["clip_1", "clip_7"], [first, second]) == [0, 0]
    assert neighbour_groups(["left", "right"], [first, second]) == [0, 1]
    assert neighbour_groups(["left", "right"], [first, first]) == [0, 0]


def test_scans_numbered_one_after_the_other_are_groups_of_their_own() -> None:
    assert neighbour_groups([f"scan_{n}" for n in range(9)], [_look(n) for n in range(9)]) == list(range(9))


def test_flat_images_are_alike_only_in_one_colour() -> None:
    flat = [Look.of(np.full((16, 16, 3), value, dtype=np.uint8)) for value in (40, 41, 200)]
    assert flat[0].likeness(flat[1]) == 1.0 and flat[0].has_color_of(flat[1])
    assert not flat[0].has_color_of(flat[2])
    assert flat[0].likeness(_look(0)) == 0.0


# -- with files ---------------------------------------------------------------------------------------------


def test_names_in_val_are_held_out_and_in_train_teach(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    for index in range(8):
        data_set.image(f"i{index}")
    data_set.split("val", "i0", "i1")
    data_set.split("train", "i2")
    project = Project.open(data_set.root)
    for name in ("i0", "i1", "i2"):
        project.accept(name, labels)
    assert project.held_out_names() == ["i0", "i1"] and project.teaching_names() == ["i2"]
    assert (
        project.is_held_out("i0") is True and project.is_held_out("i2") is False and project.is_held_out("i3") is None
    )
    project.close()


def test_accepting_enters_the_name_in_the_lists_and_the_side_never_changes(
    data_set: FolderMaker, labels: UInt8Array
) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    for index in range(12):
        data_set.image(f"i{index}", seed=index)
    data_set.split("test", "i0")
    project = Project.open(data_set.root)
    first = {name: project.accept(name, labels) for name in project.names}
    assert set(first.values()) == set(Side)
    folder = project.folder
    assert folder.read_list("train") == [name for name in project.names if first[name] is Side.TEACHING]
    assert folder.read_list("val") == [name for name in project.names if first[name] is Side.HELD_OUT]
    assert folder.read_list("trainval") == project.names
    assert folder.read_list("test") == ["i0"]
    project.close()
    again = Project.open(data_set.root)
    assert {name: again.accept(name, np.zeros_like(labels)) for name in again.names} == first
    assert again.held_out_names() == again.folder.read_list("val")
    again.close()


def test_a_person_can_move_one_deliberately(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    project = Project.open(data_set.root)
    project.accept("a", labels)
    assert project.teaching_names() == ["a"]
    project.move_to_side("a", Side.HELD_OUT)
    assert project.teaching_names() == [] and project.held_out_names() == ["a"]
    assert project.folder.read_list("train") == [] and project.folder.read_list("val") == ["a"]
    project.close()


def test_masks_that_were_there_count_as_accepted_and_opening_writes_no_list(
    data_set: FolderMaker, labels: UInt8Array
) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    for index in range(10):
        data_set.image(f"i{index}", seed=index)
        data_set.grey_mask(f"i{index}", labels)
    before = sorted(data_set.root.rglob("*"))
    project = Project.open(data_set.root)
    assert {project.status(name) for name in project.names} == {Status.ACCEPTED}
    assert sorted(data_set.root.rglob("*")) == before
    teaching, held_out = project.teaching_names(), project.held_out_names()
    assert sorted(teaching + held_out) == project.names and held_out
    assert not (data_set.root / "ImageSets").exists()
    project.close()
    again = Project.open(data_set.root)
    assert (again.teaching_names(), again.held_out_names()) == (teaching, held_out)
    again.accept(held_out[0], labels)
    assert again.folder.read_list("val") == [held_out[0]]
    again.close()


def test_a_name_in_both_lists_never_teaches(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    data_set.grey_mask("a", labels)
    data_set.split("train", "a")
    data_set.split("val", "a")
    project = Project.open(data_set.root)
    assert project.teaching_names() == [] and project.held_out_names() == ["a"]
    project.close()


def test_a_broken_mask_does_not_keep_the_others_from_their_sides(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    for name in ("a", "b"):
        data_set.image(name)
        data_set.grey_mask(name, labels)
    (data_set.root / "SegmentationClass" / "a.png").write_bytes(b"broken")
    project = Project.open(data_set.root)
    assert "b" in project.teaching_names()
    project.close()


def test_real_frames_of_a_clip_stay_together(real_data: Path) -> None:
    from segstudio.project.images import read_thumbnail

    folder = real_data / "camvid-voc"
    names = (folder / "ImageSets" / "Segmentation" / "val.txt").read_text().split()
    images = [
        AcceptedImage(name, index, Look.of(read_thumbnail(folder / "JPEGImages" / f"{name}.jpg", 64)), frozenset("a"))
        for index, name in enumerate(names)
    ]
    assert len(set(_accept_all(images).values())) == 1


@pytest.mark.parametrize("count", [20, 40])
def test_in_random_orders_of_real_images_every_class_seen_three_times_is_on_both_sides(
    real_data: Path, count: int
) -> None:
    folder = VocFolder.open(real_data / "camvid-voc")
    known: dict[str, AcceptedImage] = {}
    for seed in range(2):
        order = random.Random(seed).sample(folder.names[::6], count)
        for name in order:
            if name not in known:
                used = np.unique(folder.read_label_map(name)).tolist()
                classes = frozenset(folder.classes.name_of(value) for value in used if value != VOID)
                look = Look.of(folder.read_thumbnail(name, 64))
                known[name] = AcceptedImage(name, folder.names.index(name), look, classes)
        sides = _accept_all([known[name] for name in order])
        assert 1 <= sum(side is Side.HELD_OUT for side in sides.values()) <= count // 2
        for wanted in folder.classes.names:
            on = [side for name, side in sides.items() if wanted in known[name].classes]
            assert len(on) < 3 or set(on) == set(Side), wanted
