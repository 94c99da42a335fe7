"""Teaching images: upright, joint in image and label map, repeatable, within the byte budget."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from segstudio.core.errors import InputError, SegStudioError, TrainingError
from segstudio.project.voc_folder import UInt8Array, VocFolder
from segstudio_training.data.augment import AUGMENTATIONS, Augmentation, augmentation_called, augmented
from segstudio_training.data.batches import BatchPlan, BatchStream, make_batch
from segstudio_training.data.teaching_set import Sample, TeachingSet, read_pair, working_scale
from segstudio_training.normalisation import Normalisation
from tests.unit.training.conftest import write_voc

PLAN = BatchPlan(2, (32, 32), Augmentation(), Normalisation(), seed=3)


def test_image_and_labels_are_varied_together() -> None:
    labels = np.zeros((60, 80), np.uint8)
    labels[10:40, 20:50] = 1
    image = np.repeat(labels[..., None] * 200, 3, axis=2)
    how = Augmentation(brightness=0, contrast=0, saturation=0, gamma=0)
    for seed in range(20):
        got_image, got_labels = augmented(Sample(image, labels), (32, 48), np.random.default_rng(seed), how)
        assert got_image.shape == (3, 32, 48) and got_labels.shape == (32, 48)
        assert type(got_image) is torch.Tensor
        wrong = (got_image[0] > 100) != (got_labels == 1)
        assert wrong.float().mean() < 0.05


def test_labels_lie_where_the_image_has_them() -> None:
    labels = np.zeros((120, 160), np.uint8)
    labels[60:, 80:] = 1
    image = np.repeat(labels[..., None] * 200, 3, axis=2)
    how = replace(Augmentation(brightness=0, contrast=0, saturation=0, gamma=0, flip=0), scale=(0.8, 1.6))
    beside = []
    for seed in range(200):
        got_image, got_labels = augmented(Sample(image, labels), (96, 128), np.random.default_rng(seed), how)
        seen, taught = got_image[0].numpy() / 200, got_labels.numpy() == 1
        beside.append(
            (seen.max(axis=0).sum() - taught.any(axis=0).sum(), seen.max(axis=1).sum() - taught.any(axis=1).sum())
        )
    # One pixel of rounding to either side, which is none on average.
    np.testing.assert_allclose(np.mean(beside, axis=0), 0, atol=0.1)


def test_what_is_made_smaller_leaves_a_void_rim() -> None:
    sample = gradient_sample()
    how = replace(PLAIN, scale=(0.5, 0.5))
    tops = set()
    for seed in range(10):
        image, labels = augmented(sample, (40, 48), np.random.default_rng(seed), how)
        known = np.argwhere(labels.numpy() != 255)
        (top, left), (bottom, right) = known.min(axis=0), known.max(axis=0) + 1
        assert (bottom - top, right - left) in {(20, 24), (21, 24), (20, 25), (21, 25)} and len(known) <= 21 * 25
        assert image[:2].min() >= 60  # mirrored, not black: no image has such an edge
        tops.add(int(top))
    assert len(tops) > 3


def test_labels_are_never_blended() -> None:
    labels = np.zeros((40, 40), np.uint8)
    labels[:, 20:] = 10
    for seed in range(10):
        _, got = augmented(
            Sample(np.zeros((40, 40, 3), np.uint8), labels), (32, 32), np.random.default_rng(seed), Augmentation()
        )
        assert set(got.unique().tolist()) <= {0, 10}


def test_a_crop_finds_the_labelled_part() -> None:
    labels = np.full((200, 200), 255, np.uint8)
    labels[:100, :] = 0
    sample = Sample(np.zeros((200, 200, 3), np.uint8), labels)
    found = [
        bool((augmented(sample, (32, 32), np.random.default_rng(seed), Augmentation())[1] != 255).any())
        for seed in range(40)
    ]
    assert np.mean(found) > 0.85


def test_colour_is_varied_and_labels_are_not() -> None:
    sample = Sample(np.full((40, 40, 3), 128, np.uint8), np.ones((40, 40), np.uint8))
    means = {
        float(augmented(sample, (32, 32), np.random.default_rng(s), Augmentation())[0].float().mean()) for s in range(8)
    }
    assert len(means) > 4


PLAIN = AUGMENTATIONS["none"]
LABELS = np.zeros((40, 48), np.uint8)


def gradient_sample() -> Sample:
    """An image of 40×48 pixels, smooth in red and green and chequered in blue, one class left and one right."""
    rows, columns = np.mgrid[:40, :48]
    image = np.stack([60 + 2 * columns, 80 + 2 * rows, 150 - columns + 20 * ((rows + columns) % 2)], axis=2).astype(
        np.uint8
    )
    return Sample(image, (columns >= 24).astype(np.uint8))


def varied(how: Augmentation, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    image, labels = augmented(gradient_sample(), (40, 48), np.random.default_rng(seed), how)
    return image.permute(1, 2, 0).numpy(), labels.numpy()


def test_without_augmentation_a_crop_is_cut_and_left_alone() -> None:
    sample = gradient_sample()
    image, labels = varied(PLAIN)
    assert np.array_equal(image, sample.image) and np.array_equal(labels, sample.labels)


def test_a_rotation_turns_both_and_leaves_the_corners_void() -> None:
    turned = False
    for seed in range(6):
        image, labels = varied(replace(PLAIN, rotation=8.0), seed)
        corners = (labels == 255).mean()
        assert corners < 0.12
        turned = turned or corners > 0.03
        # The class border lies where red passes the middle: the two turned by the same angle.
        wrong = (image[..., 0].astype(int) >= 107) != (labels == 1)
        assert wrong[5:-5, 5:-5][labels[5:-5, 5:-5] != 255].mean() < 0.04
    assert turned


@pytest.mark.parametrize("field", ["channel_gain", "hue", "blur", "noise"])
def test_stronger_variation_changes_the_image_within_bounds_and_never_the_labels(field: str) -> None:
    amounts = {"channel_gain": 0.2, "hue": 0.1, "blur": 1.0, "noise": 8.0}
    plain, plain_labels = varied(PLAIN)
    far = []
    for seed in range(8):
        image, labels = varied(replace(PLAIN, **{field: amounts[field]}), seed)
        assert image.dtype == np.uint8 and np.array_equal(labels, plain_labels)
        far.append(np.abs(image.astype(int) - plain.astype(int)).mean())
    assert 0.1 < max(far) < 40 and len({round(value, 6) for value in far}) > 3


def test_a_channel_gain_is_one_factor_per_channel() -> None:
    image, _ = varied(replace(PLAIN, channel_gain=0.2), seed=1)
    ratios = (image / gradient_sample().image).reshape(-1, 3)
    assert np.ptp(ratios, axis=0).max() < 0.03 and np.ptp(ratios.mean(axis=0)) > 0.02
    assert (np.abs(ratios.mean(axis=0) - 1) < 0.21).all()


def test_a_hue_turns_colours_and_leaves_greys() -> None:
    grey = Sample(np.repeat(np.arange(0, 240, 5, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(40, axis=0), LABELS)
    red = Sample(np.full((40, 48, 3), (200, 50, 50), np.uint8), LABELS)
    how = replace(PLAIN, hue=1 / 6)
    seen = set()
    for seed in range(12):
        image, _ = augmented(grey, (40, 48), np.random.default_rng(seed), how)
        assert np.abs(image.permute(1, 2, 0).numpy().astype(int) - grey.image.astype(int)).max() <= 1
        image, _ = augmented(red, (40, 48), np.random.default_rng(seed), how)
        colour = image[:, 0, 0].tolist()
        assert sum(colour) == pytest.approx(300, abs=2), "a turn about the grey axis keeps the sum"
        seen.add(int(np.argsort(colour)[1]))
    assert seen == {1, 2}, "towards yellow and towards magenta"


def test_standard_augmentation_is_the_default_and_each_row_goes_further(voc: VocFolder) -> None:
    assert augmentation_called("standard") == Augmentation()
    teaching = TeachingSet(voc, voc.names, 1.0)
    for how in AUGMENTATIONS.values():
        plan = replace(PLAN, augmentation=how)
        images, labels = make_batch(teaching, plan, 3)
        again, same = make_batch(teaching, plan, 3)
        assert torch.equal(images, again) and torch.equal(labels, same)
        assert bool(images.isfinite().all()) and set(labels.unique().tolist()) <= {0, 1, 2, 255}
    lows = [how.scale[1] / how.scale[0] for how in AUGMENTATIONS.values()]
    assert lows == sorted(lows)
    with pytest.raises(InputError, match="standard"):
        augmentation_called("wild")


def test_a_thread_ahead_gives_the_very_same_batches(voc: VocFolder) -> None:
    teaching = TeachingSet(voc, voc.names, 1.0)
    torch.manual_seed(0)
    direct = [make_batch(teaching, PLAN, step) for step in (4, 5, 6)]
    with BatchStream(teaching, PLAN, first_step=4) as stream:
        for (images, labels), (other_images, other_labels) in zip(stream, direct, strict=False):
            assert torch.equal(images, other_images) and torch.equal(labels, other_labels)


def test_every_image_comes_once_before_any_comes_again(voc: VocFolder) -> None:
    seen: list[int] = []

    class Watched(TeachingSet):
        def __getitem__(self, index: int) -> Sample:
            seen.append(index)
            return super().__getitem__(index)

    teaching = Watched(voc, voc.names, 1.0)
    for step in range(10):
        make_batch(teaching, PLAN, step)
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))


def test_a_small_budget_decodes_again_and_stays_within(voc: VocFolder) -> None:
    one = read_pair(voc, voc.names[0]).nbytes
    teaching = TeachingSet(voc, voc.names, 1.0, cache_bytes=3 * one)
    for index in [*range(len(teaching)), 0]:
        assert np.array_equal(teaching[index].labels, voc.read_label_map(voc.names[index]))
    assert teaching.held_bytes <= 3 * one


def test_working_size(voc: VocFolder) -> None:
    assert working_scale(voc, voc.names, 24) == 0.5
    assert working_scale(voc, voc.names, 4000) == 1.0, "never enlarged"
    assert TeachingSet(voc, voc.names, 0.5)[0].image.shape == (20, 24, 3)


def test_images_are_upright_for_the_network(tmp_path: Path) -> None:
    root = write_voc(tmp_path / "voc", 2)
    image = Image.open(root / "JPEGImages" / "s00.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(root / "JPEGImages" / "s00.jpg", exif=exif, quality=95)
    (root / "JPEGImages" / "s00.png").unlink()
    folder = VocFolder.open(root)
    pair = read_pair(folder, "s00")
    stored = folder.read_label_map("s00")
    assert stored.shape == (40, 48), "the mask keeps the stored frame"
    assert pair.labels.shape == pair.image.shape[:2] == (48, 40)
    assert np.array_equal(pair.labels, np.rot90(stored, -1))


def test_a_mask_of_another_size_is_named(tmp_path: Path) -> None:
    root = write_voc(tmp_path / "voc", 2)
    Image.fromarray(np.zeros((7, 9), np.uint8)).save(root / "SegmentationClass" / "s01.png")
    folder = VocFolder.open(root)
    with pytest.raises(SegStudioError, match="s01"):
        read_pair(folder, "s01")


def test_an_image_that_cannot_be_read_is_passed_over_and_told_once(voc: VocFolder) -> None:
    teaching = TeachingSet(voc, voc.names, 1.0)
    whole = voc.image_path(voc.names[0]).read_bytes()
    voc.image_path(voc.names[0]).write_bytes(b"")
    with BatchStream(teaching, PLAN) as stream:
        for _, (images, _labels) in zip(range(20), stream, strict=False):
            assert len(images) == PLAN.size
    ((name, error),) = teaching.newly_left_out()
    assert name == voc.names[0] and name in error.message and not teaching.newly_left_out()
    assert teaching.readable(0)[0] == 1
    voc.image_path(voc.names[0]).write_bytes(whole)
    teaching.forget(name)  # as when it is accepted anew
    assert teaching.readable(0)[0] == 0


def test_what_was_accepted_anew_while_the_broken_one_was_read_is_not_left_out(
    voc: VocFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    teaching, read, name = TeachingSet(voc, voc.names, 1.0), VocFolder.read_label_map, voc.names[0]

    def replaced_meanwhile(folder: VocFolder, asked: str) -> UInt8Array:
        if asked == name:
            monkeypatch.setattr(VocFolder, "read_label_map", read)
            teaching.forget(name)
            raise InputError('The mask of "{name}" is broken.', name=name)
        return read(folder, asked)

    monkeypatch.setattr(VocFolder, "read_label_map", replaced_meanwhile)
    assert teaching.readable(0)[0] == 1
    assert not teaching.newly_left_out() and teaching.readable(0)[0] == 0


def test_where_no_image_can_be_read_the_caller_hears_of_it(voc: VocFolder) -> None:
    teaching = TeachingSet(voc, voc.names, 1.0)
    for name in voc.names:
        voc.image_path(name).write_bytes(b"")
    with pytest.raises(InputError), BatchStream(teaching, PLAN) as stream:
        for _ in zip(range(20), stream, strict=False):
            pass


def test_no_image_no_round(voc: VocFolder) -> None:
    with pytest.raises(TrainingError, match="Accept at least one"):
        TeachingSet(voc, [], 1.0)
