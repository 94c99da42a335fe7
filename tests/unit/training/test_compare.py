"""Comparing networks: what is tried, what comes out, and that nothing but teaching images teaches."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.core.errors import Cancelled, CheckpointError, InputError, TrainingError
from segstudio.project.voc_folder import VocFolder
from segstudio_training import compare as comparing
from segstudio_training.checkpoint import load_checkpoint, save_checkpoint
from segstudio_training.compare import STARTER, Comparison, Entry, compare, parse_entries
from segstudio_training.compare_report import csv_text, terminal_table, write_plots
from segstudio_training.evaluate import evaluate
from segstudio_training.predictor import Predictor
from segstudio_training.rounds import AS_PROPOSED
from tests.unit.training.conftest import QUICK, tiny_checkpoint

Event = dict[str, object]


@pytest.fixture
def task(voc: VocFolder, tmp_path: Path) -> Comparison:
    """Two narrow networks, six teaching images, four held out."""
    entries = parse_entries("segnet:4,unet:4")
    return Comparison(
        voc, voc.names[:6], voc.names[6:], entries, tmp_path / "out", max_steps=3, device="cpu", recipe=QUICK
    )


def never() -> bool:
    return False


def ignore(_event: Event) -> None:
    pass


def row(entry: str = "segnet:4", **changes: object) -> dict[str, object]:
    scores = {"miou": 0.5, "class_accuracy": 0.6, "pixel_accuracy": 0.7, "boundary_f1": 0.4}
    shown = {"per_class_iou": {"ground": 0.9, "sun": 0.1}, "seconds_per_image": 0.02, "megabytes": 3.0, "steps": 7}
    return {"entry": entry, "network": entry.split(":")[0], "width": 4, **scores, **shown, **changes}


def test_entries_are_network_width_and_encoder() -> None:
    assert parse_entries(" segnet:64 , segnet:16:starter,lraspp::imagenet,unet,") == [
        Entry("segnet", 64),
        Entry("segnet", 16, STARTER),
        Entry("lraspp", None, "imagenet"),
        Entry("unet"),
    ]
    assert parse_entries("unet,segnet:8:none", "a/b.pth") == [Entry("unet", None, "a/b.pth"), Entry("segnet", 8)]
    for text in ("segnet:64", "segnet:16:starter", "lraspp::imagenet", "unet"):
        assert parse_entries(text)[0].label == text
    assert Entry("segnet", 64, "some/where/vgg.pth").label == "segnet:64:vgg"
    assert Path(Entry("segnet", 16, STARTER).encoder_choice).name == "starter.safetensors"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no network"),
        (" , ", "no network"),
        ("nonet", "no network called"),
        ("segnet:wide", "cannot be read"),
        ("segnet:-4", "cannot be read"),
        ("segnet:0", "cannot be read"),
        ("unet,unet", "twice"),
        ("unet::a/start.pth,unet::b/start.pth", "twice"),
    ],
)
def test_entries_that_cannot_be_read(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        parse_entries(text)


def test_each_entry_is_taught_scored_and_kept(task: Comparison) -> None:
    events: list[Event] = []
    rows = compare(task, events.append, never)
    assert [(row["network"], row["width"], row["steps"]) for row in rows] == [("segnet", 4, 3), ("unet", 4, 3)]
    for row in rows:
        path = Path(row["checkpoint"])
        loaded = load_checkpoint(path)
        assert loaded.network_name == row["network"] and loaded.images == 6
        # What the row says is what anybody who scores the checkpoint finds, and what it says of itself.
        scores = evaluate(Predictor(loaded, "cpu"), task.source, task.heldout)
        assert loaded.scores == {key: row[key] for key in loaded.scores} == scores
        assert row["megabytes"] == path.stat().st_size / 1e6 and row["seconds_per_image"] > 0
        assert "correction_seconds" not in row
    kinds = [event["event"] for event in events]
    assert kinds[:2] == ["start", "entry"] and kinds[-1] == "done" and kinds.count("row") == 2
    assert {event["entry"] for event in events if event["event"] in {"step", "scoring"}} == {"segnet:4", "unet:4"}
    assert events[0]["images"] == 6 and events[0]["heldout"] == 4 and events[-1]["rows"] == rows
    assert sorted(path.name for path in task.out.iterdir()) == [
        *("1-segnet-4.safetensors", "2-unet-4.safetensors"),
        *("classes.png", "compare.csv", "compare.json", "costs.png", "scores.png"),
    ]
    kept = json.loads((task.out / "compare.json").read_text())
    assert kept["rows"] == rows and kept["heldout"] == list(task.heldout) and kept["max_steps"] == 3
    read = list(csv.DictReader((task.out / "compare.csv").read_text().splitlines()))
    assert [float(line["miou"]) for line in read] == [row["miou"] for row in rows]
    assert float(read[0]["iou pole"]) == rows[0]["per_class_iou"]["pole"]
    for plot in ("scores", "costs", "classes"):
        with Image.open(task.out / f"{plot}.png") as picture:
            assert np.asarray(picture).std() > 5, "something is drawn"


def test_the_same_seed_gives_the_same_scores_in_any_company(task: Comparison, tmp_path: Path) -> None:
    together = compare(task, ignore, never)
    alone = compare(replace(task, entries=task.entries[1:], out=tmp_path / "alone"), ignore, never)
    assert alone[0]["per_class_iou"] == together[1]["per_class_iou"]


def test_held_out_images_never_teach(task: Comparison) -> None:
    events: list[Event] = []
    compare(replace(task, train=task.source.names, entries=task.entries[:1]), events.append, never)
    assert events[0]["images"] == 6
    with pytest.raises(InputError, match="held-out"):
        compare(replace(task, heldout=()), ignore, never)


def test_a_person_says_what_correcting_takes(task: Comparison) -> None:
    def person(shown: np.ndarray, truth: np.ndarray) -> float:
        assert shown.shape == truth.shape and shown.dtype == truth.dtype == np.uint8
        return float((shown != truth)[truth != 255].sum())

    rows = compare(replace(task, entries=task.entries[:1]), ignore, never, person)
    predictor = Predictor(load_checkpoint(Path(rows[0]["checkpoint"])), "cpu")
    wrong = [
        person(
            predictor.predict(task.source.read_image(name), AS_PROPOSED).labels,
            task.source.read_label_map(name),
        )
        for name in task.heldout
    ]
    assert rows[0]["correction_seconds"] == pytest.approx(sum(wrong) / 4)
    assert "correction_seconds" in (task.out / "compare.csv").read_text()
    assert "correction_seconds" not in load_checkpoint(Path(rows[0]["checkpoint"])).scores


@pytest.mark.parametrize(
    ("entries", "error"),
    [("unet:4,segnet:16:imagenet", CheckpointError), ("unet:4,lraspp:8", InputError), ("unet:4:here", CheckpointError)],
)
def test_a_mistake_in_the_last_entry_is_told_before_the_first_is_taught(
    task: Comparison, entries: str, error: type[Exception]
) -> None:
    events: list[Event] = []
    with pytest.raises(error):
        compare(replace(task, entries=parse_entries(entries)), events.append, never)
    assert not events and not task.out.exists()


def test_an_encoder_is_taken_from_a_checkpoint(task: Comparison, tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "start.safetensors", tiny_checkpoint(seed=7))
    entries = [Entry("segnet", 4, str(path)), Entry("segnet", 4)]
    rows = compare(replace(task, entries=entries, max_steps=1), ignore, never)
    assert rows[0]["encoder_weights"] == "start" and rows[1]["encoder_weights"] == "none"
    start, first, second = (load_checkpoint(p) for p in (path, *(Path(row["checkpoint"]) for row in rows)))
    key = "encoder.4.0.weight"
    near, far = ((start.state_dict[key] - other.state_dict[key]).abs().mean() for other in (first, second))
    assert near < 0.2 * far


def test_cancelling_keeps_what_is_finished(task: Comparison) -> None:
    events: list[Event] = []

    def cancel() -> bool:
        return any(event["event"] == "step" and event["entry"] == "unet:4" for event in events)

    with pytest.raises(Cancelled):
        compare(task, events.append, cancel)
    assert {path.name for path in task.out.iterdir()} == {"1-segnet-4.safetensors", "compare.csv", "compare.json"}
    assert len(json.loads((task.out / "compare.json").read_text())["rows"]) == 1


def test_an_entry_whose_loss_breaks_down_costs_the_others_nothing(
    task: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = comparing.fine_tune

    def fragile(job: object, events: Callable[[Event], None], cancel: Callable[[], bool]) -> object:
        if job.network == "segnet":  # type: ignore[attr-defined]
            raise TrainingError("The loss is no longer a number.")
        return real(job, events, cancel)  # type: ignore[arg-type]

    monkeypatch.setattr(comparing, "fine_tune", fragile)
    events: list[Event] = []
    rows = compare(task, events.append, never)
    assert [row["entry"] for row in rows] == ["unet:4"]
    assert {"event": "failed", "entry": "segnet:4", "message": "The loss is no longer a number."} in events
    with pytest.raises(TrainingError, match="no longer"):
        compare(replace(task, entries=task.entries[:1]), ignore, never)


def test_the_table_shows_the_best_first_and_only_what_there_is() -> None:
    from rich.console import Console

    console = Console(width=150, record=True, file=io.StringIO())
    console.print(terminal_table([row("segnet:4"), row("unet:4", miou=0.8)]))
    text = console.export_text()
    assert text.index("unet:4") < text.index("segnet:4") and "80.0%" in text and "correction" not in text
    console.print(terminal_table([row("segnet:4", correction_seconds=12.34)]))
    assert "12.3" in console.export_text()


def test_a_class_that_one_row_lacks_is_empty_there() -> None:
    lines = list(csv.reader(csv_text([row(), row("unet:4", per_class_iou={"pole": 0.3})]).splitlines()))
    assert lines[0][-3:] == ["iou ground", "iou sun", "iou pole"]
    assert lines[1][-3:] == ["0.9", "0.1", ""] and lines[2][-3:] == ["", "", "0.3"]


def test_plots_of_many_entries_and_of_one(tmp_path: Path) -> None:
    many = [row(f"segnet:{width}", miou=width / 20, seconds_per_image=width / 10) for width in range(1, 13)]
    long = [row("segnet:4:" + 30 * "long", per_class_iou={30 * "name": 0.5, 20 * "other": 0.2})]
    for rows in (many, many[:1], long):
        assert [path.name for path in write_plots(rows, tmp_path)] == ["scores.png", "costs.png", "classes.png"]
