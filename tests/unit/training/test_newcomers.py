"""What is accepted while a round runs: it teaches for the rest of the round, and what is held out never does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from segstudio.project.voc_folder import VocFolder
from segstudio_training import newcomers, round_preparation
from segstudio_training.checkpoint import Normalisation
from segstudio_training.data import teaching_set
from segstudio_training.data.augment import Augmentation
from segstudio_training.data.batches import BatchPlan, BatchStream, make_batch
from segstudio_training.data.drafts import SourceWithDrafts
from segstudio_training.data.teaching_set import TeachingSet
from segstudio_training.data.turns import Turns
from segstudio_training.fine_tune import fine_tune
from segstudio_training.job import Job
from segstudio_training.newcomers import Newcomers, News

MakeJob = Callable[..., Job]


def write(path: Path, train: Sequence[str], corrected: Sequence[str] = (), **more: object) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"train": list(train), "heldout": ["h"], "corrected": list(corrected), **more}))
    fresh.replace(path)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look is a look at the file."""
    monkeypatch.setattr(newcomers, "LOOK_SECONDS", 0.0)


def test_only_what_is_new_is_news(tmp_path: Path, at_once: None) -> None:
    path = tmp_path / "job.json"
    write(path, ["a", "b"], ["a"])
    watched = Newcomers(path, ["a", "b"], ["h"])
    assert not watched.look()
    write(path, ["c", "a", "h", "b", "d"], ["a"])
    assert watched.look() == News(("c", "d"))
    assert not watched.look()
    write(path, ["a", "b", "c", "d"], ["a", "a", "d", "h", "a"])
    assert watched.look() == News((), ("a", "d"))
    write(path, ["a"])
    assert not watched.look(), "what teaches goes on teaching"


def test_a_file_that_is_not_there_or_makes_no_sense_is_no_news(tmp_path: Path, at_once: None) -> None:
    path = tmp_path / "job.json"
    assert not Newcomers(None, ["a"], []).look()
    watched = Newcomers(path, ["a"], [])
    assert not watched.look()
    for text in ("", "[1]", '{"train": 3}', '{"train": [4]}'):
        path.write_text(text)
        assert not watched.look()
    write(path, ["a", "b"])
    assert watched.look() == News(("b",))


def test_what_was_added_before_the_first_look_is_news(tmp_path: Path, at_once: None) -> None:
    path = tmp_path / "job.json"
    write(path, ["a", "b"])
    assert Newcomers(path, ["a"], []).look() == News(("b",))


def test_the_file_is_looked_at_once_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(newcomers.time, "monotonic", lambda: now[0])
    path = tmp_path / "job.json"
    write(path, ["a"])
    watched = Newcomers(path, ["a"], [])
    assert not watched.look()
    write(path, ["a", "b"])
    now[0] += 0.9
    assert not watched.look()
    now[0] += 0.2
    assert watched.look() == News(("b",))


def run(make_job: MakeJob, tmp_path: Path, at_step: Callable[[Path], None]) -> tuple[Any, list[dict[str, Any]]]:
    """A round on six images whose job file is changed by `at_step` after its first step."""
    path = tmp_path / "job.json"
    job = make_job(file=path, max_steps=40)
    write(path, job.train)
    events: list[dict[str, Any]] = []

    def hear(event: dict[str, Any]) -> None:
        events.append(event)
        if event["event"] == "step" and event["step"] == 1:
            at_step(path)

    return fine_tune(job, hear, lambda: False), events


def test_a_newly_accepted_image_teaches_for_the_rest_of_the_round(
    make_job: MakeJob, voc: VocFolder, tmp_path: Path, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = teaching_set.read_pair
    monkeypatch.setattr(
        teaching_set, "read_pair", lambda folder, name, how: read.append(name) or real(folder, name, how)
    )
    names = voc.names
    moved = make_job(heldout=names[7:])  # s06 has just been accepted, and s07 is held out
    result, events = run(
        lambda **changes: make_job(heldout=moved.heldout, **changes), tmp_path, lambda path: write(path, names[:8])
    )
    told = [event for event in events if event["event"] == "teaching"]
    assert told == [{"event": "teaching", "images": 7, "added": ["s06"], "corrected": []}]
    assert result.images == 7 and "s06" in read and "s07" not in read


def test_a_corrected_image_is_read_again(
    make_job: MakeJob, voc: VocFolder, tmp_path: Path, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = voc.read_label_map
    monkeypatch.setattr(voc, "read_label_map", lambda name: read.append(name) or real(name))
    _, events = run(make_job, tmp_path, lambda path: write(path, voc.names[:6], ["s02"]))
    assert [event["corrected"] for event in events if event["event"] == "teaching"] == [["s02"]]
    assert read.count("s02") == 2 and read.count("s01") == 1


def test_a_draft_that_is_accepted_teaches_once_and_with_its_accepted_map(
    make_job: MakeJob, voc: VocFolder, tmp_path: Path, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets: list[TeachingSet] = []

    class Watched(TeachingSet):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            sets.append(self)

    monkeypatch.setattr(round_preparation, "TeachingSet", Watched)
    stroke = np.full((40, 48), 255, np.uint8)
    stroke[20:24, 20:24] = 1
    names = voc.names
    source = SourceWithDrafts(voc, {"s04": stroke, "s05": stroke})
    drafting = {"source": source, "train": names[:4], "drafts": names[4:6]}
    result, events = run(
        lambda **changes: make_job(**drafting, **changes), tmp_path, lambda path: write(path, names[:5])
    )
    assert (events[0]["images"], events[0]["drafts"]) == (4, 2)
    told = [event for event in events if event["event"] == "teaching"]
    assert told == [{"event": "teaching", "images": 5, "added": ["s04"], "corrected": []}]
    assert result.images == 5 and sets[0].names == names[:6]
    assert (sets[0][4].labels == voc.read_label_map("s04")).all(), "what was accepted"
    assert (sets[0][5].labels == stroke).all(), "a draft still"


def test_a_round_rests_while_its_file_says_so(make_job: MakeJob, voc: VocFolder, tmp_path: Path, at_once: None) -> None:
    path = tmp_path / "job.json"
    names = voc.names[:6]
    write(path, names, paused=True)
    events: list[dict[str, Any]] = []
    looks: list[int] = []

    def steps() -> int:
        return sum(event["event"] == "step" for event in events)

    def never_cancelled() -> bool:
        looks.append(steps())
        if len(looks) == 3:
            write(path, names)
        return False

    result = fine_tune(make_job(train=names, file=path), events.append, never_cancelled)
    assert looks[:3] == [0, 0, 0] and result.steps == 6 and steps() > 0


def test_without_the_file_a_round_teaches_what_it_was_told(make_job: MakeJob, voc: VocFolder, at_once: None) -> None:
    events: list[dict[str, Any]] = []
    assert fine_tune(make_job(), events.append, lambda: False).images == 6
    assert not [event for event in events if event["event"] == "teaching"]


def test_a_set_forgets_one_label_map_and_grows_at_its_end(voc: VocFolder) -> None:
    teaching = TeachingSet(voc, ["s00", "s01"], 1.0)
    before, held = teaching[1].labels.copy(), teaching.held_bytes
    mask = Image.fromarray(np.full_like(before, 2))
    mask.putpalette(voc.classes.palette().tobytes())
    mask.save(voc.root / "SegmentationClass" / "s01.png")
    assert (teaching[1].labels == before).all()
    teaching.forget("s01")
    assert teaching.held_bytes < held
    assert (teaching[1].labels == 2).all() and set(teaching.class_places(1)) == {2}
    teaching.add(["s02"])
    assert len(teaching) == 3 and teaching[2].labels.shape == before.shape


def test_what_is_forgotten_while_it_is_read_is_read_again(voc: VocFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    teaching = TeachingSet(voc, ["s00", "s01"], 1.0)
    old = voc.read_label_map("s01")
    new = np.full_like(old, 2)
    read: list[str] = []

    def corrected_meanwhile(name: str) -> np.ndarray:
        read.append(name)
        if len(read) > 1:
            return new
        teaching.forget(name)
        return old

    monkeypatch.setattr(voc, "read_label_map", corrected_meanwhile)
    assert (teaching[1].labels == old).all()
    assert (teaching[1].labels == new).all()


def test_a_stream_follows_other_turns_from_where_it_is(voc: VocFolder) -> None:
    teaching = TeachingSet(voc, voc.names[:2], 1.0)
    plan = BatchPlan(2, (32, 32), Augmentation(), Normalisation(), seed=5)
    after = Turns(3, 5)
    with BatchStream(teaching, plan) as stream:
        batches = iter(stream)
        next(batches)
        teaching.add([voc.names[2]])
        stream.follow(after)
        later = [next(batches) for _ in range(12)]
    expected, _ = make_batch(teaching, BatchPlan(2, (32, 32), Augmentation(), Normalisation(), 5, after), 12)
    assert (later[-1][0] == expected).all()
