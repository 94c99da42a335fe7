"""Which images are new to a network, by the job file of the round that made it; rounds kept by older versions."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from segstudio.project.index import ProjectIndex
from segstudio.project.rounds import Round, Taught, fresh_names

TEACHING = ["d", "b", "a", "c"]


def test_fresh_is_what_did_not_teach_the_parent(tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"train": ["a", "b", "gone"], "heldout": ["c"]}))
    assert fresh_names(TEACHING, job) == ["d", "c"], "one that moved over from the held-out side is new as well"


@pytest.mark.parametrize("content", [None, "", "{", "[]", "7", '{"train": "ab"}', '{"heldout": []}'])
def test_nothing_is_fresh_where_nobody_knows(tmp_path: Path, content: str | None) -> None:
    job = tmp_path / "job.json"
    if content is not None:
        job.write_text(content)
    assert fresh_names(TEACHING, job) == []
    assert fresh_names(TEACHING, None) == []


@pytest.mark.parametrize("is_automatic", [False, True])
def test_it_is_kept_whether_a_round_came_by_itself_and_older_ones_did_not(tmp_path: Path, is_automatic: bool) -> None:
    path = tmp_path / "project.sqlite"
    index = ProjectIndex(path)
    index.save_round(Round("made", tmp_path / "made.safetensors", taught=Taught("none", automatic=is_automatic)))
    assert index.rounds()[0].taught == Taught("none", automatic=is_automatic)
    index.close()
    with sqlite3.connect(path) as connection:
        (text,) = connection.execute("SELECT value FROM facts WHERE name = 'taught made'").fetchone()
        older = {key: value for key, value in json.loads(text).items() if key != "automatic"}
        connection.execute("UPDATE facts SET value = ? WHERE name = 'taught made'", (json.dumps(older),))
    connection.close()
    again = ProjectIndex(path)
    assert again.rounds()[0].taught == Taught("none")
    again.close()
