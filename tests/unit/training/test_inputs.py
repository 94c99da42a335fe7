"""Images of any depth and number of channels: they teach, are proposed for and scored, and a checkpoint says how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from typer.testing import CliRunner

from segstudio.core.errors import CheckpointError, InputError, TrainingError
from segstudio.formats.mask_png import read_raw_mask
from segstudio.project.check import check_folder
from segstudio.project.voc_folder import VocFolder
from segstudio_training.checkpoint import load_checkpoint, save_checkpoint
from segstudio_training.cli import app
from segstudio_training.data.augment import AUGMENTATIONS, augmented
from segstudio_training.data.inputs import by_fours, chosen_normalisation, read_input, resized
from segstudio_training.data.teaching_set import Sample, TeachingSet, read_pair
from segstudio_training.encoder_weights import load_encoder_weights
from segstudio_training.evaluate import evaluate
from segstudio_training.fine_tune import fine_tune
from segstudio_training.job import Job
from segstudio_training.networks import NETWORKS, build_network
from segstudio_training.networks.first_layer import fitted_kernel
from segstudio_training.normalisation import FIXED, LIMIT, InputKind, Normalisation, measured
from segstudio_training.plan import PLAIN
from segstudio_training.predict_folder import predict_folder
from segstudio_training.predictor import Predictor
from tests.unit.training.conftest import QUICK, draw_pair, tiny_checkpoint, write_voc

Write = Callable[[Path, np.ndarray], object]


def grey(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).convert("L"))


def deep_grey_png(stem: Path, image: np.ndarray) -> None:
    # Twelve bits in sixteen, as many cameras write.
    Image.fromarray(grey(image).astype(np.uint16) * 16).save(stem.with_suffix(".png"))


def five_channels(image: np.ndarray) -> np.ndarray:
    return np.concatenate([image, 255 - image[..., :2]], axis=2).astype(np.uint16) * 257


def deep_tiff(stem: Path, image: np.ndarray) -> None:
    tifffile.imwrite(stem.with_suffix(".tif"), np.moveaxis(five_channels(image), -1, 0), photometric="minisblack")


def grey_jpeg(stem: Path, image: np.ndarray) -> None:
    Image.fromarray(grey(image)).save(stem.with_suffix(".jpg"), quality=95)


def transparent_png(stem: Path, image: np.ndarray) -> None:
    Image.fromarray(np.concatenate([image, np.full_like(image[..., :1], 99)], axis=2)).save(stem.with_suffix(".png"))


def float_tiff(stem: Path, image: np.ndarray) -> None:
    tifffile.imwrite(stem.with_suffix(".tif"), grey(image).astype(np.float32) - 1000)


def folder_of(root: Path, write: Write, count: int = 6) -> VocFolder:
    """The easy scenes of `write_voc` with their images written by `write`."""
    write_voc(root, count)
    for number in range(count):
        stem = root / "JPEGImages" / f"s{number:02d}"
        stem.with_suffix(".png").unlink()
        write(stem, draw_pair(number)[0])
    return VocFolder.open(root)


def taught(folder: VocFolder, out: Path, **changes: object) -> Path:
    job = Job(folder, folder.names[:4], folder.names[4:], out, width=4, max_steps=3, device="cpu", recipe=QUICK)
    return fine_tune(replace(job, **changes), lambda event: None, lambda: False).checkpoint  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("write", "channels"),
    [(deep_grey_png, 1), (deep_tiff, 5), (grey_jpeg, None), (transparent_png, None), (float_tiff, 1)],
)
def test_images_of_every_kind_teach_and_get_masks_and_scores(
    tmp_path: Path, write: Write, channels: int | None
) -> None:
    folder = folder_of(tmp_path / "voc", write)
    path = taught(folder, tmp_path / "new.safetensors")
    checkpoint = load_checkpoint(path)
    if channels is None:
        assert checkpoint.normalisation == FIXED and checkpoint.format_version == 1
        assert "channels" not in checkpoint.network_arguments
    else:
        assert checkpoint.normalisation.is_measured and checkpoint.normalisation.count == channels
        assert checkpoint.network_arguments["channels"] == channels and checkpoint.format_version == 2
    predictor = Predictor(checkpoint, "cpu", PLAIN)
    written = predict_folder(predictor, folder, folder.names, tmp_path / "out")
    assert [read_raw_mask(mask).values.shape for mask in written] == [(40, 48)] * 6
    assert 0 <= evaluate(predictor, folder, folder.names[4:])["pixel_accuracy"] <= 1
    again = load_checkpoint(taught(folder, tmp_path / "on.safetensors", start=path))
    assert again.normalisation == checkpoint.normalisation, "measured once, and kept from round to round"


def test_it_learns_from_deep_grey_images_with_the_starter(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "voc", deep_grey_png)
    starter = Path(__file__).parents[3] / "resources" / "starter.safetensors"
    path = taught(folder, tmp_path / "new.safetensors", width=16, max_steps=60, encoder_weights=str(starter))
    assert load_checkpoint(path).scores["pixel_accuracy"] > 0.8


@pytest.mark.parametrize("is_measured", [True, False])
def test_an_image_of_16_bits_and_its_copy_of_8_get_the_same_proposal(tmp_path: Path, is_measured: bool) -> None:
    image, _ = draw_pair(3)
    image[0], image[1] = 0, 255  # the whole range is used
    (tmp_path / "JPEGImages").mkdir()
    cv2.imwrite(str(tmp_path / "JPEGImages" / "deep.png"), image[..., ::-1].astype(np.uint16) * 257)
    Image.fromarray(image).save(tmp_path / "JPEGImages" / "flat.png")
    folder = VocFolder.open(tmp_path)
    normalisation = chosen_normalisation(folder, ["deep", "flat"]) if is_measured else FIXED
    assert normalisation.is_measured is is_measured
    predictor = Predictor(tiny_checkpoint(normalisation=normalisation), "cpu", PLAIN)
    deep, flat = (predictor.predict(read_input(folder, name, normalisation)) for name in ("deep", "flat"))
    assert (deep.labels == flat.labels).mean() > 0.99
    assert np.abs(deep.confidence.astype(int) - flat.confidence).mean() < 2


def test_chosen_channels_are_kept_and_only_they_count(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "voc", deep_tiff)
    checkpoint = load_checkpoint(taught(folder, tmp_path / "new.safetensors", channels=[3, 0]))
    normalisation = checkpoint.normalisation
    assert (normalisation.channels, normalisation.count) == ((3, 0), 2)
    given = read_input(folder, "s00", normalisation)
    assert np.array_equal(given, five_channels(draw_pair(0)[0])[..., [3, 0]])
    with pytest.raises(TrainingError, match="other channels than 1"):
        taught(folder, tmp_path / "on.safetensors", start=tmp_path / "new.safetensors", channels=[1])
    with pytest.raises(InputError, match=r"has 5 channels, and the network wants 0, 7"):
        taught(folder, tmp_path / "other.safetensors", channels=[0, 7])


def test_the_command_takes_channels(tmp_path: Path) -> None:
    folder_of(tmp_path / "voc", deep_tiff)
    lists = tmp_path / "voc" / "ImageSets" / "Segmentation"
    (lists / "train.txt").write_text("s00\ns01\n")
    (lists / "val.txt").write_text("s02\n")
    out = tmp_path / "new.safetensors"
    command = ["train", str(tmp_path / "voc"), "--out", str(out), "--width", "4", "--max-steps", "2", "--device", "cpu"]
    ran = CliRunner().invoke(app, [*command, "--channels", "0,3,4"])
    assert ran.exit_code == 0, ran.output
    assert load_checkpoint(out).normalisation.channels == (0, 3, 4)
    for wrong in ("0,0", "a", "", "-1"):
        assert CliRunner().invoke(app, [*command, "--channels", wrong]).exit_code == 2
    ran = CliRunner().invoke(app, [*command, "--channels", "5"])
    assert ran.exit_code == 1 and "has 5 channels" in ran.stderr and len(ran.stderr.splitlines()) == 1


def test_an_image_with_fewer_channels_gives_one_sentence(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "voc", deep_tiff)
    path = taught(folder, tmp_path / "new.safetensors")
    (tmp_path / "voc" / "JPEGImages" / "s05.tif").unlink()
    transparent_png(tmp_path / "voc" / "JPEGImages" / "s05", draw_pair(5)[0])
    folder = VocFolder.open(tmp_path / "voc")
    with pytest.raises(InputError, match=r'The image "s05" has 3 channels, and the network wants 5\.'):
        predict_folder(Predictor(load_checkpoint(path), "cpu", PLAIN), folder, ["s05"], tmp_path / "out")
    problems = [problem for problem in check_folder(tmp_path / "voc") if "channels" in problem.problem]
    assert [problem.path for problem in problems] == ["JPEGImages/s05.png"] and "cannot read it" in problems[0].problem


def test_grey_and_colour_are_brought_together(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "voc", deep_grey_png)
    (tmp_path / "voc" / "JPEGImages" / "s05.png").unlink()
    image = draw_pair(5)[0]
    cv2.imwrite(str(tmp_path / "voc" / "JPEGImages" / "s05.png"), image[..., ::-1].astype(np.uint16) * 257)
    folder = VocFolder.open(tmp_path / "voc")
    normalisation = chosen_normalisation(folder, folder.names)
    assert normalisation.count == 1
    seen = read_input(folder, "s05", normalisation)
    assert seen.dtype == np.uint16 and np.abs(seen[..., 0] / 257 - grey(image)).max() < 1
    three = Normalisation((0.0,) * 3, (1.0,) * 3, InputKind.MEASURED)
    assert np.array_equal(read_input(folder, "s00", three)[..., 2], folder.read_samples("s00")[..., 0])
    told = [problem for problem in check_folder(tmp_path / "voc") if "brightness" in problem.problem]
    assert [problem.path for problem in told] == ["JPEGImages/s05.png"]
    taught(folder, tmp_path / "new.safetensors")


def test_a_usual_folder_has_no_such_problem(tmp_path: Path) -> None:
    folder_of(tmp_path / "voc", grey_jpeg, count=2)
    Image.fromarray(draw_pair(1)[0]).save(tmp_path / "voc" / "JPEGImages" / "z.png")
    assert list(check_folder(tmp_path / "voc")) == []


def test_deep_images_are_upright_for_the_network(tmp_path: Path) -> None:
    folder_of(tmp_path / "voc", deep_tiff, count=1)
    path = tmp_path / "voc" / "JPEGImages" / "s00.tif"
    values = five_channels(draw_pair(0)[0])
    turned = [(274, "H", 1, 6, True)]
    tifffile.imwrite(path, values, photometric="minisblack", planarconfig="contig", extratags=turned)
    folder = VocFolder.open(tmp_path / "voc")
    pair = read_pair(folder, "s00", chosen_normalisation(folder, ["s00"]))
    assert np.array_equal(pair.image, np.rot90(values, -1)) and pair.labels.shape == (48, 40)


def test_measuring_by_percentiles_leaves_out_hot_pixels() -> None:
    values = np.linspace(0.1, 0.3, 10_000, dtype=np.float32)[:, None]
    values[:20] = 1.0
    how = measured(values)
    assert how.mean[0] == pytest.approx(0.2, abs=0.002) and how.std[0] == pytest.approx(0.05, abs=0.002)
    seen = how.applied(np.array([[[6554], [13107], [65535]]], np.uint16))
    assert seen[0, :2, 0] == pytest.approx([-2, 0], abs=0.1) and seen[0, 2, 0] == LIMIT
    flat = measured(np.full((10, 1), 0.5, np.float32))
    assert flat.applied(np.full((1, 1, 1), 0.5, np.float32))[0, 0, 0] == 0


def test_resizing_treats_any_number_of_channels_alike() -> None:
    image = np.random.default_rng(0).integers(0, 65535, (40, 48, 6), dtype=np.uint16)
    small = resized(image, (24, 20))
    assert small.shape == (20, 24, 6)
    for channel in range(6):
        alone = cv2.resize(image[..., channel], (24, 20), interpolation=cv2.INTER_AREA)
        assert np.abs(small[..., channel].astype(int) - alone).max() <= 1, "but for rounding"
    assert by_fours(lambda part: part, image[..., :1]).shape == (40, 48, 1)


@pytest.mark.parametrize("name", sorted(AUGMENTATIONS))
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_any_channels_are_varied_within_bounds_and_labels_kept(name: str, channels: int) -> None:
    random = np.random.default_rng(1)
    sample = Sample(random.normal(0, 1.5, (40, 48, channels)).astype(np.float32), draw_pair(1)[1])
    means = set()
    for seed in range(6):
        image, labels = augmented(sample, (32, 32), np.random.default_rng(seed), AUGMENTATIONS[name])
        assert image.shape == (channels, 32, 32) and image.dtype == torch.float32
        assert bool(image.isfinite().all()) and float(image.abs().max()) <= LIMIT
        assert set(labels.unique().tolist()) <= {0, 1, 2, 255}
        means.add(round(float(image.std()), 5))
    assert len(means) > 2


def test_the_teaching_set_holds_what_the_predictor_sees(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "voc", deep_tiff)
    how = chosen_normalisation(folder, folder.names)
    held = TeachingSet(folder, folder.names, 0.5, normalisation=how)[0].image
    assert held.dtype == np.float32 and held.shape == (20, 24, 5)
    assert np.array_equal(held, how.applied(resized(folder.read_samples("s00"), (24, 20))))


def test_tiles_of_deep_images_say_what_the_whole_image_says(monkeypatch: pytest.MonkeyPatch) -> None:
    from segstudio_training import predictor as predictors

    how = Normalisation((0.5,) * 5, (0.25,) * 5, InputKind.MEASURED)
    checkpoint = replace(tiny_checkpoint(), normalisation=how, network_arguments={"width": 4, "channels": 5})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = build_network("segnet", 3, checkpoint.network_arguments).state_dict()
    predictor = Predictor(replace(checkpoint, state_dict=state), "cpu", PLAIN)
    image = np.random.default_rng(0).integers(0, 65535, (320, 300, 5), dtype=np.uint16)
    whole = predictor.predict(image)
    monkeypatch.setattr(predictors, "WHOLE_PIXELS", 0)
    monkeypatch.setattr(predictors, "TILE_SIDE", 128)
    same = (predictor.predict(image).labels == whole.labels).mean()
    assert same > 0.97, "but for what lies beyond the context"
    assert predictor.predict(image[:8, :9]).labels.shape == (8, 9)
    with pytest.raises(InputError, match="5 channels"):
        predictor.predict(image[..., :4])


@pytest.mark.parametrize("name", sorted(NETWORKS))
@pytest.mark.parametrize("channels", [1, 5])
def test_every_network_takes_any_channels_and_weights_of_three(tmp_path: Path, name: str, channels: int) -> None:
    arguments = {"width": 8} if "width" in NETWORKS[name].defaults else {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        three = build_network(name, 3, arguments)
        network = build_network(name, 3, {**arguments, "channels": channels})
    path = tmp_path / "three.safetensors"
    save_checkpoint(
        path, replace(tiny_checkpoint(), network_name=name, network_arguments=arguments, state_dict=three.state_dict())
    )
    load_encoder_weights(network, str(path))
    network.eval(), load_encoder_weights(three.eval(), str(path))
    picture = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        first, second = (
            net.encoder(picture.expand(-1, count, -1, -1)) if name not in ("segnet", "unet")
            else net.encoder[0](picture.expand(-1, count, -1, -1))
            for net, count in ((three, 3), (network, channels))
        )  # fmt: skip
    told = [(first, second)] if isinstance(first, torch.Tensor) else [(first[key], second[key]) for key in first]
    for before, after in told:
        torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-3)


def test_a_fitted_kernel_says_of_grey_what_it_said() -> None:
    kernel = torch.randn(4, 3, 3, 3)
    assert fitted_kernel(kernel, 3) is kernel
    assert torch.allclose(fitted_kernel(kernel, 5).sum(1), kernel.sum(1), atol=1e-5)
    assert torch.equal(fitted_kernel(kernel, 1)[:, 0], kernel.sum(1))


def test_a_checkpoint_whose_channels_do_not_agree_is_refused(tmp_path: Path) -> None:
    how = Normalisation((0.5,), (0.25,), InputKind.MEASURED)
    path = save_checkpoint(tmp_path / "bad.safetensors", tiny_checkpoint(normalisation=how))
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(path)
