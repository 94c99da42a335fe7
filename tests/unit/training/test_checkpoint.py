"""Checkpoints come back as they were saved, follow classes by name, and are refused with a sentence when bad."""

from __future__ import annotations

import contextlib
import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from segstudio.core.class_table import ClassTable
from segstudio.core.errors import CheckpointError, SaveError
from segstudio_training.checkpoint import METADATA_KEY, follow_classes, load_checkpoint, save_checkpoint
from segstudio_training.plan import SAFE
from segstudio_training.predictor import Predictor
from tests.unit.training.conftest import CLASSES, draw_pair, tiny_checkpoint


def described(path: Path) -> dict[str, object]:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()[METADATA_KEY])


def rewritten(path: Path, **changes: object) -> Path:
    save_file(load_file(path), path, metadata={METADATA_KEY: json.dumps({**described(path), **changes})})
    return path


def test_it_comes_back_with_everything_it_holds(tmp_path: Path) -> None:
    saved = tiny_checkpoint(
        scores={"miou": 0.5},
        parent="round1.safetensors",
        working_scale=0.5,
        images=7,
        class_shares=(0.75, 0.25, 0.0),
    )
    loaded = load_checkpoint(save_checkpoint(tmp_path / "a.safetensors", saved))
    assert loaded.classes.names == CLASSES
    assert loaded.classes.colors == saved.classes.colors
    assert replace(loaded, state_dict={}, classes=saved.classes) == replace(saved, state_dict={})
    for name, tensor in saved.state_dict.items():
        assert torch.allclose(loaded.state_dict[name].float(), tensor.float(), atol=1e-3), name


def test_weights_are_stored_as_float16(checkpoint_path: Path) -> None:
    assert {t.dtype for t in load_file(checkpoint_path).values() if t.is_floating_point()} == {torch.float16}


def test_known_classes_keep_their_rows_new_ones_get_fresh_and_removed_ones_go() -> None:
    old = tiny_checkpoint()
    new = follow_classes(old, ClassTable.from_names(("pole", "car", "ground")), seed=1)
    weight = new.state_dict["classifier.weight"]
    assert weight.shape[0] == 3
    assert torch.equal(weight[0], old.state_dict["classifier.weight"][2])
    assert torch.equal(weight[2], old.state_dict["classifier.weight"][0])
    assert not any(torch.equal(weight[1], row) for row in old.state_dict["classifier.weight"])
    assert all(torch.equal(new.state_dict[k], v) for k, v in old.state_dict.items() if "classifier" not in k)
    image, _ = draw_pair(0)
    assert Predictor(new, "cpu", SAFE).predict(image).labels.max() <= 2


def test_class_shares_follow_by_name_and_unknown_ones_stay_unknown() -> None:
    classes = ClassTable.from_names(("pole", "car", "ground"))
    assert follow_classes(tiny_checkpoint(class_shares=(0.7, 0.2, 0.1)), classes).class_shares == (0.1, 0.0, 0.7)
    assert follow_classes(tiny_checkpoint(), classes).class_shares == ()


def test_a_checkpoint_from_before_shares_were_kept_loads(checkpoint_path: Path) -> None:
    description = {key: value for key, value in described(checkpoint_path).items() if key != "class_shares"}
    save_file(load_file(checkpoint_path), checkpoint_path, metadata={METADATA_KEY: json.dumps(description)})
    assert load_checkpoint(checkpoint_path).class_shares == ()


def test_classes_that_only_change_colour_change_nothing_else() -> None:
    old = tiny_checkpoint(scores={"miou": 0.4})
    new = follow_classes(old, ClassTable.from_names(CLASSES, [(1, 2, 3), (4, 5, 6), (7, 8, 9)]))
    assert new.classes.colors[0] == (1, 2, 3)
    assert new.scores == {"miou": 0.4}


def test_a_checkpoint_that_shares_no_class_with_the_folder_is_refused() -> None:
    with pytest.raises(CheckpointError, match="none of the classes"):
        follow_classes(tiny_checkpoint(), ClassTable.from_names(("cat", "dog")))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        load_checkpoint(tmp_path / "none.safetensors")


@pytest.mark.parametrize("keep", [0, 5, 200, -100])
def test_a_truncated_file(checkpoint_path: Path, keep: int) -> None:
    checkpoint_path.write_bytes(checkpoint_path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(checkpoint_path)


def test_a_newer_version(checkpoint_path: Path) -> None:
    with pytest.raises(CheckpointError, match="newer segstudio"):
        load_checkpoint(rewritten(checkpoint_path, format_version=99))


def test_weights_that_do_not_fit_the_network_they_name(checkpoint_path: Path) -> None:
    with pytest.raises(CheckpointError, match="do not fit"):
        load_checkpoint(rewritten(checkpoint_path, network_arguments={"width": 8, "dropout": 0.0}))


@pytest.mark.parametrize(
    "changes",
    [
        {"network": "nonet"},
        {"network_arguments": {"width": 10**12}},
        {"network_arguments": [1]},
        {"classes": []},
        {"classes": [{"name": "a", "color": [1, 2]}] * 3},
        {"classes": [{"name": "a", "color": [1, 2, 999]}] * 3},
        {"working_scale": 0},
        {"working_scale": float("nan")},
        {"normalisation": {"mean": [0, 0, 0], "std": [0, 0, 0]}},
        {"scores": 3},
        {"class_shares": [0.5, 0.5]},
        {"class_shares": [0.5, 0.5, 2]},
        {"class_shares": "all"},
        {"format_version": "new"},
        {"format_version": float("inf")},
        {"images": float("inf")},
        {"images": -1},
        {"working_side": float("inf")},
        {"normalisation": {"mean": [0] * 3, "std": [1] * 3, "kind": "measured", "channels": [0, 1, float("inf")]}},
    ],
)
def test_damaged_descriptions(checkpoint_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(CheckpointError):
        load_checkpoint(rewritten(checkpoint_path, **changes))


def test_a_description_nested_without_end(checkpoint_path: Path) -> None:
    text = json.dumps(described(checkpoint_path))[:-1] + ', "more": ' + "[" * 100_000 + "]" * 100_000 + "}"
    save_file(load_file(checkpoint_path), checkpoint_path, metadata={METADATA_KEY: text})
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(checkpoint_path)


def test_weights_of_another_type_do_not_fit(checkpoint_path: Path) -> None:
    tensors = load_file(checkpoint_path)
    tensors["classifier.weight"] = tensors["classifier.weight"].to(torch.int8)
    save_file(tensors, checkpoint_path, metadata={METADATA_KEY: json.dumps(described(checkpoint_path))})
    with pytest.raises(CheckpointError, match="do not fit"):
        load_checkpoint(checkpoint_path)


def test_a_variance_below_zero_is_damage(checkpoint_path: Path) -> None:
    tensors = load_file(checkpoint_path)
    name = next(name for name in tensors if name.endswith("running_var"))
    tensors[name][0] = -1.0
    save_file(tensors, checkpoint_path, metadata={METADATA_KEY: json.dumps(described(checkpoint_path))})
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(checkpoint_path)


def test_weights_that_are_not_numbers(checkpoint_path: Path) -> None:
    tensors = load_file(checkpoint_path)
    tensors["classifier.bias"][0] = float("nan")
    save_file(tensors, checkpoint_path, metadata={METADATA_KEY: json.dumps(described(checkpoint_path))})
    with pytest.raises(CheckpointError, match="not all numbers"):
        load_checkpoint(checkpoint_path)


def test_somebody_else_s_weights(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(2)}, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match="not written by segstudio"):
        load_checkpoint(tmp_path / "a.safetensors")


class Hostile:
    """Runs code when unpickled by a careless loader."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('hostile code ran')",))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors"])
def test_a_hostile_pickle_is_refused_and_does_not_run(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"evil{suffix}"
    torch.save({"state_dict": Hostile()}, path)
    with pytest.raises(CheckpointError):
        load_checkpoint(path)
    path.write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(CheckpointError):
        load_checkpoint(path)


def test_a_pickle_of_plain_tensors_loads(tmp_path: Path, checkpoint_path: Path) -> None:
    content = {"state_dict": load_file(checkpoint_path), METADATA_KEY: json.dumps(described(checkpoint_path))}
    torch.save(content, tmp_path / "a.pt")
    assert load_checkpoint(tmp_path / "a.pt").classes.names == CLASSES


def test_a_pickle_that_names_more_numbers_than_it_holds(tmp_path: Path, checkpoint_path: Path) -> None:
    weights = {**load_file(checkpoint_path), "classifier.bias": torch.zeros(1, dtype=torch.float16).expand(1 << 50)}
    torch.save({"state_dict": weights, METADATA_KEY: json.dumps(described(checkpoint_path))}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(tmp_path / "a.pt")


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_flipped_bytes_are_told_in_a_sentence(tmp_path: Path, checkpoint_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".pt":
        torch.save(
            {"state_dict": load_file(checkpoint_path), METADATA_KEY: json.dumps(described(checkpoint_path))}, path
        )
    else:
        path.write_bytes(checkpoint_path.read_bytes())
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    # The first part is where the pickle, or the header, tells what there is.
    for place in random.integers(0, min(len(whole), 6000), 300):
        flipped = bytearray(whole)
        flipped[place] = random.integers(0, 256)
        path.write_bytes(flipped)
        with contextlib.suppress(CheckpointError):
            load_checkpoint(path)


def test_saving_where_it_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SaveError):
        save_checkpoint(tmp_path / "file" / "a.safetensors", tiny_checkpoint())
    assert [p.name for p in tmp_path.iterdir() if not p.name.startswith(".")] == ["file"]


def test_float16_on_disk_changes_next_to_no_pixel(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint()
    image, _ = draw_pair(1)
    before = Predictor(checkpoint, "cpu", SAFE).predict(image)
    after = Predictor(load_checkpoint(save_checkpoint(tmp_path / "a.safetensors", checkpoint)), "cpu", SAFE)
    assert np.mean(before.labels != after.predict(image).labels) < 0.02
